import { createStore, type Store } from "../live/store";

export type Theme = "system" | "light" | "dark";
export type Language = "en" | "de";

/** What this person chose on this device. */
export interface Prefs {
  readonly theme: Theme;
  readonly language: Language | null;
  readonly areSingleKeysOn: boolean;
  /** When an interaction that nobody has becomes mine. */
  readonly claim: "typing" | "opening" | "never";
}

const KEY = "tributary.prefs";
const defaults: Prefs = { theme: "system", language: null, areSingleKeysOn: true, claim: "typing" };

function load(): Prefs {
  const raw = localStorage.getItem(KEY);
  return raw === null ? defaults : { ...defaults, ...(JSON.parse(raw) as Partial<Prefs>) };
}

export const prefs: Store<Prefs> = createStore(load());

export function setPrefs(change: Partial<Prefs>): void {
  prefs.set({ ...prefs.get(), ...change });
  localStorage.setItem(KEY, JSON.stringify(prefs.get()));
}

/** The language chosen, else the browser's first that we speak. */
export function preferredLanguage(): Language {
  const chosen = prefs.get().language;
  if (chosen) return chosen;
  for (const tag of navigator.languages) {
    const base = tag.slice(0, 2);
    if (base === "de" || base === "en") return base;
  }
  return "en";
}

/** Puts the theme on the document; `system` leaves it to the browser. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
