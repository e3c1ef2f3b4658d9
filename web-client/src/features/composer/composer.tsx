import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { FileTrigger } from "react-aria-components";
import { AssignDocument, type InteractionRowFragment, type InteractionStatus, type MessagePartsFragment } from "../../gql/graphql";
import { newClientId } from "../../live/ids";
import { useAct } from "../../session/act";
import type { Capabilities } from "../../session/capabilities";
import { usePeople } from "../../session/catalog";
import { useKindLook, useLive, useViewer } from "../../session/context";
import { prefs } from "../../session/prefs";
import { Badge, Button, cx, Icon, IconButton, type IconName, IconToggle, Menu, MenuItem, Notice, shortDuration, useCommandList, useNow } from "../../ui";
import { afterSending, type ComposeKind, type Draft, loadDraft, readable, saveDraft, toContent } from "./draft";
import { FileChips } from "./file-chips";
import { useFiles } from "./files";
import { lengthOf } from "./limits";
import { Preview, usePreview } from "./preview";
import { Area } from "./text-area";

const StructuredEditor = lazy(() => import("./editors").then((module) => ({ default: module.StructuredEditor })));
const RichEditor = lazy(() => import("./rich-editor").then((module) => ({ default: module.RichEditor })));

const tools: readonly { kind: Exclude<ComposeKind, "TEXT">; icon: IconName }[] = [
  { kind: "FORMATTED", icon: "bold" },
  { kind: "RICH_LINK", icon: "link" },
  { kind: "QUICK_REPLIES", icon: "replies" },
  { kind: "LIST_PICKER", icon: "list" },
  { kind: "FORM", icon: "form" },
];

const kindKey = (channelId: string) => `tributary.kind.${channelId}`;

interface ComposerProps {
  row: InteractionRowFragment;
  capabilities: Capabilities | null;
  quoted: MessagePartsFragment | null;
  /** A send taken back into the field. */
  restored: { readonly id: string; readonly text: string; readonly isNote: boolean } | null;
  onUnquote: () => void;
  onTyped: () => void;
  onRested: () => void;
}

