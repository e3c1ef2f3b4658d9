import { useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { AssignDocument, type InteractionRowFragment, type InteractionStatus } from "../../gql/graphql";
import { newClientId } from "../../live/ids";
import type { OutboxEntry } from "../../live/outbox";
import type { QuoteRef, Sending } from "../../live/sending";
import { useAct } from "../../session/act";
import type { Capabilities } from "../../session/capabilities";
import { useKindLook, useLive, useViewer } from "../../session/context";
import { prefs } from "../../session/prefs";
import { Badge, Button, cx, Dialog, Icon, IconButton, Notice, toastError, useCommandList } from "../../ui";
import { Body } from "./body";
import { afterSending, type ComposeKind, type Draft, fromPayload, inKind, mentioned, readable, toContent, wouldOverwrite } from "./draft";
import { FileChips } from "./file-chips";
import { shelfOf, useFiles } from "./files";
import { Foot } from "./foot";
import { countedText, lengthOf } from "./limits";
import { ModeTabs, WindowTimer } from "./mode";
import { isRefused, Preview, usePreview } from "./preview";
import { rememberKind, useDraft } from "./use-draft";

interface ComposerProps {
  row: InteractionRowFragment;
  capabilities: Capabilities | null;
  /** A message to quote, chosen in the thread. */
  quoting: { readonly quote: QuoteRef } | null;
  /** A send to take back into the field; it is given up only once it stands there. */
  restoring: OutboxEntry<Sending> | null;
  onRestored: () => void;
  onTyped: () => void;
  onRested: () => void;
}

/** Writes replies and notes. What it offers is what the channel takes from people, and nothing else. */
export function Composer({ row, capabilities, quoting, restoring, onRestored, onTyped, onRested }: ComposerProps) {
  const { t } = useTranslation();
  const live = useLive();
  const act = useAct();
  const viewer = useViewer();
  const look = useKindLook()(row.channel.kind);
  const [draft, setDraft] = useDraft(viewer.id, row.id, row.channel.id);
  const [isPreviewOn, setPreviewOn] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const root = useRef<HTMLElement>(null);
  const hasClaimed = useRef(false);

  const { replyPolicy } = row;
  const isNote = draft.mode === "note" || !replyPolicy.mayReply;
  const mode = isNote ? "note" : "reply";
  const files = useFiles({ personId: viewer.id, interactionId: row.id, mode }, isNote ? null : capabilities);
  const offered = new Set<string>(
    capabilities?.agent.filter((item) => item.support !== "REFUSED" && (replyPolicy.kinds.length === 0 || replyPolicy.kinds.includes(item.kind))).map((item) => item.kind) ?? [],
  );
  const kind: ComposeKind = draft.kind === "TEXT" || offered.has(draft.kind) ? draft.kind : "TEXT";
  const current: Draft = { ...draft, kind };
  const content = isNote ? null : toContent(current, files.refs.length);
  const isRich = !isNote && kind !== "TEXT" && kind !== "FORMATTED";
  const isPreviewShown = !isNote && (isPreviewOn || isRich);
  const fileIds = files.refs.map((file) => file.id);
  const preview = usePreview(row.channel.id, content, fileIds, isPreviewShown);

  const used = capabilities && !isNote && !isRich ? lengthOf(countedText(content), capabilities.text.unit) : 0;
  const max = capabilities?.text.max ?? Number.POSITIVE_INFINITY;
  const maySend = files.areReady && used <= max && !(isPreviewShown && isRefused(preview)) && (isNote ? draft.note.trim() !== "" : content !== null && capabilities !== null);

  const change = (next: Draft) => {
    setDraft(next);
    if (next.mode !== "reply" || !replyPolicy.mayReply) return;
    onTyped();
    // Whoever starts to answer an interaction that nobody has, takes it.
    if (!hasClaimed.current && row.assignee === null && prefs.get().claim === "typing" && toContent(next, 0) !== null) {
      hasClaimed.current = true;
      void act(AssignDocument, { input: { interactionId: row.id, assigneeId: viewer.id } }, true);
    }
  };

  const focus = () => (area.current ?? root.current?.querySelector<HTMLElement>("[contenteditable],textarea,input:not([type=file])"))?.focus();
  const setMode = (next: Draft["mode"]) => {
    // At once: the next key already belongs into the field.
    flushSync(() => setDraft({ ...draft, mode: next }));
    focus();
  };
  const setKind = (next: ComposeKind) => {
    rememberKind(row.channel.id, next);
    flushSync(() => change(inKind(draft, next)));
    focus();
  };

  useEffect(() => {
    if (!quoting) return;
    setDraft((known) => ({ ...known, mode: "reply", quoted: quoting.quote }));
    area.current?.focus();
  }, [quoting, setDraft]);

  const restore = (entry: OutboxEntry<Sending>) => {
    const { payload } = entry;
    shelfOf({ personId: viewer.id, interactionId: row.id, mode: payload.kind === "note" ? "note" : "reply" }).restore(payload.files ?? []);
    flushSync(() => setDraft(fromPayload(draft, payload)));
    live.outbox?.discard(entry.clientId);
    onRestored();
    focus();
  };
  const isAsking = restoring !== null && (wouldOverwrite(draft, restoring.payload) || shelfOf({ personId: viewer.id, interactionId: row.id, mode: restoring.payload.kind === "note" ? "note" : "reply" }).files.get().length > 0);
  useEffect(() => {
    if (!restoring) return;
    if (restoring.payload.kind === "message" && !replyPolicy.mayReply) {
      toastError(t(`refusal.${replyPolicy.reason ?? "NOT_PERMITTED"}`));
      onRestored();
    } else if (!isAsking) queueMicrotask(() => restore(restoring));
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once for each send that is taken back.
  }, [restoring]);

  const send = (thenStatus?: InteractionStatus) => {
    if (!maySend || !live.outbox) return;
    const attachmentIds = fileIds;
    const entry = { clientId: newClientId(), interactionId: row.id };
    if (isNote) {
      const text = draft.note.trim();
      const mentions = mentioned(text, draft.mentions);
      live.outbox.add({
        ...entry,
        text: [text, ...files.refs.map((file) => file.name)].join("\n"),
        payload: { kind: "note", input: { text, mentionIds: mentions.map((person) => person.id), attachmentIds }, files: files.refs, mentions },
      });
    } else if (content) {
      const { quoted } = draft;
      live.outbox.add({
        ...entry,
        text: readable(content, files.refs),
        payload: { kind: "message", input: { content, attachmentIds, quotedId: quoted?.id ?? null, seen: live.follower.cursor, force: false, thenStatus: thenStatus ?? null }, files: files.refs, quoted },
      });
      onRested();
    }
    setDraft({ ...afterSending(current, mode), mode: draft.mode });
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

  const mayAttach = isNote || (capabilities?.maxAttachments ?? 0) > 0;
  return (
    <section
      ref={root}
      // A letter here is meant for the field, also while a button has the focus.
      data-keys="off"
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
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.stopPropagation();
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
        document.querySelector<HTMLElement>("[data-row] a[aria-current]")?.focus();
      }}
    >
      <div className="flex items-center gap-1 border-b border-line px-2 py-1">
        <ModeTabs isNote={isNote} mayReply={replyPolicy.mayReply} onMode={setMode} />
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
      {draft.quoted && !isNote && (
        <div className="flex items-start gap-2 border-b border-line bg-sunken px-3 py-1.5 text-xs text-ink-2" data-testid="quoting">
          <Icon name="quote" size={13} className="mt-0.5" />
          <span className="line-clamp-2 min-w-0 flex-1">
            <span className="block font-medium">{draft.quoted.author.name}</span>
            {draft.quoted.text}
          </span>
          <IconButton icon="close" size="sm" label={t("composer.unquote")} onPress={() => setDraft({ ...draft, quoted: null })} />
        </div>
      )}
      <Body row={row} draft={current} isNote={isNote} capabilities={capabilities} areaRef={area} onChange={change} onFiles={files.add} />
      <FileChips files={files.files} onRemove={files.remove} onRetry={files.retry} />
      {isPreviewShown && <Preview state={preview} />}
      <Foot
        row={row}
        draft={current}
        isNote={isNote}
        isRich={isRich}
        offered={offered}
        length={{ used, max }}
        isPreviewOn={isPreviewOn}
        maySend={maySend}
        mayAttach={mayAttach}
        onFiles={files.add}
        onKind={setKind}
        onChange={change}
        onPreview={setPreviewOn}
        onSend={send}
      />
      {restoring && isAsking && (
        <Dialog
          title={t("composer.overwriteTitle")}
          isOpen
          onClose={onRestored}
          width="sm"
          footer={
            <>
              <Button onPress={onRestored}>{t("ui.cancel")}</Button>
              <Button look="primary" onPress={() => restore(restoring)}>
                {t("composer.overwrite")}
              </Button>
            </>
          }
        >
          <p className="text-sm">{t("composer.overwriteText")}</p>
        </Dialog>
      )}
    </section>
  );
}
