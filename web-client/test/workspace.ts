// Things of a workspace as the server sends them, for tests that stand in for it.
import type { Batch } from "../src/live/follower";
import type { LogEvent } from "../src/live/handlers";
import { Live } from "../src/live/client";
import type { LiveSocket } from "../src/live/socket";

export const person = { __typename: "Person", id: "per_me", name: "Lena" };
export const lastMessage = { __typename: "Message", id: "msg_1", version: 1, direction: "INBOUND", entry: "MESSAGE", text: "Hi", at: "2026-01-01T10:00:00Z", deletedAt: null, author: { __typename: "ActorRef", kind: "CONTACT", name: "Mara", person: null }, delivery: null };
export const interaction = (id: string, version: number, part: Record<string, unknown> = {}) => ({
  __typename: "Interaction",
  id,
  version,
  reference: "T-1",
  subject: null,
  status: "OPEN",
  priority: "NORMAL",
  unreadCount: 0,
  waitingSince: null,
  hasFailedMessage: false,
  lastActivityAt: "2026-01-01T10:00:00Z",
  snoozedUntil: null,
  channel: { __typename: "Channel", id: "chn_1", kind: "EMAIL", name: "Mail" },
  contact: { __typename: "Contact", id: "con_1", name: "Mara" },
  inbox: { __typename: "Inbox", id: "inb_1", name: "Inbox" },
  skill: null,
  assignee: person,
  tags: [],
  lastMessage,
  replyPolicy: { __typename: "ReplyPolicy", mayReply: true, until: null, kinds: [], reason: null },
  ...part,
});
export const message = (id: string, version: number, part: Record<string, unknown> = {}) => ({
  __typename: "Message",
  id,
  version,
  direction: "OUTBOUND",
  entry: "MESSAGE",
  text: id,
  subject: null,
  at: `2026-01-01T10:00:0${version % 10}Z`,
  createdAt: "2026-01-01T10:00:00Z",
  editedAt: null,
  deletedAt: null,
  clientId: null,
  isAutomatic: false,
  replyTo: null,
  recipients: [],
  interaction: { __typename: "Interaction", id: "int_1" },
  author: { __typename: "ActorRef", kind: "PERSON", name: "Lena", person },
  content: { __typename: "TextContent", text: id },
  attachments: [],
  original: null,
  quoted: null,
  reactions: [],
  mentions: [],
  system: null,
  delivery: { __typename: "Delivery", state: "QUEUED", errorCode: null, errorDetail: null, attempts: 0, nextAttemptAt: null, sentAt: null, deliveredAt: null, readAt: null, failedAt: null },
  change: null,
  renderedAs: null,
  ...part,
});
export const mine = {
  __typename: "View",
  id: "viw_mine",
  version: 1,
  name: "Mine",
  position: 1,
  isShared: true,
  sort: "NEWEST_ACTIVITY",
  count: 1,
  unreadCount: 0,
  inbox: null,
  scope: null,
  filter: { __typename: "SavedFilter", statuses: ["OPEN"], assignment: "MINE", assigneeIds: null, channelIds: null, channelKinds: null, inboxIds: null, tagIds: null, skillIds: null, priorities: null, isUnread: null, hasFailed: null },
};
export const event = (kind: LogEvent["kind"], entity: { id: string; version: number } | null, entityId = entity?.id ?? ""): LogEvent =>
  ({ __typename: "Event", seq: 1, kind, entityId, entityVersion: entity?.version ?? 0, interactionId: entityId, entity }) as unknown as LogEvent;
export const batch = (from: number, events: LogEvent[]): Batch<LogEvent> => ({ prev: `c${from}`, cursor: `c${from + 1}`, events });

export type Answer = (body: { operationName: string; variables: Record<string, unknown> }) => unknown;

/** What answers requests in the server's place; throwing means that nobody is reached. */
export interface FakeServer {
  live: Live;
  answer: Answer;
  /** Says something in the log. */
  push: (batch: Batch<LogEvent>) => void;
  /** The log's connection breaks. */
  cut: (error: unknown) => void;
  stop: () => void;
}

/** A tab over a server that the test plays. */
export function fakeServer(): FakeServer {
  const realFetch = globalThis.fetch;
  const socket = {
    subscribe: (_payload: unknown, sink: { next(data: unknown): void; error(error: unknown): void }) => {
      server.push = (batch) => sink.next({ workspaceEvents: batch });
      server.cut = (error) => sink.error(error);
      return () => {};
    },
    renew: () => {},
    terminate: () => {},
  } as unknown as LiveSocket;
  globalThis.fetch = async (_input, init) => {
    const data = await server.answer(JSON.parse(String(init?.body)) as Parameters<Answer>[0]);
    return new Response(JSON.stringify({ data }), { headers: { "content-type": "application/json" } });
  };
  const server: FakeServer = {
    live: undefined as unknown as Live,
    answer: () => new Promise(() => {}),
    push: () => {},
    cut: () => {},
    stop: () => {
      server.live.end();
      globalThis.fetch = realFetch;
    },
  };
  server.live = new Live("http://localhost", socket);
  server.live.begin("c0", "per_me");
  return server;
}
