// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { ChatClient } from "../src/client";
import type { Shelf } from "../src/outbox";
import { unread } from "../src/store";
import { KEY, MockServer } from "./mock-server";

vi.stubGlobal("WebSocket", WebSocket);

function memory(): Shelf {
  const map = new Map<string, string>();
  return {
    get length() {
      return map.size;
    },
    key: (index) => [...map.keys()][index] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  };
}

let server: MockServer;
let clients: ChatClient[] = [];

function client(shelf = memory()): ChatClient {
  const made = new ChatClient({ server: server.origin, key: KEY, language: "en", shelf, pace: { firstMs: 2, longestMs: 10 } });
  clients.push(made);
  return made;
}

async function until(holds: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(holds()).toBe(true), { timeout: 5_000, interval: 2 });
}

const texts = (chat: ChatClient) => chat.store.get().messages.map((message) => message.text);
const isOnline = (chat: ChatClient) => () => chat.store.get().link === "online";

beforeEach(async () => {
  server = await new MockServer().start();
});

afterEach(async () => {
  for (const chat of clients) chat.stop();
  clients = [];
  await server.stop();
});

test("nothing is asked of the server but the settings until there is a visitor", async () => {
  await client().begin();
  expect(server.requests).toEqual([`GET /chat/v1/${KEY}/config`]);
});

test("a message goes out, is acknowledged and leaves the outbox with the log", async () => {
  const chat = client();
  const id = chat.send({ kind: "TEXT", text: "Hello" });
  await until(() => texts(chat).length === 1);
  expect(chat.store.get().messages[0]?.client_id).toBe(id);
  await until(() => chat.store.get().outbox.length === 0);
});

test("twenty drops: every event once and in order, every message once", async () => {
  const chat = client();
  chat.connect();
  await until(isOnline(chat));
  const heard: string[] = [];
  chat.store.subscribe((now, before) => {
    if (now.messages === before.messages) return;
    for (const message of now.messages.slice(before.messages.length)) heard.push(message.id);
  });
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 10; i++) server.say({ kind: "TEXT", text: `${round}.${i}` });
    chat.send({ kind: "TEXT", text: `mine ${round}` });
    server.drop(round % 3 === 0 ? 1012 : undefined);
    for (let i = 10; i < 15; i++) server.say({ kind: "TEXT", text: `${round}.${i}` });
    await until(() => chat.store.get().link === "online" && chat.store.get().outbox.length === 0);
  }
  await until(() => chat.store.get().messages.length === server.messages.length);
  const expected = server.messages.map((message) => message.id);
  expect(chat.store.get().messages.map((message) => message.id)).toEqual(expected);
  expect(heard).toEqual(expected);
  expect(server.messages.filter((message) => message.direction === "in").map((message) => message.text)).toEqual(
    Array.from({ length: 20 }, (_, round) => `mine ${round}`),
  );
  expect(server.hellos.filter((after) => after === null)).toHaveLength(1);
});

test("a lost acknowledgement: the log settles the message", async () => {
  const shelf = memory();
  const chat = client(shelf);
  chat.connect();
  await until(isOnline(chat));
  server.losesAcks = true;
  const id = chat.send({ kind: "TEXT", text: "once" });
  await until(() => server.frames.some((frame) => frame.id === id));
  await until(() => texts(chat).length === 1);
  server.losesAcks = false;
  expect(server.messages).toHaveLength(1);
  expect(chat.store.get().outbox).toEqual([]);
});

test("an unsent message survives a reload, also when the server had it already", async () => {
  const shelf = memory();
  const first = client(shelf);
  server.refusesSockets = true;
  first.send({ kind: "TEXT", text: "one" });
  first.send({ kind: "TEXT", text: "two" });
  first.stop();
  server.refusesSockets = false;
  const second = client(shelf);
  expect(second.store.get().outbox.map((item) => item.frame.type === "message" && item.frame.content)).toEqual([
    { kind: "TEXT", text: "one" },
    { kind: "TEXT", text: "two" },
  ]);
  // A third tab sends the same at the same moment.
  const third = client(shelf);
  await Promise.all([second.begin(), third.begin()]);
  await until(() => second.store.get().outbox.length === 0 && third.store.get().outbox.length === 0);
  await until(() => texts(second).length === 2 && texts(third).length === 2);
  expect(texts(second)).toEqual(["one", "two"]);
  expect(server.messages).toHaveLength(2);
  expect(shelf.length).toBe(1);
});

