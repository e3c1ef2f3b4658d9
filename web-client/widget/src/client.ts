// The chat without its face: session, outbox, history, what is seen and typed. Talks to one store and knows no screen.

import { getConfig, postSession, renewUrl, upload, type Page } from "./api";
import { apply, prepend } from "./apply";
import { Connection, PACE, Refused, type Pace } from "./connection";
import { uuid } from "./ids";
import { Outbox, shelf, type Outgoing, type Shelf } from "./outbox";
import { CLOSE, FRAME_BYTES, type Attachment, type ClientFrame, type Content, type EventBody, type Message, type ServerFrame } from "./protocol";
import { INITIAL, Store, type State } from "./store";

export interface Options {
  /** Origin of the server, and the channel's public key. */
  server: string;
  key: string;
  language: string;
  page?: () => Page;
  /** Hears that a signed identity was not accepted. */
  refused?: (code: string) => void;
  shelf?: Shelf;
  pace?: Pace;
}

/** How long the server may take to acknowledge a message before the connection counts as dead. */
const ACK_MS = 15_000;
const TYPING_REPEAT_MS = 3_000;
const TYPING_STOP_MS = 5_000;
/** Files' addresses hold an hour; ours are renewed a little earlier. */
const URL_HOLDS_MS = 50 * 60_000;

const ANSWERS = new Set(["SELECTION", "TIME_CHOSEN", "FORM_ANSWERS"]);

export class ChatClient {
  readonly store = new Store<State>(INITIAL);
  readonly base: string;
  private readonly outbox: Outbox;
  private readonly connection: Connection;
  private readonly shelf: Shelf;
  private readonly prefix: string;
  private identity: string | null = null;
  private token: string | null;
  private cursor: string | null = null;
  private isSignedIn = false;
  private isReady = false;
  private inFlight: string | null = null;
  private ackTimer: ReturnType<typeof setTimeout> | undefined;
  private pumpTimer: ReturnType<typeof setTimeout> | undefined;
  private typingTimer: ReturnType<typeof setTimeout> | undefined;
  private theirTypingTimer: ReturnType<typeof setTimeout> | undefined;
  private typingSaidAt = 0;
  private historyId: string | null = null;
  /** Events that came while an older page was on its way: it may have been read before them. */
  private duringHistory: EventBody[] = [];
  private received: string | null = null;
  private readonly fresh = new Map<string, { url: string; at: number }>();

  constructor(private readonly options: Options) {
    this.base = `${options.server}/chat/v1/${options.key}`;
    this.prefix = `tributary.${options.key}.`;
    this.shelf = options.shelf ?? shelf();
    this.token = this.shelf.getItem(`${this.prefix}token`);
    this.outbox = new Outbox(this.shelf, `${this.prefix}out.`, (outbox) => this.store.set({ outbox }));
    this.store.set({ outbox: this.outbox.all() });
    this.connection = new Connection({
      base: this.base,
      pace: options.pace ?? PACE,
      hello: () =>
        this.isSignedIn && this.token ? { type: "hello", id: uuid(), token: this.stored() ?? this.token, after: this.cursor } : null,
      signIn: () => this.signIn(),
      closed: (code) => this.closed(code),
      received: (frame) => this.receive(frame),
      link: (link) => {
        if (link !== "online") this.lost();
        this.store.set({ link });
      },
    });
  }

  /** Reads the channel's settings; connects only when there is something to hear or to send. */
  async begin(): Promise<void> {
    const config = await getConfig(this.base);
    this.store.set({ config, is_online: config.is_online });
    if (this.token || this.outbox.all().length > 0) this.connect();
  }

  connect(): void {
    this.connection.start();
  }

  stop(): void {
    this.lost();
    this.connection.stop();
  }

  hurry(): void {
    this.connection.hurry();
  }

