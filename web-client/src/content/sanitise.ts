import DOMPurify from "dompurify";

export interface SafeHtml {
  readonly html: string;
  /** Pictures from elsewhere were left out. */
  readonly hasRemote: boolean;
}

const REMOTE_ATTRIBUTES = ["src", "srcset", "background", "poster"];
/** Where the server puts the address of a picture that nobody has agreed to load. */
const ASLEEP = "data-remote-src";
const CSS_URL = /url\(\s*(['"]?)(?!data:image\/)[^)]*\)/giu;

/**
 * Makes HTML harmless. The server has done so already; this is the second wall. Nothing in it is ever fetched from
 * elsewhere: whether a mail was opened is nobody's business. `own` leads from pictures that the reader agreed to see to
 * addresses of our own server, which fetches them.
 */
export function sanitise(source: string, cid: ReadonlyMap<string, string>, own: ReadonlyMap<string, string>): SafeHtml {
  let hasRemote = false;
  const fragment = DOMPurify.sanitize(source, {
    FORBID_TAGS: ["form", "input", "button", "select", "textarea", "iframe", "object", "embed", "video", "audio", "link", "meta", "base", "svg", "math", "dialog"],
    FORBID_ATTR: ["id", "name", "action", "formaction", "ping"],
    ALLOW_DATA_ATTR: false,
    ADD_ATTR: [ASLEEP],
    ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel|cid|data:image\/(?:png|jpe?g|gif|webp)):?/iu,
    FORCE_BODY: true,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const element of fragment.querySelectorAll("*")) {
    const asleep = element.getAttribute(ASLEEP);
    if (asleep !== null) {
      element.removeAttribute(ASLEEP);
      if (element.tagName === "IMG" && !element.hasAttribute("src")) element.setAttribute("src", asleep);
    }
    for (const name of REMOTE_ATTRIBUTES) {
      const value = element.getAttribute(name);
      if (value === null || value.startsWith("data:")) continue;
      if (value.toLowerCase().startsWith("cid:")) {
        const url = cid.get(value.slice(4));
        if (url === undefined) element.removeAttribute(name);
        else element.setAttribute(name, url);
      } else {
        const fetched = name === "src" && element.tagName === "IMG" ? own.get(value) : undefined;
        if (fetched !== undefined) element.setAttribute(name, fetched);
        else {
          // Only pictures can be had through our server; everything else stays away.
          hasRemote ||= element.tagName === "IMG" && name === "src";
          element.removeAttribute(name);
        }
      }
    }
    const style = element.getAttribute("style");
    if (style !== null && style.search(CSS_URL) >= 0) element.setAttribute("style", style.replace(CSS_URL, "none"));
    if (element.tagName === "STYLE") {
      const css = element.textContent ?? "";
      element.textContent = css.replace(CSS_URL, "none").replace(/@import[^;]*;?/giu, "");
    }
    if (element.tagName === "A") {
      element.setAttribute("target", "_blank");
      element.setAttribute("rel", "noopener noreferrer");
    }
  }
  const holder = document.createElement("div");
  holder.append(fragment);
  return { html: holder.innerHTML, hasRemote };
}
