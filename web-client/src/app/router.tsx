import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { InboxScreen } from "../features/inbox/screen";
import { Shell } from "./shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

function NotFound() {
  return <InboxRedirect />;
}

function InboxRedirect() {
  return <InboxScreen viewId={undefined} interactionId={undefined} />;
}

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/inbox" });
  },
});

const inbox = createRoute({ getParentRoute: () => root, path: "/inbox", component: InboxRedirect });

const view = createRoute({
  getParentRoute: () => root,
  path: "/inbox/$view",
  component: function ViewRoute() {
    return <InboxScreen viewId={view.useParams().view} interactionId={undefined} />;
  },
});

const interaction = createRoute({
  getParentRoute: () => root,
  path: "/inbox/$view/$id",
  component: function InteractionRoute() {
    const { view: viewId, id } = interaction.useParams();
    return <InboxScreen viewId={viewId} interactionId={id} />;
  },
});

const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: (given: Record<string, unknown>): { q?: string } => (typeof given["q"] === "string" && given["q"] !== "" ? { q: given["q"] } : {}),
  component: lazyRouteComponent(() => import("../features/search/screen"), "SearchScreen"),
});

const channels = createRoute({
  getParentRoute: () => root,
  path: "/channels",
  component: lazyRouteComponent(() => import("../features/channels/screen"), "ChannelsScreen"),
});

const newChannel = createRoute({
  getParentRoute: () => root,
  path: "/channels/new",
  component: lazyRouteComponent(() => import("../features/channels/wizard"), "NewChannelScreen"),
});

const channel = createRoute({
  getParentRoute: () => root,
  path: "/channels/$id",
  component: lazyRouteComponent(() => import("../features/channels/page"), "ChannelScreen"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("../features/settings/screen"), "SettingsScreen"),
});

const tree = root.addChildren([home, inbox, view, interaction, search, channels, newChannel, channel, settings]);

export function createAppRouter() {
  return createRouter({ routeTree: tree, defaultPreload: "intent", scrollRestoration: false });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
