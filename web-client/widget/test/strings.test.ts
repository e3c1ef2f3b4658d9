import { expect, test } from "vitest";
import { accents } from "../src/colour";
import { BUTTON, pick, translator } from "../src/strings";
import de from "../src/words/de";
import en from "../src/words/en";

const STRINGS = { en: { ...BUTTON.en, ...en }, de: { ...BUTTON.de, ...de } };

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("both languages say the same things with the same holes", () => {
  expect(Object.keys(STRINGS.de).sort()).toEqual(Object.keys(STRINGS.en).sort());
  for (const [key, text] of Object.entries(STRINGS.en)) {
    const german = STRINGS.de[key as keyof typeof STRINGS.de];
    expect(german.trim(), key).not.toBe("");
    expect(holes(german), key).toEqual(holes(text));
  }
});

test("plurals and holes are filled in", () => {
  expect(translator("de")("unread", { n: 1 })).toBe("1 ungelesene Nachricht");
  expect(translator("en")("unread", { n: 3 })).toBe("3 unread messages");
  expect(translator("en", en)("typing", { name: "$& {n}" })).toBe("$& {n} is writing");
});

test("the first wish that is spoken wins", () => {
  expect(pick(["fr", undefined, "de-AT", "en"])).toBe("de");
  expect(pick(["", null, "xx"])).toBe("en");
});

test.each([
  ["#0e6f86", "#0e6f86", "#ffffff"],
  ["#fc0", "#ffcc00", "#14181d"],
  [" #FFFFFF ", "#ffffff", "#14181d"],
  ["#000", "#000000", "#ffffff"],
])("%s can be read upon", (text, accent, onAccent) => {
  expect(accents(text)).toMatchObject({ accent, onAccent });
});

test("links are the accent where it can be read, and mixed until it can where not", () => {
  expect(accents("#8a3b12")?.linkLight).toBe("#8a3b12");
  expect(accents("#ffcc00")?.linkDark).toBe("#ffcc00");
  expect(accents("#ffcc00")?.linkLight).not.toBe("#ffcc00");
  expect(accents("#8a3b12")?.linkDark).not.toBe("#8a3b12");
});

test.each(["red", "url(https://evil.example)", "#12", "#0e6f86;color:red", "#12345", null])("%s is no colour", (text) => {
  expect(accents(text)).toBeNull();
});
