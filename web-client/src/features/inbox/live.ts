import type { Cache, DataField } from "@urql/exchange-graphcache";
import type { InteractionRowFragment, InteractionSort } from "../../gql/graphql";
import { onEntity, type LogEvent } from "../../live/handlers";
import { type Filter, matches, type Rule } from "./filter";

/** More rows than this in one list make live updates slow; a filter is the better tool then. */
export const MOST = 1_000;

let viewerId = "";

/** Views such as "mine" depend on who looks. */
export function setListViewer(id: string): void {
  viewerId = id;
}

const FILTER_FIELDS = ["statuses", "assignment", "assigneeIds", "channelIds", "channelKinds", "inboxIds", "tagIds", "skillIds", "priorities", "isUnread", "hasFailed"] as const;

function readRule(cache: Cache, view: { __typename: string; id: string }): Rule | null {
  const key = cache.resolve(view, "filter");
  if (typeof key !== "string") return null;
  const entries = FILTER_FIELDS.map((field) => [field, cache.resolve(key, field) ?? null]);
  const inbox = cache.resolve(view, "inbox");
  const scope = typeof inbox === "string" ? cache.resolve(inbox, "id") : null;
  const sort = (cache.resolve(view, "sort") ?? "NEWEST_ACTIVITY") as InteractionSort;
  return { filter: Object.fromEntries(entries) as Filter, scopeInboxId: typeof scope === "string" ? scope : null, sort };
}

/** The connections of every list of interactions in the cache, the pages of one view together, first page first. */
function cachedLists(cache: Cache): Map<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const field of cache.inspectFields("Query")) {
    if (field.fieldName !== "interactions" || !field.arguments) continue;
    const viewId = field.arguments["viewId"];
    const connection = cache.resolve("Query", field.fieldKey);
    if (typeof viewId !== "string" || typeof connection !== "string") continue;
    const pages = lists.get(viewId) ?? [];
    if (field.arguments["after"]) pages.push(connection);
    else pages.unshift(connection);
    lists.set(viewId, pages);
  }
  return lists;
}

function nodesOf(cache: Cache, connection: string): string[] {
  const nodes = cache.resolve(connection, "nodes");
  return Array.isArray(nodes) ? (nodes as DataField[]).filter((node): node is string => typeof node === "string") : [];
}

/** Puts an interaction into the views it belongs to now and takes it out of the others. */
function place(event: LogEvent, cache: Cache): void {
  const row = event.entity as unknown as InteractionRowFragment;
  const key = cache.keyOfEntity({ __typename: "Interaction", id: row.id });
  if (key === null) return;
  for (const [viewId, pages] of cachedLists(cache)) {
    const rule = readRule(cache, { __typename: "View", id: viewId });
    if (!rule) continue;
    const belongs = matches(rule, row, viewerId);
    const at = pages.find((page) => nodesOf(cache, page).includes(key));
    const first = pages[0];
    if (belongs && at === undefined && first !== undefined) {
      cache.link(first, "nodes", [key, ...nodesOf(cache, first)]);
      trim(cache, pages);
    }
    if (!belongs && at !== undefined) {
      cache.link(
        at,
        "nodes",
        nodesOf(cache, at).filter((node) => node !== key),
      );
    }
  }
}

/** Lets go of what stands last in a list that has grown over the limit. */
function trim(cache: Cache, pages: readonly string[]): void {
  let room = MOST;
  for (const page of pages) {
    const nodes = nodesOf(cache, page);
    if (nodes.length > room) cache.link(page, "nodes", nodes.slice(0, room));
    room = Math.max(0, room - nodes.length);
  }
}

/** An interaction without its data: it is gone, or the viewer may no longer see it. */
function remove(event: LogEvent, cache: Cache): void {
  if (event.kind !== "INTERACTION_CHANGED" && event.kind !== "INTERACTION_OPENED") return;
  const key = cache.keyOfEntity({ __typename: "Interaction", id: event.entityId });
  for (const pages of cachedLists(cache).values()) {
    for (const page of pages) {
      const nodes = nodesOf(cache, page);
      if (key !== null && nodes.includes(key)) {
        cache.link(
          page,
          "nodes",
          nodes.filter((node) => node !== key),
        );
      }
    }
  }
}

onEntity("Interaction", place);
onEntity("Gone", remove);
