import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

/** A page without a charset would misread anything else: every character outside ASCII becomes an escape. */
function asciiOnly(): Plugin {
  return {
    name: "ascii-only",
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== "chunk") continue;
        // oxlint-disable-next-line no-control-regex -- the range of ASCII is meant.
        file.code = file.code.replace(/[^\u0000-\u007f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
      }
    },
  };
}

/** The chat widget: one classic script without imports. */
export default defineConfig({
  plugins: [asciiOnly()],
  publicDir: false,
  define: { "process.env.NODE_ENV": '"production"' },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    emptyOutDir: false,
    sourcemap: false,
    target: "es2020",
    lib: {
      entry: fileURLToPath(new URL("widget/src/main.ts", import.meta.url)),
      formats: ["iife"],
      name: "TributaryWidget",
      fileName: () => "widget.js",
    },
  },
});
