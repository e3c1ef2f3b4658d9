import { Fragment, type ReactNode } from "react";

/**
 * The part of CommonMark that messages use: paragraphs, headings, lists, quotes, code, emphasis, links. It makes
 * elements, never HTML text, so nothing in a message can become markup. Pictures stay links.
 */
export function Markdown({ source }: { source: string }) {
  return <div className="prose-message">{blocks(source.replaceAll("\r\n", "\n").split("\n"))}</div>;
}

const ITEM = /^\s{0,3}(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/u;

function blocks(lines: readonly string[]): ReactNode[] {
  const out: ReactNode[] = [];
  let at = 0;
  const take = (belongs: (line: string) => boolean): string[] => {
    const start = at;
    while (at < lines.length && belongs(lines[at] ?? "")) at += 1;
    return lines.slice(start, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const key = at;
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/u.exec(line);
    if (line.trim() === "") {
      at += 1;
    } else if (line.startsWith("```")) {
      at += 1;
      const code = take((other) => !other.startsWith("```"));
      at += 1;
      out.push(
        <pre key={key} className="overflow-x-auto rounded-md bg-sunken p-2 text-sm">
          <code>{code.join("\n")}</code>
        </pre>,
      );
    } else if (heading) {
      at += 1;
      out.push(
        <p key={key} className="font-semibold">
          {inline(heading[2] ?? "")}
        </p>,
      );
    } else if (line.startsWith(">")) {
      out.push(<blockquote key={key}>{blocks(take((other) => other.startsWith(">")).map((other) => other.replace(/^>\s?/u, "")))}</blockquote>);
    } else if (ITEM.test(line)) {
      const isOrdered = ITEM.exec(line)?.[1] !== undefined;
      const items = take((other) => ITEM.test(other)).map((other, index) => <li key={index}>{inline(ITEM.exec(other)?.[2] ?? "")}</li>);
      out.push(isOrdered ? <ol key={key}>{items}</ol> : <ul key={key}>{items}</ul>);
    } else {
      const text = take((other) => other.trim() !== "" && !other.startsWith(">") && !other.startsWith("```") && !ITEM.test(other) && !/^#{1,6}\s/u.test(other));
      out.push(
        <p key={key}>
          {text.map((part, index) => (
            <Fragment key={index}>
              {index > 0 && <br />}
              {inline(part)}
            </Fragment>
          ))}
        </p>,
      );
    }
  }
  return out;
}

const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|__(.+?)__|\*(.+?)\*|(?<![\w])_(.+?)_(?![\w])|~~(.+?)~~|!?\[([^\]]*)\]\(([^)\s]+)[^)]*\)|(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])|\\([\\`*_{}[\]()#+\-.!~>])/gu;

function inline(text: string): ReactNode[] {
  const out: ReactNode[] = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > at) out.push(text.slice(at, found.index));
    at = found.index + found[0].length;
    const [whole, , code, strong, strong2, em, em2, gone, label, target, address, escaped] = found;
    const key = found.index;
    if (code !== undefined) out.push(<code key={key}>{code.trim()}</code>);
    else if (strong !== undefined || strong2 !== undefined) out.push(<strong key={key}>{inline(strong ?? strong2 ?? "")}</strong>);
    else if (em !== undefined || em2 !== undefined) out.push(<em key={key}>{inline(em ?? em2 ?? "")}</em>);
    else if (gone !== undefined) out.push(<s key={key}>{inline(gone)}</s>);
    else if (escaped !== undefined) out.push(escaped);
    else {
      const href = target ?? address ?? "";
      const isSafe = /^(?:https?:|mailto:|tel:)/iu.test(href);
      out.push(
        isSafe ? (
          <a key={key} href={href} target="_blank" rel="noopener noreferrer">
            {label || href}
          </a>
        ) : (
          whole
        ),
      );
    }
  }
  out.push(text.slice(at));
  return out;
}
