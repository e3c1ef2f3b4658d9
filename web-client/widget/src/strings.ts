// What the widget itself says. Both languages have the same keys, held by a test; `{n}` and `{name}` are filled in,
// and keys that end in `_one` and `_other` follow the plural rules of the language. The button's words stand here; those
// of the open chat are fetched with it, in one language.

import type en from "./words/en";

/** The words of the open chat. */
export type Words = Record<keyof typeof en, string>;

export const BUTTON = {
  en: {
    open: "Open chat",
    close: "Close chat",
    unread_one: "{n} unread message",
    unread_other: "{n} unread messages",
  },
  de: {
    open: "Chat öffnen",
    close: "Chat schließen",
    unread_one: "{n} ungelesene Nachricht",
    unread_other: "{n} ungelesene Nachrichten",
  },
};

export type Key = keyof typeof en | keyof (typeof BUTTON)["en"];

export type Language = keyof typeof BUTTON;

/** The first of the wishes that we speak; English otherwise. */
export function pick(wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const language = wish?.slice(0, 2).toLowerCase();
    if (language === "de" || language === "en") return language;
  }
  return "en";
}

type Plural = Key extends infer K ? (K extends `${infer Stem}_one` ? Stem : never) : never;

export type Translate = (key: Key | Plural, values?: Record<string, string | number>) => string;

/** Speaks with the button's words, and with those of the open chat once they are there. */
export function translator(language: Language, words?: Words): Translate {
  const texts: Record<string, string> = { ...BUTTON[language], ...words };
  const plurals = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const text = texts[key] ?? texts[`${key}_${plurals.select(Number(values.n)) === "one" ? "one" : "other"}`] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  };
}
