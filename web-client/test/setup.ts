import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

// React Aria asks for it; jsdom does not have it.
globalThis.CSS ??= {} as typeof CSS;
CSS.escape ??= (value: string) => value.replace(/[^\w-]/g, (unit) => `\\${unit}`);

if (typeof window !== "undefined") {
  window.matchMedia ??= (query: string) =>
    ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList;
  Element.prototype.scrollIntoView ??= () => {};
}

afterEach(cleanup);