test("a repeat acknowledged beyond the loaded history leaves the outbox", async () => {
  const shelf = memory();
  const first = client(shelf);
  server.losesAcks = true;
  const id = first.send({ kind: "TEXT", text: "early" });
  const kept = shelf.getItem(`tributary.${KEY}.out.${id}`) ?? "";
  await until(() => server.messages.length === 1);
  first.stop();
  shelf.setItem(`tributary.${KEY}.out.${id}`, kept);
  for (let i = 0; i < 40; i++) server.say({ kind: "TEXT", text: `later ${i}` });
  server.losesAcks = false;
  const second = client(shelf);
  await second.begin();
  await until(() => second.store.get().outbox.length === 0);
  expect(server.messages.filter((message) => message.text === "early")).toHaveLength(1);
});

test("a refused message stays with its code and goes out under the same id on demand", async () => {
  const chat = client();
  server.failNext = [{ code: "INVALID", retryable: false }];
  const id = chat.send({ kind: "TEXT", text: "x" });
  await until(() => chat.store.get().outbox[0]?.state === "failed");
  expect(chat.store.get().outbox[0]?.code).toBe("INVALID");
  chat.retry(id);
  await until(() => server.messages[0]?.client_id === id);
});

test("what the server hangs up on is not sent again and again, and does not block the rest", async () => {
  const chat = client();
  server.hangsUp = 4400;
  const bad = chat.send({ kind: "TEXT", text: "bad" });
  const large = chat.send({ kind: "TEXT", text: "x".repeat(70_000) });
  chat.send({ kind: "TEXT", text: "good" });
  await until(() => texts(chat).length === 1 && chat.store.get().outbox.length === 2);
  expect(texts(chat)).toEqual(["good"]);
  expect(chat.store.get().outbox.map((item) => [item.frame.id, item.state, item.code])).toEqual([
    [bad, "failed", "INVALID"],
    [large, "failed", "TOO_LARGE"],
  ]);
  expect(server.frames.some((frame) => frame.id === large)).toBe(false);
});

test("a retryable refusal delays the message and nothing overtakes it", async () => {
  const chat = client();
  server.failNext = [
    { code: "RATE_LIMITED", retryable: true, retry_after_ms: 5 },
    { code: "RATE_LIMITED", retryable: true, retry_after_ms: 5 },
  ];
  chat.send({ kind: "TEXT", text: "first" });
  chat.send({ kind: "TEXT", text: "second" });
  await until(() => texts(chat).length === 2);
  expect(texts(chat)).toEqual(["first", "second"]);
});

test("a cursor that is too old and a broken chain both lead to a new snapshot", async () => {
  const chat = client();
  server.say({ kind: "TEXT", text: "a" });
  chat.connect();
  await until(() => texts(chat).length === 1);
  server.oldest = 1_000;
  server.drop();
  server.say({ kind: "TEXT", text: "b" });
  await until(() => texts(chat).length === 2);
  server.oldest = 0;
  server.lie();
  server.say({ kind: "TEXT", text: "c" });
  await until(() => texts(chat).length === 3 && chat.store.get().link === "online");
  expect(texts(chat)).toEqual(["a", "b", "c"]);
  expect(server.hellos).toEqual([null, "c1", null, null]);
});

