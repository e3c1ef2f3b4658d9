import { backoffMs } from "./backoff";
import { StreamReset, Unauthenticated } from "./errors";
import { EventRing } from "./ring";
import { createStore, systemTimers, type Store, type Timers } from "./store";

/** What the log sends: everything between two cursors that concerns us. */
export interface Batch<E> {
  readonly prev: string;
  readonly cursor: string;
  readonly events: readonly E[];
}

export interface LogSink<E> {
  next(batch: Batch<E>): void;
  error(error: unknown): void;
  complete(): void;
}

/** Opens one operation from `after`; the returned function ends it. */
export type OpenLog<E> = (after: string, sink: LogSink<E>) => () => void;

export interface FollowerState {
  /** `resetting`: the log could not be resumed; a new snapshot is on its way. */
  readonly phase: "off" | "connecting" | "live" | "waiting" | "resetting";
  /** When the last batch (heartbeats count) arrived; 0 before the first. */
  readonly lastHeardAt: number;
  /** Failed attempts since the last batch. */
  readonly attempt: number;
}

export interface FollowerOptions<E> {
  readonly open: OpenLog<E>;
  /** Applies one batch. Runs to its end before the cursor moves. */
  readonly apply: (events: readonly E[], cursor: string) => void;
  /** The position is lost. The host takes a new snapshot and calls `start` with its cursor. */
  readonly reset: () => void;
  /** The token was refused; resolves when another attempt makes sense. */
  readonly unauthenticated?: () => Promise<void>;
  readonly timers?: Timers;
  /** Silence after which the connection counts as dead; the server speaks at least every 20 s. */
  readonly silenceMs?: number;
}

/**
 * Follows the workspace's log: each event once and in order, whatever happens to the connection.
 *
 * The socket library's own retry would repeat the first variables; this opens a *new* operation from the last applied
 * cursor. A batch whose `prev` is not our cursor means that we missed something: the position is given up.
 */
export class LogFollower<E> {
  readonly state: Store<FollowerState> = createStore<FollowerState>({ phase: "off", lastHeardAt: 0, attempt: 0 });
  readonly ring = new EventRing<E>();
  readonly #options: FollowerOptions<E>;
  readonly #timers: Timers;
  #cursor: string | null = null;
  #close: (() => void) | null = null;
  #cancelWait: (() => void) | null = null;
  #cancelSilence: (() => void) | null = null;
  /** Rises with every operation, so that a late word of an old one is not heard. */
  #generation = 0;

  constructor(options: FollowerOptions<E>) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  get cursor(): string | null {
    return this.#cursor;
  }

  /** Follows from `cursor` on. While already following, an older or equal start is ignored: our own position is better. */
  start(cursor: string): void {
    const { phase } = this.state.get();
    if (phase !== "off" && phase !== "resetting") return;
    this.#cursor = cursor;
    this.#open();
  }

  stop(): void {
    this.#end();
    this.#cursor = null;
    this.ring.clear();
    this.state.set({ phase: "off", lastHeardAt: 0, attempt: 0 });
  }

  /** Tries at once instead of waiting: the network came back, the person pressed the button. */
  retryNow(): void {
    if (this.state.get().phase !== "waiting") return;
    this.#cancelWait?.();
    this.#open();
  }

  #open(): void {
    const after = this.#cursor;
    if (after === null) return;
    this.#end();
    const generation = this.#generation;
    const isOurs = () => generation === this.#generation;
    this.#patch({ phase: "connecting" });
    this.#listenForSilence();
    this.#close = this.#options.open(after, {
      next: (batch) => isOurs() && this.#receive(batch),
      error: (error) => isOurs() && this.#lost(error),
      complete: () => isOurs() && this.#lost(null),
    });
  }

  #receive(batch: Batch<E>): void {
    if (batch.prev !== this.#cursor) {
      this.#giveUpPosition();
      return;
    }
    if (batch.events.length > 0) this.#options.apply(batch.events, batch.cursor);
    this.ring.push(batch.cursor, batch.events);
    this.#cursor = batch.cursor;
    this.state.set({ phase: "live", lastHeardAt: this.#timers.now(), attempt: 0 });
    this.#listenForSilence();
  }

  #lost(error: unknown): void {
    if (error instanceof StreamReset) {
      this.#giveUpPosition();
      return;
    }
    this.#end();
    const attempt = this.state.get().attempt;
    this.#patch({ phase: "waiting", attempt: attempt + 1 });
    const generation = this.#generation;
    const again = () => {
      if (generation === this.#generation) this.#open();
    };
    const waitThenOpen = () => {
      if (generation !== this.#generation) return;
      this.#cancelWait = this.#timers.after(backoffMs(attempt, () => this.#timers.random()), again);
    };
    if (error instanceof Unauthenticated && this.#options.unauthenticated) {
      this.#options.unauthenticated().then(waitThenOpen, waitThenOpen);
    } else {
      waitThenOpen();
    }
  }

  #giveUpPosition(): void {
    this.#end();
    this.#cursor = null;
    this.ring.clear();
    this.#patch({ phase: "resetting" });
    this.#options.reset();
  }

  #listenForSilence(): void {
    this.#cancelSilence?.();
    this.#cancelSilence = this.#timers.after(this.#options.silenceMs ?? 45_000, () => this.#lost(null));
  }

  #end(): void {
    this.#generation += 1;
    this.#cancelWait?.();
    this.#cancelSilence?.();
    this.#cancelWait = null;
    this.#cancelSilence = null;
    const close = this.#close;
    this.#close = null;
    close?.();
  }

  #patch(change: Partial<FollowerState>): void {
    this.state.set({ ...this.state.get(), ...change });
  }
}
