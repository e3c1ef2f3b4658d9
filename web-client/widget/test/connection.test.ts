// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Connection, PACE, Refused } from "../src/connection";
import type { ServerFrame } from "../src/protocol";

/** A socket that does what it is told and keeps the time of its making. */
class FakeSocket {
  static made: FakeSocket[] = [];
  static OPEN = 1;
  readyState = 0;
  sent: string[] = [];
  readonly at = Date.now();
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: { code: number }) => void;

  constructor() {
    FakeSocket.made.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.readyState = 3;
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  say(frame: Partial<ServerFrame>): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

const links: string[] = [];
let connection: Connection;
let signIn: () => Promise<void>;
let isSignedIn = true;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", () => Promise.reject(new Error("no network")));
  FakeSocket.made = [];
  links.length = 0;
  isSignedIn = true;
  signIn = () => Promise.resolve();
  connection = new Connection({
    base: "http://chat.example/chat/v1/k",
    pace: PACE,
    hello: () => (isSignedIn ? { type: "hello", id: "h", token: "t", after: null } : null),
    signIn: () => signIn(),
    closed: () => {},
    received: () => {},
    link: (link) => void links.push(link),
  });
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const last = () => {
  const socket = FakeSocket.made.at(-1);
  if (!socket) throw new Error("no socket was made");
  return socket;
};

test("a half-open connection is noticed within thirty seconds", async () => {
  connection.start();
  await vi.advanceTimersByTimeAsync(0);
  last().open();
  last().say({ type: "ready" });
  await vi.advanceTimersByTimeAsync(20_000);
  last().say({ type: "heartbeat" });
  await vi.advanceTimersByTimeAsync(27_000);
  expect(last().sent.map((text) => (JSON.parse(text) as { type: string }).type)).toEqual(["hello", "ping"]);
  expect(links).toEqual(["connecting", "online"]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(links).toEqual(["connecting", "online", "offline"]);
});

test("an answered ping keeps it", async () => {
  connection.start();
  await vi.advanceTimersByTimeAsync(0);
  last().open();
  last().say({ type: "ready" });
  for (let i = 0; i < 5; i++) {
    await vi.advanceTimersByTimeAsync(27_500);
    last().say({ type: "heartbeat" });
  }
  expect(FakeSocket.made).toHaveLength(1);
});

test("pauses double from half a second to thirty, with jitter, and start anew after a steady connection", async () => {
  connection.start();
  for (let i = 0; i < 8; i++) {
    const before = FakeSocket.made.length;
    last().open();
    last().onclose?.({ code: 1006 });
    const closed = Date.now();
    while (FakeSocket.made.length === before) await vi.advanceTimersByTimeAsync(10);
    const pause = last().at - closed;
    const expected = Math.min(30_000, 500 * 2 ** i);
    expect(pause).toBeGreaterThanOrEqual(expected * 0.5 - 10);
    expect(pause).toBeLessThanOrEqual(expected * 1.5 + 10);
  }
  last().open();
  last().say({ type: "ready" });
  await vi.advanceTimersByTimeAsync(5_000);
  const before = FakeSocket.made.length;
  last().onclose?.({ code: 1006 });
  await vi.advanceTimersByTimeAsync(760);
  expect(FakeSocket.made.length).toBe(before + 1);
});

test.each([4403, 4406])("%i is the end", async (code) => {
  connection.start();
  await vi.advanceTimersByTimeAsync(0);
  last().open();
  last().onclose?.({ code });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(FakeSocket.made).toHaveLength(1);
  expect(links.at(-1)).toBe("refused");
});

test("too many: a long pause", async () => {
  // In the middle of the spread; at its lower edge the second socket would fall silent within the test.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  connection.start();
  await vi.advanceTimersByTimeAsync(0);
  last().open();
  last().onclose?.({ code: 4429 });
  await vi.advanceTimersByTimeAsync(29_900);
  expect(FakeSocket.made).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(FakeSocket.made).toHaveLength(2);
});

test("a session that is refused for good opens no socket", async () => {
  isSignedIn = false;
  signIn = () => Promise.reject(new Refused(403, "FORBIDDEN"));
  connection.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.made).toHaveLength(0);
  expect(links.at(-1)).toBe("refused");
});

test("what an older socket says is not heard", async () => {
  connection.start();
  await vi.advanceTimersByTimeAsync(0);
  const old = last();
  old.open();
  connection.renew();
  old.say({ type: "ready" });
  old.onclose?.({ code: 4403 });
  expect(links).toEqual(["connecting", "connecting"]);
});
