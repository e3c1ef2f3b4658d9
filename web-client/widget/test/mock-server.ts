// A server of the protocol in memory, strict where the real one is, with handles to make it fail.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { Attachment, Author, ClientFrame, Config, Content, EventBody, Message, ServerFrame } from "../src/protocol";

export const AGENT: Author = { name: "Jana Vogel", kind: "AGENT" };
export const BOT: Author = { name: "Assistent", kind: "BOT" };
const VISITOR: Author = { name: null, kind: "VISITOR" };
const PAGE = 20;

interface Peer {
  send(frame: ServerFrame): void;
  close(code: number): void;
  position: number;
  isGreeted: boolean;
}

export class MockServer {
  readonly log: EventBody[] = [];
  readonly messages: Message[] = [];
  readonly frames: ClientFrame[] = [];
  readonly sessions: { token: string | null; identity: string | null }[] = [];
  readonly hellos: (string | null)[] = [];
  /** Cursors below this are too old. */
  oldest = 0;
  /** Acknowledgements are lost on the way. */
  losesAcks = false;
  /** Answer for the next message frames. */
  failNext: { code: string; retryable: boolean; retry_after_ms?: number }[] = [];
  /** What the next message frame is hung up on with. */
  hangsUp: number | null = null;
  /** Sockets are refused, as some proxies do. */
  refusesSockets = false;
  tokensAreGone = false;
  config: Config = {
    title: "Nordlicht Rad",
    colour: null,
    texts: {},
    is_online: true,
    offline_form: { is_enabled: true, ask_name: true },
    attachments: { is_enabled: true, max_bytes: 10_000_000, max_count: 5, mime_types: ["image/*", "application/pdf"] },
    max_text: 20_000,
  };
  /** Further paths: the widget's script, the page it stands in. */
  routes = new Map<string, { type: string; body: string | Buffer; headers?: Record<string, string> }>();
  readonly requests: string[] = [];
  private readonly byClientId = new Map<string, string>();
  private readonly peers = new Set<Peer>();
  private readonly files = new Map<string, { mime: string; body: Buffer }>();
  private http: Server | undefined;
  private issued = 0;
  origin = "";

