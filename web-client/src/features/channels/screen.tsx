import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { ChannelsDocument } from "../../gql/graphql";
import { useRefetchOn } from "../../session/catalog";
import { useKindLook, useViewer } from "../../session/context";
import { useFailureText } from "../../session/failure";
import { Button, EmptyState, Icon, Notice, shortTime, Skeleton, useFormats, useNow } from "../../ui";
import { HealthBadge, useHealthWords } from "./health";

const CHANGES = ["CHANNEL_CHANGED", "CHANNEL_HEALTH_CHANGED"] as const;

/** Every connected channel with its health. */
export function ChannelsScreen() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const formats = useFormats();
  const now = useNow();
  const viewer = useViewer();
  const lookOf = useKindLook();
  const failureText = useFailureText();
  const healthWords = useHealthWords();
  const [{ data, fetching, error }, refetch] = useQuery({ query: ChannelsDocument });
  useRefetchOn(
    CHANGES,
    useCallback(() => refetch({ requestPolicy: "network-only" }), [refetch]),
    200,
  );
  const channels = data?.channels.nodes ?? [];
  return (
    <div className="h-full overflow-auto bg-canvas">
      <div className="mx-auto max-w-4xl px-6 py-8">
        <header className="mb-5 flex items-center gap-3">
          <div className="flex-1">
            <h1 className="text-xl font-semibold">{t("channels.title")}</h1>
            <p className="text-sm text-ink-3">{t("channels.subtitle")}</p>
          </div>
          {viewer.role === "ADMIN" && (
            <Button look="primary" icon="plus" onPress={() => void navigate({ to: "/channels/new" })}>
              {t("channels.add")}
            </Button>
          )}
        </header>
        {error && !data && <Notice tone="danger">{failureText(error)}</Notice>}
        {fetching && !data && <Skeleton lines={5} />}
        {data && channels.length === 0 && <EmptyState icon="plug" title={t("channels.none")} text={t("channels.noneText")} />}
        <ul className="grid gap-3 sm:grid-cols-2" data-testid="channels">
          {channels.map((channel) => {
            const look = lookOf(channel.kind);
            return (
              <li key={channel.id}>
                <Link to="/channels/$id" params={{ id: channel.id }} className="flex h-full flex-col gap-2 rounded-xl border border-line bg-surface p-4 shadow-card transition-colors hover:border-line-strong">
                  <span className="flex items-center gap-3">
                    <span className="flex size-9 items-center justify-center rounded-lg bg-accent-soft text-accent-text">
                      <Icon name={look.icon} size={19} />
                    </span>
                    <span className="min-w-0 flex-1">
                      <span className="block truncate font-semibold">{channel.name}</span>
                      <span className="block text-xs text-ink-3">{look.name}</span>
                    </span>
                    <HealthBadge state={channel.health.state} />
                  </span>
                  {channel.health.reason && <span className="text-sm text-ink-2">{healthWords(channel.health)}</span>}
                  <span className="mt-auto flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-3">
                    <span>{channel.health.lastEventAt ? t("channels.lastEvent", { time: shortTime(channel.health.lastEventAt, now, formats.language) }) : t("channels.noEvent")}</span>
                    {channel.health.queued > 0 && <span>{t("channels.queued", { count: channel.health.queued })}</span>}
                    {channel.health.openDeadLetters > 0 && <span className="font-medium text-danger">{t("channels.dead", { count: channel.health.openDeadLetters })}</span>}
                  </span>
                </Link>
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
