import DOMPurify from "dompurify";

export interface SafeHtml {
  readonly html: string;
  /** Pictures or styles from elsewhere were left out. */
  readonly hasRemote: boolean;
}

const REMOTE_ATTRIBUTES = ["src", "srcset", "background", "poster"];
const CSS_URL = /url\(\s*(['"]?)(?!data:image\/)[^)]*\)/giu;

/**
 * Makes HTML harmless. The server has done so already; this is the second wall. Without consent nothing in it may be
 * fetched from elsewhere: whether a mail was opened is nobody's business.
 */
export function sanitise(source: string, cid: ReadonlyMap<string, string>, mayLoadRemote: boolean): SafeHtml {
  let hasRemote = false;
  const fragment = DOMPurify.sanitize(source, {
    FORBID_TAGS: ["form", "input", "button", "select", "textarea", "iframe", "object", "embed", "video", "audio", "link", "meta", "base", "svg", "math", "dialog"],
    FORBID_ATTR: ["id", "name", "action", "formaction", "ping"],
    ALLOW_DATA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel|cid|data:image\/(?:png|jpe?g|gif|webp)):?/iu,
    FORCE_BODY: true,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const element of fragment.querySelectorAll("*")) {
    for (const name of REMOTE_ATTRIBUTES) {
      const value = element.getAttribute(name);
      if (value === null || value.startsWith("data:")) continue;
      if (value.toLowerCase().startsWith("cid:")) {
        const url = cid.get(value.slice(4));
        if (url === undefined) element.removeAttribute(name);
        else element.setAttribute(name, url);
      } else if (!mayLoadRemote) {
        hasRemote = true;
        element.removeAttribute(name);
      }
    }
    const style = element.getAttribute("style");
    if (style !== null && !mayLoadRemote && style.search(CSS_URL) >= 0) {
      hasRemote = true;
      element.setAttribute("style", style.replace(CSS_URL, "none"));
    }
    if (element.tagName === "STYLE" && !mayLoadRemote) {
      const css = element.textContent ?? "";
      const clean = css.replace(CSS_URL, "none").replace(/@import[^;]*;?/giu, "");
      if (clean !== css) {
        hasRemote = true;
        element.textContent = clean;
      }
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
