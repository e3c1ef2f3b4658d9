// Shows a part of the app over a server that the test plays.
import { render, type RenderResult } from "@testing-library/react";
import type { ReactNode } from "react";
import { I18nProvider } from "react-aria-components";
import { Provider as UrqlProvider } from "urql";
import { showIn } from "../src/i18n";
import { LiveProvider, type Viewer, ViewerProvider } from "../src/session/context";
import { CommandProvider, CommandRegistry, Toasts } from "../src/ui";
import type { FakeServer } from "./workspace";

const viewer: Viewer = { id: "per_me", name: "Lena", email: "lena@example.org", role: "ADMIN", workspace: "Shop", kinds: new Map() };

export async function mount(server: FakeServer, part: ReactNode): Promise<RenderResult & { show: (part: ReactNode) => void }> {
  await showIn("en");
  const registry = new CommandRegistry();
  const whole = (inner: ReactNode) => (
    <I18nProvider locale="en-US">
      <LiveProvider value={server.live}>
        <ViewerProvider value={viewer}>
          <CommandProvider registry={registry}>
            <UrqlProvider value={server.live.client}>{inner}</UrqlProvider>
            <Toasts />
          </CommandProvider>
        </ViewerProvider>
      </LiveProvider>
    </I18nProvider>
  );
  const result = render(whole(part));
  return { ...result, show: (next) => result.rerender(whole(next)) };
}
