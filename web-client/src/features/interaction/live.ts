import type { Cache, DataField } from "@urql/exchange-graphcache";
import type { MessagePartsFragment } from "../../gql/graphql";
import { type LogEvent, onBatch, onEntity } from "../../live/handlers";

/** Kinds whose message was not there before. */
const NEW = new Set<LogEvent["kind"]>(["MESSAGE_RECEIVED", "MESSAGE_QUEUED", "NOTE_ADDED", "SYSTEM_LINE_ADDED"]);

/** Adds a message to the newest page of its thread; older pages and the message itself need nothing. */
function append(event: LogEvent, cache: Cache): void {
  const message = event.entity as unknown as MessagePartsFragment;
  const interaction = { __typename: "Interaction", id: message.interaction.id };
  const key = cache.keyOfEntity({ __typename: "Message", id: message.id });
  if (key === null) return;
  const pages = cache.inspectFields(interaction).filter((field) => field.fieldName === "messages");
  const connections = pages.map((field) => ({ isNewest: !field.arguments?.["before"], key: cache.resolve(interaction, field.fieldKey) }));
  const lists = connections.flatMap((item) => (typeof item.key === "string" ? [{ isNewest: item.isNewest, key: item.key, nodes: nodesOf(cache, item.key) }] : []));
  if (lists.some((list) => list.nodes.includes(key))) return;
  for (const list of lists.filter((item) => item.isNewest)) {
    if (NEW.has(event.kind) || reaches(cache, list, message)) cache.link(list.key, "nodes", [...list.nodes, key]);
  }
}

/**
 * Whether the newest page reaches back to the message, so that it belongs there although the event is only a change:
 * its creation was older than the page. A change to one on a page that is not loaded must not put it at the end.
 */
function reaches(cache: Cache, list: { key: string; nodes: readonly string[] }, message: MessagePartsFragment): boolean {
  const info = cache.resolve(list.key, "pageInfo");
  if (typeof info === "string" && cache.resolve(info, "hasPreviousPage") === false) return true;
  const times = list.nodes.map((node) => cache.resolve(node, "createdAt")).filter((time): time is string => typeof time === "string");
  return times.some((time) => time <= message.createdAt);
}

function nodesOf(cache: Cache, connection: string): string[] {
  const nodes = cache.resolve(connection, "nodes");
  return Array.isArray(nodes) ? (nodes as DataField[]).filter((node): node is string => typeof node === "string") : [];
}

/** A row shows its last message even if the interaction's own event comes later. */
function preview(event: LogEvent, cache: Cache): void {
  const message = event.entity as unknown as MessagePartsFragment;
  // Only what is new: a receipt for an earlier message does not make it the last one.
  if (event.kind !== "MESSAGE_RECEIVED" && event.kind !== "MESSAGE_QUEUED") return;
  const interaction = { __typename: "Interaction", id: message.interaction.id };
  const last = cache.resolve(interaction, "lastMessage");
  if (last === undefined) return;
  const lastAt = typeof last === "string" ? cache.resolve(last, "at") : null;
  if (typeof lastAt !== "string" || lastAt <= message.at) cache.link(interaction, "lastMessage", { __typename: "Message", id: message.id });
}

onEntity("Message", append);
onEntity("Message", preview);

/** Threads beyond these that nobody looks at are let go; opening one again asks for it anew. */
const THREADS = 30;
/** In the order in which they were opened, the newest last; with how many screens show them. */
const opened = new Map<string, number>();

/** A screen shows the thread until the returned function is called. */
export function threadOpened(interactionId: string): () => void {
  const shown = opened.get(interactionId) ?? 0;
  opened.delete(interactionId);
  opened.set(interactionId, shown + 1);
  return () => {
    const count = opened.get(interactionId);
    if (count !== undefined) opened.set(interactionId, count - 1);
  };
}

function evict(cache: Cache): void {
  for (const [id, shown] of opened) {
    if (opened.size <= THREADS) return;
    if (shown > 0) continue;
    opened.delete(id);
    const interaction = { __typename: "Interaction", id };
    for (const field of cache.inspectFields(interaction)) {
      if (field.fieldName === "messages") cache.invalidate(interaction, field.fieldName, field.arguments ?? undefined);
    }
  }
}

onBatch(evict);
