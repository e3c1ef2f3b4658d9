// Plain text to nodes, with its web addresses as links, never through markup. No address but http(s), mailto and tel.

const SAFE_URL = /^(https?:|mailto:|tel:)/i;
const URL_IN_TEXT = /https?:\/\/[^\s<>"'`]{1,2000}[^\s<>"'`.,;:!?)\]}]/;

export function textNodes(text: string): DocumentFragment {
  const out = document.createDocumentFragment();
  lines(out, text, (to, line) => linked(to, line));
  return out;
}

/** A link that leads outside, or its words alone when the address is not one of the safe kinds. */
export function link(url: string, words: string): Node {
  if (!SAFE_URL.test(url)) return document.createTextNode(words);
  const a = document.createElement("a");
  a.href = url;
  a.target = "_blank";
  a.rel = "noopener noreferrer nofollow";
  a.textContent = words;
  return a;
}

// Text whose web addresses are links.
function linked(to: Node, text: string): void {
  let rest = text;
  for (let found = URL_IN_TEXT.exec(rest); found; found = URL_IN_TEXT.exec(rest)) {
    to.appendChild(document.createTextNode(rest.slice(0, found.index)));
    to.appendChild(link(found[0], found[0]));
    rest = rest.slice(found.index + found[0].length);
  }
  to.appendChild(document.createTextNode(rest));
}

/** Lines with breaks between them. */
export function lines(to: Node, text: string, each: (to: Node, line: string) => void): void {
  text.split("\n").forEach((line, i) => {
    if (i > 0) to.appendChild(document.createElement("br"));
    each(to, line);
  });
}
