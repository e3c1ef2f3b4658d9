import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { AssignDocument, MarkReadDocument, SetStatusDocument, type ViewPartsFragment } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useViewer } from "../../session/context";
import { Failed, MorePages } from "../../session/paging";
import { keepUnread } from "../../session/unread";
import { Button, EmptyState, Icon, IconButton, Skeleton, useCommandList, useFormats, useNow } from "../../ui";
import { heirOf, heldOrder } from "./held";
import { useRows } from "./pages";
import { Row } from "./row";

/** Walking with keys passes over many rows; only where it rests is opened. */
const OPEN_AFTER_MS = 120;
const SCROLLED_PX = 40;

/** The interactions of one view. */
export function InteractionList({ view, currentId }: { view: ViewPartsFragment; currentId: string | undefined }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const formats = useFormats();
  const act = useAct();
  const viewer = useViewer();
  const now = useNow();
  const list = useRows(view.id, view.sort);
  const { rows, isLoading, error, loadMore, loaders } = list;
  const [frozen, setFrozen] = useState<readonly string[] | null>(null);
  const [cursor, setCursor] = useState<string | undefined>(currentId);
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const scroller = useRef<HTMLDivElement>(null);
  const opening = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const ids = useMemo(() => rows.map((row) => row.id), [rows]);
  const { shown, waiting } = heldOrder(ids, frozen);
  const byId = useMemo(() => new Map(rows.map((row) => [row.id, row])), [rows]);

  // A row that moves to another place in the document loses the focus on the way; it gets it back.
  // One that leaves hands it to its neighbour.
  const focused = useRef<string | null>(null);
  const shownBefore = useRef<readonly string[]>([]);
  useLayoutEffect(() => {
    const before = shownBefore.current;
    shownBefore.current = shown;
    if (focused.current === null || document.activeElement !== document.body) return;
    const heir = heirOf(focused.current, before, shown);
    if (heir === undefined) scroller.current?.focus({ preventScroll: true });
    else scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(heir)}"] a`)?.focus({ preventScroll: true });
    setCursor((known) => (known !== undefined && !shown.includes(known) ? heir : known));
  }, [shown]);

  useEffect(() => setCursor(currentId), [currentId]);
  useEffect(() => () => clearTimeout(opening.current), []);

  const open = useCallback(
    (id: string) => {
      clearTimeout(opening.current);
      void navigate({ to: "/inbox/{-$view}/{-$id}", params: { view: view.id, id } });
    },
    [navigate, view.id],
  );

  const move = (step: number, isFocusKept = false) => {
    const at = cursor === undefined ? -1 : shown.indexOf(cursor);
    const next = shown[Math.min(shown.length - 1, Math.max(0, at + step))];
    if (next === undefined) return;
    setCursor(next);
    const element = scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(next)}"]`);
    void element?.scrollIntoView({ block: "nearest" });
    if (!isFocusKept) element?.querySelector("a")?.focus({ preventScroll: true });
    clearTimeout(opening.current);
    opening.current = setTimeout(() => open(next), OPEN_AFTER_MS);
  };

  const toggleMark = useCallback((id: string) => {
    setMarked((known) => {
      const next = new Set(known);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);

  const release = () => {
    setFrozen(null);
    void scroller.current?.scrollTo({ top: 0 });
  };

  const unread = (interactionId: string) => {
    keepUnread(interactionId);
    return act(MarkReadDocument, { input: { interactionId, isRead: false } });
  };

  useCommandList([
    { id: "list.next", label: "commands.next", group: "list", keys: ["j"], run: () => move(1) },
    { id: "list.previous", label: "commands.previous", group: "list", keys: ["k"], run: () => move(-1) },
    { id: "list.nextInside", label: "commands.nextInside", group: "composer", keys: ["Alt+ArrowDown"], run: () => move(1, true) },
    { id: "list.previousInside", label: "commands.previousInside", group: "composer", keys: ["Alt+ArrowUp"], run: () => move(-1, true) },
    { id: "list.select", label: "commands.select", group: "list", keys: ["x"], guard: () => cursor !== undefined, run: () => cursor !== undefined && toggleMark(cursor) },
    { id: "list.unread", label: "commands.unread", group: "list", keys: ["u"], guard: () => cursor !== undefined, run: () => cursor !== undefined && void unread(cursor) },
    { id: "list.out", label: "commands.out", group: "list", keys: ["Escape"], guard: () => marked.size > 0, run: () => setMarked(new Set()) },
  ]);

  const each = async (run: (id: string) => Promise<unknown>) => {
    const chosen = [...marked];
    setMarked(new Set());
    for (const id of chosen) await run(id);
  };

  return (
    <section aria-label={view.name} className="flex h-full w-82 shrink-0 flex-col border-r border-line bg-surface">
      {loaders}
      <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line px-3">
        <h1 className="min-w-0 flex-1 truncate text-base font-semibold">{view.name}</h1>
        <span className="text-xs text-ink-3">{t(`inbox.sorts.${view.sort}`)}</span>
      </header>
      {marked.size > 0 && (
        <div role="toolbar" aria-label={t("inbox.selected", { count: marked.size })} className="flex items-center gap-1 border-b border-line bg-accent-soft px-3 py-1.5">
          <span className="min-w-0 flex-1 truncate text-sm font-medium text-accent-text">{t("inbox.selected", { count: marked.size })}</span>
          <IconButton icon="person" label={t("interaction.assignToMe")} size="sm" onPress={() => void each((id) => act(AssignDocument, { input: { interactionId: id, assigneeId: viewer.id } }))} />
          <IconButton icon="check" label={t("interaction.resolve")} size="sm" onPress={() => void each((id) => act(SetStatusDocument, { input: { interactionId: id, status: "RESOLVED" } }))} />
          <IconButton icon="mail" label={t("commands.unread")} size="sm" onPress={() => void each(unread)} />
          <IconButton icon="close" label={t("inbox.unselect")} size="sm" onPress={() => setMarked(new Set())} />
        </div>
      )}
      <div className="relative min-h-0 flex-1">
        {waiting > 0 && (
          <div className="absolute inset-x-0 top-2 z-10 flex justify-center">
            <Button look="primary" size="sm" className="rounded-full!" onPress={release}>
              <Icon name="down" size={12} className="rotate-180" />
              {t("inbox.newRows", { count: waiting, shown: formats.number(waiting) })}
            </Button>
          </div>
        )}
        <div
          ref={scroller}
          className="h-full overflow-auto"
          tabIndex={-1}
          role="group"
          aria-label={t("inbox.interactions")}
          onFocus={(event) => {
            focused.current = event.target.closest("[data-row]")?.getAttribute("data-row") ?? null;
          }}
          onBlur={() => {
            focused.current = null;
          }}
          // Only in here: elsewhere arrows scroll and choose.
          onKeyDown={(event) => {
            if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
            event.preventDefault();
            move(event.key === "ArrowDown" ? 1 : -1);
          }}
          onPointerEnter={() => setFrozen((known) => known ?? ids)}
          onPointerLeave={() => {
            if ((scroller.current?.scrollTop ?? 0) < SCROLLED_PX) setFrozen(null);
          }}
          onScroll={(event) => {
            const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
            if (scrollTop > SCROLLED_PX) setFrozen((known) => known ?? ids);
            else if (!event.currentTarget.matches(":hover")) setFrozen(null);
            if (scrollHeight - scrollTop - clientHeight < 600) loadMore();
          }}
        >
          {error && <Failed error={error} onRetry={list.retry} className="p-3" testId="list-error" />}
          {isLoading && rows.length === 0 && <Skeleton lines={9} />}
          {!isLoading && rows.length === 0 && !error && <EmptyState icon="inbox" title={t("inbox.empty")} text={t("inbox.emptyText")} />}
          <ul data-testid="rows">
            {shown.map((id) => {
              const row = byId.get(id);
              return row && <Row key={id} row={row} viewId={view.id} isCurrent={id === cursor} isMarked={marked.has(id)} now={now} onToggleMark={toggleMark} />;
            })}
          </ul>
          <MorePages list={list} />
        </div>
      </div>
    </section>
  );
}
