// The part of Adaptive Cards that the widget shows, read from foreign JSON without trusting its shape. What is not
// known is left out, with its own fallback where it has one.

import type { AnyField } from "./fields";

export type CardNode =
  | { is: "text"; text: string; isStrong: boolean; isSubtle: boolean; size: string; align: string }
  | { is: "image"; url: string; alt: string; width: string }
  | { is: "group"; tone: string; nodes: CardNode[] }
  | { is: "columns"; columns: { isStretched: boolean; nodes: CardNode[] }[] }
  | { is: "facts"; facts: [string, string][] }
  | { is: "field"; field: AnyField }
  | { is: "actions"; actions: CardAction[] };

export type CardAction = { title: string; isPrimary: boolean } & (
  | { does: "open"; url: string }
  | { does: "submit"; id: string; data: Record<string, string> }
);

export interface Card {
  nodes: CardNode[];
  fields: AnyField[];
}

type Json = Record<string, unknown>;

const DEPTH = 10;

const object = (value: unknown): Json => (value && typeof value === "object" && !Array.isArray(value) ? (value as Json) : {});
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.slice(0, 100).map(object) : []);
const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const web = (value: unknown): string => (/^(https?:\/\/|data:image\/(png|jpe?g|gif|webp);)/i.test(text(value)) ? text(value) : "");

/** Null when nothing of it can be shown. */
export function readCard(json: unknown): Card | null {
  const fields: AnyField[] = [];
  const card = object(json);
  const nodes = [...elements(card.body, 0, fields), ...actions(card.actions)];
  return nodes.length > 0 ? { nodes, fields } : null;
}

function elements(value: unknown, depth: number, fields: AnyField[]): CardNode[] {
  return depth > DEPTH ? [] : list(value).flatMap((item) => (item.isVisible === false ? [] : element(item, depth, fields)));
}

function element(item: Json, depth: number, fields: AnyField[]): CardNode[] {
  const inside = (value: unknown) => elements(value, depth + 1, fields);
  switch (item.type) {
    case "TextBlock":
      return [words(item, text(item.text))];
    case "RichTextBlock":
      return [words(item, Array.isArray(item.inlines) ? item.inlines.map((run) => text(object(run).text) || text(run)).join("") : "")];
    case "Image":
      return web(item.url) ? [{ is: "image", url: web(item.url), alt: text(item.altText), width: text(item.size).toLowerCase() }] : [];
    case "ImageSet":
      return [{ is: "columns", columns: [{ isStretched: true, nodes: inside(list(item.images).map((image) => ({ ...image, type: "Image" }))) }] }];
    case "Container":
      return [{ is: "group", tone: text(item.style).toLowerCase(), nodes: inside(item.items) }];
    case "ColumnSet":
      return [
        { is: "columns", columns: list(item.columns).map((column) => ({ isStretched: column.width !== "auto", nodes: inside(column.items) })) },
      ];
    case "FactSet":
      return [{ is: "facts", facts: list(item.facts).map((fact) => [text(fact.title), text(fact.value)]) }];
    case "ActionSet":
      return actions(item.actions);
    default: {
      const field = input(item);
      if (field) {
        fields.push(field);
        return [{ is: "field", field }];
      }
      return item.fallback && depth < DEPTH ? element(object(item.fallback), depth + 1, fields) : [];
    }
  }
}

function words(item: Json, said: string): CardNode {
  return {
    is: "text",
    text: said,
    isStrong: item.weight === "Bolder" || item.weight === "bolder",
    isSubtle: item.isSubtle === true,
    size: text(item.size).toLowerCase(),
    align: text(item.horizontalAlignment).toLowerCase(),
  };
}

const STYLES: Record<string, AnyField["field_type"]> = { email: "EMAIL", tel: "PHONE" };

function input(item: Json): AnyField | null {
  const id = text(item.id);
  if (!id) return null;
  const value = text(item.value);
  const make = (field_type: AnyField["field_type"], more: Partial<AnyField> = {}): AnyField => ({
    id,
    label: text(item.label) || text(item.placeholder) || id,
    field_type,
    required: item.isRequired === true,
    hint: item.label ? text(item.placeholder) || null : null,
    initial: value ? [value] : [],
    ...more,
  });
  switch (item.type) {
    case "Input.Text":
      return make(item.isMultiline === true ? "MULTILINE" : (STYLES[text(item.style).toLowerCase()] ?? "TEXT"));
    case "Input.Number":
      return make("NUMBER");
    case "Input.Date":
      return make("DATE");
    case "Input.Time":
      return make("TIME");
    case "Input.Toggle":
      return make("CHECKBOX", {
        label: text(item.title) || text(item.label) || id,
        hint: null,
        initial: value && value === (text(item.valueOn) || "true") ? ["on"] : [],
      });
    case "Input.ChoiceSet":
      return make(item.isMultiSelect === true ? "MULTIPLE_CHOICE" : "CHOICE", {
        options: list(item.choices).map((choice) => ({ id: text(choice.value), title: text(choice.title) || text(choice.value) })),
        initial: value ? value.split(",") : [],
      });
    default:
      return null;
  }
}

function actions(value: unknown): CardNode[] {
  const known = list(value).flatMap((item, i): CardAction[] => {
    const said = { title: text(item.title), isPrimary: item.style === "positive" };
    if (item.type === "Action.OpenUrl" && /^https?:/i.test(text(item.url))) return [{ ...said, does: "open", url: text(item.url) }];
    if (item.type !== "Action.Submit" && item.type !== "Action.Execute") return [];
    const data = Object.fromEntries(
      Object.entries(object(item.data)).flatMap(([key, entry]) => (["string", "number", "boolean"].includes(typeof entry) ? [[key, String(entry)]] : [])),
    );
    return [{ ...said, does: "submit", id: text(item.id) || String(i + 1), data }];
  });
  return known.length > 0 ? [{ is: "actions", actions: known }] : [];
}
