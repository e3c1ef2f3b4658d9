// Builds the widget: `widget.js`, the one script of the page; `widget-panel.js`, which it fetches when the chat is first
// opened; and beside them in `widget/` what that fetches: the chat, its words in one language, and what is rarely needed.
// Run with `vite build --config widget/vite.config.ts`.

import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { build, defineConfig, type InlineConfig, type Plugin } from "vite";

const outDir = resolve(import.meta.dirname, "../dist");

/** A page without a charset would misread anything else: every character outside ASCII becomes an escape. */
function asciiOnly(): Plugin {
  return {
    name: "ascii-only",
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== "chunk") continue;
        file.code = file.code.replace(/[^ -~\n\t]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
      }
    },
  };
}

function part(entry: string, file: string, format: "iife" | "es", version: string): InlineConfig {
  return {
    configFile: false,
    mode: "production",
    root: import.meta.dirname,
    publicDir: false,
    logLevel: "warn",
    plugins: [asciiOnly()],
    define: { "process.env.NODE_ENV": '"production"', __PANEL_VERSION__: JSON.stringify(version) },
    oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
    build: {
      outDir,
      emptyOutDir: false,
      sourcemap: false,
      // The first versions that know constructable style sheets.
      target: ["chrome111", "firefox114", "safari16.4"],
      lib: { entry: resolve(import.meta.dirname, entry), formats: [format], name: "Tributary", fileName: () => file },
      // A library's modules keep white space and comments unless told otherwise.
      modulePreload: false,
      rolldownOptions: { output: { ...(format === "es" ? { chunkFileNames: "widget/[name]-[hash].js" } : {}), minify: { compress: true, mangle: true, codegen: { removeWhitespace: true } }, comments: false } },
    },
  };
}

export default defineConfig(async () => {
  rmSync(resolve(outDir, "widget"), { recursive: true, force: true });
  await build(part("src/panel.ts", "widget-panel.js", "es", ""));
  const version = createHash("sha256").update(readFileSync(resolve(outDir, "widget-panel.js"))).digest("hex").slice(0, 12);
  return part("src/main.ts", "widget.js", "iife", version);
});
