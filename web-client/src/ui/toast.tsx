import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { createStore } from "../live/store";
import { Icon } from "./icon";
import { useStore } from "./useStore";

interface Words {
  readonly key: number;
  readonly text: string;
  readonly isError: boolean;
  readonly action?: { readonly label: string; readonly run: () => void };
}

const STAYS_MS = 6_000;
const MOST = 3;
const shown = createStore<readonly Words[]>([]);
let nextKey = 0;

function add(words: Omit<Words, "key">): void {
  nextKey += 1;
  shown.set([...shown.get(), { ...words, key: nextKey }].slice(-MOST));
}

const close = (key: number) => shown.set(shown.get().filter((item) => item.key !== key));

/** Says something for a moment. */
export function toast(text: string, action?: Words["action"]): void {
  add({ text, isError: false, ...(action ? { action } : {}) });
}

/** Says what went wrong; stays until it is closed. */
export function toastError(text: string): void {
  add({ text, isError: true });
}

export function Toasts() {
  const { t } = useTranslation();
  const items = useStore(shown);
  return (
    <section aria-label={t("ui.messages")} className="pointer-events-none fixed right-4 bottom-4 z-50">
      <ul aria-live="polite" className="flex flex-col items-end gap-2">
        {items.map((item) => (
          <Toast key={item.key} item={item} />
        ))}
      </ul>
    </section>
  );
}

function Toast({ item }: { item: Words }) {
  const { t } = useTranslation();
  useEffect(() => {
    if (item.isError) return;
    const timer = setTimeout(() => close(item.key), STAYS_MS);
    return () => clearTimeout(timer);
  }, [item]);
  return (
    <li className="rise pointer-events-auto flex max-w-96 items-center gap-3 rounded-lg bg-ink px-3 py-2 text-sm text-canvas shadow-pop">
      {item.isError && <Icon name="warning" />}
      <span role={item.isError ? "alert" : undefined} className="min-w-0 flex-1">
        {item.text}
      </span>
      {item.action && (
        <button
          type="button"
          className="rounded-sm px-1 font-semibold underline"
          onClick={() => {
            item.action?.run();
            close(item.key);
          }}
        >
          {item.action.label}
        </button>
      )}
      <button type="button" aria-label={t("ui.close")} className="rounded-sm p-0.5" onClick={() => close(item.key)}>
        <Icon name="close" size={14} />
      </button>
    </li>
  );
}
