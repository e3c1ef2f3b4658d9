import { createClient, type Client, type SubscribePayload } from "graphql-ws";
import { StreamReset, Unauthenticated, Unreachable } from "./errors";

/** How long the server may take to answer a ping before the connection counts as dead. */
const PONG_MS = 8_000;
const PING_MS = 12_000;

export interface LiveSocketOptions {
  readonly url: string;
  readonly token: () => Promise<string | null>;
  /** `WebSocket` of the environment; tests under Node bring their own. */
  readonly webSocketImpl?: unknown;
  /** The server said whether the token sent over the open socket was taken. */
  readonly onRenewed?: (isTaken: boolean) => void;
}

interface OpenSocket {
  readonly readyState: number;
  send(data: string): void;
}

/**
 * One graphql-transport-ws connection for all operations of the tab. It never retries by itself: whoever subscribed
 * decides from where to go on.
 */
export class LiveSocket {
  readonly #client: Client;
  #socket: OpenSocket | null = null;
  #pongTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveSocketOptions) {
    this.#client = createClient({
      url: options.url,
      ...(options.webSocketImpl === undefined ? {} : { webSocketImpl: options.webSocketImpl }),
      lazy: true,
      lazyCloseTimeout: 2_000,
      retryAttempts: 0,
      keepAlive: PING_MS,
      connectionAckWaitTimeout: 10_000,
      connectionParams: async () => {
        const token = await options.token();
        return token === null ? {} : { authorization: `Bearer ${token}` };
      },
      on: {
        connected: (socket) => {
          this.#socket = socket as OpenSocket;
        },
        closed: () => {
          this.#socket = null;
          clearTimeout(this.#pongTimer);
        },
        ping: (received) => {
          if (!received) this.#expectPong();
        },
        pong: (received, payload) => {
          if (!received) return;
          clearTimeout(this.#pongTimer);
          if (payload && "renewed" in payload) options.onRenewed?.(payload["renewed"] === true);
        },
      },
      // Failures reach the sinks; the library would also write them to the console.
      onNonLazyError: () => undefined,
    });
  }

  /** Sends a fresh token over the open socket, so that it need not be dropped when the old one runs out. */
  renew(token: string): void {
    if (this.#socket?.readyState !== 1) return;
    this.#socket.send(JSON.stringify({ type: "ping", payload: { authorization: `Bearer ${token}` } }));
  }

  /** Starts one operation. `next` receives its data; errors of the protocol arrive typed. */
  subscribe<Data>(
    payload: SubscribePayload,
    sink: { next(data: Data): void; error(error: unknown): void; complete(): void },
  ): () => void {
    return this.#client.subscribe<Data>(payload, {
      next: (result) => {
        if (result.errors && result.errors.length > 0) sink.error(typedError(result.errors));
        else if (result.data) sink.next(result.data);
      },
      error: (error) => sink.error(typedError(error)),
      complete: () => sink.complete(),
    });
  }

  /** Cuts the connection; every operation ends with an error and may be opened again. */
  terminate(): void {
    this.#client.terminate();
  }

  dispose(): void {
    clearTimeout(this.#pongTimer);
    void this.#client.dispose();
  }

  #expectPong(): void {
    clearTimeout(this.#pongTimer);
    this.#pongTimer = setTimeout(() => this.#client.terminate(), PONG_MS);
  }
}

interface Coded {
  readonly extensions?: { readonly code?: unknown } | undefined;
  readonly message?: string;
}

/** Makes one of our errors from what the socket library hands over: a list of GraphQL errors or a close event. */
export function typedError(error: unknown): Error {
  if (Array.isArray(error)) {
    const first = error[0] as Coded | undefined;
    const code = first?.extensions?.code;
    if (code === "STREAM_RESET") return new StreamReset(first?.message);
    if (code === "UNAUTHENTICATED") return new Unauthenticated(first?.message);
    return new Error(first?.message ?? "the server refused the operation");
  }
  if (typeof error === "object" && error !== null && "code" in error) {
    const { code } = error as { code: unknown };
    if (code === 4401 || code === 4403) return new Unauthenticated(`closed with ${code}`);
    return new Unreachable(`closed with ${String(code)}`);
  }
  return error instanceof Error ? error : new Unreachable("the connection failed");
}