/** Writes replies and notes. What it offers is what the channel takes from people, and nothing else. */
export function Composer({ row, capabilities, quoted, restored, onUnquote, onTyped, onRested }: ComposerProps) {
  const { t } = useTranslation();
  const live = useLive();
  const act = useAct();
  const viewer = useViewer();
  const people = usePeople();
  const look = useKindLook()(row.channel.kind);
  const [draft, setDraftState] = useState<Draft>(() => loadDraft(row.id, (localStorage.getItem(kindKey(row.channel.id)) as ComposeKind | null) ?? "TEXT"));
  const [isPreviewOn, setPreviewOn] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const root = useRef<HTMLElement>(null);
  const hasClaimed = useRef(false);
  const files = useFiles(draft.mode === "reply" ? capabilities : null);

  const { replyPolicy } = row;
  const isNote = draft.mode === "note" || !replyPolicy.mayReply;
  const offered = new Set(
    capabilities?.agent.filter((item) => item.support !== "REFUSED" && (replyPolicy.kinds.length === 0 || replyPolicy.kinds.includes(item.kind))).map((item) => item.kind) ?? [],
  );
  const kind: ComposeKind = draft.kind === "TEXT" || offered.has(draft.kind) ? draft.kind : "TEXT";
  const current: Draft = { ...draft, kind };
  const content = isNote ? null : toContent(current, files.ids.length);
  const isRich = !isNote && kind !== "TEXT" && kind !== "FORMATTED";
  const preview = usePreview(row.channel.id, content, files.ids, !isNote && (isPreviewOn || isRich));
  const mayAttach = isNote || (capabilities?.maxAttachments ?? 0) > 0;

  const plain = kind === "FORMATTED" && draft.markup === "MARKDOWN" ? draft.markdown : draft.text;
  const used = capabilities && !isNote && !isRich ? lengthOf(plain, capabilities.text.unit) : 0;
  const max = capabilities?.text.max ?? Number.POSITIVE_INFINITY;
  const isTooLong = used > max;
  const hasViolations = (preview?.violations.length ?? 0) > 0;
  const maySend = files.areReady && !isTooLong && !hasViolations && (isNote ? draft.note.trim() !== "" : content !== null && capabilities !== null);

  const setDraft = (next: Draft) => {
    setDraftState(next);
    saveDraft(row.id, next);
    if (next.mode === "reply" && replyPolicy.mayReply) {
      onTyped();
      // Whoever starts to answer an interaction that nobody has, takes it.
      if (!hasClaimed.current && row.assignee === null && prefs.get().claim === "typing" && toContent(next, 0) !== null) {
        hasClaimed.current = true;
        void act(AssignDocument, { input: { interactionId: row.id, assigneeId: viewer.id } }, true);
      }
    }
  };

  useEffect(() => {
    if (!restored) return;
    setDraftState((known) => (restored.isNote ? { ...known, mode: "note", note: restored.text } : { ...known, mode: "reply", kind: "TEXT", text: restored.text }));
    area.current?.focus();
  }, [restored]);

  const focus = () => (area.current ?? root.current?.querySelector<HTMLElement>("[contenteditable],textarea,input:not([type=file])"))?.focus();
  const setMode = (mode: Draft["mode"]) => {
    // At once: the next key already belongs into the field.
    flushSync(() => setDraft({ ...draft, mode }));
    focus();
  };
  useEffect(() => {
    if (quoted) {
      setDraftState((known) => ({ ...known, mode: "reply" }));
      area.current?.focus();
    }
  }, [quoted]);

  const setKind = (next: ComposeKind) => {
    if (next === "TEXT" || next === "FORMATTED") localStorage.setItem(kindKey(row.channel.id), next);
    const carried = next === "FORMATTED" && draft.html === "" && draft.text !== "" ? { html: `<p>${escapeHtml(draft.text).replaceAll("\n", "<br>")}</p>` } : {};
    flushSync(() => setDraft({ ...draft, ...carried, mode: "reply", kind: next }));
    focus();
  };

  const send = (thenStatus?: InteractionStatus) => {
    if (!maySend || !live.outbox) return;
    const fileNames = files.files.map((file) => file.name);
    const clientId = newClientId();
    if (isNote) {
      const text = draft.note.trim();
      const mentionIds = people.filter((person) => text.includes(`@${person.name}`)).map((person) => person.id);
      live.outbox.add({ clientId, interactionId: row.id, text: [text, ...fileNames].join("\n"), payload: { kind: "note", input: { text, mentionIds, attachmentIds: [...files.ids] } } });
    } else if (content) {
      live.outbox.add({
        clientId,
        interactionId: row.id,
        text: readable(content, fileNames),
        payload: {
          kind: "message",
          input: { content, attachmentIds: [...files.ids], quotedId: quoted?.id ?? null, seen: live.follower.cursor, force: false, thenStatus: thenStatus ?? null },
        },
      });
      onUnquote();
      onRested();
    }
    const next = afterSending(current);
    setDraftState({ ...next, mode: draft.mode });
    saveDraft(row.id, next);
    files.clear();
    setPreviewOn(false);
    focus();
  };

  const isInside = () => root.current?.contains(document.activeElement) ?? false;
  useCommandList([
    { id: "composer.reply", label: "commands.reply", group: "interaction", keys: ["r"], guard: () => replyPolicy.mayReply, run: () => setMode("reply") },
    { id: "composer.note", label: "commands.note", group: "interaction", keys: ["n"], run: () => setMode("note") },
    { id: "composer.send", label: "commands.send", group: "composer", keys: ["Mod+Enter"], guard: () => isInside() && maySend, run: () => send() },
    { id: "composer.sendAndResolve", label: "commands.sendAndResolve", group: "composer", keys: ["Mod+Shift+Enter"], guard: () => isInside() && maySend && !isNote, run: () => send("RESOLVED") },
  ]);

  const name = row.contact.name;
  return (
    <section
      ref={root}
      aria-label={isNote ? t("composer.note") : t("composer.reply")}
      className={cx("mx-auto mb-3 w-[calc(100%-1.5rem)] max-w-4xl shrink-0 rounded-xl border shadow-card transition-colors", isNote ? "border-note-line bg-note text-note-ink" : "border-line-strong/60 bg-raised focus-within:border-accent")}
      onDragOver={(event) => mayAttach && event.preventDefault()}
      onDrop={(event) => {
        if (mayAttach && event.dataTransfer.files.length > 0) {
          event.preventDefault();
          files.add(event.dataTransfer.files);
        }
      }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) onRested();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
        document.querySelector<HTMLElement>('[data-row] a[aria-current]')?.focus();
      }}
    >
      <div className="flex items-center gap-1 border-b border-line px-2 py-1">
        <div role="group" aria-label={t("composer.mode")} className="flex gap-0.5">
          <ModeTab icon="reply" isOn={!isNote} isDisabled={!replyPolicy.mayReply} onPress={() => setMode("reply")}>
            {t("composer.reply")}
          </ModeTab>
          <ModeTab icon="note" isOn={isNote} isDisabled={false} onPress={() => setMode("note")}>
            {t("composer.note")}
          </ModeTab>
        </div>
        <span className="flex-1" />
        {!isNote && look.isPublic && (
          <Badge tone="warn" icon="globe">
            {t("composer.public")}
          </Badge>
        )}
        {!isNote && replyPolicy.until && <WindowTimer until={replyPolicy.until} />}
      </div>
      {!replyPolicy.mayReply && (
        <div className="px-3 pt-2">
          <Notice tone="warn" icon="lock">
            {t(`refusal.${replyPolicy.reason ?? "NOT_PERMITTED"}`)}
          </Notice>
        </div>
      )}
      {quoted && !isNote && (
        <div className="flex items-start gap-2 border-b border-line bg-sunken px-3 py-1.5 text-xs text-ink-2">
          <Icon name="quote" size={13} className="mt-0.5" />
          <span className="line-clamp-2 min-w-0 flex-1">
            <span className="font-medium">{quoted.author.name}</span>: {quoted.text}
          </span>
          <IconButton icon="close" size="sm" label={t("composer.unquote")} onPress={onUnquote} />
        </div>
      )}
      {isNote ? (
        <Area areaRef={area} value={draft.note} label={t("composer.note")} placeholder={t("composer.notePlaceholder")} onChange={(note) => setDraft({ ...draft, note })} onFiles={files.add} hasMentions />
      ) : kind === "TEXT" ? (
        <Area areaRef={area} value={draft.text} label={t("composer.replyTo", { name })} placeholder={t("composer.replyPlaceholder", { name, channel: row.channel.name })} onChange={(text) => setDraft({ ...draft, text })} onFiles={files.add} />
      ) : kind === "FORMATTED" ? (
        draft.markup === "HTML" ? (
          <Suspense fallback={<div className="h-24" />}>
            <RichEditor html={draft.html} label={t("composer.replyTo", { name })} placeholder={t("composer.replyPlaceholder", { name, channel: row.channel.name })} onChange={(html) => setDraft({ ...draft, html })} />
          </Suspense>
        ) : (
          <Area areaRef={area} value={draft.markdown} label={t("composer.replyTo", { name })} placeholder={t("composer.markdownPlaceholder")} onChange={(markdown) => setDraft({ ...draft, markdown })} onFiles={files.add} />
        )
      ) : (
        <Suspense fallback={<div className="h-40" />}>{capabilities && <StructuredEditor kind={kind} draft={draft} limits={capabilities.rich} onChange={setDraft} />}</Suspense>
      )}
      <FileChips files={files.files} onRemove={files.remove} />
      {!isNote && (isPreviewOn || isRich) && <Preview preview={preview} />}
      <div className="flex items-center gap-0.5 border-t border-line px-2 py-1.5">
        {mayAttach && (
          <FileTrigger allowsMultiple onSelect={(chosen) => chosen && files.add(chosen)}>
            <IconButton icon="attach" size="sm" label={t("composer.attach")} />
          </FileTrigger>
        )}
        {!isNote &&
          tools
            .filter((tool) => offered.has(tool.kind))
            .map((tool) => <IconToggle key={tool.kind} icon={tool.icon} label={t(`composer.kinds.${tool.kind}`)} isSelected={kind === tool.kind} onChange={(isOn) => setKind(isOn ? tool.kind : "TEXT")} />)}
        {!isNote && kind === "FORMATTED" && (
          <Button size="sm" look="quiet" onPress={() => setDraft({ ...draft, markup: draft.markup === "HTML" ? "MARKDOWN" : "HTML" })}>
            {t(draft.markup === "HTML" ? "composer.toMarkdown" : "composer.toEditor")}
          </Button>
        )}
        {!isNote && !isRich && <IconToggle icon="card" label={t("composer.preview")} isSelected={isPreviewOn} onChange={setPreviewOn} />}
        <span className="flex-1" />
        {used > max * 0.8 && (
          <span className={cx("px-2 text-xs tabular-nums", isTooLong ? "font-semibold text-danger" : "text-ink-3")} role={isTooLong ? "alert" : undefined}>
            {t("composer.length", { used, max })}
          </span>
        )}
        <Button size="sm" look="primary" isDisabled={!maySend} onPress={() => send()} className={isNote ? "max-w-80" : "max-w-80 rounded-r-none"}>
          <Icon name={isNote ? "note" : "send"} size={14} />
          <span className="truncate">{isNote ? t("composer.addNote") : t("composer.sendTo", { name, channel: row.channel.name })}</span>
        </Button>
        {!isNote && (
          <Menu label={t("composer.sendAnd")} trigger={<IconButton icon="chevron" look="primary" size="sm" label={t("composer.sendAnd")} isDisabled={!maySend} className="ml-px rounded-l-none" />} onAction={(status) => send(status as InteractionStatus)}>
            <MenuItem id="RESOLVED" icon="check">
              {t("composer.sendAndResolve")}
            </MenuItem>
            <MenuItem id="PENDING" icon="clock">
              {t("composer.sendAndWait")}
            </MenuItem>
          </Menu>
        )}
      </div>
    </section>
  );
}

function ModeTab({ icon, isOn, isDisabled, onPress, children }: { icon: IconName; isOn: boolean; isDisabled: boolean; onPress: () => void; children: string }) {
  return (
    <button type="button" aria-pressed={isOn} disabled={isDisabled} onClick={onPress} className={cx("flex h-7 items-center gap-1.5 rounded-md px-2.5 text-sm font-medium disabled:opacity-50", isOn ? "bg-hover text-ink" : "text-ink-3 hover:text-ink")}>
      <Icon name={icon} size={14} />
      {children}
    </button>
  );
}

/** How long we may still answer. */
function WindowTimer({ until }: { until: string }) {
  const { t, i18n } = useTranslation();
  const left = Date.parse(until) - useNow();
  const isClose = left < 60 * 60_000;
  return (
    <Badge tone={left < 0 ? "danger" : isClose ? "warn" : "plain"} icon="clock">
      {left < 0 ? t("composer.windowOver") : t("composer.windowLeft", { time: shortDuration(left, i18n.language) })}
    </Badge>
  );
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
