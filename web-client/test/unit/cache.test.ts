import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MOST, setListViewer } from "../../src/features/inbox/live";
import { threadOpened } from "../../src/features/interaction/live";
import { InteractionPageDocument, ThreadDocument, ViewsDocument } from "../../src/gql/graphql";
import type { Live } from "../../src/live/client";
import { Unreachable } from "../../src/live/errors";
import type { Batch } from "../../src/live/follower";
import type { LogEvent } from "../../src/live/handlers";
import { settle } from "../fakeTimers";
import { batch, event, type FakeServer, fakeServer, interaction, message, mine } from "../workspace";

let server: FakeServer;
let live: Live;
const push = (next: Batch<LogEvent>) => server.push(next);

beforeEach(() => {
  localStorage.clear();
  setListViewer("per_me");
  server = fakeServer();
  live = server.live;
});

afterEach(() => server.stop());

/** The rows of the view as the screen would read them now, without asking the server. */
function rows(): readonly { id: string; status: string }[] {
  const result = live.client.readQuery(InteractionPageDocument, { viewId: "viw_mine", first: 50, after: null });
  return result?.data?.interactions.nodes ?? [];
}

async function openView(list: unknown[], cursor = "c0"): Promise<void> {
  server.answer = ({ operationName }) =>
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
  push(batch(4, [event("INTERACTION_CHANGED", null, "int_1")]));
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
  server.answer = () =>
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

test("messages enter the open thread and settle their send in the outbox", async () => {
  server.answer = ({ operationName }) =>
    operationName === "Thread"
      ? { node: { __typename: "Interaction", id: "int_1", messages: { __typename: "MessageConnection", logCursor: "c0", pageInfo: { __typename: "PageInfo", hasPreviousPage: false, startCursor: null }, nodes: [message("msg_1", 1)] } } }
      : new Promise(() => {});
  const variables = { id: "int_1", last: 50, before: null };
  await live.client.query(ThreadDocument, variables).toPromise();
  live.outbox?.add({ clientId: "cli_1", interactionId: "int_1", text: "Hello", payload: { kind: "message", input: { content: { text: { text: "Hello" } } } } });
  expect(live.outbox?.entries.get()).toHaveLength(1);
  push(batch(0, [event("MESSAGE_QUEUED", message("msg_2", 2, { clientId: "cli_1" }))]));
  push(batch(1, [event("DELIVERY_CHANGED", message("msg_2", 3, { clientId: "cli_1", delivery: { ...message("x", 1).delivery, state: "SENT" } }))]));
  expect(live.outbox?.entries.get().map((entry) => entry.state)).toEqual(["accepted"]);
  expect(Object.keys(localStorage).filter((key) => key.startsWith("tributary.outbox."))).toEqual([]);
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
  server.answer = ({ operationName }) => {
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

/** The thread as the screen would read it now, without asking the server. */
function thread(): readonly string[] {
  const node = live.client.readQuery(ThreadDocument, { id: "int_1", last: 50, before: null })?.data?.node;
  return node?.__typename === "Interaction" ? node.messages.nodes.map((item) => item.id) : [];
}

async function openThread(nodes: unknown[], hasPreviousPage: boolean): Promise<void> {
  server.answer = () => ({ node: { __typename: "Interaction", id: "int_1", messages: { __typename: "MessageConnection", logCursor: "c0", pageInfo: { __typename: "PageInfo", hasPreviousPage, startCursor: hasPreviousPage ? "p1" : null }, nodes } } });
  await live.client.query(ThreadDocument, { id: "int_1", last: 50, before: null }).toPromise();
}

test("a change to a message on a page that is not loaded does not put it at the end", async () => {
  await openThread([message("msg_5", 5, { createdAt: "2026-01-05T10:00:00Z" })], true);
  push(batch(0, [event("MESSAGE_CHANGED", message("msg_1", 6, { createdAt: "2026-01-01T10:00:00Z" }))]));
  push(batch(1, [event("DELIVERY_CHANGED", message("msg_2", 7, { createdAt: "2026-01-02T10:00:00Z" }))]));
  expect(thread()).toEqual(["msg_5"]);
  // One that the page reaches back to belongs there, whatever the event: its creation was passed over as older.
  push(batch(2, [event("DELIVERY_CHANGED", message("msg_6", 8, { createdAt: "2026-01-06T10:00:00Z" }))]));
  push(batch(3, [event("MESSAGE_RECEIVED", message("msg_7", 9, { createdAt: "2026-01-01T10:00:00Z" }))]));
  expect(thread()).toEqual(["msg_5", "msg_6", "msg_7"]);
});

test("a whole thread takes in any message of its own", async () => {
  await openThread([message("msg_5", 5, { createdAt: "2026-01-05T10:00:00Z" })], false);
  push(batch(0, [event("MESSAGE_CHANGED", message("msg_1", 6, { createdAt: "2026-01-01T10:00:00Z" }))]));
  expect(thread()).toEqual(["msg_5", "msg_1"]);
});

test("threads that nobody looks at are let go, the one on the screen is not", async () => {
  await openThread([message("msg_1", 1)], false);
  const close = threadOpened("int_1");
  for (let index = 0; index < 40; index += 1) threadOpened(`int_other_${index}`)();
  push(batch(0, [event("TAG_CHANGED", null, "tag_1")]));
  expect(thread()).toEqual(["msg_1"]);
  close();
  for (let index = 0; index < 40; index += 1) threadOpened(`int_more_${index}`)();
  push(batch(1, [event("TAG_CHANGED", null, "tag_1")]));
  expect(thread()).toEqual([]);
});

test("a list never grows over its limit, however much the log adds", async () => {
  await openView(Array.from({ length: MOST }, (_, index) => interaction(`int_${index}`, 5)));
  push(batch(0, [event("INTERACTION_OPENED", interaction("int_new", 6))]));
  expect(rows()).toHaveLength(MOST);
  expect(rows()[0]?.id).toBe("int_new");
});

test("a query that failed while offline is asked again when the connection is back", async () => {
  await openView([interaction("int_1", 5)]);
  push(batch(0, []));
  server.cut(new Unreachable());
  const asked: string[] = [];
  server.answer = ({ operationName }) => {
    asked.push(operationName);
    throw new Error("nobody there");
  };
  const results: boolean[] = [];
  const stop = live.client.query(ThreadDocument, { id: "int_9", last: 50, before: null }).subscribe((result) => results.push(result.error !== undefined));
  await vi.waitFor(() => expect(results).toEqual([true]));
  server.answer = ({ operationName }) => {
    asked.push(operationName);
    return { node: null };
  };
  live.hurry();
  push(batch(1, []));
  await vi.waitFor(() => expect(results.at(-1)).toBe(false));
  expect(asked).toEqual(["Thread", "Thread"]);
  stop.unsubscribe();
});
