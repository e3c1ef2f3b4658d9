import { AdaptiveCard, HostConfig } from "adaptivecards";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

const variable = (name: string) => ({ default: `var(--${name})`, subtle: "var(--ink-3)" });
const container = {
  backgroundColor: "var(--raised)",
  foregroundColors: {
    default: variable("ink"),
    accent: variable("accent-text"),
    attention: variable("danger"),
    good: variable("ok"),
    warning: variable("warn"),
    light: variable("ink-2"),
    dark: variable("ink"),
  },
};

const host = new HostConfig({
  fontFamily: "var(--font-sans)",
  fontSizes: { small: 12, default: 14, medium: 15, large: 17, extraLarge: 20 },
  spacing: { small: 4, default: 8, medium: 12, large: 16, extraLarge: 20, padding: 12 },
  containerStyles: { default: container, emphasis: { ...container, backgroundColor: "var(--sunken)" } },
  separator: { lineThickness: 1, lineColor: "var(--line)" },
  supportsInteractivity: true,
  actions: { actionsOrientation: "vertical", actionAlignment: "stretch", maxActions: 10, buttonSpacing: 6, spacing: "default" },
});

// Text of a card is shown as text: markdown in it would be a way to markup.
AdaptiveCard.onProcessMarkdown = (text, result) => {
  const holder = document.createElement("span");
  holder.textContent = text;
  result.outputHtml = holder.innerHTML;
  result.didProcess = true;
};

/** An Adaptive Card as the contact sees it; its fields and buttons are theirs, not ours. */
export function Card({ card }: { card: unknown }) {
  const { t } = useTranslation();
  const holder = useRef<HTMLDivElement>(null);
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    try {
      const drawn = new AdaptiveCard();
      drawn.hostConfig = host;
      drawn.parse(withoutRemoteImages(card) as Record<string, unknown>);
      const rendered = drawn.render();
      if (!rendered) throw new Error("nothing was drawn");
      for (const control of rendered.querySelectorAll<HTMLInputElement | HTMLButtonElement>("input,select,textarea,button")) control.disabled = true;
      for (const part of rendered.querySelectorAll("[tabindex]")) part.removeAttribute("tabindex");
      element.replaceChildren(rendered);
    } catch {
      setBroken(true);
    }
  }, [card]);
  if (isBroken) return <pre className="max-w-full overflow-auto rounded-md bg-sunken p-2 text-xs">{JSON.stringify(card, null, 2)}</pre>;
  return <div ref={holder} role="group" aria-label={t("content.card")} className="adaptive-card w-80 max-w-full overflow-hidden rounded-lg border border-line" />;
}

/** Pictures from elsewhere are left out: loading them would tell their host. */
function withoutRemoteImages(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isRemoteImage(item)).map(withoutRemoteImages);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "backgroundImage" && key !== "iconUrl")
      .map(([key, inner]) => [key, withoutRemoteImages(inner)]),
  );
}

function isRemoteImage(item: unknown): boolean {
  if (typeof item !== "object" || item === null) return false;
  const { type, url } = item as { type?: unknown; url?: unknown };
  return (type === "Image" || type === "Media") && typeof url === "string" && !url.startsWith("data:image/") && !url.startsWith(location.origin);
}
