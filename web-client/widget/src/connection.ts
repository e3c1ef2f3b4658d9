// Keeps one way to the server open: signs in, says hello, notices silence, comes back with growing pauses. It knows
// nothing of messages; the client above it decides what to say in the hello.

import { uuid } from "./ids";
import { CLOSE, type ClientFrame, type ServerFrame } from "./protocol";
import type { Link } from "./store";
import { openSocket, openStream, type Transport } from "./transport";

/** Why no session could be had. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

export interface Pace {
  firstMs: number;
  longestMs: number;
}

export const PACE: Pace = { firstMs: 500, longestMs: 30_000 };

/** Silence after which the server is asked whether it is there, and the time it has to answer. */
const SILENCE_MS = 26_000;
const ANSWER_MS = 3_000;
/** A connection that held this long was a good one. */
const STEADY_MS = 5_000;

export interface Owner {
  base: string;
  pace: Pace;
  /** The hello for now, or null when a session must be asked for first. */
  hello(): ClientFrame | null;
  signIn(): Promise<void>;
  /** The server, or the way to it, ended the connection. */
  closed(code: number): void;
  received(frame: ServerFrame): void;
  link(link: Link): void;
}

export class Connection {
  private transport: Transport | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private attempts = 0;
  /** Sockets in a row that never opened: something between us may forbid them. */
  private unopened = 0;
  private heardAt = 0;
  private askedAt = 0;
  private isStarted = false;
  private isLost = false;
  /** Counts the ways opened; what comes from an older one is not ours. */
  private generation = 0;

  constructor(private readonly owner: Owner) {}

  start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    this.watch = setInterval(() => this.listen(), 1_000);
    void this.open();
  }

  stop(): void {
    this.isStarted = false;
    clearInterval(this.watch);
    this.drop();
  }

  /** Tries at once, for instance because the network came back. */
  hurry(): void {
    if (this.isStarted && !this.transport) {
      clearTimeout(this.timer);
      this.attempts = 0;
      void this.open();
    }
  }

  /** Leaves the present way, which is useless, and takes a new one. */
  renew(): void {
    if (!this.isStarted) return;
    this.drop();
    void this.open();
  }

  send(frame: ClientFrame): void {
    this.transport?.send(frame);
  }

  private drop(): void {
    this.generation++;
    clearTimeout(this.timer);
    this.transport?.close();
    this.transport = null;
  }

  private async open(): Promise<void> {
    const generation = ++this.generation;
    // Once lost it stays lost until it is back: attempts are not worth a word each.
    if (!this.isLost) this.owner.link("connecting");
    if (!this.owner.hello()) {
      try {
        await this.owner.signIn();
      } catch (error) {
        if (generation !== this.generation) return;
        const status = error instanceof Refused ? error.status : 0;
        this.closed(status === 403 || status === 404 ? CLOSE.refused : status === 429 ? CLOSE.tooMany : 0);
        return;
      }
      if (generation !== this.generation) return;
    }
    // Every third way after two sockets that never opened is a stream; the others try whether sockets work again.
    const isStream = this.unopened > 0 && this.unopened % 3 === 2;
    let isOpen = false;
    this.heardAt = Date.now();
    this.askedAt = 0;
    this.transport = (isStream ? openStream : openSocket)(this.owner.base, {
      opened: () => {
        isOpen = !isStream;
        const hello = this.owner.hello();
        if (hello) this.send(hello);
      },
      received: (frame) => {
        if (generation !== this.generation) return;
        this.heardAt = Date.now();
        this.askedAt = 0;
        if (frame.type === "ready") {
          this.isLost = false;
          this.owner.link("online");
          setTimeout(() => {
            if (generation === this.generation) this.attempts = 0;
          }, STEADY_MS);
        }
        this.owner.received(frame);
      },
      closed: (code) => {
        if (generation !== this.generation) return;
        this.unopened = isOpen ? 0 : this.unopened + 1;
        this.closed(code);
      },
    });
  }

  private closed(code: number): void {
    this.drop();
    this.owner.closed(code);
    if (code === CLOSE.refused || code === CLOSE.version) {
      this.isStarted = false;
      clearInterval(this.watch);
      this.owner.link("refused");
      return;
    }
    this.isLost = true;
    this.owner.link("offline");
    this.timer = setTimeout(() => void this.open(), this.pause(code));
  }

  private pause(code: number): number {
    const { firstMs, longestMs } = this.owner.pace;
    // A node that leaves sends all of its clients away at the same moment: they spread over three seconds.
    if (code === CLOSE.leaving) return Math.random() * Math.min(3_000, longestMs);
    const grown = code === CLOSE.tooMany ? longestMs : Math.min(longestMs, firstMs * 2 ** this.attempts++);
    return grown * (0.5 + Math.random());
  }

  private listen(): void {
    if (!this.transport) return;
    const now = Date.now();
    if (this.askedAt && now - this.askedAt >= ANSWER_MS) {
      this.closed(0);
    } else if (!this.askedAt && now - this.heardAt >= SILENCE_MS) {
      this.askedAt = now;
      this.send({ type: "ping", id: uuid() });
    }
  }
}
