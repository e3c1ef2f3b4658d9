import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import de from "../../src/i18n/de.json";
import en from "../../src/i18n/en.json";

type Tree = { readonly [key: string]: string | Tree };

function flat(tree: Tree, prefix = ""): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") out.set(prefix + key, value);
    else for (const [inner, text] of flat(value, `${prefix}${key}.`)) out.set(inner, text);
  }
  return out;
}

const english = flat(en);
const german = flat(de);

test("both languages have the same keys", () => {
  expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
});

test("both languages use the same placeholders, and no text is empty", () => {
  const places = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/gu)].map((found) => found[1]).sort();
  for (const [key, text] of english) {
    expect(text, key).not.toBe("");
    expect(german.get(key), key).not.toBe("");
    expect(places(german.get(key) ?? ""), key).toEqual(places(text));
  }
});

test("every command has a name", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".tsx"));
  const labels = files.flatMap((name) => [...readFileSync(join("src", name), "utf8").matchAll(/label: "(commands\.\w+)"/gu)].map((found) => found[1]));
  expect(labels.length).toBeGreaterThan(15);
  for (const label of labels) expect(english.has(label ?? ""), label).toBe(true);
});
