import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { I18nProvider } from "react-aria-components";
import { Provider as UrqlProvider } from "urql";
import type { Live } from "../live/client";
import { LiveProvider } from "../session/context";
import { prefs } from "../session/prefs";
import { CommandProvider, CommandRegistry, lazily, Pane, Toasts, useStore } from "../ui";
import { createAppRouter } from "./router";
import { Started } from "./started";

const SignIn = lazily(() => import("../features/session/sign-in").then((module) => module.SignIn));

/** The whole app: signed out it is the sign-in page, signed in the workspace. */
export function App({ live }: { live: Live }) {
  const { i18n } = useTranslation();
  const auth = useStore(live.auth.state);
  const era = useStore(live.era);
  const chosen = useStore(prefs);
  const [registry] = useState(() => new CommandRegistry());
  const [router] = useState(createAppRouter);

  useEffect(() => {
    registry.settings.set({ ...registry.settings.get(), areSingleKeysOn: chosen.areSingleKeysOn });
  }, [registry, chosen.areSingleKeysOn]);

  useEffect(() => {
    if (auth.status === "signedOut" && auth.reason !== "never") live.end();
  }, [auth, live]);

  return (
    <I18nProvider locale={i18n.language === "de" ? "de-DE" : "en-US"}>
      <LiveProvider value={live}>
        <CommandProvider registry={registry}>
          <UrqlProvider key={era} value={live.client}>
            <Pane>
              {auth.status === "signedIn" ? (
                <Started>
                  <RouterProvider router={router} />
                </Started>
              ) : (
                <SignIn reason={auth.status === "signedOut" ? auth.reason : "never"} />
              )}
            </Pane>
          </UrqlProvider>
          <Toasts />
        </CommandProvider>
      </LiveProvider>
    </I18nProvider>
  );
}
