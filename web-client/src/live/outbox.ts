import { backoffMs } from "./backoff";
import { createStore, systemTimers, type Store, type Timers } from "./store";

/** What the server said to one attempt. Throwing means that nobody answered: the entry stays and is tried again. */
export type PostResult =
  | { readonly kind: "accepted"; readonly messageId: string }
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | { readonly kind: "conflict"; readonly message: string };

/** `waiting`: not yet tried, or nobody answered. `accepted`: the server has it; the log will show it. */
export type OutboxState = "waiting" | "sending" | "accepted" | "failed" | "conflict";

export interface OutboxEntry<P> {
  readonly clientId: string;
  readonly interactionId: string;
  readonly payload: P;
  /** Readable text, shown until the log brings the message. */
  readonly text: string;
  readonly createdAt: number;
  readonly state: OutboxState;
  readonly messageId?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface OutboxOptions<P> {
  readonly post: (entry: OutboxEntry<P>) => Promise<PostResult>;
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;
  /** Keeps the sends of two people on one computer apart. */
  readonly owner: string;
  readonly timers?: Timers;
}

/**
 * The server remembers ids for seven days. Later a repeat would be another message, so an entry that has lain for
 * longer than six is not sent any more; a person has to look whether it arrived.
 */
const KEEPS_MS = 6 * 24 * 3_600_000;
export const TOO_OLD = "TOO_OLD";
/** How long a message stays in sight after the log has shown it: a thread that is still loading does not have it yet. */
const IN_SIGHT_MS = 10_000;

type Entries<P> = readonly OutboxEntry<P>[];

/**
 * Messages on their way to the server, oldest first. Each is stored before it is sent and leaves only when the log
 * shows its `clientId`, so that neither a reload nor a kill loses one, and a repeat is the same message to the server.
 *
 * One at a time per interaction, so that order holds; a refused one does not hold the next.
 */
export class Outbox<P> {
  readonly entries: Store<Entries<P>> = createStore<Entries<P>>([]);
  readonly #options: OutboxOptions<P>;
  readonly #timers: Timers;
  readonly #prefix: string;
  readonly #busy = new Set<string>();
  readonly #attempts = new Map<string, number>();
  readonly #waits = new Map<string, () => void>();
  /** Arrived for certain, and still in sight. */
  readonly #settled = new Map<string, () => void>();
  #isClosed = false;

  constructor(options: OutboxOptions<P>) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#prefix = `tributary.outbox.${options.owner}.`;
    this.entries.set(this.#load());
  }

  /** Takes up what an earlier run of the page left behind. */
  resume(): void {
    for (const id of new Set(this.entries.get().map((entry) => entry.interactionId))) this.#work(id);
  }

  /** Stores a message and sends it as soon as its turn comes. */
  add(entry: Pick<OutboxEntry<P>, "clientId" | "interactionId" | "payload" | "text">): void {
    if (this.entries.get().some((known) => known.clientId === entry.clientId)) return;
    this.#write({ ...entry, createdAt: this.#timers.now(), state: "waiting" });
    this.#work(entry.interactionId);
  }

