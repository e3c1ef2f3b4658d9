import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button as AriaButton } from "react-aria-components";
import { SignOutDocument } from "../gql/graphql";
import { useLive, useViewer } from "../session/context";
import { prefs, setPrefs, type Theme } from "../session/prefs";
import { Avatar, cx, Icon, type IconName, lazily, Menu, MenuItem, MenuLine, Pane, Tip, useCommandList, useStore } from "../ui";

const Palette = lazily(() => import("./palette").then((module) => module.Palette));
// Fetched right after the first screen, so it is there long before the connection is gone.
const ConnectionBanner = lazily(() => import("./banner").then((module) => module.ConnectionBanner));
const KeyHelp = lazily(() => import("./help").then((module) => module.KeyHelp));

const nextTheme: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

/** The frame around every screen: rail, connection banner, palette and help. */
export function Shell() {
  const { t } = useTranslation();
  const live = useLive();
  const viewer = useViewer();
  const navigate = useNavigate();
  const { theme } = useStore(prefs);
  const [open, setOpen] = useState<"palette" | "help" | null>(null);

  const signOut = () => {
    void live.client
      .mutation(SignOutDocument, {})
      .toPromise()
      .then(() => live.auth.signedOut("left"));
  };
  const isAdmin = viewer.role === "ADMIN";

  useCommandList([
    { id: "go.inbox", label: "commands.goInbox", group: "go", keys: ["g i"], run: () => void navigate({ to: "/inbox/{-$view}/{-$id}", params: { view: undefined, id: undefined } }) },
    { id: "go.search", label: "commands.goSearch", group: "go", keys: ["s", "g s"], run: () => void navigate({ to: "/search", search: {} }) },
    { id: "go.channels", label: "commands.goChannels", group: "go", keys: ["g c"], guard: () => isAdmin, run: () => void navigate({ to: "/channels" }) },
    { id: "go.settings", label: "commands.goSettings", group: "go", keys: ["g e"], run: () => void navigate({ to: "/settings" }) },
    { id: "app.palette", label: "commands.palette", group: "app", keys: ["Mod+k"], run: () => setOpen("palette") },
    { id: "app.help", label: "commands.help", group: "app", keys: ["?"], run: () => setOpen("help") },
    { id: "app.theme", label: "commands.theme", group: "app", run: () => setPrefs({ theme: nextTheme[prefs.get().theme] }) },
    { id: "app.signOut", label: "commands.signOut", group: "app", run: signOut },
  ]);

  return (
    <div className="flex h-full">
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-md focus:bg-raised focus:p-2">
        {t("app.skip")}
      </a>
      <nav aria-label={t("app.sections")} className="flex w-13 shrink-0 flex-col items-center gap-1 border-r border-line bg-sunken py-2.5">
        <Logo />
        <RailLink to="/inbox/{-$view}/{-$id}" icon="inbox" label={t("nav.inbox")} keys="g i" />
        <RailLink to="/search" icon="search" label={t("nav.search")} keys="s" />
        {isAdmin && <RailLink to="/channels" icon="plug" label={t("nav.channels")} keys="g c" />}
        <RailLink to="/settings" icon="settings" label={t("nav.settings")} keys="g e" />
        <Tip text={t("nav.explorer")}>
          <AriaButton aria-label={t("nav.explorer")} className={railLook} onPress={() => window.open("/graphiql", "_blank", "noopener")}>
            <Icon name="code" size={19} />
          </AriaButton>
        </Tip>
        <span className="flex-1" />
        <Tip text={t("commands.help")} keys="?">
          <AriaButton aria-label={t("commands.help")} className={railLook} onPress={() => setOpen("help")}>
            <Icon name="keyboard" size={19} />
          </AriaButton>
        </Tip>
        <Menu
          label={viewer.name}
          trigger={
            <AriaButton aria-label={t("app.account", { name: viewer.name })} className="mt-1 rounded-full">
              <Avatar name={viewer.name} size={30} />
            </AriaButton>
          }
        >
          <MenuItem icon={theme === "dark" ? "moon" : "sun"} onAction={() => setPrefs({ theme: nextTheme[theme] })}>
            {t(`settings.themeIs.${theme}`)}
          </MenuItem>
          <MenuItem icon="language" onAction={() => setPrefs({ language: t("settings.otherLanguageCode") as "en" | "de" })}>
            {t("settings.otherLanguage")}
          </MenuItem>
          <MenuLine />
          <MenuItem icon="logout" onAction={signOut}>
            {t("session.signOut")}
          </MenuItem>
        </Menu>
      </nav>
      <div className="flex min-w-0 flex-1 flex-col">
        <ConnectionBanner room="line" />
        <main id="main" tabIndex={-1} className="min-h-0 flex-1 outline-none">
          <Pane>
            <Outlet />
          </Pane>
        </main>
      </div>
      {open === "palette" && <Palette room="corner" onClose={() => setOpen(null)} />}
      {open === "help" && <KeyHelp room="corner" onClose={() => setOpen(null)} />}
    </div>
  );
}

const railLook = "flex size-9 items-center justify-center rounded-lg text-ink-3 transition-colors hover:bg-hover hover:text-ink";

function RailLink({ to, icon, label, keys }: { to: "/inbox/{-$view}/{-$id}" | "/search" | "/channels" | "/settings"; icon: IconName; label: string; keys: string }) {
  return (
    <Link to={to} {...(to.startsWith("/inbox") ? { params: { view: undefined, id: undefined } } : {})} aria-label={label} title={`${label} (${keys})`} className={railLook} activeProps={{ className: cx(railLook, "bg-accent-soft text-accent-text"), "aria-current": "page" }}>
      <Icon name={icon} size={19} />
    </Link>
  );
}

export function Logo({ size = 30 }: { size?: number }) {
  return <img src="/favicon.svg" alt="" width={size} height={size} className="mb-2" />;
}
