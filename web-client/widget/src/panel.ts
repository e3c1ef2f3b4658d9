// Entry of the second script: fetches the open chat and its words in one language.

import type { Panel } from "./host";
import { type Language, translator } from "./strings";

const words = { en: () => import("./words/en"), de: () => import("./words/de") };

const fetched = (language: Language) => Promise.all([import("./chat"), words[language]()]);

export const prepare: Panel["prepare"] = async (language) => {
  await fetched(language);
};

export const show: Panel["show"] = async (box, given, close, onToggle) => {
  const [chat, texts] = await fetched(given.language);
  chat.show(box, given, translator(given.language, texts.default), close, onToggle);
};
