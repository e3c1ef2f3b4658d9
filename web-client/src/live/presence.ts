import { createStore, systemTimers, type Store, type Timers } from "./store";

/** What somebody is doing on an interaction. */
export type Activity = "viewing" | "replying" | "typing" | "away";

export interface Present {
  readonly id: string;
  readonly name: string;
  readonly isContact: boolean;
  readonly activity: Activity;
  readonly until: number;
}

const TYPING_TTL_MS = 6_000;
const PRESENCE_TTL_MS = 45_000;
const HEARTBEAT_MS = 15_000;
const TYPING_EVERY_MS = 3_000;

/** Who is on one interaction right now. Best effort: entries end by themselves when nothing is heard. */
export class PresenceList {
  readonly people: Store<readonly Present[]> = createStore<readonly Present[]>([]);
  #cancel: (() => void) | null = null;

  constructor(private readonly timers: Timers = systemTimers) {}

  hear(person: Omit<Present, "until">): void {
    const ttl = person.activity === "typing" ? TYPING_TTL_MS : PRESENCE_TTL_MS;
    const others = this.people.get().filter((known) => known.id !== person.id);
    this.people.set([...others, { ...person, until: this.timers.now() + ttl }]);
    this.#schedule();
  }

  gone(id: string): void {
    this.people.set(this.people.get().filter((known) => known.id !== id));
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.people.set([]);
  }

  #schedule(): void {
    this.#cancel?.();
    const next = Math.min(...this.people.get().map((person) => person.until));
    if (!Number.isFinite(next)) return;
    this.#cancel = this.timers.after(Math.max(0, next - this.timers.now()), () => {
      const now = this.timers.now();
      this.people.set(this.people.get().filter((person) => person.until > now));
      this.#schedule();
    });
  }
}

/** Tells the server what we are doing: at once on a change, every 15 s as a sign of life, typing at most every 3 s. */
export class PresenceReporter {
  #activity: "viewing" | "replying" | "away" = "viewing";
  #lastTypingAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;

  constructor(
    private readonly report: (activity: Activity) => void,
    private readonly timers: Timers = systemTimers,
  ) {}

  start(activity: "viewing" | "replying" | "away" = "viewing"): void {
    this.#activity = activity;
    this.#beat();
  }

  set(activity: "viewing" | "replying" | "away"): void {
    if (activity === this.#activity) return;
    this.#activity = activity;
    this.#lastTypingAt = Number.NEGATIVE_INFINITY;
    this.#beat();
  }

  typed(): void {
    const now = this.timers.now();
    if (now - this.#lastTypingAt < TYPING_EVERY_MS) return;
    this.#lastTypingAt = now;
    this.#activity = "replying";
    this.report("typing");
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #beat(): void {
    this.#cancel?.();
    this.report(this.#activity);
    this.#cancel = this.timers.after(HEARTBEAT_MS, () => this.#beat());
  }
}
