/** @jsxImportSource preact */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Config, Message } from "../protocol";
import type { State } from "../store";
import { Composer } from "./Composer";
import { useChat } from "./context";
import { Face } from "./Face";
import { Icon } from "./icons";
import { LeaveLater } from "./Later";
import { Log } from "./Log";
import type { Uploads } from "./uploads";

export function Panel({
  state,
  config,
  close,
  uploads,
  quoting,
  setQuoting,
}: {
  state: State;
  config: Config;
  close: () => void;
  uploads: Uploads;
  quoting: Message | null;
  setQuoting: (message: Message | null) => void;
}) {
  const { language, t } = useChat();
  const panel = useRef<HTMLElement>(null);
  const [isOver, setOver] = useState(false);
  const texts = config.texts[language] ?? {};
  const { agent, link } = state;
  const isAway = !state.is_online;
  const asksForMail = isAway && config.offline_form.is_enabled && (state.status === "NONE" || state.status === "ENDED");

  useEffect(() => {
    // Where no field takes the focus, the panel does, so that the keyboard and the reader are inside.
    if (!panel.current?.contains((panel.current.getRootNode() as ShadowRoot).activeElement)) panel.current?.focus();
  }, []);

  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.isComposing) {
      event.preventDefault();
      close();
    } else if (event.key === "Tab" && isFull() && panel.current) {
      // Over the whole screen there is nothing else to go to.
      const all = [...panel.current.querySelectorAll<HTMLElement>("a[href],button,input,select,textarea,[tabindex='0']")].filter(
        (element) => !(element as HTMLButtonElement).disabled && element.tabIndex >= 0 && element.offsetParent,
      );
      const active = (panel.current.getRootNode() as ShadowRoot).activeElement;
      const edge = event.shiftKey ? all[0] : all[all.length - 1];
      if (active === edge || active === panel.current) {
        event.preventDefault();
        (event.shiftKey ? all[all.length - 1] : all[0])?.focus();
      }
    }
  };
  const dragged = (event: DragEvent) => {
    if (!config.attachments.is_enabled || asksForMail || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    setOver(event.type === "dragover");
    if (event.type === "drop") uploads.attach([...event.dataTransfer.files]);
  };
  const subtitle =
    state.status === "WAITING" && state.queuePosition
      ? t("position", { n: state.queuePosition })
      : state.status === "WAITING" && !isAway
        ? t("waiting")
        : isAway
          ? t("away")
          : agent?.name
            ? (config.title ?? t("online"))
            : (texts.subtitle ?? t("online"));

  return (
    <section
      class={isOver ? "panel over" : "panel"}
      ref={panel}
      role="dialog"
      aria-modal={isFull()}
      aria-labelledby="title"
      tabIndex={-1}
      onKeyDown={keys}
      onDragOver={dragged}
      onDragLeave={dragged}
      onDrop={dragged}
      data-drop={t("drop")}
    >
      <header>
        <Face author={agent ?? (config.title ? { name: config.title, kind: "BOT" } : null)} />
        <div>
          <h2 id="title">{agent?.name ?? config.title ?? t("title")}</h2>
          <p class={isAway ? "" : "here"}>{subtitle}</p>
        </div>
        {(state.status === "ACTIVE" || state.status === "WAITING") && link === "online" && <End />}
        <button type="button" class="icon" aria-label={t("close")} title={t("close")} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div role="status">
        {link === "offline" && <p class="bar">{t("offline")}</p>}
        {link === "refused" && <p class="bar">{t("refused")}</p>}
      </div>
      {(!asksForMail || state.messages.length > 0) && (
        <Log state={state} greeting={texts.greeting ?? t("greeting")} reply={setQuoting} />
      )}
      {asksForMail ? (
        <LeaveLater state={state} config={config} text={texts.offline ?? t("leave_text")} />
      ) : link === "refused" ? null : (
        <Composer config={config} quoting={quoting} unquote={() => setQuoting(null)} {...uploads} />
      )}
    </section>
  );
}

function End() {
  const { client, t } = useChat();
  const [isAsking, setAsking] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const hasAsked = useRef(false);
  // Before the next key can arrive, or it would meet the wrong button.
  useLayoutEffect(() => {
    hasAsked.current ||= isAsking;
    if (hasAsked.current) first.current?.focus();
  }, [isAsking]);
  return isAsking ? (
    <span class="sure" role="group" aria-label={t("end_sure")}>
      <span>{t("end_sure")}</span>
      <button
        type="button"
        ref={first}
        class="text"
        onClick={() => {
          client.end();
          setAsking(false);
        }}
      >
        {t("yes")}
      </button>
      <button type="button" class="text" onClick={() => setAsking(false)}>
        {t("no")}
      </button>
    </span>
  ) : (
    <button type="button" ref={first} class="icon" aria-label={t("end")} title={t("end")} onClick={() => setAsking(true)}>
      <Icon name="end" />
    </button>
  );
}

/** Small screens give the chat all of themselves; the same query stands in the style. */
export function isFull(): boolean {
  return matchMedia("(max-width: 520px)").matches;
}
