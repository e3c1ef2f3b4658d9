import { describe, expect, test } from "vitest";
import { AuthStore, type TokenPair } from "../../src/live/auth";
import { backoffMs } from "../../src/live/backoff";
import { Unauthenticated, Unreachable } from "../../src/live/errors";
import { LogFollower, type LogSink } from "../../src/live/follower";
import { Outbox, type OutboxEntry, type PostResult } from "../../src/live/outbox";
import { PresenceReporter } from "../../src/live/presence";
import { EventRing } from "../../src/live/ring";
import { eachEntity, VersionGate } from "../../src/live/versions";
import { FakeTimers, MemoryStorage, settle } from "../fakeTimers";

test("waits grow from half a second to thirty and are spread", () => {
  expect(backoffMs(0, () => 0)).toBe(250);
  expect(backoffMs(0, () => 1)).toBe(750);
  expect(backoffMs(3, () => 0.5)).toBe(4_000);
  expect(backoffMs(60, () => 0.5)).toBe(30_000);
});

describe("log follower", () => {
  function follow() {
    const timers = new FakeTimers();
    const opened: string[] = [];
    const seen: number[] = [];
    let sink: LogSink<number> | null = null;
    let resets = 0;
    const follower = new LogFollower<number>({
      open: (after, given) => {
        opened.push(after);
        sink = given;
        return () => {};
      },
      apply: (events) => seen.push(...events),
      reset: () => {
        resets += 1;
      },
      timers,
    });
    return { timers, opened, seen, follower, sink: () => sink as unknown as LogSink<number>, resets: () => resets };
  }

  test("goes on from the last applied cursor, not from the first", () => {
    const { follower, sink, opened, timers, seen } = follow();
    follower.start("a");
    sink().next({ prev: "a", cursor: "b", events: [1, 2] });
    sink().error(new Unreachable());
    expect(follower.state.get().phase).toBe("waiting");
    timers.advance(1_000);
    expect(opened).toEqual(["a", "b"]);
    sink().next({ prev: "b", cursor: "c", events: [3] });
    expect(seen).toEqual([1, 2, 3]);
    expect(follower.state.get()).toMatchObject({ phase: "live", attempt: 0 });
  });

  test("a gap gives the position up", () => {
    const { follower, sink, resets, seen } = follow();
    follower.start("a");
    sink().next({ prev: "z", cursor: "b", events: [1] });
    expect(resets()).toBe(1);
    expect(seen).toEqual([]);
    expect(follower.cursor).toBeNull();
  });

  test("a closed operation's late words are not heard", () => {
    const { follower, sink, timers, seen } = follow();
    follower.start("a");
    const old = sink();
    old.error(new Unreachable());
    timers.advance(1_000);
    old.next({ prev: "a", cursor: "b", events: [9] });
    expect(seen).toEqual([]);
  });

  test("silence counts as a dead connection", () => {
    const { follower, sink, timers, opened } = follow();
    follower.start("a");
    sink().next({ prev: "a", cursor: "b", events: [] });
    timers.advance(44_000);
    expect(follower.state.get().phase).toBe("live");
    timers.advance(1_000);
    expect(follower.state.get().phase).toBe("waiting");
    follower.retryNow();
    expect(opened).toEqual(["a", "b"]);
  });
});

describe("event ring", () => {
  test("keeps the last thousand and hands out what came after a cursor", () => {
    const ring = new EventRing<number>(1_000);
    for (let index = 0; index < 1_500; index += 1) ring.push(`c${index}`, [index]);
    expect(ring.size).toBe(1_000);
    expect(ring.after("c1497")).toEqual([1_498, 1_499]);
    expect(ring.after("unknown")).toHaveLength(1_000);
  });
});

test("a lower version never wins", () => {
  const gate = new VersionGate();
  eachEntity({ page: { edges: [{ node: { __typename: "Message", id: "m1", version: 7 } }] } }, (entity) => gate.admit(entity));
  expect(gate.admit({ __typename: "Message", id: "m1", version: 6 })).toBe(false);
  expect(gate.admit({ __typename: "Message", id: "m1", version: 7 })).toBe(true);
  expect(gate.admit({ __typename: "Message", id: "m1", version: 8 })).toBe(true);
  expect(gate.admit({ __typename: "Contact", id: "m1", version: 1 })).toBe(true);
});

test("the gate forgets who was not heard of for longest, never who was just heard", () => {
  const gate = new VersionGate(2);
  const see = (id: string, version: number) => gate.admit({ __typename: "Message", id, version });
  see("a", 5);
  see("b", 5);
  see("a", 6);
  see("c", 5);
  expect(gate.size).toBe(2);
  expect(see("a", 5)).toBe(false);
  expect(see("b", 1)).toBe(true);
});

