import type { CombinedError } from "@urql/core";
import { Link } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { DeleteViewDocument, ViewCountsDocument, ViewsDocument, type ViewPartsFragment } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useRefetchOn } from "../../session/catalog";
import { useViewer } from "../../session/context";
import { Failed } from "../../session/paging";
import { Button, cx, EmptyState, IconButton, lazily, Menu, MenuItem, Skeleton, useFormats } from "../../ui";

const ViewDialog = lazily(() => import("./view-dialog").then((module) => module.ViewDialog));

const COUNTED = ["INTERACTION_OPENED", "INTERACTION_CHANGED", "READ_CHANGED", "MESSAGE_RECEIVED"] as const;
const CHANGED = ["VIEW_CHANGED"] as const;

/** The views in their order; their counts follow the log. */
export function useViews(): { views: readonly ViewPartsFragment[]; isLoading: boolean; error: CombinedError | undefined; again: () => void } {
  const [{ data, fetching, error }, refetch] = useQuery({ query: ViewsDocument });
  const [, recount] = useQuery({ query: ViewCountsDocument, pause: true });
  const again = useCallback(() => refetch({ requestPolicy: "network-only" }), [refetch]);
  useRefetchOn(CHANGED, again, 200);
  useRefetchOn(
    COUNTED,
    useCallback(() => recount({ requestPolicy: "network-only" }), [recount]),
  );
  const views = useMemo(() => [...(data?.views.nodes ?? [])].sort((a, b) => a.position - b.position || a.name.localeCompare(b.name)), [data]);
  return { views, isLoading: fetching && !data, error: data ? undefined : error, again };
}

/** The list of views with what is in them. */
export function ViewList({ views, isLoading, error, again, current, onDeleted }: ReturnType<typeof useViews> & { current: string | undefined; onDeleted: () => void }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const [edited, setEdited] = useState<ViewPartsFragment | "new" | null>(null);
  return (
    <nav aria-label={t("inbox.views")} className="flex h-full w-50 shrink-0 flex-col border-r border-line bg-canvas">
      <div className="flex h-12 items-center gap-2 pr-2 pl-4">
        <h2 className="min-w-0 flex-1 truncate text-base font-semibold">{viewer.workspace}</h2>
        <IconButton icon="plus" label={t("inbox.newView")} size="sm" onPress={() => setEdited("new")} />
      </div>
      {isLoading && <Skeleton lines={4} />}
      {error && !isLoading && <Failed error={error} onRetry={again} className="p-3" />}
      {!error && !isLoading && views.length === 0 && (
        <EmptyState
          icon="filter"
          title={t("inbox.noViews")}
          text={t("inbox.noViewsText")}
          action={
            <Button size="sm" icon="plus" onPress={() => setEdited("new")}>
              {t("inbox.newView")}
            </Button>
          }
        />
      )}
      <ul className="min-h-0 flex-1 space-y-px overflow-auto px-2 pb-3">
        {views.map((view) => (
          <ViewItem key={view.id} view={view} isCurrent={view.id === current} onEdit={() => setEdited(view)} onDeleted={onDeleted} />
        ))}
      </ul>
      {edited && <ViewDialog room="corner" view={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
    </nav>
  );
}

function ViewItem({ view, isCurrent, onEdit, onDeleted }: { view: ViewPartsFragment; isCurrent: boolean; onEdit: () => void; onDeleted: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const formats = useFormats();
  const viewer = useViewer();
  const mayEdit = !view.isShared || viewer.role !== "AGENT";
  const count = view.count >= 1_000 ? t("inbox.thousandOrMore", { count: formats.number(1_000) }) : formats.number(view.count);
  return (
    <li className="group relative">
      <Link
        to="/inbox/{-$view}/{-$id}"
        params={{ view: view.id, id: undefined }}
        aria-current={isCurrent ? "page" : undefined}
        className={cx(
          "flex h-8 items-center gap-2 rounded-md px-2 text-sm transition-colors",
          isCurrent ? "bg-accent-soft font-medium text-accent-text" : "text-ink-2 hover:bg-hover hover:text-ink",
        )}
      >
        <span className="min-w-0 flex-1 truncate">{view.name}</span>
        {view.unreadCount > 0 && (
          <span className="size-1.5 rounded-full bg-accent">
            <span className="sr-only">{t("inbox.unreadCount", { count: view.unreadCount })}</span>
          </span>
        )}
        <span className={cx("text-xs tabular-nums", isCurrent ? "text-accent-text" : "text-ink-3", mayEdit && "group-focus-within:invisible group-hover:invisible")}>{count}</span>
      </Link>
      {mayEdit && (
        <span className="absolute inset-y-0 right-0.5 flex items-center opacity-0 group-focus-within:opacity-100 group-hover:opacity-100">
          <Menu label={view.name} trigger={<IconButton icon="more" label={t("inbox.viewMenu", { name: view.name })} size="sm" />}>
            <MenuItem icon="edit" onAction={onEdit}>
              {t("inbox.editView")}
            </MenuItem>
            <MenuItem
              icon="trash"
              isDanger
              onAction={() =>
                void act(DeleteViewDocument, { input: { id: view.id } }).then((result) => {
                  if (result.ok && isCurrent) onDeleted();
                })
              }
            >
              {t("inbox.deleteView")}
            </MenuItem>
          </Menu>
        </span>
      )}
    </li>
  );
}
