// @vitest-environment node
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { LogFollower, type Batch, type LogSink } from "../../src/live/follower";
import { LiveSocket } from "../../src/live/socket";
import { systemTimers } from "../../src/live/store";

interface Numbered {
  readonly seq: number;
}

const running: ChildProcess[] = [];
const sockets: LiveSocket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.dispose();
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

async function serve(events: number, drops: number, seed: number): Promise<string> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("server.mjs", import.meta.url)), String(events), String(drops), String(seed)]);
  running.push(child);
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data).trim()));
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return `ws://127.0.0.1:${port}`;
}

function connect(url: string, token = "good", onRenewed: (isTaken: boolean) => void = () => {}): LiveSocket {
  const socket = new LiveSocket({ url, token: () => Promise.resolve(token), webSocketImpl: WebSocket, onRenewed });
  sockets.push(socket);
  return socket;
}

const openOn = (socket: LiveSocket) => (after: string, sink: LogSink<Numbered>) =>
  socket.subscribe<{ log: Batch<Numbered> }>(
    { query: "subscription L($after: String!) { log(after: $after) { prev cursor events { seq } } }", variables: { after } },
    { next: (data) => sink.next(data.log), error: sink.error, complete: sink.complete },
  );

/** The system's clock, with the long waits shortened: the law of the waits has a test of its own. */
const hasty = { ...systemTimers, after: (ms: number, run: () => void) => systemTimers.after(ms >= 20_000 ? ms : ms / 50, run) };

test("2 000 events arrive once each and in order over 20 drops", async () => {
  const socket = connect(await serve(2_000, 20, 7));
  const seen: number[] = [];
  let losses = 0;
  await new Promise<void>((resolve, reject) => {
    const follower = new LogFollower<Numbered>({
      open: openOn(socket),
      apply: (events) => {
        seen.push(...events.map((event) => event.seq));
        if (seen.length >= 2_000) resolve();
      },
      reset: () => reject(new Error("reset")),
      timers: hasty,
    });
    follower.state.subscribe(() => {
      if (follower.state.get().phase === "waiting") losses += 1;
    });
    follower.start("0");
  });
  expect(seen).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
  expect(losses).toBe(20);
});

test("a cursor the server cannot resume asks for a new snapshot", async () => {
  const socket = connect(await serve(5, 0, 1));
  const seen: number[] = [];
  let resets = 0;
  await new Promise<void>((resolve) => {
    const follower: LogFollower<Numbered> = new LogFollower<Numbered>({
      open: openOn(socket),
      apply: (events) => {
        seen.push(...events.map((event) => event.seq));
        if (seen.at(-1) === 5) resolve();
      },
      reset: () => {
        resets += 1;
        follower.start("2");
      },
      timers: hasty,
    });
    follower.start("ancient");
  });
  expect(resets).toBe(1);
  expect(seen).toEqual([3, 4, 5]);
});

test("a refused token is reported as such", async () => {
  const socket = connect(await serve(5, 0, 1), "bad");
  const error = await new Promise<unknown>((resolve) => {
    socket.subscribe({ query: "subscription { log { prev } }", variables: { after: "0" } }, { next: () => {}, error: resolve, complete: () => {} });
  });
  expect(error).toMatchObject({ name: "Unauthenticated" });
});

test("a fresh token goes over the open socket without dropping it", async () => {
  const taken = await serve(5, 0, 1).then(
    (url) =>
      new Promise<boolean>((resolve) => {
        const socket = connect(url, "good", resolve);
        openOn(socket)("0", { next: () => socket.renew("better"), error: () => {}, complete: () => {} });
      }),
  );
  expect(taken).toBe(true);
});