  send(content: Content, attachments: Attachment[] = [], quoted: Message | null = null): string {
    const id = uuid();
    this.enqueue({
      frame: {
        type: ANSWERS.has(content.kind) ? "answer" : "message",
        id,
        content,
        attachment_ids: attachments.map((file) => file.id),
        quoted: quoted?.id ?? null,
      },
      at: Date.now(),
      state: "waiting",
      attachments,
      ...(quoted ? { quotedText: quoted.text } : {}),
    });
    this.typing(false);
    return id;
  }

  leaveMessage(name: string | null, email: string, text: string): void {
    this.store.set({ hasLeftMessage: false });
    this.enqueue({
      frame: { type: "leave_message", id: uuid(), name, email, text },
      at: Date.now(),
      state: "waiting",
      attachments: [],
    });
  }

  retry(id: string): void {
    this.outbox.change(id, { state: "waiting" });
    this.pump();
  }

  discard(id: string): void {
    this.outbox.remove(id);
  }

  /** Says that the visitor is writing; says it again while it goes on and takes it back after a pause. */
  typing(isTyping: boolean): void {
    clearTimeout(this.typingTimer);
    const now = Date.now();
    if (isTyping) this.typingTimer = setTimeout(() => this.typing(false), TYPING_STOP_MS);
    if (isTyping ? now - this.typingSaidAt < TYPING_REPEAT_MS : !this.typingSaidAt) return;
    this.typingSaidAt = isTyping ? now : 0;
    this.say({ type: "typing", id: uuid(), is_typing: isTyping });
  }

  /** The newest message of the other side is before the visitor's eyes. */
  seen(): void {
    const newest = this.newestOut();
    if (!newest || newest.id === this.store.get().seenId) return;
    this.store.set({ seenId: newest.id });
    if (newest.state !== "READ") this.say({ type: "seen", id: uuid(), message_id: newest.id });
  }

  react(message: Message, emoji: string, isAdded: boolean): void {
    this.say({ type: "react", id: uuid(), message_id: message.id, emoji, is_added: isAdded });
  }

  end(): void {
    this.say({ type: "end", id: uuid() });
  }

  loadOlder(): void {
    const { before, isLoadingOlder } = this.store.get();
    if (!before || isLoadingOlder || !this.isReady) return;
    this.historyId = uuid();
    this.duringHistory = [];
    this.store.set({ isLoadingOlder: true });
    this.say({ type: "history", id: this.historyId, before });
  }

  /** Uploads for a message that is still being written. */
  upload(file: File, progress: (part: number) => void): { done: Promise<Attachment>; cancel: () => void } {
    let cancel = () => {};
    const done = (this.isSignedIn ? Promise.resolve() : this.signIn()).then(() => {
      const started = upload(this.base, this.token, file, progress);
      cancel = started.cancel;
      return started.done;
    });
    return { done, cancel: () => cancel() };
  }

  /** What was being written when the page was left. */
  draft(): string {
    return this.shelf.getItem(`${this.prefix}draft`) ?? "";
  }

  keepDraft(text: string): void {
    this.keepOnShelf("draft", text);
  }

  /** The address of a file, absolute; a new one when the known one has run out or did not work. */
  async fileUrl(file: Attachment, mustRenew = false): Promise<string> {
    const known = this.fresh.get(file.id) ?? { url: file.url, at: Date.now() };
    this.fresh.set(file.id, known);
    if (mustRenew || Date.now() - known.at > URL_HOLDS_MS) {
      known.url = await renewUrl(this.base, this.token, file.id);
      known.at = Date.now();
    }
    return this.absolute(known.url);
  }

  absolute(url: string): string {
    return new URL(url, this.options.server).href;
  }

  /** Uses a signed identity from now on; null returns to an unknown visitor and forgets this one. */
  identify(identity: string | null): void {
    this.identity = identity;
    this.isSignedIn = false;
    if (identity === null) {
      this.keepOnShelf("draft", "");
      this.keep("");
      this.token = null;
      this.outbox.clear();
      this.forget();
    }
    if (this.token || identity) {
      this.connection.start();
      this.connection.renew();
    } else this.connection.stop();
  }

