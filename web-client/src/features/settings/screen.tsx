import { useState } from "react";
import { useTranslation } from "react-i18next";
import { UpdateProfileDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useViewer } from "../../session/context";
import { useErrorText } from "../../session/failure";
import { type Language, type Prefs, prefs, setPrefs, type Theme } from "../../session/prefs";
import { Avatar, Button, cx, Icon, type IconName, Notice, Select, Switch, TextField, toast, useStore } from "../../ui";

const THEMES: readonly { id: Theme; icon: IconName }[] = [
  { id: "system", icon: "settings" },
  { id: "light", icon: "sun" },
  { id: "dark", icon: "moon" },
];

/** What a person decides for themselves: appearance, language, keys, password. */
export function SettingsScreen() {
  const { t, i18n } = useTranslation();
  const viewer = useViewer();
  const chosen = useStore(prefs);
  return (
    <div className="h-full overflow-auto bg-canvas">
      <div className="mx-auto flex max-w-2xl flex-col gap-4 px-6 py-8">
        <h1 className="text-xl font-semibold">{t("settings.title")}</h1>
        <Card title={t("settings.account")}>
          <div className="flex items-center gap-3">
            <Avatar name={viewer.name} size={44} />
            <div>
              <p className="font-medium">{viewer.name}</p>
              <p className="text-sm text-ink-3">
                {viewer.email} · {t(`role.${viewer.role}`)}
              </p>
            </div>
          </div>
        </Card>
        <Card title={t("settings.appearance")}>
          <div role="radiogroup" aria-label={t("settings.theme")} className="grid grid-cols-3 gap-2">
            {THEMES.map(({ id, icon }) => (
              <button
                key={id}
                type="button"
                role="radio"
                aria-checked={chosen.theme === id}
                onClick={() => setPrefs({ theme: id })}
                className={cx("flex items-center justify-center gap-2 rounded-lg border px-3 py-3 text-sm font-medium", chosen.theme === id ? "border-accent bg-accent-soft text-accent-text" : "border-line bg-surface hover:bg-hover")}
              >
                <Icon name={icon} />
                {t(`settings.themeIs.${id}`)}
              </button>
            ))}
          </div>
          <Select
            className="mt-4 max-w-60"
            label={t("settings.language")}
            value={i18n.language}
            onChange={(id) => setPrefs({ language: id as Language })}
            options={[
              { id: "en", label: "English" },
              { id: "de", label: "Deutsch" },
            ]}
          />
        </Card>
        <Card title={t("settings.work")}>
          <div className="flex flex-col gap-4">
            <Switch isSelected={chosen.areSingleKeysOn} onChange={(areSingleKeysOn) => setPrefs({ areSingleKeysOn })} hint={t("settings.singleKeysHint")}>
              {t("settings.singleKeys")}
            </Switch>
            <Select
              className="max-w-80"
              label={t("settings.claim")}
              value={chosen.claim}
              onChange={(id) => setPrefs({ claim: id as Prefs["claim"] })}
              options={(["typing", "opening", "never"] as const).map((id) => ({ id, label: t(`settings.claims.${id}`) }))}
            />
          </div>
        </Card>
        <Card title={t("settings.password")}>
          <PasswordForm />
        </Card>
      </div>
    </div>
  );
}

function Card({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="rounded-xl border border-line bg-surface p-5 shadow-card">
      <h2 className="mb-3 text-base font-semibold">{title}</h2>
      {children}
    </section>
  );
}

function PasswordForm() {
  const { t } = useTranslation();
  const act = useAct();
  const errorText = useErrorText();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [error, setError] = useState<string | null>(null);
  const save = async () => {
    const result = await act(UpdateProfileDocument, { input: { currentPassword: current, newPassword: next } }, true);
    if (result.ok) {
      toast(t("settings.passwordChanged"));
      setCurrent("");
      setNext("");
      setError(null);
    } else setError(result.errors[0] ? errorText(result.errors[0]) : t("errors.INVALID"));
  };
  return (
    <form
      className="flex max-w-80 flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {error && <Notice tone="danger">{error}</Notice>}
      <TextField label={t("settings.currentPassword")} type="password" autoComplete="current-password" value={current} onChange={setCurrent} />
      <TextField label={t("settings.newPassword")} type="password" autoComplete="new-password" value={next} onChange={setNext} hint={t("settings.passwordHint")} />
      <Button type="submit" className="self-start" isDisabled={current === "" || next.length < 10}>
        {t("settings.changePassword")}
      </Button>
    </form>
  );
}