describe("outbox", () => {
  const message = (clientId: string, interactionId = "int_1") => ({ clientId, interactionId, payload: { text: clientId }, text: clientId });

  function outbox(storage = new MemoryStorage()) {
    const timers = new FakeTimers();
    const posted: string[] = [];
    const answers: ((result: PostResult | Error) => void)[] = [];
    const box = new Outbox<{ text: string }>({
      post: (entry: OutboxEntry<{ text: string }>) => {
        posted.push(entry.clientId);
        return new Promise((resolve, reject) => {
          answers.push((result) => (result instanceof Error ? reject(result) : resolve(result)));
        });
      },
      storage,
      owner: "agt_1",
      timers,
    });
    return { box, timers, posted, answers, storage };
  }

  test("sends one at a time per interaction and others meanwhile", async () => {
    const { box, posted, answers } = outbox();
    box.add(message("a"));
    box.add(message("b"));
    box.add(message("c", "int_2"));
    expect(posted).toEqual(["a", "c"]);
    answers[0]?.({ kind: "accepted", messageId: "msg_a" });
    await settle();
    expect(posted).toEqual(["a", "c", "b"]);
  });

  test("an entry is done when the log shows it, even before the reply, and stays in sight until its thread can have it", async () => {
    const { box, timers, posted, answers, storage } = outbox();
    box.add(message("a"));
    box.settle("a");
    expect(storage.length).toBe(0);
    answers[0]?.({ kind: "accepted", messageId: "msg_a" });
    await settle();
    box.flush();
    expect(box.entries.get().map((entry) => entry.state)).toEqual(["accepted"]);
    expect(storage.length).toBe(0);
    timers.advance(10_000);
    expect(box.entries.get()).toEqual([]);
    expect(posted).toEqual(["a"]);
  });

  test("an entry that the log has shown is not sent again when the reply is lost", async () => {
    const { box, timers, posted, answers, storage } = outbox();
    box.add(message("a"));
    box.settle("a");
    answers[0]?.(new Unreachable());
    await settle();
    timers.advance(60_000);
    expect(posted).toEqual(["a"]);
    expect(storage.length).toBe(0);
  });

  test("a kill in the middle repeats under the same id", () => {
    const { box, storage } = outbox();
    box.add(message("a"));
    expect(box.entries.get()[0]?.state).toBe("sending");
    const again = outbox(storage);
    again.box.resume();
    expect(again.posted).toEqual(["a"]);
  });

  test("nobody answering is no failure: it waits and tries again", async () => {
    const { box, timers, posted, answers } = outbox();
    box.add(message("a"));
    answers[0]?.(new Unreachable());
    await settle();
    expect(box.entries.get()[0]?.state).toBe("waiting");
    timers.advance(500);
    expect(posted).toEqual(["a", "a"]);
    answers[1]?.(new Unreachable());
    await settle();
    box.flush();
    expect(posted).toEqual(["a", "a", "a"]);
  });

  test("a refusal stays with its reason until tried again", async () => {
    const { box, posted, answers } = outbox();
    box.add(message("a"));
    box.add(message("b"));
    answers[0]?.({ kind: "refused", code: "INVALID", message: "too long" });
    await settle();
    expect(box.entries.get().map((entry) => entry.state)).toEqual(["failed", "sending"]);
    box.retry("a", () => ({ text: "shorter" }));
    answers[1]?.({ kind: "accepted", messageId: "msg_b" });
    await settle();
    expect(posted).toEqual(["a", "b", "a"]);
    expect(box.entries.get()[0]).toMatchObject({ state: "sending", payload: { text: "shorter" } });
  });

  test("what has lain for more than six days is not sent again by itself or by hand", () => {
    const { box, storage, timers, posted } = outbox();
    box.add(message("a"));
    box.close();
    timers.advance(6 * 24 * 3_600_000 + 1);
    const later = new Outbox<{ text: string }>({ post: () => Promise.reject(new Error("must not be asked")), storage, owner: "agt_1", timers });
    later.resume();
    later.flush();
    expect(posted).toEqual(["a"]);
    expect(later.entries.get()).toMatchObject([{ clientId: "a", state: "failed", error: { code: "TOO_OLD" } }]);
    later.retry("a");
    expect(later.entries.get()[0]?.state).toBe("failed");
    later.discard("a");
    expect(storage.length).toBe(0);
  });

  test("a conflict is kept and can be forced or thrown away", async () => {
    const { box, answers } = outbox();
    box.add(message("a"));
    answers[0]?.({ kind: "conflict", message: "newer messages" });
    await settle();
    expect(box.entries.get()[0]?.state).toBe("conflict");
    box.discard("a");
    expect(box.entries.get()).toEqual([]);
  });
});

