import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { ChannelKindsDocument, type ChannelKindsQuery, ChannelPageDocument, type ChannelPageQuery, DeleteChannelDocument, ProbeChannelDocument, UpdateChannelDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useRefetchOn } from "../../session/catalog";
import { useKindLook } from "../../session/context";
import { useErrorText, useFailureText } from "../../session/failure";
import { Button, Dialog, EmptyState, Icon, IconButton, Notice, Skeleton, Switch, toast, useFormats } from "../../ui";
import { DeadLetters } from "./dead-letters";
import { HealthBadge, HealthText } from "./health";
import { SettingsForm } from "./settings-form";

const CHANGES = ["CHANNEL_CHANGED"] as const;

export type Channel = Extract<NonNullable<ChannelPageQuery["node"]>, { __typename: "Channel" }>;

/** One channel: its health, what it waits for, its settings and what went wrong. */
export function ChannelScreen() {
  const { t, i18n } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const failureText = useFailureText();
  const [{ data, fetching, error }, refetch] = useQuery({ query: ChannelPageDocument, variables: { id } });
  // The log brings the channel itself; its settings have to be asked for.
  useRefetchOn(
    CHANGES,
    useCallback(() => refetch({ requestPolicy: "network-only" }), [refetch]),
    100,
  );
  const [{ data: kindData, error: kindError }] = useQuery({ query: ChannelKindsDocument, variables: { language: i18n.language }, requestPolicy: "cache-first" });
  const channel = data?.node?.__typename === "Channel" ? data.node : null;
  const kind = kindData?.channelKinds.find((item) => item.kind === channel?.kind);
  if (!channel || !kind) {
    const failure = error ?? kindError;
    if (failure) return <Notice tone="danger">{failureText(failure)}</Notice>;
    return fetching || !kindData ? <Skeleton lines={6} /> : <EmptyState icon="plug" title={t("channels.gone")} />;
  }
  return <Loaded channel={channel} kind={kind} />;
}

function Loaded({ channel, kind }: { channel: Channel; kind: ChannelKindsQuery["channelKinds"][number] }) {
  const { t } = useTranslation();
  const act = useAct();
  const formats = useFormats();
  const navigate = useNavigate();
  const look = useKindLook()(channel.kind);
  const [isProbing, setProbing] = useState(false);
  const [probed, setProbed] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const { health } = channel;

  const probe = async () => {
    setProbing(true);
    const result = await act(ProbeChannelDocument, { input: { channelId: channel.id } });
    setProbing(false);
    setProbed(result.ok);
  };

  return (
    <div className="h-full overflow-auto bg-canvas">
      <div className="mx-auto flex max-w-3xl flex-col gap-4 px-6 py-8">
        <header className="flex items-center gap-3">
          <IconButton icon="back" label={t("channels.title")} onPress={() => void navigate({ to: "/channels" })} />
          <span className="flex size-10 items-center justify-center rounded-lg bg-accent-soft text-accent-text">
            <Icon name={look.icon} size={21} />
          </span>
          <div className="min-w-0 flex-1">
            <h1 className="truncate text-xl font-semibold">{channel.name}</h1>
            <p className="text-sm text-ink-3">{look.name}</p>
          </div>
          <Switch isSelected={channel.isEnabled} onChange={(isEnabled) => void act(UpdateChannelDocument, { input: { channelId: channel.id, isEnabled, expectedVersion: channel.version } })}>
            {t("channels.enabled")}
          </Switch>
        </header>

        <Card title={t("channels.health")} data-testid="health">
          <div className="flex flex-wrap items-center gap-3">
            <HealthBadge state={health.state} />
            <span className="text-xs text-ink-3">{t("channels.since", { time: formats.full(health.since) })}</span>
            <span className="flex-1" />
            <Button size="sm" icon="refresh" isDisabled={isProbing} onPress={() => void probe()}>
              {t(isProbing ? "channels.probing" : "channels.probe")}
            </Button>
          </div>
          <HealthText health={health} />
          <div role="status">
            {probed && health.state === "OK" && (
              <p className="mt-2 flex items-center gap-1.5 text-sm text-ok">
                <Icon name="check" />
                {t("channels.probeOk")}
              </p>
            )}
          </div>
          <dl className="mt-3 grid grid-cols-2 gap-3 text-sm sm:grid-cols-4">
            <Fact label={t("channels.firstEventAt")} value={health.firstEventAt ? formats.full(health.firstEventAt) : "–"} />
            <Fact label={t("channels.lastEventAt")} value={health.lastEventAt ? formats.full(health.lastEventAt) : "–"} />
            <Fact label={t("channels.queuedLabel")} value={formats.number(health.queued)} />
            <Fact label={t("channels.deadLabel")} value={formats.number(health.openDeadLetters)} />
          </dl>
        </Card>

        {!health.firstEventAt && (
          <Card title={t("channels.waiting")}>
            <div className="flex items-start gap-3 text-sm" role="status" data-testid="waiting">
              <span aria-hidden="true" className="skeleton mt-1 size-3 rounded-full bg-accent" />
              <p>{t("channels.waitingText")}</p>
            </div>
          </Card>
        )}

        {channel.widget && (
          <Card title={t("channels.widget")}>
            <p className="mb-2 text-sm text-ink-2">{t("channels.widgetText")}</p>
            <Copyable label={t("channels.snippet")} text={channel.widget.scriptTag} />
            <a href={channel.widget.demoUrl} target="_blank" rel="noopener noreferrer" className="mt-3 inline-flex items-center gap-1.5 rounded-sm text-sm text-accent-text underline">
              <Icon name="chat" size={14} />
              {t("channels.widgetDemo")}
            </a>
          </Card>
        )}
        {channel.webhookUrl && (
          <Card title={t("channels.webhook")}>
            <p className="mb-2 text-sm text-ink-2">{t("channels.webhookText")}</p>
            <Copyable label={t("channels.webhook")} text={channel.webhookUrl} />
          </Card>
        )}

        <Card title={t("channels.settings")}>
          <SettingsForm key={channel.id} channel={channel} kind={kind} />
        </Card>

        <Card title={t("channels.deadLetters")}>
          <DeadLetters channelId={channel.id} />
        </Card>

        <div className="flex justify-end">
          <Button look="quiet" icon="trash" className="text-danger" onPress={() => setDeleting(true)}>
            {t("channels.delete")}
          </Button>
        </div>
      </div>
      {isDeleting && <DeleteDialog channel={channel} onClose={() => setDeleting(false)} />}
      <Link to="/channels" className="sr-only">
        {t("channels.title")}
      </Link>
    </div>
  );
}