  async start(): Promise<this> {
    const http = createServer((request, response) => void this.serve(request, response));
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "tributary-chat.v1" });
    http.on("upgrade", (request, socket, head) => {
      if (this.refusesSockets) return void socket.destroy();
      sockets.handleUpgrade(request, socket, head, (ws) => this.join(ws));
    });
    await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
    this.http = http;
    this.origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.drop();
    const http = this.http;
    http?.closeAllConnections();
    await new Promise<void>((done) => (http ? http.close(() => done()) : done()));
  }

  /** Cuts every connection; without a code as a cable would. */
  drop(code?: number): void {
    for (const peer of [...this.peers]) peer.close(code ?? 0);
    this.peers.clear();
  }

  /** One event for everybody. */
  happen(event: EventBody): void {
    this.log.push(event);
    for (const peer of this.peers) this.feed(peer);
  }

  /** Not in the log, never repeated. */
  whisper(event: EventBody): void {
    for (const peer of this.peers) if (peer.isGreeted) peer.send({ type: "event", event });
  }

  /** A position that skips events, as a server with a bug would send it. */
  lie(): void {
    for (const peer of this.peers) peer.send({ type: "heartbeat", prev: "nonsense", cursor: "nonsense" });
  }

  say(content: Content, more: Partial<Message> = {}): Message {
    const message = this.make({ direction: "out", author: AGENT, content, ...more });
    this.happen({ type: "message_created", data: message });
    return message;
  }

  store(name: string, mime: string, body: Buffer): Attachment {
    const id = `att_${(this.files.size + 1).toString(16).padStart(32, "0")}`;
    this.files.set(id, { mime, body });
    return { id, name, mime, bytes: body.length, url: `/chat/v1/${KEY}/files/${id}?expires=9999999999&signature=x` };
  }

  private make(part: Partial<Message> & { content: Content }): Message {
    const n = this.messages.length + 1;
    const message: Message = {
      id: `msg_${n.toString(16).padStart(32, "0")}`,
      version: this.log.length + 1,
      direction: "in",
      author: VISITOR,
      text: "text" in part.content && part.content.text ? part.content.text : part.content.kind,
      attachments: [],
      quoted: null,
      reactions: [],
      state: "SENT",
      at: new Date(Date.UTC(2026, 10, 22, 9, n)).toISOString(),
      edited: null,
      deleted: null,
      client_id: null,
      ...part,
    };
    this.messages.push(message);
    return message;
  }

  private cursor(position: number): string {
    return `c${position}`;
  }

  private feed(peer: Peer): void {
    while (peer.isGreeted && peer.position < this.log.length) {
      const event = this.log[peer.position];
      const prev = this.cursor(peer.position++);
      if (event) peer.send({ type: "event", prev, cursor: this.cursor(peer.position), event });
    }
  }

  private greet(peer: Peer, after: string | null): void {
    this.hellos.push(after);
    const position = after === null ? this.log.length : Number(after.slice(1));
    if (after !== null && !(position >= this.oldest && position <= this.log.length)) return peer.send({ type: "reset" });
    peer.position = position;
    peer.isGreeted = true;
    peer.send({
      type: "ready",
      cursor: this.cursor(position),
      visitor_id: "00000000-0000-4000-8000-000000000001",
      history: after === null ? this.page(this.messages.length) : null,
      agent: null,
      status: this.messages.length > 0 ? "ACTIVE" : "NONE",
      is_online: this.config.is_online,
    });
    this.feed(peer);
  }

  private page(end: number): { messages: Message[]; before: string | null } {
    const start = Math.max(0, end - PAGE);
    return { messages: this.current().slice(start, end), before: start > 0 ? `p${start}` : null };
  }

  /** Messages as the events have left them. */
  private current(): Message[] {
    const now = new Map(this.messages.map((message) => [message.id, message]));
    for (const event of this.log) {
      if (event.type === "message_changed") now.set(event.data.id, event.data);
      if (event.type === "message_deleted") {
        const message = now.get(event.data.message_id);
        if (message) now.set(message.id, { ...message, deleted: event.data.at, version: event.data.version });
      }
    }
    return [...now.values()];
  }

  private answer(frame: ClientFrame): ServerFrame[] {
    this.frames.push(frame);
    if (frame.type === "history") return [{ ...this.page(Number(frame.before.slice(1))), type: "history", id: frame.id }];
    if (frame.type === "leave_message") return [{ type: "ack", id: frame.id, message_id: null, cursor: null, is_repeat: false }];
    if (frame.type !== "message" && frame.type !== "answer") return [];
    const failure = this.failNext.shift();
    if (failure) return [{ type: "error", id: frame.id, message: "no", ...failure }];
    const known = this.byClientId.get(frame.id);
    if (!known) {
      const attachments = frame.attachment_ids.map((id) => {
        const file = this.files.get(id);
        return { id, name: `${id}.bin`, mime: file?.mime ?? "", bytes: file?.body.length ?? 0, url: `/chat/v1/${KEY}/files/${id}` };
      });
      const quoted = this.messages.find((message) => message.id === frame.quoted);
      const message = this.make({
        content: frame.content,
        client_id: frame.id,
        attachments,
        quoted: quoted ? { id: quoted.id, author: quoted.author, text: quoted.text } : null,
      });
      this.byClientId.set(frame.id, message.id);
      this.happen({ type: "message_created", data: message });
    }
    if (this.losesAcks) return [];
    return [{ type: "ack", id: frame.id, message_id: this.byClientId.get(frame.id) ?? null, cursor: null, is_repeat: Boolean(known) }];
  }

  private join(ws: WebSocket): void {
    const peer: Peer = {
      send: (frame) => ws.send(JSON.stringify(frame)),
      close: (code) => (code ? ws.close(code) : ws.terminate()),
      position: 0,
      isGreeted: false,
    };
    this.peers.add(peer);
    ws.on("close", () => this.peers.delete(peer));
    ws.on("message", (data) => {
      const frame = JSON.parse(String(data)) as ClientFrame;
      if (frame.type === "hello") return this.tokensAreGone ? peer.close(4401) : this.greet(peer, frame.after);
      if (!peer.isGreeted) return peer.close(4400);
      if (this.hangsUp && frame.type === "message") {
        peer.close(this.hangsUp);
        this.hangsUp = null;
        return;
      }
      for (const reply of this.answer(frame)) peer.send(reply);
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.origin);
    this.requests.push(`${request.method} ${url.pathname}`);
    const route = this.routes.get(url.pathname);
    if (route) return void response.writeHead(200, { "content-type": route.type, ...route.headers }).end(route.body);
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
    response.setHeader("access-control-allow-headers", "authorization, content-type");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    const path = url.pathname.replace(`/chat/v1/${KEY}/`, "");
    const body = await bytes(request);
    const json = (status: number, value: unknown) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (path === "config") return json(200, this.config);
    if (path === "session") {
      this.sessions.push(JSON.parse(body.toString()) as { token: string | null; identity: string | null });
      this.tokensAreGone = false;
      return json(200, { visitor_id: "00000000-0000-4000-8000-000000000001", token: `t${++this.issued}`, cursor: this.cursor(this.log.length) });
    }
    const file = this.files.get(path.replace(/^files\//, ""));
    if (file && request.method === "GET") return void response.writeHead(200, { "content-type": file.mime }).end(file.body);
    if (!request.headers.authorization) return json(401, { error: { code: "UNAUTHENTICATED" } });
    if (path === "frames") {
      const { frames } = JSON.parse(body.toString()) as { frames: ClientFrame[] };
      return json(200, { frames: frames.flatMap((frame) => this.answer(frame)) });
    }
    if (path === "files") {
      const [, name = "file", mime = "application/octet-stream"] =
        /filename="([^"]*)"\r\nContent-Type: ([^\r]*)/i.exec(body.toString("latin1")) ?? [];
      const start = body.indexOf("\r\n\r\n") + 4;
      return json(200, this.store(name, mime, body.subarray(start, body.lastIndexOf("\r\n--"))));
    }
    if (path === "stream") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const peer: Peer = {
        send: (frame) => response.write(`data: ${JSON.stringify(frame)}\n\n`),
        close: () => response.destroy(),
        position: 0,
        isGreeted: false,
      };
      this.peers.add(peer);
      response.on("close", () => this.peers.delete(peer));
      return this.greet(peer, url.searchParams.get("after"));
    }
    json(404, { error: { code: "NOT_FOUND" } });
  }
}

export const KEY = "wk_test";

async function bytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
