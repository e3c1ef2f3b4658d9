import { type ReactNode, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { setListViewer } from "../features/inbox/live";
import "../features/interaction/live";
import { StartDocument } from "../gql/graphql";
import { useLive, ViewerProvider, type Viewer } from "../session/context";
import { isPassing, useFailureText } from "../session/failure";
import { Button, EmptyState } from "../ui";

/** Takes the first snapshot and starts following the log; shows the app from then on. */
export function Started({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const live = useLive();
  const failureText = useFailureText();
  const [{ data, error, fetching }, refetch] = useQuery({ query: StartDocument, requestPolicy: "cache-first" });

  const viewer = useMemo<Viewer | null>(() => {
    if (!data?.viewer?.person) return null;
    const { person, role } = data.viewer;
    return { id: person.id, name: person.name, email: person.email, role, workspace: data.workspace.name, kinds: new Map(data.channelKinds.map((info) => [info.kind, info])) };
  }, [data]);

  useEffect(() => {
    if (!data || !viewer) return;
    setListViewer(viewer.id);
    live.begin(data.logCursor, viewer.id);
  }, [data, viewer, live]);

  // The server may still be starting: ask again until it answers.
  const isAway = error !== undefined && !data && isPassing(error);
  useEffect(() => {
    if (!isAway || fetching) return;
    const id = setTimeout(() => refetch({ requestPolicy: "network-only" }), 2_000);
    return () => clearTimeout(id);
  }, [isAway, fetching, refetch]);

  if (viewer) return <ViewerProvider value={viewer}>{children}</ViewerProvider>;
  if (isAway) return <EmptyState icon="wifiOff" title={t("app.unreachable")} text={t("app.unreachableText")} />;
  if (error || data) {
    return (
      <EmptyState
        icon="lock"
        title={t("app.noWorkspace")}
        text={error ? failureText(error) : t("app.noPerson")}
        action={
          <div className="flex gap-2">
            {error && (
              <Button look="primary" onPress={() => refetch({ requestPolicy: "network-only" })}>
                {t("ui.tryAgain")}
              </Button>
            )}
            <Button onPress={() => live.auth.signedOut("left")}>{t("session.signOut")}</Button>
          </div>
        }
      />
    );
  }
  return (
    <div className="flex h-full items-center justify-center" role="status" aria-label={t("ui.loading")}>
      <div className="skeleton size-10 rounded-lg" />
    </div>
  );
}
