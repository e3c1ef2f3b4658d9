import { Fragment, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type MessagePartsFragment, ReactDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import type { Sending } from "../../live/sending";
import type { OutboxEntry } from "../../live/outbox";
import { createStore } from "../../live/store";
import type { Capabilities } from "../../session/capabilities";
import { useLive } from "../../session/context";
import { Failed } from "../../session/paging";
import { Button, EmptyState, Icon, Pane, Skeleton, useCommandList, useFormats, useStore } from "../../ui";
import { answers, group } from "./group";
import { Message } from "./message";
import { Pending } from "./pending";
import { useThread } from "./thread-data";

const AT_BOTTOM_PX = 60;
const ANNOUNCE_EVERY_MS = 2_000;
const noEntries = createStore<readonly OutboxEntry<Sending>[]>([]);

interface ThreadProps {
  interactionId: string;
  contactName: string;
  contactIsTyping: boolean;
  capabilities: Capabilities | null;
  onQuote: (message: MessagePartsFragment) => void;
  onEditPending: (entry: OutboxEntry<Sending>) => void;
}

/** The messages of an interaction, oldest on top, always at the newest unless the person reads further up. */
export function Thread({ interactionId, contactName, contactIsTyping, capabilities, onQuote, onEditPending }: ThreadProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const live = useLive();
  const { messages, isLoading, isMissing, error, hasMore, isLoadingMore, moreError, loadMore, retry, loaders } = useThread(interactionId);
  const failure = error ?? moreError;
  const entries = useStore(live.outbox?.entries ?? noEntries);
  const scroller = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const isAtBottom = useRef(true);
  const heightBefore = useRef<number | null>(null);
  const [unseen, setUnseen] = useState(0);

  const items = useMemo(() => group(messages), [messages]);
  const chosen = useMemo(() => answers(messages), [messages]);
  const known = useMemo(() => new Set(messages.map((message) => message.clientId)), [messages]);
  const pending = entries.filter((entry) => entry.interactionId === interactionId && !known.has(entry.clientId));
  const newestId = messages.at(-1)?.id;

  const toNewest = useCallback(() => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
    isAtBottom.current = true;
    setUnseen(0);
  }, []);

  // Pictures and frames grow after they are there; whoever was at the newest stays there.
  useEffect(() => {
    const element = inner.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (isAtBottom.current) toNewest();
    });
    observer.observe(element);
    // The composer and the banner take from the room of the thread.
    if (scroller.current) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, [toNewest]);

  // An older page that does not come moves nothing; the next try measures anew.
  useEffect(() => {
    if (moreError) heightBefore.current = null;
  }, [moreError]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && heightBefore.current !== null) {
      // Older messages came in on top: what was in view stays in view.
      element.scrollTop += element.scrollHeight - heightBefore.current;
      heightBefore.current = null;
    }
  }, [messages.length]);

  const announcement = useAnnouncement(messages, contactName);
  const seenCount = useRef(0);
  // Whoever sends something wants to see it, however far up they were reading.
  const lastPending = pending.at(-1)?.clientId;
  useEffect(() => {
    if (lastPending !== undefined) toNewest();
  }, [lastPending, toNewest]);
  useEffect(() => {
    if (isAtBottom.current) toNewest();
    else if (messages.length > seenCount.current) setUnseen((count) => count + 1);
    seenCount.current = messages.length;
    // Only a new last message counts, not older ones coming in on top.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [newestId, pending.length, toNewest]);

  const show = useCallback((id: string) => {
    const element = scroller.current?.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`);
    void element?.scrollIntoView({ block: "center" });
    element?.focus({ preventScroll: true });
  }, []);

  const act = useAct();
  const liked = messages.findLast((message) => message.direction === "INBOUND" && message.entry === "MESSAGE");
  useCommandList([
    {
      id: "interaction.like",
      label: "commands.like",
      group: "interaction",
      keys: ["l"],
      guard: () => (capabilities?.reactions ?? false) && liked !== undefined,
      run: () => liked && void act(ReactDocument, { input: { messageId: liked.id, emoji: "👍", isAdded: !liked.reactions.some((reaction) => reaction.isMine && reaction.emoji === "👍") } }),
    },
  ]);

  if (isMissing) return <EmptyState icon="lock" title={t("interaction.missing")} text={t("interaction.missingText")} />;
  return (
    <div className="relative min-h-0 flex-1">
      {loaders}
      <p className="sr-only" aria-live="polite">
        {announcement}
      </p>
      <div
        ref={scroller}
        // Keyboard users scroll it with the arrow keys.
        tabIndex={0}
        role="region"
        aria-label={t("interaction.thread")}
        className="h-full overflow-auto focus-visible:-outline-offset-2"
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          isAtBottom.current = scrollHeight - scrollTop - clientHeight < AT_BOTTOM_PX;
          if (isAtBottom.current) setUnseen(0);
          if (scrollTop < 200 && hasMore && !isLoadingMore && heightBefore.current === null) {
            heightBefore.current = scrollHeight;
            loadMore();
          }
        }}
      >
        <div ref={inner} className="mx-auto flex max-w-4xl flex-col pb-4" data-testid="thread">
          {failure && <Failed error={failure} onRetry={retry} className="justify-center p-4" testId="thread-error" />}
          {isLoadingMore && <Skeleton lines={2} />}
          {isLoading && messages.length === 0 && <Skeleton lines={6} />}
          {items.map((item) => (
            <Fragment key={item.message.id}>
              {item.opensDay && (
                <h3 className="mt-4 flex items-center gap-3 px-4 text-xs font-medium text-ink-3">
                  <span className="h-px flex-1 bg-line" />
                  {formats.day(item.message.at)}
                  <span className="h-px flex-1 bg-line" />
                </h3>
              )}
              <Pane room="line" resetKey={`${item.message.version}`}>
                <Message item={item} capabilities={capabilities} chosen={chosen.get(item.message.id)} onQuote={onQuote} onShow={show} />
              </Pane>
            </Fragment>
          ))}
          {pending.map((entry) => (
            <Pending key={entry.clientId} entry={entry} onEdit={onEditPending} />
          ))}
          {contactIsTyping && (
            <p role="status" className="mt-3 flex items-center gap-2 px-14 text-xs text-ink-3" data-testid="typing">
              <span aria-hidden="true" className="skeleton h-2 w-6 rounded-full" />
              {t("interaction.typing", { name: contactName })}
            </p>
          )}
        </div>
      </div>
      {unseen > 0 && (
        <div className="absolute inset-x-0 bottom-3 flex justify-center">
          <Button look="primary" size="sm" className="rounded-full!" onPress={toNewest}>
            <Icon name="down" size={12} />
            {t("interaction.newest", { count: unseen })}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Says new inbound messages to screen readers, several within two seconds as one. */
function useAnnouncement(messages: readonly MessagePartsFragment[], contactName: string): string {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const seen = useRef<Set<string> | null>(null);
  const waiting = useRef<MessagePartsFragment[]>([]);
  useEffect(() => {
    if (messages.length === 0) return;
    if (seen.current === null) {
      seen.current = new Set(messages.map((message) => message.id));
      return;
    }
    const last = messages.at(-1);
    if (last && !seen.current.has(last.id) && last.direction === "INBOUND" && last.entry === "MESSAGE") waiting.current.push(last);
    for (const message of messages) seen.current.add(message.id);
  }, [messages]);
  useEffect(() => {
    const id = setInterval(() => {
      const fresh = waiting.current.splice(0);
      const only = fresh.length === 1 ? fresh[0] : undefined;
      if (only) setText(t("interaction.announceOne", { name: contactName, text: only.text.slice(0, 200) }));
      else if (fresh.length > 1) setText(t("interaction.announceMany", { name: contactName, count: fresh.length }));
    }, ANNOUNCE_EVERY_MS);
    return () => clearInterval(id);
  }, [t, contactName]);
  return text;
}