/** Deletes a channel that nobody has written on yet; any other can only be switched off. */
export function DeleteDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const [refusal, setRefusal] = useState<string | null>(null);
  const isUsed = refusal === "CONFLICT";
  const remove = async () => {
    // Without a version: every event changes it, and nothing that may have changed matters for deleting.
    const result = await act(DeleteChannelDocument, { input: { id: channel.id } }, true);
    if (result.ok) void navigate({ to: "/channels" });
    else setRefusal(result.errors[0]?.code ?? "INTERNAL");
  };
  const switchOff = async () => {
    const result = await act(UpdateChannelDocument, { input: { channelId: channel.id, isEnabled: false } });
    if (result.ok) {
      toast(t("channels.switchedOff"));
      onClose();
    }
  };
  return (
    <Dialog
      title={t("channels.delete")}
      isOpen
      onClose={onClose}
      width="sm"
      footer={
        <>
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
          {!isUsed && (
            <Button look="danger" onPress={() => void remove()}>
              {t("channels.delete")}
            </Button>
          )}
          {isUsed && channel.isEnabled && (
            <Button look="primary" onPress={() => void switchOff()}>
              {t("channels.switchOff")}
            </Button>
          )}
        </>
      }
    >
      <p className="text-sm">{t("channels.deleteText", { name: channel.name })}</p>
      {refusal !== null && (
        <div role="alert" className="mt-3">
          <Notice tone="danger">{isUsed ? t(channel.isEnabled ? "channels.isUsed" : "channels.isUsedAndOff") : errorText({ code: refusal })}</Notice>
        </div>
      )}
    </Dialog>
  );
}

function Card({ title, children, ...rest }: { title: string; children: React.ReactNode; "data-testid"?: string }) {
  return (
    <section {...rest} className="rounded-xl border border-line bg-surface p-5 shadow-card">
      <h2 className="mb-3 text-base font-semibold">{title}</h2>
      {children}
    </section>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt className="text-xs text-ink-3">{label}</dt>
      <dd className="font-medium tabular-nums">{value}</dd>
    </div>
  );
}

function Copyable({ label, text }: { label: string; text: string }) {
  const { t } = useTranslation();
  return (
    <div className="flex items-start gap-2 rounded-lg border border-line bg-sunken p-3">
      <pre tabIndex={0} aria-label={label} className="min-w-0 flex-1 overflow-x-auto font-mono text-sm whitespace-pre-wrap wrap-anywhere">
        {text}
      </pre>
      <IconButton icon="copy" size="sm" label={t("ui.copy")} onPress={() => void navigator.clipboard.writeText(text).then(() => toast(t("ui.copied")))} />
    </div>
  );
}
