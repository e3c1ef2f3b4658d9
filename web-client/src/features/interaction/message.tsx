import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { isSimple } from "../../content/simple";
import { RichContentView } from "../../content/view";
import { DeleteMessageDocument, type MessagePartsFragment, ReactDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useActorName } from "../../session/actor";
import type { Capabilities } from "../../session/capabilities";
import { Avatar, Badge, cx, Icon, IconButton, lazily, Menu, MenuItem, useFormats } from "../../ui";
import { Attachments } from "./attachments";
import { Change } from "./change";
import { DeliveryActions, DeliveryMark } from "./delivery";
import type { Item } from "./group";
import { useOriginal, usePictures } from "./media";

const EditDialog = lazily(() => import("./edit-dialog").then((module) => module.EditDialog));

const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

interface MessageProps {
  item: Item;
  capabilities: Capabilities | null;
  chosen: ReadonlySet<string> | undefined;
  onQuote: (message: MessagePartsFragment) => void;
  onShow: (id: string) => void;
}

/** One entry of the thread: a bubble, a note or a system line. */
export const Message = memo(function Message({ item, capabilities, chosen, onQuote, onShow }: MessageProps) {
  const { t } = useTranslation();
  const { message } = item;
  if (message.entry === "SYSTEM") return <SystemLine message={message} />;
  if (message.deletedAt) {
    return (
      <p className={cx("flex px-4 text-sm text-ink-3 italic", message.direction === "OUTBOUND" ? "justify-end" : "pl-14")}>
        <span className="rounded-lg border border-dashed border-line px-3 py-1.5">{t("message.deleted")}</span>
      </p>
    );
  }
  if (message.entry === "NOTE") return <Note message={message} />;
  return <Bubble item={item} capabilities={capabilities} chosen={chosen} onQuote={onQuote} onShow={onShow} />;
});

function Bubble({ item: { message, isContinued }, capabilities, chosen, onQuote, onShow }: MessageProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const name = useActorName()(message.author);
  const loadPictures = usePictures(message.id);
  const isOurs = message.direction === "OUTBOUND";
  const isMail = message.content.__typename === "FormattedContent" && message.content.markup === "HTML" && !isSimple(message.content.source);
  const isBare = isMail || ["RichLinkContent", "ListPickerContent", "TimePickerContent", "FormContent", "AdaptiveCardContent", "PaymentRequestContent", "AppointmentRequestContent", "LocationContent"].includes(message.content.__typename);
  const hasBody = message.content.__typename !== "AttachmentContent" || message.content.caption !== null;
  const isAutomatic = message.author.kind === "BOT" || message.author.kind === "SCRIPT" || message.isAutomatic;
  return (
    <article
      aria-label={t(isOurs ? "message.ours" : "message.theirs", { name, time: formats.time(message.at) })}
      data-message={message.id}
      tabIndex={-1}
      className={cx("group flex gap-2 px-4 outline-offset-0", isOurs && "flex-row-reverse", isContinued ? "mt-0.5" : "mt-3")}
    >
      {!isOurs && <span className="w-8 shrink-0">{!isContinued && <Avatar name={name} size={30} />}</span>}
      <div className={cx("flex max-w-[min(82%,680px)] min-w-0 flex-col", isOurs && "items-end")}>
        {!isContinued && (
          <p className="mb-0.5 flex items-center gap-1.5 px-1 text-xs text-ink-3">
            <span className="font-medium text-ink-2">{name}</span>
            {isAutomatic && <Badge>{t("message.automatic")}</Badge>}
          </p>
        )}
        {!isOurs && <Correspondents message={message} />}
        {message.quoted && (
          <button type="button" onClick={() => onShow(message.quoted?.id ?? "")} className="mb-1 block max-w-full rounded-md border-l-3 border-accent bg-sunken px-2.5 py-1 text-left text-xs text-ink-2">
            <span className="font-medium">{message.quoted.author.name}</span>
            <span className="line-clamp-2">{message.quoted.text}</span>
          </button>
        )}
        {hasBody && (
          <div
            className={cx(
              "max-w-full min-w-0",
              !isBare && "rounded-xl px-3 py-2",
              !isBare && (isOurs ? "bg-bubble-out" : "bg-bubble-in"),
              !isBare && isContinued && (isOurs ? "rounded-tr-sm" : "rounded-tl-sm"),
              message.delivery?.state === "CANCELLED" && "line-through opacity-70",
            )}
          >
            {message.subject && !isContinued && <p className="mb-1 text-xs font-semibold text-ink-2">{message.subject}</p>}
            <RichContentView content={message.content} attachments={message.attachments} onLoadPictures={loadPictures} chosen={chosen} onShowQuestion={onShow} />
          </div>
        )}
        <Attachments files={message.attachments.filter((file) => file.contentId === null || file.class !== "IMAGE")} messageId={message.id} />
        <Reactions message={message} mayReact={capabilities?.reactions ?? false} />
        <footer className={cx("mt-0.5 flex items-center gap-2 px-1 text-xs text-ink-3", isOurs && "justify-end")}>
          <time dateTime={message.at} title={formats.full(message.at)}>
            {formats.time(message.at)}
          </time>
          {message.editedAt && <span>{t("message.edited")}</span>}
          {message.delivery && <DeliveryMark delivery={message.delivery} />}
        </footer>
        <SentAs message={message} />
        <DeliveryActions message={message} />
        <Change message={message} />
      </div>
      <Tools message={message} capabilities={capabilities} onQuote={onQuote} />
    </article>
  );
}

