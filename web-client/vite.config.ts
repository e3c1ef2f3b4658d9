import { fileURLToPath } from "node:url";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** Where a server runs during development. */
const server = process.env["TRIBUTARY_URL"] ?? "http://127.0.0.1:4000";

/** Fonts that a style sheet carries inside become files: `default-src 'self'` refuses data: addresses. */
function fontFiles(): Plugin {
  return {
    name: "font-files",
    enforce: "post",
    generateBundle(_options, bundle) {
      for (const sheet of Object.values(bundle)) {
        if (sheet.type !== "asset" || !sheet.fileName.endsWith(".css")) continue;
        sheet.source = String(sheet.source).replace(/url\((["']?)data:font\/(ttf|woff2?);base64,([A-Za-z0-9+/=]+)\1\)/g, (_whole, _quote, type: string, body: string) => {
          const id = this.emitFile({ type: "asset", name: `font.${type}`, source: Buffer.from(body, "base64") });
          return `url(/${this.getFileName(id)})`;
        });
      }
    },
  };
}

/** The pages of people: the app and the API explorer. The widget has a build of its own. */
export default defineConfig({
  plugins: [react(), tailwindcss(), fontFiles(), { ...optimizeLocales.vite({ locales: ["en-US", "de-DE"] }), enforce: "pre" }],
  build: {
    manifest: true,
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // Everything under `default-src 'self'`: nothing may become a data: URL except what the browser allows in CSS.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
    rollupOptions: { input: { app: page("index.html"), graphiql: page("graphiql.html") } },
  },
  worker: { format: "es" },
  server: {
    proxy: {
      ...Object.fromEntries(["/graphql", "/media", "/chat", "/webhooks", "/widget"].map((path) => [path, { target: server, ws: true }])),
      "/graphiql": { target: server, bypass: () => "/graphiql.html" },
    },
  },
});
