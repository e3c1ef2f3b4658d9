import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// React Aria asks for it; jsdom does not have it.
globalThis.CSS ??= {} as typeof CSS;
CSS.escape ??= (value: string) => value.replace(/[^\w-]/g, (unit) => `\\${unit}`);

if (typeof window !== "undefined") {
  window.matchMedia ??= (query: string) =>
    ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList;
  Element.prototype.scrollIntoView ??= () => {};
  // The rich-text editor measures where the caret is.
  Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList;
  Range.prototype.getBoundingClientRect ??= () => new DOMRect();
  globalThis.DOMRect ??= class {
    bottom = 0;
    height = 0;
    left = 0;
    right = 0;
    top = 0;
    width = 0;
    x = 0;
    y = 0;
  } as unknown as typeof DOMRect;
}

// A busy machine is no failure.
configure({ asyncUtilTimeout: 10_000 });
afterEach(cleanup);