  private async signIn(): Promise<void> {
    try {
      const session = await postSession(this.base, {
        token: this.stored() ?? this.token,
        identity: this.identity,
        page: this.options.page?.() ?? null,
        language: this.options.language,
        time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC",
      });
      const { visitorId } = this.store.get();
      if (visitorId && visitorId !== session.visitor_id) this.forget();
      this.keep(session.token);
      this.isSignedIn = true;
      this.store.set({ visitorId: session.visitor_id });
    } catch (error) {
      // A wrong identity must not cost the visitor the chat.
      if (error instanceof Refused && error.status === 401 && this.identity) {
        this.identity = null;
        this.options.refused?.(error.code);
      }
      throw error;
    }
  }

  private keep(token: string): void {
    this.token = token;
    this.keepOnShelf("token", token);
  }

  private keepOnShelf(name: string, value: string): void {
    try {
      if (value) this.shelf.setItem(this.prefix + name, value);
      else this.shelf.removeItem(this.prefix + name);
    } catch {
      // The storage is full: what we have lives as long as the page does.
    }
  }

  /** Another tab may have renewed it. */
  private stored(): string | null {
    return this.shelf.getItem(`${this.prefix}token`);
  }

  /** Nothing of what we know belongs to the next visitor. */
  private forget(): void {
    this.cursor = null;
    const { config, link, outbox, is_online } = this.store.get();
    this.store.set({ ...INITIAL, config, link, outbox, is_online });
  }

