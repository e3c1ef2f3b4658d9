import { cacheExchange, type KeyingConfig } from "@urql/exchange-graphcache";
import introspection from "../gql/introspection.json";
import type { WorkspaceEventsSubscription } from "../gql/graphql";
import { handleInCache } from "./handlers";

/** Types with an `id` that names them in the whole workspace, although they are no `Node`. */
const KEYED = new Set(["Workspace", "ContactIdentity", "ContactMerge", "AuditEntry"]);
const ROOTS = new Set(["Query", "Mutation", "Subscription"]);

/** Everything else lives inside its parent; an `id` there is unique only within a message. */
function embedded(): KeyingConfig {
  const keys: KeyingConfig = {};
  for (const type of introspection.__schema.types) {
    if (type.kind !== "OBJECT" || ROOTS.has(type.name) || KEYED.has(type.name)) continue;
    const interfaces = "interfaces" in type ? (type.interfaces as readonly { name: string }[]) : [];
    if (!interfaces.some((item) => item.name === "Node")) keys[type.name] = () => null;
  }
  return keys;
}

/** The normalised cache. Entities enter it from snapshots and from the log, never from the reply of a mutation. */
export const createCache = () =>
  cacheExchange({
    schema: introspection as never,
    keys: embedded(),
    updates: {
      Subscription: {
        workspaceEvents(result, _args, cache) {
          handleInCache((result as WorkspaceEventsSubscription).workspaceEvents.events, cache);
        },
      },
    },
  });
