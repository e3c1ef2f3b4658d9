import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

const MINUTE = 60_000;

/** The time, renewed every `everyMs`, for what is shown relative to it. */
export function useNow(everyMs = 30_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const id = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(id);
  }, [everyMs]);
  return now;
}

/** "3 min", "2 h", "4 d": the short forms of Intl in the person's language. */
export function shortDuration(ms: number, language: string): string {
  const minutes = Math.max(0, Math.floor(ms / MINUTE));
  const [value, unit] = minutes < 60 ? [minutes, "minute"] : minutes < 48 * 60 ? [Math.floor(minutes / 60), "hour"] : [Math.floor(minutes / 1_440), "day"];
  return new Intl.NumberFormat(language, { style: "unit", unit: unit as string, unitDisplay: "short" }).format(value as number);
}

/** Time of day today, day and month this year, with the year before that. */
export function shortTime(iso: string, now: number, language: string): string {
  const date = new Date(iso);
  const today = new Date(now);
  if (date.toDateString() === today.toDateString()) return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" }).format(date);
  const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
  if (date.getFullYear() !== today.getFullYear()) options.year = "numeric";
  return new Intl.DateTimeFormat(language, options).format(date);
}

export interface Formats {
  readonly language: string;
  time(iso: string): string;
  day(iso: string): string;
  full(iso: string): string;
  number(value: number): string;
  bytes(value: number): string;
  money(minor: number, currency: string): string;
  list(items: readonly string[]): string;
}

/** Intl in the person's language. */
export function useFormats(): Formats {
  const { i18n } = useTranslation();
  const language = i18n.language;
  const date = (iso: string, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language, options).format(new Date(iso));
  return {
    language,
    time: (iso) => date(iso, { hour: "2-digit", minute: "2-digit" }),
    day: (iso) => date(iso, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    full: (iso) => date(iso, { dateStyle: "medium", timeStyle: "short" }),
    number: (value) => new Intl.NumberFormat(language).format(value),
    bytes(value) {
      const [scaled, unit] = value < 1_024 ? [value, "byte"] : value < 1_048_576 ? [value / 1_024, "kilobyte"] : [value / 1_048_576, "megabyte"];
      return new Intl.NumberFormat(language, { style: "unit", unit: unit as string, unitDisplay: "short", maximumFractionDigits: 1 }).format(scaled as number);
    },
    money(minor, currency) {
      const format = new Intl.NumberFormat(language, { style: "currency", currency });
      return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
    },
    list: (items) => new Intl.ListFormat(language, { type: "conjunction" }).format(items),
  };
}

/** A language tag in words of another language. */
export function languageName(tag: string, inLanguage: string): string {
  try {
    return new Intl.DisplayNames(inLanguage, { type: "language" }).of(tag) ?? tag;
  } catch (error) {
    // Platforms send tags that are none; they are shown as they came.
    if (error instanceof RangeError) return tag;
    throw error;
  }
}
