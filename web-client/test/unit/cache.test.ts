import { afterEach, beforeEach, expect, test } from "vitest";
import { setListViewer } from "../../src/features/inbox/live";
import "../../src/features/interaction/live";
import { InteractionPageDocument, ThreadDocument, ViewsDocument } from "../../src/gql/graphql";
import { Live } from "../../src/live/client";
import type { Batch } from "../../src/live/follower";
import type { LogEvent } from "../../src/live/handlers";
import type { LiveSocket } from "../../src/live/socket";
import { settle } from "../fakeTimers";

type Answer = (body: { operationName: string; variables: Record<string, unknown> }) => unknown;

let live: Live;
let push: (batch: Batch<LogEvent>) => void;
let answer: Answer;
const realFetch = globalThis.fetch;

beforeEach(() => {
  localStorage.clear();
  setListViewer("per_me");
  const socket = {
    subscribe: (_payload: unknown, sink: { next(data: unknown): void }) => {
      push = (batch) => sink.next({ workspaceEvents: batch });
      return () => {};
    },
    renew: () => {},
    terminate: () => {},
  } as unknown as LiveSocket;
  globalThis.fetch = async (_input, init) => {
    const data = await answer(JSON.parse(String(init?.body)) as Parameters<Answer>[0]);
    return new Response(JSON.stringify({ data }), { headers: { "content-type": "application/json" } });
  };
  live = new Live("http://localhost", socket);
  live.begin("c0", "per_me");
});

afterEach(() => {
  live.end();
  globalThis.fetch = realFetch;
});

