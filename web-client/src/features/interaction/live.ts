import type { Cache, DataField } from "@urql/exchange-graphcache";
import type { MessagePartsFragment } from "../../gql/graphql";
import { onEntity, type LogEvent } from "../../live/handlers";

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
  // What was not there before is new, unless it is older than everything we hold: then its page is simply not loaded.
  for (const list of lists.filter((item) => item.isNewest)) cache.link(list.key, "nodes", [...list.nodes, key]);
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
