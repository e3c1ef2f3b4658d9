import { readdirSync, readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("dist/.vite/manifest.json", import.meta.url), "utf8"));

/** Every file that loads with `key`, without waiting for anything. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) closure(next, seen);
  return seen;
}

const explorer = reachable("graphiql.html");
const first = closure("index.html");
const app = reachable("index.html");

function reachable(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of [...(manifest[key].imports ?? []), ...(manifest[key].dynamicImports ?? [])]) reachable(next, seen);
  return seen;
}

const file = (key) => `dist/${manifest[key].file}`;
const lazy = [...app].filter((key) => !first.has(key) && manifest[key].file.endsWith(".js"));

/** A part of the widget that is fetched later; its name carries a hash. */
function widget(name) {
  const found = readdirSync(new URL("dist/widget", import.meta.url)).find((file) => file.startsWith(`${name}-`));
  if (!found) throw new Error(`the build has no ${name} of the widget`);
  return `dist/widget/${found}`;
}

if (explorer.size < 2) throw new Error("the explorer page is missing from the build");

export default [
  { name: "first route", path: [...first].filter((key) => manifest[key].file.endsWith(".js")).map(file), limit: "230 KB", gzip: true },
  ...lazy.map((key) => ({ name: `lazy: ${manifest[key].name ?? key}`, path: file(key), limit: "140 KB", gzip: true })),
  { name: "widget: the script of the tag", path: "dist/widget.js", limit: "10 KB", gzip: true },
  { name: "widget: everything for a chat in words", path: ["dist/widget.js", "dist/widget-panel.js", widget("chat"), widget("de")], limit: "27.5 KB", gzip: true },
  { name: "widget: what is rarely needed", path: widget("more"), limit: "9 KB", gzip: true },
];