/** Who else got it and where the answer goes, where that is more than from them to us. */
function Correspondents({ message: { recipients, replyTo } }: { message: MessagePartsFragment }) {
  const { t } = useTranslation();
  if (recipients.length < 2 && !replyTo) return null;
  const names = (kind: "TO" | "CC") => recipients.filter((one) => one.kind === kind).map((one) => one.name ?? one.address).join(", ");
  const [to, copies] = [names("TO"), names("CC")];
  return (
    <p title={recipients.map((one) => one.address).join(", ")} className="mb-0.5 flex max-w-full flex-wrap gap-x-2 px-1 text-xs text-ink-3 wrap-anywhere">
      {to && <span>{t("message.to", { names: to })}</span>}
      {copies && <span>{t("message.copies", { names: copies })}</span>}
      {replyTo && <span className="text-warn">{t("message.replyTo", { address: replyTo })}</span>}
    </p>
  );
}

/** What really went out, where it is not what was asked. */
function SentAs({ message }: { message: MessagePartsFragment }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const { renderedAs } = message;
  if (!renderedAs || renderedAs.support === "NATIVE" || (renderedAs.text === message.text && renderedAs.notes.length === 0)) return null;
  return (
    <div className="px-1 text-right text-xs text-ink-3">
      <button type="button" aria-expanded={isOpen} className="rounded-sm underline" onClick={() => setOpen(!isOpen)}>
        {t(`support.${renderedAs.support}`)}
      </button>
      {isOpen && <pre className="mt-1 max-w-full rounded-md bg-sunken p-2 text-left font-sans whitespace-pre-wrap text-ink-2">{[renderedAs.text, ...renderedAs.notes.map((note) => t(`loss.${note}`))].join("\n")}</pre>}
    </div>
  );
}

