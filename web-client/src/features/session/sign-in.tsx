import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { SignInDocument } from "../../gql/graphql";
import type { SignedOutReason } from "../../live/auth";
import { tokenPair } from "../../live/session";
import { useLive } from "../../session/context";
import { useErrorText } from "../../session/failure";
import { prefs, setPrefs } from "../../session/prefs";
import { Button, Notice, TextField, useStore } from "../../ui";

/** The only page without a session. */
export function SignIn({ reason }: { reason: SignedOutReason }) {
  const { t } = useTranslation();
  const live = useLive();
  const errorText = useErrorText();
  useStore(prefs);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (email.trim() === "" || password === "") return;
    setBusy(true);
    setError(null);
    const result = await live.client.mutation(SignInDocument, { input: { email: email.trim(), password } }).toPromise();
    setBusy(false);
    const reply = result.data?.signIn;
    const pair = reply ? tokenPair(reply) : null;
    if (pair) {
      live.auth.signedIn(pair);
      return;
    }
    const code = reply?.errors[0] ?? { code: result.error?.graphQLErrors[0]?.extensions["code"] };
    if (result.error?.networkError) setError(errorText({ code: "OFFLINE" }));
    else if (code.code === "RATE_LIMITED") setError(errorText({ code: "RATE_LIMITED" }));
    else setError(t("session.refused"));
  };

  return (
    <main className="flex h-full items-center justify-center overflow-auto bg-canvas p-6">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-3">
          <img src="/favicon.svg" alt="" width={40} height={40} />
          <div>
            <h1 className="text-xl font-semibold tracking-tight">Tributary</h1>
            <p className="text-sm text-ink-3">{t("session.claim")}</p>
          </div>
        </div>
        <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 rounded-xl border border-line bg-surface p-6 shadow-pop">
          {(reason === "expired" || reason === "other") && !error && (
            <Notice tone="accent" icon={reason === "expired" ? "clock" : "person"}>
              {t(`session.${reason}`)}
            </Notice>
          )}
          {reason === "other" && (
            <Button icon="refresh" onPress={() => location.reload()}>
              {t("session.goOn")}
            </Button>
          )}
          {error && (
            <div role="alert">
              <Notice tone="danger">{error}</Notice>
            </div>
          )}
          <TextField label={t("session.email")} type="email" name="email" autoComplete="username" autoFocus isRequired value={email} onChange={setEmail} />
          <TextField label={t("session.password")} type="password" name="password" autoComplete="current-password" isRequired value={password} onChange={setPassword} />
          <Button type="submit" look="primary" isDisabled={isBusy} className="mt-1 h-9">
            {isBusy ? t("session.signingIn") : t("session.signIn")}
          </Button>
        </form>
        <p className="mt-4 text-center">
          <Button look="quiet" size="sm" icon="language" onPress={() => setPrefs({ language: t("settings.otherLanguageCode") as "en" | "de" })}>
            {t("settings.otherLanguage")}
          </Button>
        </p>
      </div>
    </main>
  );
}
