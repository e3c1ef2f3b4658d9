export interface Part {
  readonly text: string;
  readonly isHit: boolean;
}

/** Cuts an excerpt at the marks around its hits (U+2068 before, U+2069 after). */
export function marked(excerpt: string): Part[] {
  return excerpt
    .split(/(\u2068[^\u2069]*\u2069)/u)
    .filter((part) => part !== "")
    .map((part) => (part.startsWith("\u2068") ? { text: part.slice(1, -1), isHit: true } : { text: part, isHit: false }));
}