test("a session that is gone is replaced and the chat goes on where it was", async () => {
  const chat = client();
  server.say({ kind: "TEXT", text: "a" });
  chat.connect();
  await until(() => texts(chat).length === 1);
  server.tokensAreGone = true;
  server.drop();
  server.say({ kind: "TEXT", text: "b" });
  await until(() => texts(chat).length === 2);
  expect(server.sessions).toMatchObject([{ token: null }, { token: "t1" }]);
  expect(server.hellos).toEqual([null, "c1"]);
});

test("without sockets the event stream carries the same chat", async () => {
  server.refusesSockets = true;
  const chat = client();
  chat.send({ kind: "TEXT", text: "over HTTP" });
  await until(() => texts(chat).length === 1 && chat.store.get().outbox.length === 0);
  server.say({ kind: "TEXT", text: "answer" });
  await until(() => texts(chat).length === 2);
  server.drop();
  server.say({ kind: "TEXT", text: "after the drop" });
  await until(() => texts(chat).length === 3);
  expect(texts(chat)).toEqual(["over HTTP", "answer", "after the drop"]);
});

test("a change that arrives while an older page is on its way is not lost", async () => {
  const first = server.say({ kind: "TEXT", text: "old" });
  for (let i = 0; i < 30; i++) server.say({ kind: "TEXT", text: `${i}` });
  const chat = client();
  chat.connect();
  await until(() => texts(chat).length === 20);
  chat.loadOlder();
  server.happen({ type: "message_changed", data: { ...first, version: 99, text: "new", edited: first.at } });
  await until(() => texts(chat).length === 31);
  expect(texts(chat)[0]).toBe("new");
});

test("delivery only moves forward and lower versions never win", async () => {
  const chat = client();
  chat.send({ kind: "TEXT", text: "one" });
  chat.send({ kind: "TEXT", text: "two" });
  await until(() => texts(chat).length === 2);
  const [one, two] = server.messages;
  if (!one || !two) throw new Error("two messages were stored");
  server.happen({ type: "delivery", data: { message_id: two.id, state: "READ", is_watermark: true } });
  server.happen({ type: "delivery", data: { message_id: two.id, state: "DELIVERED", is_watermark: false } });
  server.happen({ type: "message_changed", data: { ...one, version: 50, text: "newer" } });
  server.happen({ type: "message_changed", data: { ...one, version: 49, text: "older" } });
  server.happen({ type: "status", data: { status: "ENDED", is_online: true } });
  await until(() => chat.store.get().status === "ENDED");
  expect(chat.store.get().messages.map(({ text, state }) => [text, state])).toEqual([
    ["newer", "READ"],
    ["two", "READ"],
  ]);
});

test("unread counts what the other side said until it is seen, and seen is said once", async () => {
  const chat = client();
  chat.connect();
  await until(isOnline(chat));
  server.say({ kind: "TEXT", text: "a" });
  const b = server.say({ kind: "TEXT", text: "b" });
  await until(() => unread(chat.store.get()) === 2);
  chat.seen();
  chat.seen();
  expect(unread(chat.store.get())).toBe(0);
  await until(() => server.frames.some((frame) => frame.type === "seen"));
  expect(server.frames.filter((frame) => frame.type === "seen")).toMatchObject([{ message_id: b.id }]);
  expect(server.frames.filter((frame) => frame.type === "received").length).toBeGreaterThan(0);
});

test("an offline message is kept until it is accepted", async () => {
  const chat = client();
  chat.leaveMessage("Mara", "mara@example.org", "Please call");
  await until(() => chat.store.get().hasLeftMessage);
  expect(chat.store.get().outbox).toEqual([]);
});

test("signing out forgets everything", async () => {
  const shelf = memory();
  const chat = client(shelf);
  chat.send({ kind: "TEXT", text: "secret" });
  await until(() => texts(chat).length === 1 && chat.store.get().outbox.length === 0);
  chat.identify(null);
  expect(chat.store.get().messages).toEqual([]);
  expect(shelf.length).toBe(0);
  chat.identify("signed.identity.token");
  await until(isOnline(chat));
  expect(server.sessions.at(-1)).toMatchObject({ token: null, identity: "signed.identity.token" });
});
