/** @jsxImportSource preact */
import type { Content, Message } from "../protocol";
import type { Outgoing } from "../outbox";
import { ContentView } from "./ContentView";
import { useChat } from "./context";
import { Face } from "./Face";
import { Files } from "./Files";
import { Icon } from "./icons";
import { Replies } from "./Replies";
import { clock } from "./time";

/** A message of the log, or one that is only written here. */
export interface Entry {
  key: string;
  message: Message;
  outgoing: Outgoing | null;
  answer: Content | null;
  /** The time zone of the question that this one answers. */
  zone: string | undefined;
  isFirst: boolean;
  isLast: boolean;
}

const OWN_BOX = new Set(["LIST_PICKER", "TIME_PICKER", "FORM", "ADAPTIVE_CARD", "PAYMENT_REQUEST", "APPOINTMENT_REQUEST", "RICH_LINK", "LOCATION"]);

export function MessageView({ entry, mayAnswer, reply }: { entry: Entry; mayAnswer: boolean; reply: (message: Message) => void }) {
  const { t, locale } = useChat();
  const { message, outgoing, answer, isFirst, isLast } = entry;
  const { author, content, deleted } = message;
  const isOwn = message.direction === "in";
  const name = isOwn ? t("you") : (author.name ?? t("us"));
  if (author.kind === "SYSTEM") return <p class="line">{message.text}</p>;
  const isBare = !deleted && (OWN_BOX.has(content.kind) || (content.kind === "ATTACHMENT" && !content.caption));
  const ask = { question: outgoing ? null : message.id, answer, mayAnswer: mayAnswer && !isOwn };
  return (
    <div class={`entry ${isOwn ? "own" : ""} ${isFirst ? "first" : ""}`}>
      {!isOwn && isLast && <Face author={author} />}
      <div class="stack">
        {isFirst && !isOwn && author.name ? (
          <small class="author">
            {author.name}
            {author.kind === "BOT" && ` · ${t("bot")}`}
          </small>
        ) : (
          <span class="hidden">{name}</span>
        )}
        <div class={`bubble ${isBare ? "bare" : ""} ${outgoing ? "pending" : ""}`}>
          {deleted ? (
            <em class="muted">{t("deleted")}</em>
          ) : (
            <>
              {message.quoted && (
                <blockquote class="quoted">
                  <span class="hidden">{t("quoted", { name: message.quoted.author.name ?? t("us") })}</span>
                  {message.quoted.text}
                </blockquote>
              )}
              <ContentView message={message} zone={entry.zone} {...ask} />
              <Files files={message.attachments} />
            </>
          )}
          {!isOwn && !deleted && (
            <button type="button" class="icon reply" aria-label={t("reply")} title={t("reply")} onClick={() => reply(message)}>
              <Icon name="reply" size={16} />
            </button>
          )}
        </div>
        {message.reactions.length > 0 && (
          <span class="reactions" role="group" aria-label={t("reactions")}>
            {message.reactions.map(({ emoji, count }) => (
              <span key={emoji}>
                {emoji}
                {count > 1 && ` ${count}`}
              </span>
            ))}
          </span>
        )}
        {content.kind === "QUICK_REPLIES" && !deleted && <Replies content={content} {...ask} />}
        {(isLast || outgoing || message.edited) && (
          <small class="meta">
            {message.edited && !deleted && <span>{t("edited")}</span>}
            <time dateTime={message.at}>{clock(message.at, locale)}</time>
            {isOwn && <Progress message={message} outgoing={outgoing} />}
          </small>
        )}
        {outgoing?.state === "failed" && <Failed outgoing={outgoing} />}
      </div>
    </div>
  );
}

function Progress({ message, outgoing }: Pick<Entry, "message" | "outgoing">) {
  const { t } = useChat();
  const state = outgoing ? (outgoing.state === "acked" ? "SENT" : outgoing.state) : message.state;
  const icon = state === "failed" ? "close" : state === "waiting" ? "clock" : state === "SENT" ? "tick" : "ticks";
  return (
    <span class={`state ${state}`} role="img" aria-label={t(`state_${state}`)} title={t(`state_${state}`)}>
      <Icon name={icon} size={14} />
    </span>
  );
}

function Failed({ outgoing }: { outgoing: Outgoing }) {
  const { client, t } = useChat();
  const { id } = outgoing.frame;
  return (
    <span class="failed" role="alert">
      {t(outgoing.code === "RATE_LIMITED" ? "failed_limit" : "state_failed")}{" "}
      <button type="button" class="text" onClick={() => client.retry(id)}>
        {t("retry")}
      </button>{" "}
      <button type="button" class="text" onClick={() => client.discard(id)}>
        {t("discard")}
      </button>
    </span>
  );
}
