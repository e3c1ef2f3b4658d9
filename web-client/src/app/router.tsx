import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Navigate } from "@tanstack/react-router";
import { Broken } from "../ui";
import { InboxScreen } from "./inbox-screen";
import { Shell } from "./shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

function NotFound() {
  return <Navigate to="/inbox/{-$view}/{-$id}" params={{ view: undefined, id: undefined }} replace />;
}

const home = createRoute({ getParentRoute: () => root, path: "/", component: NotFound });

// One route for all of it: going from one interaction to the next keeps the list, its scroll position and the focus.
const inbox = createRoute({
  getParentRoute: () => root,
  path: "/inbox/{-$view}/{-$id}",
  component: function InboxRoute() {
    const { view, id } = inbox.useParams();
    return <InboxScreen viewId={view} interactionId={id} />;
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

const tree = root.addChildren([home, inbox, search, channels, newChannel, channel, settings]);

export function createAppRouter() {
  return createRouter({ routeTree: tree, defaultPreload: "intent", scrollRestoration: false, defaultErrorComponent: ({ error, reset }) => <Broken error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} /> });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