function Reactions({ message, mayReact }: { message: MessagePartsFragment; mayReact: boolean }) {
  const { t } = useTranslation();
  const act = useAct();
  const byEmoji = new Map<string, MessagePartsFragment["reactions"]>();
  for (const reaction of message.reactions) byEmoji.set(reaction.emoji, [...(byEmoji.get(reaction.emoji) ?? []), reaction]);
  if (byEmoji.size === 0) return null;
  return (
    <ul className="mt-1 flex flex-wrap gap-1">
      {[...byEmoji].map(([emoji, list]) => {
        const isMine = list.some((reaction) => reaction.isMine);
        return (
          <li key={emoji}>
            <button
              type="button"
              disabled={!mayReact}
              aria-pressed={isMine}
              aria-label={t("message.reactedBy", { emoji, names: list.map((reaction) => reaction.author.name).join(", ") })}
              onClick={() => void act(ReactDocument, { input: { messageId: message.id, emoji, isAdded: !isMine } })}
              className={cx("rounded-full border px-1.5 text-sm", isMine ? "border-accent bg-accent-soft" : "border-line bg-raised")}
            >
              {emoji} {list.length > 1 && <span className="text-xs">{list.length}</span>}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** Appears with the pointer or the focus: only what this channel can do. */
function Tools({ message, capabilities, onQuote }: { message: MessagePartsFragment; capabilities: Capabilities | null; onQuote: (message: MessagePartsFragment) => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const download = useOriginal(message.id);
  const [isEditing, setEditing] = useState(false);
  if (!capabilities) return null;
  const isOurs = message.direction === "OUTBOUND";
  const hasLeft = message.delivery !== null && ["SENT", "DELIVERED", "READ"].includes(message.delivery.state);
  const isText = message.content.__typename === "TextContent" || message.content.__typename === "FormattedContent";
  const maxAge = capabilities.edit?.maxAgeS;
  const isYoung = maxAge === null || maxAge === undefined || Date.now() - Date.parse(message.at) < maxAge * 1_000;
  // What is being taken back is not changed any more, and not taken back twice.
  const isLeaving = message.change?.kind === "DELETE" && message.change.state === "PENDING";
  const mayEdit = isOurs && hasLeft && !isLeaving && isText && capabilities.edit !== null && isYoung;
  const mayDelete = isOurs && hasLeft && !isLeaving && capabilities.delete;
  if (!capabilities.quotes && !capabilities.reactions && !mayEdit && !mayDelete && !message.original) return null;
  return (
    <div className="flex items-start self-center opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100">
      {capabilities.quotes && <IconButton icon="quote" size="sm" label={t("message.quote")} onPress={() => onQuote(message)} />}
      {capabilities.reactions && (
        <Menu label={t("message.react")} trigger={<IconButton icon="smile" size="sm" label={t("message.react")} />} onAction={(emoji) => void act(ReactDocument, { input: { messageId: message.id, emoji, isAdded: true } })}>
          {EMOJI.map((emoji) => (
            <MenuItem key={emoji} id={emoji}>
              {emoji}
            </MenuItem>
          ))}
        </Menu>
      )}
      {message.original && <IconButton icon="download" size="sm" label={t("message.original")} onPress={() => void download()} />}
      {(mayEdit || mayDelete) && (
        <Menu label={t("message.menu")} trigger={<IconButton icon="more" size="sm" label={t("message.menu")} />}>
          {mayEdit && (
            <MenuItem icon="edit" onAction={() => setEditing(true)}>
              {t("message.edit")}
            </MenuItem>
          )}
          {mayDelete && (
            <MenuItem icon="trash" isDanger onAction={() => void act(DeleteMessageDocument, { input: { messageId: message.id, expectedVersion: message.version } })}>
              {t("message.delete")}
            </MenuItem>
          )}
        </Menu>
      )}
      {isEditing && <EditDialog room="corner" message={message} onClose={() => setEditing(false)} />}
    </div>
  );
}

function Note({ message }: { message: MessagePartsFragment }) {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <article data-message={message.id} aria-label={t("message.noteBy", { name: message.author.name, time: formats.time(message.at) })} tabIndex={-1} className="mx-4 mt-3 rounded-lg border border-note-line bg-note px-3 py-2 text-note-ink">
      <p className="mb-0.5 flex items-center gap-1.5 text-xs font-medium">
        <Icon name="note" size={13} />
        {message.author.name}
        <span className="font-normal">· {t("message.note")}</span>
        <span className="flex-1" />
        <time dateTime={message.at} title={formats.full(message.at)} className="font-normal">
          {formats.time(message.at)}
        </time>
      </p>
      <RichContentView content={message.content} />
      <Attachments files={message.attachments} messageId={message.id} />
      {message.mentions.length > 0 && <p className="mt-1 text-xs">{t("message.mentions", { names: formats.list(message.mentions.map((person) => person.name)) })}</p>}
    </article>
  );
}

function SystemLine({ message }: { message: MessagePartsFragment }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { system } = message;
  const by = useActorName()(message.author);
  let text = message.text;
  if (system) {
    const status = system.status ? t(`status.${system.status}`) : "";
    const isTaken = system.kind === "ASSIGNED" && system.person !== null && system.person.id === message.author.person?.id;
    text = t(`system.${isTaken ? "TAKEN" : system.kind}`, { by, person: system.person?.name ?? "", status, text: system.text ?? "" });
  }
  return (
    <div className="mt-3 px-10 text-center text-xs text-ink-3">
      {text} <time dateTime={message.at}>{formats.time(message.at)}</time>
      {system?.kind === "SCRIPT_FAILED" && system.text && (
        <details className="mt-1">
          <summary className="cursor-pointer rounded-sm">{t("ui.technical")}</summary>
          {system.text}
        </details>
      )}
    </div>
  );
}