const person = { __typename: "Person", id: "per_me", name: "Lena" };
const lastMessage = { __typename: "Message", id: "msg_1", version: 1, direction: "INBOUND", entry: "MESSAGE", text: "Hi", at: "2026-01-01T10:00:00Z", deletedAt: null, author: { __typename: "ActorRef", kind: "CONTACT", name: "Mara", person: null }, delivery: null };
const interaction = (id: string, version: number, part: Record<string, unknown> = {}) => ({
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
const message = (id: string, version: number, part: Record<string, unknown> = {}) => ({
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
  interaction: { __typename: "Interaction", id: "int_1" },
  author: { __typename: "ActorRef", kind: "PERSON", name: "Lena", person },
  content: { __typename: "TextContent", text: id },
  attachments: [],
  quoted: null,
  reactions: [],
  mentions: [],
  system: null,
  delivery: { __typename: "Delivery", state: "QUEUED", errorCode: null, errorDetail: null, attempts: 0, nextAttemptAt: null, sentAt: null, deliveredAt: null, readAt: null, failedAt: null },
  renderedAs: null,
  ...part,
});
const mine = {
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
const event = (kind: LogEvent["kind"], entity: { id: string; version: number } | null, entityId = entity?.id ?? ""): LogEvent =>
  ({ __typename: "Event", seq: 1, kind, entityId, entityVersion: entity?.version ?? 0, interactionId: entityId, entity }) as unknown as LogEvent;
const batch = (from: number, events: LogEvent[]): Batch<LogEvent> => ({ prev: `c${from}`, cursor: `c${from + 1}`, events });

/** The rows of the view as the screen would read them now, without asking the server. */
function rows(): readonly { id: string; status: string }[] {
  const result = live.client.readQuery(InteractionPageDocument, { viewId: "viw_mine", first: 50, after: null });
  return result?.data?.interactions.nodes ?? [];
}

async function openView(list: unknown[], cursor = "c0"): Promise<void> {
  answer = ({ operationName }) =>
    operationName === "Views"
      ? { views: { __typename: "ViewConnection", logCursor: cursor, nodes: [mine] } }
      : { interactions: { __typename: "InteractionConnection", logCursor: cursor, pageInfo: { __typename: "PageInfo", hasNextPage: false, endCursor: null }, nodes: list } };
  await live.client.query(ViewsDocument, {}).toPromise();
  await live.client.query(InteractionPageDocument, { viewId: "viw_mine", first: 50, after: null }).toPromise();
}

test("the log moves interactions in and out of a view", async () => {
  await openView([interaction("int_1", 5)]);
  push(batch(0, [event("INTERACTION_OPENED", interaction("int_2", 6))]));
  expect(rows().map((row) => row.id)).toEqual(["int_2", "int_1"]);
  push(batch(1, [event("INTERACTION_CHANGED", interaction("int_1", 7, { status: "RESOLVED" }))]));
  expect(rows().map((row) => row.id)).toEqual(["int_2"]);
  push(batch(2, [event("INTERACTION_CHANGED", interaction("int_1", 8, { status: "OPEN" }))]));
  expect(rows().map((row) => row.id)).toEqual(["int_1", "int_2"]);
  push(batch(3, [event("INTERACTION_CHANGED", interaction("int_2", 9, { assignee: null }))]));
  expect(rows().map((row) => row.id)).toEqual(["int_1"]);
  push(batch(4, [event("INTERACTION_HIDDEN", null, "int_1")]));
  expect(rows()).toEqual([]);
});

test("an event that is older than what is known changes nothing", async () => {
  await openView([interaction("int_1", 9)]);
  push(batch(0, [event("INTERACTION_CHANGED", interaction("int_1", 8, { status: "RESOLVED" }))]));
  expect(rows().map((row) => row.status)).toEqual(["OPEN"]);
});

test("a snapshot that arrives late does not undo what the log said meanwhile", async () => {
  await openView([interaction("int_1", 5)]);
  let release: (data: unknown) => void = () => {};
  answer = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  const late = live.client.query(InteractionPageDocument, { viewId: "viw_mine", first: 50, after: null }, { requestPolicy: "network-only" }).toPromise();
  await settle();
  push(batch(0, [event("INTERACTION_CHANGED", interaction("int_1", 7, { status: "RESOLVED" }))]));
  expect(rows()).toEqual([]);
  release({ interactions: { __typename: "InteractionConnection", logCursor: "c0", pageInfo: { __typename: "PageInfo", hasNextPage: false, endCursor: null }, nodes: [interaction("int_1", 5)] } });
  await late;
  await settle();
  expect(rows()).toEqual([]);
});

test("messages enter the open thread and take their send out of the outbox", async () => {
  answer = ({ operationName }) =>
    operationName === "Thread"
      ? { node: { __typename: "Interaction", id: "int_1", messages: { __typename: "MessageConnection", logCursor: "c0", pageInfo: { __typename: "PageInfo", hasPreviousPage: false, startCursor: null }, nodes: [message("msg_1", 1)] } } }
      : new Promise(() => {});
  const variables = { id: "int_1", last: 50, before: null };
  await live.client.query(ThreadDocument, variables).toPromise();
  live.outbox?.add({ clientId: "cli_1", interactionId: "int_1", text: "Hello", payload: { kind: "message", input: { content: { text: { text: "Hello" } } } } });
  expect(live.outbox?.entries.get()).toHaveLength(1);
  push(batch(0, [event("MESSAGE_QUEUED", message("msg_2", 2, { clientId: "cli_1" }))]));
  push(batch(1, [event("DELIVERY_CHANGED", message("msg_2", 3, { clientId: "cli_1", delivery: { ...message("x", 1).delivery, state: "SENT" } }))]));
  expect(live.outbox?.entries.get()).toEqual([]);
  const node = live.client.readQuery(ThreadDocument, variables)?.data?.node;
  const messages = node?.__typename === "Interaction" ? node.messages.nodes : [];
  expect(messages.map((item) => [item.id, item.delivery?.state])).toEqual([
    ["msg_1", "QUEUED"],
    ["msg_2", "SENT"],
  ]);
});

test("a lost position asks again for everything on the screen", async () => {
  await openView([interaction("int_1", 5)]);
  const stop = live.client.query(InteractionPageDocument, { viewId: "viw_mine", first: 50, after: null }).subscribe(() => {});
  await settle();
  const asked: string[] = [];
  answer = ({ operationName }) => {
    asked.push(operationName);
    if (operationName === "LogEnd") return { logCursor: "c90" };
    return { interactions: { __typename: "InteractionConnection", logCursor: "c90", pageInfo: { __typename: "PageInfo", hasNextPage: false, endCursor: null }, nodes: [interaction("int_9", 90)] } };
  };
  push({ prev: "c41", cursor: "c42", events: [] });
  await new Promise<void>((resolve) => {
    const watch = setInterval(() => {
      if (rows()[0]?.id === "int_9") {
        clearInterval(watch);
        resolve();
      }
    }, 5);
  });
  stop.unsubscribe();
  expect(asked).toEqual(["LogEnd", "InteractionPage"]);
  expect(live.follower.cursor).toBe("c90");
});
