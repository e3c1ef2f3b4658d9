// Dates in words of the language, in the zone of the visitor or in the one that a message names.

import type { Translate } from "../strings";

function format(at: string, language: string, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  try {
    return new Intl.DateTimeFormat(language, options).format(date);
  } catch {
    // The browser does not know the zone: its own is better than nothing.
    const { timeZone: _, ...rest } = options;
    return new Intl.DateTimeFormat(language, rest).format(date);
  }
}

const within = (timeZone: string | undefined) => (timeZone ? { timeZone } : {});

export function clock(at: string, language: string, zone?: string): string {
  return format(at, language, { hour: "2-digit", minute: "2-digit", ...within(zone) });
}

export function day(at: string, language: string, zone?: string): string {
  return format(at, language, { weekday: "long", day: "numeric", month: "long", ...within(zone) });
}

/** Today, yesterday or the day itself. */
export function dayLine(at: string, language: string, t: Translate, now: number): string {
  const name = day(at, language);
  if (name === day(new Date(now).toISOString(), language)) return t("today");
  if (name === day(new Date(now - 86_400_000).toISOString(), language)) return t("yesterday");
  return name;
}

export function zoneName(zone: string, language: string): string {
  const city = zone.split("/").pop()?.replaceAll("_", " ") ?? zone;
  try {
    const parts = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: "short" }).formatToParts();
    return `${city} (${parts.find((part) => part.type === "timeZoneName")?.value ?? zone})`;
  } catch {
    return city;
  }
}
