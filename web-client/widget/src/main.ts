// Entry of the page's one script. Reads its own tag, waits for a quiet moment, then puts `dc-chat` into the page and
// answers to `window.tributary(...)`. Styles go through CSSOM only and nothing is evaluated, so that strict pages let
// it work.

import { adopt } from "./adopt";
import { ChatClient } from "./client";
import { accents } from "./colour";
import type { Panel } from "./host";
import { Launcher } from "./launcher";
import { unread, type State } from "./store";
import { pick, translator } from "./strings";
import { STYLE } from "./style";

/** Names the panel that was built together with this script, so that a cached one never meets another's. */
declare const __PANEL_VERSION__: string;

type Handler = (detail: unknown) => void;
type Command = (name: string, ...values: unknown[]) => void;
type Global = { tributary?: Command & { q?: ArrayLike<unknown>[] } };

const page = window as unknown as Global;
const tag = (document.currentScript ?? document.querySelector("script[data-channel][src*='widget.js']")) as HTMLScriptElement | null;

if (tag?.dataset.channel && !customElements.get("dc-chat")) {
  const waiting = page.tributary?.q ?? [];
  const command = start(tag, tag.dataset.channel);
  page.tributary = command;
  for (const call of Array.from(waiting)) command(...(Array.from(call) as [string, ...unknown[]]));
}

/** The element and what stands in its shadow: one box for the panel, one for the button. */
function element(): { host: HTMLElement; root: HTMLElement; box: HTMLElement } {
  customElements.define("dc-chat", class extends HTMLElement {});
  const host = document.createElement("dc-chat");
  const shadow = host.attachShadow({ mode: "open" });
  adopt(shadow, STYLE);
  const root = document.createElement("div");
  const box = document.createElement("div");
  root.className = "root";
  // The page's own shortcuts must not hear what is typed here: to the page, all keys come from this one element.
  for (const type of ["keydown", "keypress", "keyup"]) root.addEventListener(type, (event) => event.stopPropagation());
  root.appendChild(box);
  shadow.appendChild(root);
  return { host, root, box };
}

function start(tag: HTMLScriptElement, key: string): Command {
  const { language: wish, colour, position } = tag.dataset;
  const language = pick([wish, document.documentElement.lang, ...navigator.languages]);
  const locale = [wish, ...navigator.languages].find((tag) => tag?.startsWith(`${language}-`)) ?? language;
  const t = translator(language);
  const { host, root, box } = element();
  const launcher = new Launcher(t);
  root.appendChild(launcher.button);
  const client = new ChatClient({
    server: new URL(tag.src).origin,
    key,
    language,
    page: () => ({ url: location.href, title: document.title, referrer: document.referrer }),
    refused: (code) => emit("error", { code }),
  });
  const handlers = new Map<string, Set<Handler>>();
  const emit = (name: string, detail: unknown = null) => {
    for (const handler of handlers.get(name) ?? []) {
      try {
        handler(detail);
      } catch (error) {
        // The page's mistake must not become ours, and must not be hidden from it.
        reportError(error);
      }
    }
  };

  let isThere = false;
  let isOpen = false;
  let loading: Promise<Panel> | null = null;
  let toggle: ((isOpen: boolean) => void) | null = null;
  const load = () => {
    loading ??= import(/* @vite-ignore */ new URL(`widget-panel.js?v=${__PANEL_VERSION__}`, tag.src).href) as Promise<Panel>;
    return loading;
  };
  const draw = () => launcher.show(isOpen, unread(client.store.get()));
  const setOpen = (next: boolean) => {
    if (next === isOpen) return;
    isOpen = next;
    if (!isThere) return;
    draw();
    if (isOpen) client.connect();
    if (toggle) toggle(isOpen);
    else if (isOpen) {
      load()
        .then(({ show }) => {
          if (toggle || !isOpen) return;
          toggle = () => {};
          return show(box, { client, language, locale }, () => setOpen(false), (given) => {
            toggle = given;
            given(isOpen);
          });
        })
        .catch(() => {
          // The next click tries again.
          loading = toggle = null;
          setOpen(false);
          emit("error", { code: "UNAVAILABLE" });
        });
    }
    if (!isOpen) launcher.button.focus();
    emit(isOpen ? "open" : "close");
  };
  launcher.button.onclick = () => setOpen(!isOpen);
  // Whoever comes near the button will probably press it; a failure shows when they do.
  launcher.button.onpointerenter = launcher.button.onfocus = () =>
    void load()
      .then(({ prepare }) => prepare(language))
      .catch(() => (loading = null));

  const appear = () => {
    const paint = accents(colour) ?? accents(client.store.get().config?.colour);
    if (paint) {
      root.style.setProperty("--accent", paint.accent);
      root.style.setProperty("--on-accent", paint.onAccent);
      root.style.setProperty("--link-light", paint.linkLight);
      root.style.setProperty("--link-dark", paint.linkDark);
    }
    if (position === "left") root.classList.add("left");
    root.lang = language;
    // The on-screen keyboard takes from the visible height, which no unit of style knows everywhere.
    const view = window.visualViewport;
    view?.addEventListener("resize", () => root.style.setProperty("--height", `${view.height}px`));
    client.store.subscribe(draw);
    draw();
    document.body.appendChild(host);
    isThere = true;
    if (isOpen) {
      isOpen = false;
      setOpen(true);
    }
    emit("ready");
  };
  client.store.subscribe((now, before) => tell(now, before, emit));
  const begin = () => {
    // A chat that cannot be had is no button rather than a broken one; the page may want to know.
    client.begin().then(appear, (error: unknown) => emit("error", { code: error instanceof Error ? error.message : "UNAVAILABLE" }));
  };
  const quiet = () => {
    if ("requestIdleCallback" in window) requestIdleCallback(begin, { timeout: 3_000 });
    else setTimeout(begin, 200);
  };
  if (document.readyState === "complete") quiet();
  else addEventListener("load", quiet, { once: true });
  addEventListener("online", () => client.hurry());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) client.hurry();
  });

  const commands: Record<string, (...values: never[]) => void> = {
    open: () => setOpen(true),
    close: () => setOpen(false),
    toggle: () => setOpen(!isOpen),
    identify: (token: string | null) => client.identify(token || null),
    logout: () => client.identify(null),
    send: (text: string) => void client.send({ kind: "TEXT", text: String(text) }),
    on: (name: string, handler: Handler) => void handlers.set(name, (handlers.get(name) ?? new Set()).add(handler)),
    off: (name: string, handler: Handler) => void handlers.get(name)?.delete(handler),
  };
  return (name, ...values) => {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new Error(`tributary: there is no command "${name}"`);
    command(...(values as never[]));
  };
}

function tell(now: State, before: State, emit: (name: string, detail: unknown) => void): void {
  if (unread(now) !== unread(before)) emit("unread", unread(now));
  if (now.status !== before.status) emit("status", now.status);
  if (now.messages !== before.messages && before.hasHistory && now.messages.length > before.messages.length) {
    const newest = now.messages[now.messages.length - 1];
    if (newest && newest.id !== before.messages[before.messages.length - 1]?.id) {
      emit("message", { id: newest.id, direction: newest.direction, text: newest.text });
    }
  }
}
