// The channel's colour and what follows from it, so that everything can be read whatever a company chooses.

export interface Accents {
  accent: string;
  /** Read upon the accent. */
  onAccent: string;
  /** For links and outlines on light and on dark grounds: the accent, darkened or lightened as far as needed. */
  linkLight: string;
  linkDark: string;
}

type Rgb = readonly number[];

/** The darkest light ground and the lightest dark one: the bubbles of the other side. */
const LIGHT = luminance([0xe9, 0xee, 0xf2]);
const DARK = luminance([0x24, 0x2e, 0x39]);
const READABLE = 4.6;

/** Null when the text is not `#rgb` or `#rrggbb`. */
export function accents(text: string | null | undefined): Accents | null {
  const digits = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(text?.trim() ?? "")?.[1];
  if (!digits) return null;
  const long = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
  const rgb = [0, 2, 4].map((at) => Number.parseInt(long.slice(at, at + 2), 16));
  const own = luminance(rgb);
  return {
    accent: hex(rgb),
    onAccent: contrast(own, 1) >= contrast(own, 0.008) ? "#ffffff" : "#14181d",
    linkLight: hex(towards(rgb, 0, LIGHT)),
    linkDark: hex(towards(rgb, 255, DARK)),
  };
}

/** Mixes with black or white until it can be read on the ground. */
function towards(rgb: Rgb, end: number, ground: number): Rgb {
  for (let part = 0; part < 1; part += 0.05) {
    const mixed = rgb.map((value) => Math.round(value + (end - value) * part));
    if (contrast(luminance(mixed), ground) >= READABLE) return mixed;
  }
  return [end, end, end];
}

function contrast(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** As WCAG 2 defines it. */
function luminance(rgb: Rgb): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function hex(rgb: Rgb): string {
  return `#${rgb.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
