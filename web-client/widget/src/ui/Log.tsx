/** @jsxImportSource preact */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Content, Message } from "../protocol";
import type { State } from "../store";
import { useChat } from "./context";
import { Face } from "./Face";
import { Guard } from "./Guard";
import { Icon } from "./icons";
import { MessageView, type Entry } from "./MessageView";
import { day, dayLine } from "./time";

/** Messages of one author within this time stand together. */
const TOGETHER_MS = 5 * 60_000;
/** Distance from the end that still counts as being there, pixels. */
const NEAR = 60;

export function Log({ state, greeting, reply }: { state: State; greeting: string; reply: (message: Message) => void }) {
  const { client, locale, t } = useChat();
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const top = useRef(0);
  const last = useRef({ newest: "", oldest: "", height: 0 });
  const [isAway, setAway] = useState(false);
  const entries = useMemo(() => list(state, locale), [state.messages, state.outbox, locale]);
  const newest = entries[entries.length - 1];

  const toEnd = () => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  const look = () => {
    if (isAtEnd.current && !document.hidden) client.seen();
  };
  const scrolled = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
    // Only whoever moves up leaves the end: what grew since the event was raised does not.
    if (isNear || scrollTop < top.current) isAtEnd.current = isNear;
    top.current = scrollTop;
    setAway(!isAtEnd.current);
    if (scrollTop < NEAR && state.before) client.loadOlder();
    look();
  };

  useLayoutEffect(() => {
    const { scrollHeight = 0, scrollTop = 0 } = box.current ?? {};
    const was = last.current;
    const oldest = entries[0]?.key ?? "";
    if (isAtEnd.current || (newest && newest.key !== was.newest && newest.message.direction === "in")) toEnd();
    else if (oldest !== was.oldest && newest?.key === was.newest && box.current) {
      // Older ones came in front: what was being read stays where it was.
      box.current.scrollTop = scrollTop + scrollHeight - was.height;
    }
    last.current = { newest: newest?.key ?? "", oldest, height: box.current?.scrollHeight ?? 0 };
    look();
  });

  useEffect(() => {
    // Pictures that load and the on-screen keyboard change heights after the fact.
    const inner = box.current?.firstElementChild;
    const observer = new ResizeObserver(() => isAtEnd.current && toEnd());
    if (inner) observer.observe(inner);
    if (box.current) observer.observe(box.current);
    document.addEventListener("visibilitychange", look);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", look);
    };
  }, []);

  let lastDay = "";
  return (
    <div class="middle">
      <div class="log" ref={box} onScroll={scrolled} tabIndex={0} role="log" aria-label={t("conversation")} aria-busy={state.isLoadingOlder}>
        <div class="list">
          {state.before && (
            <button type="button" class="text older" disabled={state.isLoadingOlder} onClick={() => client.loadOlder()}>
              {t("older")}
            </button>
          )}
          {!state.before && entries.length === 0 && (
            <div class="entry first">
              <Face author={state.agent} />
              <div class="stack">
                <div class="bubble">{greeting}</div>
              </div>
            </div>
          )}
          {entries.map((entry) => {
            const thisDay = day(entry.message.at, locale);
            const isNewDay = thisDay !== lastDay;
            lastDay = thisDay;
            return [
              isNewDay && (
                <p key={`d${entry.key}`} class="line">
                  {dayLine(entry.message.at, locale, t, Date.now())}
                </p>
              ),
              <Guard key={entry.key} fallback={() => <p class="line">{entry.message.text || t("broken")}</p>}>
                <MessageView entry={entry} mayAnswer={state.link !== "refused"} reply={reply} />
              </Guard>,
            ];
          })}
          {state.status === "ENDED" && <p class="line">{t("ended")}</p>}
          {state.typing && (
            <div class="entry first">
              <Face author={state.typing} />
              <div class="bubble typing">
                <span class="hidden">{state.typing.name ? t("typing", { name: state.typing.name }) : t("typing_somebody")}</span>
                <i />
                <i />
                <i />
              </div>
            </div>
          )}
        </div>
      </div>
      {isAway && (
        <button
          type="button"
          class="icon jump"
          aria-label={t("newest")}
          title={t("newest")}
          onClick={() => {
            isAtEnd.current = true;
            toEnd();
          }}
        >
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}

function list({ messages, outbox }: State, locale: string): Entry[] {
  const answers = new Map<string, Content>();
  const zones = new Map(messages.flatMap(({ id, content }) => ("time_zone" in content ? [[id, content.time_zone] as const] : [])));
  const note = (content: Content) => {
    if ("question" in content && content.question) answers.set(content.question, content);
  };
  for (const message of messages) if (message.direction === "in" && !message.deleted) note(message.content);
  const all: Pick<Entry, "key" | "message" | "outgoing">[] = messages.map((message) => ({
    key: message.client_id ?? message.id,
    message,
    outgoing: null,
  }));
  for (const item of outbox) {
    if (item.frame.type === "leave_message") continue;
    if (item.state !== "failed") note(item.frame.content);
    all.push({ key: item.frame.id, message: pending(item.frame.content, item), outgoing: item });
  }
  const joins = (a: Message | undefined, b: Message | undefined) =>
    Boolean(
      a &&
        b &&
        a.direction === b.direction &&
        a.author.kind === b.author.kind &&
        a.author.name === b.author.name &&
        Math.abs(Date.parse(b.at) - Date.parse(a.at)) < TOGETHER_MS &&
        day(a.at, locale) === day(b.at, locale),
    );
  return all.map((entry, i) => ({
    ...entry,
    answer: answers.get(entry.message.id) ?? null,
    zone: "question" in entry.message.content ? zones.get(entry.message.content.question ?? "") : undefined,
    isFirst: !joins(all[i - 1]?.message, entry.message),
    isLast: !joins(entry.message, all[i + 1]?.message),
  }));
}

function pending(content: Content, item: State["outbox"][number]): Message {
  const text = "text" in content ? (content.text ?? "") : "";
  const author = { name: null, kind: "VISITOR" } as const;
  return {
    id: item.frame.id,
    version: 0,
    direction: "in",
    author,
    content,
    text,
    attachments: item.attachments,
    quoted: item.quotedText ? { id: "", author, text: item.quotedText } : null,
    reactions: [],
    state: "SENT",
    at: new Date(item.at).toISOString(),
    edited: null,
    deleted: null,
    client_id: item.frame.id,
  };
}
