import { systemTimers, type Timers } from "./store";

export type OwnPresence = "VIEWING" | "REPLYING" | "AWAY" | "LEFT";

/** The server forgets a tab after 45 s without a sign of life. */
const HEARTBEAT_MS = 15_000;
/** Someone who has not typed for this long is reading again; the other side's "is typing" ends with it. */
const TYPING_ENDS_MS = 6_000;
/** While typing goes on it is told again this often, so that it does not end on the other side. */
const TYPING_EVERY_MS = 3_000;

/** Tells the server what this tab does on one interaction: changes at once, then a sign of life every 15 s. */
export class PresenceReporter {
  #state: OwnPresence = "LEFT";
  #toldTypingAt = Number.NEGATIVE_INFINITY;
  #cancelBeat: (() => void) | null = null;
  #cancelTyping: (() => void) | null = null;

  constructor(
    private readonly report: (state: OwnPresence) => void,
    private readonly timers: Timers = systemTimers,
  ) {}

  /** The tab is in front (`true`) or behind another. */
  look(isHere: boolean): void {
    this.#set(isHere ? "VIEWING" : "AWAY");
  }

  /** A key was pressed in the reply. */
  typed(): void {
    const now = this.timers.now();
    if (this.#state !== "REPLYING" || now - this.#toldTypingAt >= TYPING_EVERY_MS) {
      this.#toldTypingAt = now;
      this.#state = "REPLYING";
      this.#beat();
    }
    this.#cancelTyping?.();
    this.#cancelTyping = this.timers.after(TYPING_ENDS_MS, () => this.#set("VIEWING"));
  }

  /** The message was sent or the field left. */
  rested(): void {
    if (this.#state === "REPLYING") this.#set("VIEWING");
  }

  leave(): void {
    if (this.#state === "LEFT") return;
    this.#state = "LEFT";
    this.#cancelBeat?.();
    this.#cancelTyping?.();
    this.report("LEFT");
  }

  #set(state: OwnPresence): void {
    this.#cancelTyping?.();
    if (state === this.#state) return;
    this.#state = state;
    this.#beat();
  }

  #beat(): void {
    this.#cancelBeat?.();
    this.report(this.#state);
    this.#cancelBeat = this.timers.after(HEARTBEAT_MS, () => this.#beat());
  }
}
