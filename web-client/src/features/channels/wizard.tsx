import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { ChannelKindsDocument, type ChannelKindsQuery, CreateChannelDocument } from "../../gql/graphql";
import { newClientId } from "../../live/ids";
import { useAct } from "../../session/act";
import { useInboxes, useScripts, useSkills } from "../../session/catalog";
import { useKindLook, useKindName } from "../../session/context";
import { useErrorText, useFailureText } from "../../session/failure";
import { Badge, Button, Icon, Notice, Select, Skeleton, TextField } from "../../ui";
import { byField } from "./errors";
import { changedSettings, defaultsOf, missing, SettingFields, type Values } from "./fields";

type Kind = ChannelKindsQuery["channelKinds"][number];

/** Connects a channel: choose the kind, fill in what it needs, then wait for the first event on its page. */
export function NewChannelScreen() {
  const { t, i18n } = useTranslation();
  const lookOf = useKindLook();
  const nameOf = useKindName();
  const failureText = useFailureText();
  const [{ data, error }] = useQuery({ query: ChannelKindsDocument, variables: { language: i18n.language }, requestPolicy: "cache-first" });
  const [chosen, setChosen] = useState<Kind["kind"] | null>(null);
  const kinds = [...(data?.channelKinds ?? [])].sort((a, b) => Number(b.isAvailable) - Number(a.isAvailable) || nameOf(a).localeCompare(nameOf(b)));
  const kind = kinds.find((item) => item.kind === chosen);
  return (
    <div className="h-full overflow-auto bg-canvas">
      <div className="mx-auto max-w-3xl px-6 py-8">
        <Link to="/channels" className="mb-3 inline-flex items-center gap-1 rounded-sm text-sm text-ink-3 hover:text-ink">
          <Icon name="back" size={14} />
          {t("channels.title")}
        </Link>
        <h1 className="mb-1 text-xl font-semibold">{kind ? t("channels.connect", { kind: nameOf(kind) }) : t("channels.add")}</h1>
        <p className="mb-5 text-sm text-ink-3">{t(kind ? "channels.stepSettings" : "channels.stepKind")}</p>
        {error && !data && <Notice tone="danger">{failureText(error)}</Notice>}
        {!data && !error && <Skeleton lines={5} />}
        {kind ? (
          <KindForm kind={kind} onBack={() => setChosen(null)} />
        ) : (
          <ul className="grid gap-2 sm:grid-cols-2" data-testid="kinds">
            {kinds.map((item) => (
              <li key={item.kind}>
                <button
                  type="button"
                  disabled={!item.isAvailable}
                  onClick={() => setChosen(item.kind)}
                  className="flex h-full w-full items-center gap-3 rounded-xl border border-line bg-surface p-3 text-left shadow-card transition-colors enabled:hover:border-accent disabled:bg-transparent disabled:shadow-none"
                >
                  <span className="flex size-9 items-center justify-center rounded-lg bg-accent-soft text-accent-text">
                    <Icon name={lookOf(item.kind).icon} size={19} />
                  </span>
                  <span className="min-w-0 flex-1">
                    <span className="block font-semibold">{nameOf(item)}</span>
                    <span className="block text-xs text-ink-3">{t(`channels.classes.${item.class}`)}</span>
                  </span>
                  {!item.isAvailable && <Badge>{t("channels.notYet")}</Badge>}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

function KindForm({ kind, onBack }: { kind: Kind; onBack: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const act = useAct();
  const errorText = useErrorText();
  const inboxes = useInboxes();
  const skills = useSkills();
  const scripts = useScripts();
  const nameOf = useKindName();
  const [clientId, setClientId] = useState(newClientId);
  const [name, setName] = useState(nameOf(kind));
  const [inboxId, setInboxId] = useState<string | null>(null);
  const [skillId, setSkillId] = useState<string | null>(null);
  const [scriptId, setScriptId] = useState<string | null>(null);
  const [values, setValues] = useState<Values>(() => defaultsOf(kind.settings));
  const [errors, setErrors] = useState<{ at: Values; rest: readonly string[] }>({ at: {}, rest: [] });
  const [isBusy, setBusy] = useState(false);

  const inbox = inboxId ?? inboxes[0]?.id ?? null;
  const isComplete = name.trim() !== "" && inbox !== null && (!kind.needsRoutingDefaults || (skillId !== null && scriptId !== null)) && missing(kind.settings, values, new Set()).length === 0;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isComplete || inbox === null) return;
    setBusy(true);
    const result = await act(CreateChannelDocument, { input: { clientId, kind: kind.kind, name: name.trim(), inboxId: inbox, defaultSkillId: skillId, defaultScriptId: scriptId, settings: changedSettings(kind.settings, values, {}) } }, true);
    setBusy(false);
    if (result.ok && result.reply.channel) {
      void navigate({ to: "/channels/$id", params: { id: result.reply.channel.id } });
      return;
    }
    if (result.ok) return;
    setErrors(byField(result.errors, kind.settings, errorText));
    // A refused creation is over; the corrected one is another. One that nobody answered may have been done, and asking
    // again under its own id is harmless.
    if (result.isDecided) setClientId(newClientId());
  };
  const named = (items: readonly { id: string; name: string }[]) => items.map((item) => ({ id: item.id, label: item.name }));

  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 rounded-xl border border-line bg-surface p-5 shadow-card">
      {errors.rest.map((text) => (
        <div key={text} role="alert">
          <Notice tone="danger">{text}</Notice>
        </div>
      ))}
      <TextField label={t("channels.name")} value={name} onChange={setName} isRequired error={errors.at["name"]} />
      <div className="grid gap-3 sm:grid-cols-3">
        <Select label={t("channels.inbox")} value={inbox} onChange={setInboxId} options={named(inboxes)} isRequired error={errors.at["inboxId"]} />
        <Select label={t("channels.skill")} value={skillId} onChange={setSkillId} options={named(skills)} isRequired={kind.needsRoutingDefaults} error={errors.at["defaultSkillId"]} placeholder={t("ui.choose")} />
        <Select label={t("channels.script")} value={scriptId} onChange={setScriptId} options={named(scripts)} isRequired={kind.needsRoutingDefaults} error={errors.at["defaultScriptId"]} placeholder={t("ui.choose")} />
      </div>
      {kind.needsRoutingDefaults && <p className="text-xs text-ink-3">{t("channels.routingHint")}</p>}
      {kind.settings.length > 0 && <hr className="border-line" />}
      <SettingFields fields={kind.settings} values={values} errors={errors.at} stored={new Set()} onChange={(change) => setValues((known) => ({ ...known, ...change }))} />
      <div className="flex items-center gap-2">
        <Button look="quiet" onPress={onBack}>
          {t("ui.back")}
        </Button>
        {kind.documentationUrl && (
          <a href={kind.documentationUrl} target="_blank" rel="noopener noreferrer" className="rounded-sm text-sm text-accent-text underline">
            {t("channels.documentation")}
          </a>
        )}
        <span className="flex-1" />
        <Button type="submit" look="primary" isDisabled={!isComplete || isBusy}>
          {t("channels.create")}
        </Button>
      </div>
    </form>
  );
}
