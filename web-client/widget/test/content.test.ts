import { expect, test } from "vitest";
import { readCard } from "../src/card";
import { answers, wrong, type AnyField } from "../src/fields";
import { takes } from "../src/ui/uploads";

const field = (more: Partial<AnyField>): AnyField => ({ id: "a", label: "A", field_type: "TEXT", required: true, ...more });

test.each([
  ["TEXT", " ", "error_required"],
  ["TEXT", "x", null],
  ["EMAIL", "x@y", "error_email"],
  ["EMAIL", "x@y.example", null],
  ["PHONE", "+49 (30) 123-45", null],
  ["PHONE", "call me", "error_phone"],
  ["NUMBER", "1,5", null],
  ["NUMBER", "1e5", "error_number"],
  ["DATE", "2026-11-22", null],
  ["DATE", "22.11.2026", "error_date"],
] as const)("%s %j: %s", (field_type, value, expected) => {
  expect(wrong(field({ field_type }), [value])).toBe(expected);
  expect(wrong(field({ field_type, required: false }), [])).toBeNull();
});

test("answers are words", () => {
  const options = [
    { id: "1", title: "One" },
    { id: "2", title: "Two" },
  ];
  const fields = [
    field({ id: "t", label: "T" }),
    field({ id: "c", label: "C", field_type: "MULTIPLE_CHOICE", options }),
    field({ id: "y", label: "Y", field_type: "CHECKBOX" }),
    field({ id: "n", label: "N", field_type: "CHECKBOX" }),
    field({ id: "e", label: "E" }),
  ];
  expect(answers(fields, { t: [" x "], c: ["2", "1"], y: ["on"] }, "Ja", "Nein")).toEqual([
    { field_id: "t", label: "T", values: ["x"] },
    { field_id: "c", label: "C", values: ["Two", "One"] },
    { field_id: "y", label: "Y", values: ["Ja"] },
    { field_id: "n", label: "N", values: ["Nein"] },
  ]);
});

test("a card is read as far as it is known", () => {
  const card = readCard({
    type: "AdaptiveCard",
    body: [
      { type: "TextBlock", text: "Hi", weight: "Bolder" },
      { type: "Unknown", fallback: { type: "TextBlock", text: "instead" } },
      { type: "Unknown" },
      { type: "Container", items: [{ type: "Input.ChoiceSet", id: "c", label: "C", choices: [{ title: "One", value: "1" }], value: "1" }] },
      { type: "FactSet", facts: [{ title: "a", value: 1 }] },
    ],
    actions: [
      { type: "Action.Submit", title: "Go", data: { order: 7, deep: { no: 1 } } },
      { type: "Action.OpenUrl", title: "Bad", url: "javascript:alert(1)" },
      { type: "Action.ShowCard", title: "More" },
    ],
  });
  expect(card?.nodes.map((node) => node.is)).toEqual(["text", "text", "group", "facts", "actions"]);
  expect(card?.fields).toMatchObject([{ id: "c", field_type: "CHOICE", initial: ["1"] }]);
  expect(card?.nodes.at(-1)).toMatchObject({ actions: [{ title: "Go", does: "submit", data: { order: "7" } }] });
});

test.each([null, 1, "x", [], {}, { body: "x" }, { body: [null, 1, [], {}] }, { actions: [{ type: "Action.OpenUrl", url: "javascript:x" }] }])(
  "%j is no card",
  (json) => {
    expect(readCard(json)).toBeNull();
  },
);

test("a card that nests without end is cut", () => {
  let card: object = { type: "TextBlock", text: "deep" };
  for (let i = 0; i < 5_000; i++) card = { type: "Container", items: [card] };
  expect(() => readCard({ body: [card] })).not.toThrow();
});

test("pictures only from the web", () => {
  expect(readCard({ body: [{ type: "Image", url: "data:image/svg+xml,<svg onload=alert(1)>" }] })).toBeNull();
  expect(readCard({ body: [{ type: "Image", url: "https://x.example/a.png" }] })?.nodes).toHaveLength(1);
});

test("file types are taken as the channel says", () => {
  expect(takes(["image/*", "application/pdf"], "image/png")).toBe(true);
  expect(takes(["image/*"], "application/pdf")).toBe(false);
  expect(takes(["*"], "")).toBe(true);
});
