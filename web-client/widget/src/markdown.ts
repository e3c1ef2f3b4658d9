// Foreign text to nodes, never through markup: a small part of Markdown, and HTML reduced
// to an allow-list. Nothing here can make a script, a style, an image or an address other than http(s), mailto and tel.

import { link, lines, textNodes } from "./text";

const DEPTH = 8;

const FENCE = /^ {0,3}```/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])\s*(\1\s*){2,}$/;
const QUOTE = /^ {0,3}>\s?/;
const ITEM = /^(\s{0,6})([-*+]|\d{1,9}[.)])\s+/;

export function markdownNodes(source: string): DocumentFragment {
  const out = document.createDocumentFragment();
  blocks(out, source.replace(/\r\n?/g, "\n").split("\n"), 0);
  return out;
}

function blocks(to: Node, source: string[], depth: number): void {
  let i = 0;
  const take = (holds: (line: string) => boolean): string[] => {
    const start = i;
    while (i < source.length && holds(source[i] ?? "")) i++;
    return source.slice(start, i);
  };
  const put = (tag: string, parent = to): HTMLElement => parent.appendChild(document.createElement(tag));
  while (i < source.length) {
    const line = source[i] ?? "";
    const heading = HEADING.exec(line);
    const item = ITEM.exec(line);
    if (!line.trim()) {
      i++;
    } else if (FENCE.test(line)) {
      i++;
      put("code", put("pre")).textContent = take((next) => !FENCE.test(next)).join("\n");
      i++;
    } else if (heading) {
      i++;
      // A message has no place in the page's outline: headings are strong lines.
      inline(put("strong", put("p")), heading[2] ?? "", 0);
    } else if (RULE.test(line)) {
      i++;
      put("hr");
    } else if (QUOTE.test(line) && depth < DEPTH) {
      blocks(
        put("blockquote"),
        take((next) => QUOTE.test(next)).map((next) => next.replace(QUOTE, "")),
        depth + 1,
      );
    } else if (item && depth < DEPTH) {
      const isOrdered = /\d/.test(item[2] ?? "");
      const list = put(isOrdered ? "ol" : "ul");
      const indent = (item[1] ?? "").length;
      const start = Number.parseInt(item[2] ?? "", 10);
      if (isOrdered && start !== 1) (list as HTMLOListElement).start = start;
      const belongs = (next: string) => {
        const other = ITEM.exec(next);
        return other && (other[1] ?? "").length <= indent ? /\d/.test(other[2] ?? "") === isOrdered : /^\s+\S/.test(next);
      };
      let own: string[] = [];
      const close = () => {
        if (own.length > 0) blocks(put("li", list), own, depth + 1);
      };
      for (const next of take(belongs)) {
        const other = ITEM.exec(next);
        if (other && (other[1] ?? "").length <= indent) {
          close();
          own = [next.slice(other[0].length)];
        } else own.push(next.replace(/^ {1,4}/, ""));
      }
      close();
    } else {
      const text = take((next) => next.trim() !== "" && (next === line || !starts(next, depth)));
      // A line that could not start its block at this depth is a paragraph of its own.
      if (text.length === 0) text.push(source[i++] ?? "");
      const p = depth > 0 && i >= source.length && to.childNodes.length === 0 ? to : put("p");
      inline(p, text.map((next) => next.trim()).join("\n"), 0);
    }
  }
}

function starts(line: string, depth: number): boolean {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || (depth < DEPTH && (QUOTE.test(line) || ITEM.test(line)));
}

// Lengths are bounded so that text full of markers costs no more than text without.
const INLINE = new RegExp(
  [
    /\\([\\`*_{}[\]()#+\-.!~>|])/,
    /`([^`\n]{1,1000})`/,
    /\*\*(?=\S)([^]{0,1000}?\S)\*\*/,
    /(?<!\w)__(?=\S)([^]{0,1000}?\S)__(?!\w)/,
    /\*(?=[^\s*])([^*]{0,1000}?[^\s*])\*/,
    /(?<!\w)_(?=[^\s_])([^_]{0,1000}?[^\s_])_(?!\w)/,
    /~~(?=\S)([^~]{1,1000})~~/,
    /!?\[([^\]\n]{0,500})\]\(\s{0,9}<?([^)\s<>]{1,2000})>?(?:\s[^)\n]{0,300})?\)/,
    /<?(https?:\/\/[^\s<>"'`]{1,2000}[^\s<>"'`.,;:!?)\]}*_~])>?/,
  ]
    .map((part) => part.source)
    .join("|"),
);

function inline(to: Node, source: string, depth: number): void {
  let rest = source;
  const text = (part: string) => lines(to, part, (parent, line) => void parent.appendChild(document.createTextNode(line)));
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    text(rest.slice(0, found.index));
    const [all, escaped, code, strong1, strong2, em1, em2, strike, words, url, bare] = found;
    const strong = strong1 ?? strong2;
    const em = em1 ?? em2;
    const wrap = (tag: string, content: string) => {
      const element = to.appendChild(document.createElement(tag));
      if (depth < DEPTH) inline(element, content, depth + 1);
      else element.textContent = content;
    };
    if (escaped) text(escaped);
    else if (code) to.appendChild(document.createElement("code")).textContent = code;
    else if (strong) wrap("strong", strong);
    else if (em) wrap("em", em);
    else if (strike) wrap("del", strike);
    else if (url) to.appendChild(link(url, words || url));
    else if (bare) to.appendChild(link(bare, bare));
    else text(all);
    rest = rest.slice(found.index + all.length);
  }
  text(rest);
}

const KEPT = new Set(
  "p br b strong i em u s del ins code pre blockquote ul ol li hr table thead tbody tr th td sub sup span div".split(" "),
);
const DROPPED = new Set("script style template iframe object embed svg math head title noscript form input button select textarea".split(" "));

/** HTML that the server has cleaned, cleaned again: known elements without attributes, links, the words of pictures. */
export function htmlNodes(source: string): DocumentFragment {
  const out = document.createDocumentFragment();
  const parsed = parse(source);
  if (parsed) for (const child of parsed.body.childNodes) copy(out, child, 0);
  else out.appendChild(textNodes(source.replace(/<[^>]*>/g, "")));
  return out;
}

function copy(to: Node, from: Node, depth: number): void {
  if (from.nodeType === Node.TEXT_NODE) {
    to.appendChild(document.createTextNode(from.textContent ?? ""));
    return;
  }
  if (!(from instanceof Element) || depth > 60) return;
  const name = from.localName;
  if (DROPPED.has(name)) return;
  if (name === "img") {
    to.appendChild(link(from.getAttribute("src") ?? "", from.getAttribute("alt") ?? ""));
    return;
  }
  let target = to;
  if (name === "a") {
    const a = link(from.getAttribute("href") ?? "", "");
    target = a instanceof Element ? to.appendChild(a) : to;
  } else if (/^h[1-6]$/.test(name)) {
    target = to.appendChild(document.createElement("p")).appendChild(document.createElement("strong"));
  } else if (KEPT.has(name)) {
    target = to.appendChild(document.createElement(name));
  }
  for (const child of from.childNodes) copy(target, child, depth + 1);
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML: (text: string) => string }): { createHTML: (text: string) => string };
}

/** Null where the page forbids even parsing. The document is inert: nothing in it loads or runs. */
function parse(source: string): Document | null {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  try {
    const html = types ? (policy ??= types.createPolicy("tributary-chat", { createHTML: (text) => text })).createHTML(source) : source;
    return new DOMParser().parseFromString(html, "text/html");
  } catch {
    return null;
  }
}

let policy: { createHTML: (text: string) => string } | undefined;
