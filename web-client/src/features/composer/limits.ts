import type { RichContentInput } from "../../gql/graphql";
import type { Capabilities } from "../../session/capabilities";
import { plainText } from "./draft";

/** The text of a message that its channel counts: what the customer reads, not the markup around it. */
export function countedText(content: RichContentInput | null): string {
  if (content?.text) return content.text.text;
  if (content?.attachment) return content.attachment.caption ?? "";
  if (content?.formatted) return content.formatted.markup === "HTML" ? plainText(content.formatted.source) : content.formatted.source;
  return "";
}

/** Length of a text as the channel counts it. */
export function lengthOf(text: string, unit: Capabilities["text"]["unit"]): number {
  if (unit === "BYTES") return new TextEncoder().encode(text).length;
  if (unit === "UTF16_UNITS") return text.length;
  return [...text].length;
}

export type FileProblem = { readonly kind: "type" } | { readonly kind: "size"; readonly max: number } | { readonly kind: "count"; readonly max: number };

type Media = Capabilities["media"][number];

const classOf = (mime: string): Media["class"] => {
  const top = mime.split("/", 1)[0];
  return top === "image" ? "IMAGE" : top === "audio" ? "AUDIO" : top === "video" ? "VIDEO" : "FILE";
};

function takes(limit: Media, mime: string): boolean {
  return limit.mimeTypes.some((pattern) => pattern === "*" || pattern === "*/*" || pattern === mime || (pattern.endsWith("/*") && mime.startsWith(pattern.slice(0, -1))));
}

/** What speaks against a file on this channel, before a byte of it is sent. A picture may also go as a file. */
export function fileProblem(file: Pick<File, "type" | "size">, already: number, capabilities: Pick<Capabilities, "media" | "maxAttachments">): FileProblem | null {
  if (already >= capabilities.maxAttachments) return { kind: "count", max: capabilities.maxAttachments };
  const mime = file.type || "application/octet-stream";
  const fitting = capabilities.media.filter((limit) => (limit.class === classOf(mime) || limit.class === "FILE") && takes(limit, mime));
  if (fitting.length === 0) return { kind: "type" };
  const max = Math.max(...fitting.map((limit) => limit.maxBytes));
  return file.size > max ? { kind: "size", max } : null;
}
