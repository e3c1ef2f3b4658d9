import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type ChannelKindsQuery, ChannelPageDocument, UpdateChannelDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useInboxes, useScripts, useSkills } from "../../session/catalog";
import { useLive } from "../../session/context";
import { useErrorText } from "../../session/failure";
import { Button, Notice, Select, TextField, toast } from "../../ui";
import { byField } from "./errors";
import { changedSettings, missing, SettingFields, type Values } from "./fields";
import type { Channel } from "./page";
import { useTyped } from "./typed";

/** What belongs to the channel itself; a setting of a kind never begins with a dot. */
const OWN = { name: ".name", inbox: ".inbox", skill: ".skill", script: ".script" } as const;

function storedValues(channel: Channel): Values {
  return {
    ...Object.fromEntries((channel.settings ?? []).flatMap((setting) => (setting.value === null ? [] : [[setting.key, setting.value]]))),
    [OWN.name]: channel.name,
    [OWN.inbox]: channel.target?.id ?? "",
    [OWN.skill]: channel.defaultSkill?.id ?? "",
    [OWN.script]: channel.defaultScript?.id ?? "",
  };
}

/** The settings of a channel. Its health changes all the time and others may save too: what is typed stays. */
export function SettingsForm({ channel, kind }: { channel: Channel; kind: ChannelKindsQuery["channelKinds"][number] }) {
  const { t } = useTranslation();
  const act = useAct();
  const live = useLive();
  const errorText = useErrorText();
  const inboxes = useInboxes();
  const skills = useSkills();
  const scripts = useScripts();
  const stored = storedValues(channel);
  const secrets = new Set((channel.settings ?? []).filter((setting) => setting.isSecret && setting.isSet).map((setting) => setting.key));
  const { values, typed, type, forget } = useTyped(stored);
  const [errors, setErrors] = useState<{ at: Values; rest: readonly string[] }>({ at: {}, rest: [] });
  const isComplete = (values[OWN.name] ?? "").trim() !== "" && missing(kind.settings, values, secrets).length === 0;

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const own = {
      ...(OWN.name in typed ? { name: (typed[OWN.name] ?? "").trim() } : {}),
      ...(OWN.inbox in typed ? { inboxId: typed[OWN.inbox] ?? "" } : {}),
      ...(OWN.skill in typed ? { defaultSkillId: typed[OWN.skill] ?? null } : {}),
      ...(OWN.script in typed ? { defaultScriptId: typed[OWN.script] ?? null } : {}),
    };
    const sent = typed;
    const settings = changedSettings(kind.settings, values, stored);
    const result = await act(UpdateChannelDocument, { input: { channelId: channel.id, ...own, ...(settings.length > 0 ? { settings } : {}), expectedVersion: channel.version } }, true);
    if (result.ok) {
      toast(t("channels.saved"));
      setErrors({ at: {}, rest: [] });
      // First what is stored now, which may be another spelling of what was sent: the old values must not flash up.
      await live.client.query(ChannelPageDocument, { id: channel.id }, { requestPolicy: "network-only" }).toPromise();
      forget(sent);
    } else setErrors(byField(result.errors, kind.settings, errorText));
  };
  const named = (items: readonly { id: string; name: string }[]) => items.map((item) => ({ id: item.id, label: item.name }));
  const chosen = (key: string) => (values[key] ? values[key] : null);
  return (
    <form onSubmit={(event) => void save(event)} className="flex flex-col gap-4" aria-label={t("channels.settings")}>
      {errors.rest.map((text) => (
        <div key={text} role="alert">
          <Notice tone="danger">{text}</Notice>
        </div>
      ))}
      <TextField label={t("channels.name")} value={values[OWN.name] ?? ""} onChange={(name) => type({ [OWN.name]: name })} isRequired error={errors.at["name"]} />
      <div className="grid gap-3 sm:grid-cols-3">
        <Select label={t("channels.inbox")} value={chosen(OWN.inbox)} onChange={(id) => type({ [OWN.inbox]: id })} options={named(inboxes)} isRequired error={errors.at["inboxId"]} />
        <Select label={t("channels.skill")} value={chosen(OWN.skill)} onChange={(id) => type({ [OWN.skill]: id })} options={named(skills)} isRequired={kind.needsRoutingDefaults} error={errors.at["defaultSkillId"]} placeholder={t("ui.choose")} />
        <Select label={t("channels.script")} value={chosen(OWN.script)} onChange={(id) => type({ [OWN.script]: id })} options={named(scripts)} isRequired={kind.needsRoutingDefaults} error={errors.at["defaultScriptId"]} placeholder={t("ui.choose")} />
      </div>
      <SettingFields fields={kind.settings} values={values} errors={errors.at} stored={secrets} onChange={type} />
      <Button type="submit" look="primary" className="self-end" isDisabled={Object.keys(typed).length === 0 || !isComplete}>
        {t("ui.save")}
      </Button>
    </form>
  );
}
