import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { InteractionList } from "../features/inbox/list";
import { useViews, ViewList } from "../features/inbox/views";
import { EmptyState, lazily, Pane, Skeleton } from "../ui";

const load = () => import("./interaction-pane").then((module) => module.InteractionPane);
const InteractionPane = lazily(load);
// Asked for at once, so that it is there when the first interaction is opened; a failure shows then.
load().catch(() => undefined);

/** Views, list, thread, contact card: where agents spend their day. */
export function InboxScreen({ viewId, interactionId }: { viewId: string | undefined; interactionId: string | undefined }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const list = useViews();
  const { views, isLoading } = list;
  const view = views.find((item) => item.id === viewId);
  // Whoever comes without a view wants work: the first that has some.
  const first = views.find((item) => item.count > 0) ?? views[0];

  // No view in the address, or one that is gone: the first one.
  useEffect(() => {
    if (view || !first || isLoading) return;
    if (interactionId) void navigate({ to: "/inbox/{-$view}/{-$id}", params: { view: first.id, id: interactionId }, replace: true });
    else void navigate({ to: "/inbox/{-$view}/{-$id}", params: { view: first.id, id: undefined }, replace: true });
  }, [view, first, isLoading, interactionId, navigate]);

  return (
    <div className="flex h-full">
      <Pane>
        <ViewList {...list} current={viewId} onDeleted={() => void navigate({ to: "/inbox/{-$view}/{-$id}", params: { view: undefined, id: undefined } })} />
      </Pane>
      <Pane resetKey={viewId}>{view ? <InteractionList key={`${view.id}/${view.version}`} view={view} currentId={interactionId} /> : <div className="w-82 border-r border-line bg-surface">{isLoading && <Skeleton lines={9} />}</div>}</Pane>
      <div className="relative flex min-w-0 flex-1">
        {interactionId && viewId ? (
          <Pane resetKey={interactionId}>
            <InteractionPane key={interactionId} id={interactionId} viewId={viewId} fallback={<Skeleton lines={6} className="flex-1" />} />
          </Pane>
        ) : (
          <div className="flex-1">
            <EmptyState icon="chat" title={t("inbox.pick")} text={t("inbox.pickText")} />
          </div>
        )}
      </div>
    </div>
  );
}
