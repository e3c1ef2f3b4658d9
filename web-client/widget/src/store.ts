// One observable value. The chat's state lives here; the client writes, the components read.

import type { Author, Config, Message, Situation } from "./protocol";
import type { Outgoing } from "./outbox";

export type Link = "idle" | "connecting" | "online" | "offline" | "refused";

export interface State extends Situation {
  config: Config | null;
  link: Link;
  visitorId: string | null;
  /** In the order of the log. */
  messages: readonly Message[];
  /** Written here, not yet seen in the log. */
  outbox: readonly Outgoing[];
  /** Where older messages begin; null when all are loaded. */
  before: string | null;
  isLoadingOlder: boolean;
  hasHistory: boolean;
  agent: Author | null;
  typing: Author | null;
  queuePosition: number | null;
  /** The newest message of the other side that was looked at here. */
  seenId: string | null;
  /** The offline message has been accepted. */
  hasLeftMessage: boolean;
}

export const INITIAL: State = {
  config: null,
  link: "idle",
  visitorId: null,
  messages: [],
  outbox: [],
  before: null,
  isLoadingOlder: false,
  hasHistory: false,
  agent: null,
  typing: null,
  queuePosition: null,
  seenId: null,
  hasLeftMessage: false,
  status: "NONE",
  is_online: true,
};

export class Store<T> {
  private readonly listeners = new Set<(now: T, before: T) => void>();

  constructor(private value: T) {}

  get(): T {
    return this.value;
  }

  set(change: Partial<T>): void {
    const before = this.value;
    this.value = { ...before, ...change };
    for (const listener of [...this.listeners]) listener(this.value, before);
  }

  subscribe(listener: (now: T, before: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** Messages of the other side that were not looked at yet, neither here nor elsewhere. */
export function unread(state: State): number {
  let count = 0;
  for (let i = state.messages.length - 1; i >= 0; i--) {
    const message = state.messages[i];
    if (!message || message.id === state.seenId) break;
    if (message.direction === "out" && !message.deleted) {
      if (message.state === "READ") break;
      count++;
    }
  }
  return count;
}
