import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { Language } from "../session/prefs";
import type en from "./en.json";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
    returnNull: false;
  }
}

const load: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import("./en.json"),
  de: () => import("./de.json"),
};

/** Loads one language and shows everything in it. */
export async function showIn(language: Language): Promise<void> {
  const words = (await load[language]()).default;
  if (!i18next.isInitialized) {
    await i18next.use(initReactI18next).init({
      lng: language,
      resources: { [language]: { translation: words } },
      // React escapes by itself.
      interpolation: { escapeValue: false },
      returnNull: false,
    });
  } else {
    i18next.addResourceBundle(language, "translation", words, true, true);
    await i18next.changeLanguage(language);
  }
  document.documentElement.lang = language;
}