describe("sign-in", () => {
  const pair = (name: string, expiresAt: number): TokenPair => ({ accessToken: `access-${name}`, refreshToken: `refresh-${name}`, expiresAt, person: "per_anna" });

  test("renews in silence before the token ends and tells the socket", async () => {
    const timers = new FakeTimers();
    const storage = new MemoryStorage();
    const used: string[] = [];
    const auth = new AuthStore({
      renew: (token) => {
        used.push(token);
        return Promise.resolve(pair("2", timers.now() + 600_000));
      },
      storage,
      timers,
    });
    const heard: string[] = [];
    auth.onRenewed((token) => heard.push(token));
    auth.signedIn(pair("1", timers.now() + 600_000));
    expect(await auth.token()).toBe("access-1");
    timers.advance(450_000);
    await settle();
    expect(used).toEqual(["refresh-1"]);
    expect(heard).toEqual(["access-2"]);
    expect(storage.getItem("tributary.refresh")).toBe("refresh-2");
  });

  test("callers at the same time share one renewal", async () => {
    const storage = new MemoryStorage();
    storage.setItem("tributary.refresh", "refresh-0");
    let calls = 0;
    const timers = new FakeTimers();
    const auth = new AuthStore({
      renew: () => {
        calls += 1;
        return Promise.resolve(pair("1", timers.now() + 60_000));
      },
      storage,
      timers,
    });
    expect(await Promise.all([auth.token(), auth.token()])).toEqual(["access-1", "access-1"]);
    expect(calls).toBe(1);
  });

  describe("two people in one browser", () => {
    const tab = (storage: MemoryStorage, renew: (token: string) => Promise<TokenPair>) => new AuthStore({ renew, storage, timers: new FakeTimers() });

    test("a tab ends when another one turns into somebody else", () => {
      const storage = new MemoryStorage();
      const anna = tab(storage, () => Promise.reject(new Unreachable()));
      anna.signedIn(pair("anna", 2_000_000));
      const other = tab(storage, () => Promise.reject(new Unreachable()));
      other.signedIn({ ...pair("ben", 2_000_000), person: "per_ben" });
      anna.heardOfTabs();
      expect(anna.state.get()).toEqual({ status: "signedOut", reason: "other" });
      expect(anna.currentToken()).toBeNull();
      // The tokens are theirs: they stay.
      expect(storage.getItem("tributary.refresh")).toBe("refresh-ben");
      expect(other.state.get().status).toBe("signedIn");
    });

    test("a tab that has not heard of it does not use the other's token", async () => {
      const storage = new MemoryStorage();
      const used: string[] = [];
      const anna = tab(storage, (token) => {
        used.push(token);
        return Promise.resolve({ ...pair("ben2", 2_000_000), person: "per_ben" });
      });
      anna.signedIn(pair("anna", 1_000_000));
      storage.setItem("tributary.refresh", "refresh-ben");
      storage.setItem("tributary.person", "per_ben");
      expect(await anna.token()).toBeNull();
      expect(used).toEqual([]);
      expect(anna.state.get()).toEqual({ status: "signedOut", reason: "other" });
    });

    test("the same person in two tabs goes on", () => {
      const storage = new MemoryStorage();
      const anna = tab(storage, () => Promise.reject(new Unreachable()));
      anna.signedIn(pair("1", 2_000_000));
      tab(storage, () => Promise.reject(new Unreachable())).signedIn(pair("2", 2_000_000));
      anna.heardOfTabs();
      expect(anna.state.get().status).toBe("signedIn");
    });
  });

  test("a refused refresh token signs out, an unreachable server does not", async () => {
    const storage = new MemoryStorage();
    storage.setItem("tributary.refresh", "refresh-0");
    let failure: Error = new Unreachable();
    const auth = new AuthStore({ renew: () => Promise.reject(failure), storage, timers: new FakeTimers() });
    await expect(auth.token()).rejects.toThrow();
    expect(auth.state.get().status).toBe("signedIn");
    failure = new Unauthenticated();
    expect(await auth.token()).toBeNull();
    expect(auth.state.get()).toEqual({ status: "signedOut", reason: "expired" });
  });
});

describe("presence", () => {
  test("typing is told at once, repeated while it goes on, and ends after six seconds of rest", () => {
    const timers = new FakeTimers();
    const told: string[] = [];
    const reporter = new PresenceReporter((state) => told.push(state), timers);
    reporter.look(true);
    reporter.typed();
    reporter.typed();
    timers.advance(3_000);
    reporter.typed();
    expect(told).toEqual(["VIEWING", "REPLYING", "REPLYING"]);
    timers.advance(6_000);
    expect(told.at(-1)).toBe("VIEWING");
    timers.advance(15_000);
    expect(told).toHaveLength(5);
    reporter.leave();
    timers.advance(60_000);
    expect(told.at(-1)).toBe("LEFT");
    expect(told).toHaveLength(6);
  });
});
