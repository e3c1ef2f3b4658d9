import type { Cache } from "@urql/exchange-graphcache";
import type { EventKind, WorkspaceEventsSubscription } from "../gql/graphql";

export type LogEvent = WorkspaceEventsSubscription["workspaceEvents"]["events"][number];
export type LogEntity = NonNullable<LogEvent["entity"]>;

/** Brings lists of the cache in line with one event; the entity itself is already written. */
export type CacheHandler = (event: LogEvent, cache: Cache) => void;

const byEntity = new Map<string, CacheHandler[]>();
const tidiers: ((cache: Cache) => void)[] = [];
const byKind = new Map<EventKind, Set<(event: LogEvent) => void>>();

/** Called for each event whose entity has this type. Each feature registers its own, in its own folder. */
export function onEntity(typename: LogEntity["__typename"] | "Gone", handler: CacheHandler): void {
  byEntity.set(typename, [...(byEntity.get(typename) ?? []), handler]);
}

/** Called once per batch, when the cache is at hand: for tidying up. */
export function onBatch(tidy: (cache: Cache) => void): void {
  tidiers.push(tidy);
}

/** Called after the cache has taken the event in; for what is not in the cache, such as counters that only the server knows. */
export function onKinds(kinds: readonly EventKind[], listener: (event: LogEvent) => void): () => void {
  for (const kind of kinds) {
    const set = byKind.get(kind) ?? new Set();
    set.add(listener);
    byKind.set(kind, set);
  }
  return () => {
    for (const kind of kinds) byKind.get(kind)?.delete(listener);
  };
}

/** Runs the handlers of one batch inside the cache's update. */
export function handleInCache(events: readonly LogEvent[], cache: Cache): void {
  for (const event of events) {
    for (const handler of byEntity.get(event.entity?.__typename ?? "Gone") ?? []) handler(event, cache);
  }
  for (const tidy of tidiers) tidy(cache);
}

/** Runs the listeners of one batch after the cache's update. */
export function announce(events: readonly LogEvent[]): void {
  for (const event of events) for (const listener of byKind.get(event.kind) ?? []) listener(event);
}
