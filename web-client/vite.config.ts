import { fileURLToPath } from "node:url";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const server = "http://127.0.0.1:8080";

/** The pages of people: the app and the API explorer. The widget has a build of its own. */
export default defineConfig({
  plugins: [react(), tailwindcss(), { ...optimizeLocales.vite({ locales: ["en-US", "de-DE"] }), enforce: "pre" }],
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
    proxy: Object.fromEntries(
      ["/graphql", "/media", "/webhooks", "/chat", "/healthz", "/widget.js"].map((path) => [path, { target: server, ws: path === "/graphql" || path === "/chat" }]),
    ),
  },
});