  /** Tries a failed or conflicting one again under the same id; `change` may replace its payload. */
  retry(clientId: string, change?: (payload: P) => P): void {
    const entry = this.#find(clientId);
    if (!entry || entry.state === "sending" || entry.state === "accepted" || this.#isOld(entry)) return;
    const { error: _, ...rest } = entry;
    this.#write({ ...rest, payload: change ? change(entry.payload) : entry.payload, state: "waiting" });
    this.#work(entry.interactionId);
  }

  /** Gives one up that the server does not have. */
  discard(clientId: string): void {
    const entry = this.#find(clientId);
    if (entry && entry.state !== "sending" && entry.state !== "accepted") this.#drop(clientId);
  }

  /** The log (or a snapshot) shows the message: it is not sent again, and leaves as soon as every thread can have it. */
  settle(clientId: string): void {
    const entry = this.#find(clientId);
    if (!entry || this.#settled.has(clientId)) return;
    this.#options.storage.removeItem(this.#prefix + clientId);
    this.#settled.set(clientId, this.#timers.after(IN_SIGHT_MS, () => this.#drop(clientId)));
    this.#show({ ...entry, state: "accepted" });
  }

  /** Another tab settled or discarded it. */
  forget(storageKey: string): void {
    if (storageKey.startsWith(this.#prefix)) {
      const clientId = storageKey.slice(this.#prefix.length);
      this.entries.set(this.entries.get().filter((entry) => entry.clientId !== clientId));
    }
  }

  /** The connection is back: no more waiting. */
  flush(): void {
    for (const cancel of this.#waits.values()) cancel();
    this.#waits.clear();
    this.#attempts.clear();
    this.resume();
  }

  close(): void {
    this.#isClosed = true;
    for (const cancel of [...this.#waits.values(), ...this.#settled.values()]) cancel();
  }

  #work(interactionId: string): void {
    if (this.#isClosed || this.#busy.has(interactionId) || this.#waits.has(interactionId)) return;
    const entry = this.entries.get().find((item) => item.interactionId === interactionId && item.state === "waiting");
    if (!entry) return;
    if (this.#isOld(entry)) {
      this.#write({ ...entry, state: "failed", error: { code: TOO_OLD, message: "not sent within six days" } });
      this.#work(interactionId);
      return;
    }
    this.#busy.add(interactionId);
    this.#write({ ...entry, state: "sending" });
    this.#options.post(entry).then(
      (result) => this.#answered(entry, result),
      () => this.#unanswered(entry),
    );
  }

  #answered(entry: OutboxEntry<P>, result: PostResult): void {
    this.#busy.delete(entry.interactionId);
    this.#attempts.delete(entry.interactionId);
    // The log may have been faster than the reply.
    if (this.#isOpen(entry)) {
      if (result.kind === "accepted") this.#write({ ...entry, state: "accepted", messageId: result.messageId });
      else if (result.kind === "conflict") this.#write({ ...entry, state: "conflict", error: { code: "CONFLICT", message: result.message } });
      else this.#write({ ...entry, state: "failed", error: { code: result.code, message: result.message } });
    }
    this.#work(entry.interactionId);
  }

  #unanswered(entry: OutboxEntry<P>): void {
    this.#busy.delete(entry.interactionId);
    if (this.#isOpen(entry)) this.#write({ ...entry, state: "waiting" });
    const attempt = this.#attempts.get(entry.interactionId) ?? 0;
    this.#attempts.set(entry.interactionId, attempt + 1);
    const cancel = this.#timers.after(backoffMs(attempt, () => this.#timers.random()), () => {
      this.#waits.delete(entry.interactionId);
      this.#work(entry.interactionId);
    });
    this.#waits.set(entry.interactionId, cancel);
  }

  #isOld(entry: OutboxEntry<P>): boolean {
    return this.#timers.now() - entry.createdAt > KEEPS_MS;
  }

  /** Whether it is still to be decided what became of it. */
  #isOpen(entry: OutboxEntry<P>): boolean {
    return !this.#settled.has(entry.clientId) && this.#find(entry.clientId) !== undefined;
  }

  #find(clientId: string): OutboxEntry<P> | undefined {
    return this.entries.get().find((entry) => entry.clientId === clientId);
  }

  #write(entry: OutboxEntry<P>): void {
    this.#options.storage.setItem(this.#prefix + entry.clientId, JSON.stringify(entry));
    this.#show(entry);
  }

  #show(entry: OutboxEntry<P>): void {
    const entries = this.entries.get();
    const at = entries.findIndex((known) => known.clientId === entry.clientId);
    this.entries.set(at < 0 ? [...entries, entry] : entries.with(at, entry));
  }

  #drop(clientId: string): void {
    this.#settled.delete(clientId);
    this.#options.storage.removeItem(this.#prefix + clientId);
    this.entries.set(this.entries.get().filter((entry) => entry.clientId !== clientId));
  }

  #load(): Entries<P> {
    const { storage } = this.#options;
    const found: OutboxEntry<P>[] = [];
    for (let index = 0; index < storage.length; index += 1) {
      const key = storage.key(index);
      if (!key?.startsWith(this.#prefix)) continue;
      const raw = storage.getItem(key);
      const entry = raw === null ? null : (JSON.parse(raw) as OutboxEntry<P>);
      if (!entry) continue;
      // Whether an attempt that was cut short arrived is unknown; the same id makes asking again harmless.
      found.push(entry.state === "sending" || entry.state === "accepted" ? { ...entry, state: "waiting" } : entry);
    }
    return found.sort((a, b) => a.createdAt - b.createdAt);
  }
}