  private receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "ready":
        return this.ready(frame);
      case "ack":
        return this.acked(frame.id, frame.is_repeat);
      case "error":
        return this.refused(frame);
      case "event":
        if (!this.isReady) return;
        if (frame.cursor) {
          if (frame.prev !== this.cursor) return this.reset();
          this.cursor = frame.cursor;
        }
        return this.happened(frame.event);
      case "heartbeat":
        if (!this.isReady) return;
        if (frame.prev !== this.cursor) return this.reset();
        this.cursor = frame.cursor;
        return;
      case "reset":
        return this.reset();
      case "history":
        return this.older(frame);
      default:
        return;
    }
  }

  private ready(frame: Extract<ServerFrame, { type: "ready" }>): void {
    if (frame.token) this.keep(frame.token);
    this.isReady = true;
    this.cursor = frame.cursor;
    const { status, is_online, agent, history } = frame;
    this.store.set({ status, is_online, agent, visitorId: frame.visitor_id, hasHistory: true });
    if (history) {
      this.store.set({ messages: history.messages, before: history.before, isLoadingOlder: false });
      // What was acknowledged is stored: it is in the page, before the page, or comes as the next event.
      for (const item of this.outbox.all()) {
        if (item.state === "acked" || history.messages.some((message) => message.client_id === item.frame.id)) {
          this.settled(item.frame.id);
        }
      }
    }
    this.acknowledge();
    const { seenId } = this.store.get();
    const newest = this.newestOut();
    if (newest && newest.id === seenId && newest.state !== "READ") this.say({ type: "seen", id: uuid(), message_id: newest.id });
    this.pump();
  }

  /** Asks for a new beginning on the same connection; what still comes of the old one is ignored until then. */
  private reset(): void {
    this.isReady = false;
    this.cursor = null;
    if (this.token) this.connection.send({ type: "hello", id: uuid(), token: this.token, after: null });
    else this.connection.renew();
  }

  private happened(event: EventBody): void {
    if (this.historyId) this.duringHistory.push(event);
    this.store.set(apply(this.store.get(), event));
    if (event.type === "message_created") {
      if (event.data.client_id) this.settled(event.data.client_id);
      this.acknowledge();
    }
    if (event.type === "typing") {
      clearTimeout(this.theirTypingTimer);
      if (event.data.is_typing) {
        this.theirTypingTimer = setTimeout(() => this.store.set({ typing: null }), TYPING_STOP_MS + 1_000);
      }
    }
  }

  private older(frame: Extract<ServerFrame, { type: "history" }>): void {
    if (frame.id !== this.historyId) return;
    this.historyId = null;
    this.store.set(prepend(this.store.get(), frame));
    for (const event of this.duringHistory) {
      // Those it created are there already.
      if (event.type !== "message_created") this.store.set(apply(this.store.get(), event));
    }
    this.duringHistory = [];
  }

  private newestOut(): Message | undefined {
    return this.store.get().messages.findLast((message) => message.direction === "out");
  }

  /** Tells the server how far its messages have come. */
  private acknowledge(): void {
    const newest = this.newestOut();
    if (!newest || newest.state !== "SENT" || newest.id === this.received) return;
    this.received = newest.id;
    this.say({ type: "received", id: uuid(), message_id: newest.id });
  }

  private closed(code: number): void {
    if (code === CLOSE.signIn) this.isSignedIn = false;
    // What the server hangs up on would make it hang up again.
    if ((code === CLOSE.badFrame || code === CLOSE.tooLarge) && this.inFlight) {
      this.outbox.change(this.inFlight, { state: "failed", code: "INVALID" });
    }
  }

  private enqueue(item: Outgoing): void {
    const isTooLarge = new TextEncoder().encode(JSON.stringify(item.frame)).length > FRAME_BYTES;
    this.outbox.add(isTooLarge ? { ...item, state: "failed", code: "TOO_LARGE" } : item);
    this.connect();
    this.pump();
  }

  /** Sends the next waiting entry. One at a time: a later one must not overtake one that has to be repeated. */
  private pump(): void {
    clearTimeout(this.pumpTimer);
    if (!this.isReady || this.inFlight) return;
    const next = this.outbox.all().find((item) => item.state === "waiting");
    if (!next) return;
    this.inFlight = next.frame.id;
    this.ackTimer = setTimeout(() => this.connection.renew(), ACK_MS);
    this.connection.send(next.frame);
  }

  private landed(id: string): void {
    if (this.inFlight !== id) return;
    clearTimeout(this.ackTimer);
    this.inFlight = null;
  }

  private acked(id: string, isRepeat: boolean): void {
    const item = this.outbox.all().find((item) => item.frame.id === id);
    this.landed(id);
    if (item?.frame.type === "leave_message") {
      this.outbox.remove(id);
      this.store.set({ hasLeftMessage: true });
    } else if (item) {
      // A repeat may stand in the log before anything that we have loaded.
      if (isRepeat || this.store.get().messages.some((message) => message.client_id === id)) this.outbox.remove(id);
      else this.outbox.change(id, { state: "acked" });
    }
    this.pump();
  }

  private settled(id: string): void {
    this.landed(id);
    this.outbox.remove(id);
    this.pump();
  }

  private refused(frame: Extract<ServerFrame, { type: "error" }>): void {
    const id = frame.id;
    if (!id) return;
    if (id === this.historyId) {
      this.historyId = null;
      this.store.set({ isLoadingOlder: false });
    }
    if (id !== this.inFlight) return;
    clearTimeout(this.ackTimer);
    if (frame.retryable) {
      // Stays in flight until then, so that nothing overtakes it.
      this.pumpTimer = setTimeout(() => {
        if (this.inFlight === id) this.inFlight = null;
        this.pump();
      }, frame.retry_after_ms ?? 2_000);
    } else {
      this.landed(id);
      this.outbox.change(id, { state: "failed", code: frame.code });
      this.pump();
    }
  }

  private lost(): void {
    this.isReady = false;
    this.inFlight = null;
    this.historyId = null;
    this.received = null;
    this.typingSaidAt = 0;
    clearTimeout(this.ackTimer);
    clearTimeout(this.pumpTimer);
    clearTimeout(this.theirTypingTimer);
    if (this.store.get().isLoadingOlder || this.store.get().typing) this.store.set({ isLoadingOlder: false, typing: null });
  }

  /** For what is worthless later: said now or not at all. */
  private say(frame: ClientFrame): void {
    if (this.isReady) this.connection.send(frame);
  }
}
