import { Client, fetchExchange, formatDocument, makeOperation, stringifyDocument, subscriptionExchange, type Exchange, type ExecutionResult, type Operation, type OperationResult } from "@urql/core";
import type { DocumentNode } from "graphql";
import { pipe, tap } from "wonka";
import {
  AddNoteDocument,
  LogEndDocument,
  SendMessageDocument,
  WorkspaceEventsDocument,
  type UserErrorPartsFragment,
  type WorkspaceEventsSubscription,
  type WorkspaceEventsSubscriptionVariables,
} from "../gql/graphql";
import { acrossTabs, AuthStore } from "./auth";
import { createCache } from "./cache";
import { Refused, Unreachable } from "./errors";
import { LogFollower } from "./follower";
import { announce, type LogEvent } from "./handlers";
import { Outbox, type OutboxEntry, type PostResult } from "./outbox";
import type { Sending } from "./sending";
import { HTTP_PATH, renewOverHttp } from "./session";
import { LiveSocket } from "./socket";
import { createStore, type Store } from "./store";
import { eachEntity, VersionGate } from "./versions";

const UPLOAD_PATH = "/media";

/** Everything a tab needs to stay in step with the server: sign-in, one socket, one log, one cache, one outbox. */
export class Live {
  readonly auth: AuthStore;
  readonly socket: LiveSocket;
  readonly follower: LogFollower<LogEvent>;
  client: Client;
  /** Rises when the whole cache is thrown away, so that the screens start afresh. */
  readonly era: Store<number> = createStore(0);
  outbox: Outbox<Sending> | null = null;

  readonly #gate = new VersionGate();
  readonly #active = new Map<number, Operation>();
  /** Queries on the screen that nobody could answer. */
  readonly #unanswered = new Set<number>();
  #feed: ((result: ExecutionResult) => void) | null = null;
  #stopFeed: (() => void) | null = null;

  constructor(origin: string = location.origin, socket?: LiveSocket) {
    this.auth = new AuthStore({ renew: renewOverHttp, storage: localStorage, exclusive: acrossTabs });
    this.socket = socket ?? new LiveSocket({ url: `${origin.replace(/^http/u, "ws")}${HTTP_PATH}`, token: () => this.auth.token() });
    this.auth.onRenewed((token) => this.socket.renew(token));
    this.follower = new LogFollower<LogEvent>({
      open: (after, sink) =>
        this.socket.subscribe<WorkspaceEventsSubscription>(
          { query: wire(WorkspaceEventsDocument), operationName: "WorkspaceEvents", variables: { after } satisfies WorkspaceEventsSubscriptionVariables },
          { next: (data) => sink.next(data.workspaceEvents), error: sink.error, complete: sink.complete },
        ),
      apply: (events) => this.#apply(events),
      reset: () => void this.#resnapshot(),
      unauthenticated: async () => {
        await this.auth.renew();
      },
    });
    this.client = this.#createClient();
    // Whoever waited for the connection goes on as soon as it is back.
    let wasLive = false;
    this.follower.state.subscribe(() => {
      const isLive = this.follower.state.get().phase === "live";
      if (isLive && !wasLive) {
        this.outbox?.flush();
        this.#askAgain();
      }
      wasLive = isLive;
    });
    window.addEventListener("online", () => this.hurry());
    window.addEventListener("storage", (event) => {
      if (event.key !== null && event.newValue === null) this.outbox?.forget(event.key);
      this.auth.heardOfTabs();
    });
  }

  /** Starts following the log from the cursor of a first snapshot, and takes up what lies in the outbox. */
  begin(cursor: string, personId: string): void {
    if (!this.outbox) {
      this.outbox = new Outbox<Sending>({ post: (entry) => this.#post(entry), storage: localStorage, owner: personId });
      this.outbox.resume();
    }
    if (!this.#stopFeed) {
      const { unsubscribe } = this.client.subscription(WorkspaceEventsDocument, { after: "" }).subscribe(() => undefined);
      this.#stopFeed = unsubscribe;
    }
    this.follower.start(cursor);
  }

  /** Forgets everything of the person who was signed in. */
  end(): void {
    this.follower.stop();
    this.socket.terminate();
    this.#stopFeed?.();
    this.#stopFeed = null;
    this.outbox?.close();
    this.outbox = null;
    this.#gate.clear();
    this.#active.clear();
    this.#unanswered.clear();
    this.client = this.#createClient();
    this.era.set(this.era.get() + 1);
  }

  /** Tries at once instead of waiting for the next attempt. */
  hurry(): void {
    this.follower.retryNow();
    this.outbox?.flush();
  }

  /** Uploads one file; tells the progress from 0 to 1. */
  upload(file: File, progress: (share: number) => void, signal: AbortSignal): Promise<string> {
    return this.auth.token().then(
      (token) =>
        new Promise((resolve, reject) => {
          const request = new XMLHttpRequest();
          request.open("POST", UPLOAD_PATH);
          request.setRequestHeader("authorization", `Bearer ${token ?? ""}`);
          request.responseType = "json";
          request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
          request.addEventListener("load", () => {
            const body = request.response as { id?: string; code?: string } | null;
            if (request.status < 300 && body?.id) resolve(body.id);
            else reject(new Refused(body?.code ?? "UNAVAILABLE"));
          });
          request.addEventListener("error", () => reject(new Unreachable("upload failed")));
          signal.addEventListener("abort", () => request.abort());
          const form = new FormData();
          form.append("file", file, file.name);
          request.send(form);
        }),
    );
  }

  #createClient(): Client {
    return new Client({
      url: HTTP_PATH,
      preferGetMethod: false,
      fetch: (input, init) => this.#fetch(input, init),
      requestPolicy: "cache-and-network",
      exchanges: [
        this.#watched,
        createCache(),
        this.#snapshots,
        fetchExchange,
        subscriptionExchange({
          // The only subscription that goes through the cache is the log; what feeds it is the follower.
          forwardSubscription: () => ({
            subscribe: (sink) => {
              this.#feed = (result) => sink.next(result);
              return {
                unsubscribe: () => {
                  this.#feed = null;
                },
              };
            },
          }),
        }),
      ],
    });
  }

  /** Knows which queries are on the screen, whoever answered them. */
  readonly #watched: Exchange =
    ({ forward }) =>
    (operations) =>
      pipe(
        operations,
        tap((operation) => {
          if (operation.kind === "query") this.#active.set(operation.key, operation);
          if (operation.kind === "teardown") {
            this.#active.delete(operation.key);
            this.#unanswered.delete(operation.key);
          }
        }),
        forward,
      );

  /** Sees every snapshot before the cache does: remembers versions, settles the outbox, replays what came meanwhile. */
  readonly #snapshots: Exchange =
    ({ forward }) =>
    (operations) =>
      pipe(
        forward(operations),
        tap((result) => {
          if (result.operation.kind !== "query") return;
          if (isUnanswered(result)) this.#unanswered.add(result.operation.key);
          else this.#unanswered.delete(result.operation.key);
          if (result.data) this.#sawSnapshot(result);
        }),
      );

  #sawSnapshot(result: OperationResult): void {
    eachEntity(result.data, (entity) => {
      this.#gate.admit(entity);
      if (entity.__typename === "Message" && typeof entity["clientId"] === "string") this.outbox?.settle(entity["clientId"]);
    });
    const cursor = findCursor(result.data);
    if (cursor === null || cursor === this.follower.cursor) return;
    const missed = this.follower.ring.after(cursor);
    // After the cache has written the snapshot, which happens in this turn.
    if (missed.length > 0) queueMicrotask(() => this.#write(missed));
  }

  #apply(events: readonly LogEvent[]): void {
    this.#write(events);
    for (const event of events) {
      if (event.entity?.__typename === "Message" && event.entity.clientId !== null) this.outbox?.settle(event.entity.clientId);
    }
    announce(events);
  }

  #write(events: readonly LogEvent[]): void {
    const fresh = events.filter((event) => event.entity === null || this.#gate.admit(event.entity as { __typename: string; id: string; version?: number }));
    if (fresh.length === 0) return;
    this.#feed?.({ data: { __typename: "Subscription", workspaceEvents: { __typename: "EventBatch", prev: "", cursor: "", events: fresh } } });
  }

  /** The position in the log is lost: start from its end, then ask again for everything on the screen. */
  async #resnapshot(): Promise<void> {
    const result = await this.client.query(LogEndDocument, {}, { requestPolicy: "network-only" }).toPromise();
    if (this.follower.state.get().phase !== "resetting") return;
    if (!result.data) {
      setTimeout(() => void this.#resnapshot(), 2_000);
      return;
    }
    this.#gate.clear();
    this.follower.start(result.data.logCursor);
    for (const operation of this.#active.values()) this.#ask(operation);
  }

  /** The connection is back: what could not be answered is asked again. */
  #askAgain(): void {
    const operations = [...this.#active.values()].filter((operation) => this.#unanswered.has(operation.key));
    this.#unanswered.clear();
    for (const operation of operations) this.#ask(operation);
  }

  #ask(operation: Operation): void {
    this.client.reexecuteOperation(makeOperation("query", operation, { ...operation.context, requestPolicy: "network-only" }));
  }

  async #post(entry: OutboxEntry<Sending>): Promise<PostResult> {
    const ids = { clientId: entry.clientId, interactionId: entry.interactionId };
    const { payload } = entry;
    if (payload.kind === "note") {
      const result = await this.client.mutation(AddNoteDocument, { input: { ...payload.input, ...ids } }).toPromise();
      return outcome(result, result.data?.addNote);
    }
    const result = await this.client.mutation(SendMessageDocument, { input: { ...payload.input, ...ids } }).toPromise();
    return outcome(result, result.data?.sendMessage);
  }

  async #fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const token = this.auth.state.get().status === "signedIn" ? await this.auth.token() : null;
    const response = await fetch(input, withToken(init, token));
    if (response.status !== 401 || token === null) return response;
    const fresh = await this.auth.renew();
    return fresh === null ? response : fetch(input, withToken(init, fresh));
  }
}

/** Nobody was reached, or the server could not for the moment. */
function isUnanswered({ error }: OperationResult): boolean {
  return error !== undefined && (error.networkError !== undefined || error.graphQLErrors.some((item) => item.extensions["code"] === "UNAVAILABLE"));
}

/** The text of a document as the cache needs the answer: with `__typename` everywhere. */
export function wire(document: DocumentNode): string {
  return stringifyDocument(formatDocument(document) as DocumentNode);
}

function withToken(init: RequestInit | undefined, token: string | null): RequestInit {
  const headers = new Headers(init?.headers);
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  return { ...init, headers };
}

interface SendReply {
  readonly message: { readonly id: string } | null;
  readonly newer?: readonly unknown[];
  readonly errors: readonly (UserErrorPartsFragment & { readonly isRetryable: boolean })[];
}

/** What one attempt means. Throws when nothing is decided. */
function outcome(result: OperationResult, reply: SendReply | undefined): PostResult {
  if (reply?.message) return { kind: "accepted", messageId: reply.message.id };
  const problem = reply?.errors[0];
  if (problem) {
    if (problem.code === "CONFLICT" && (reply.newer?.length ?? 0) > 0) return { kind: "conflict", message: problem.message };
    if (problem.isRetryable) throw new Unreachable(problem.message);
    return { kind: "refused", code: problem.code, message: problem.message };
  }
  const error = result.error?.graphQLErrors[0];
  if (error && !["INTERNAL", "UNAVAILABLE", "RATE_LIMITED", "UNAUTHENTICATED"].includes(String(error.extensions["code"]))) {
    return { kind: "refused", code: String(error.extensions["code"] ?? "INVALID"), message: error.message };
  }
  throw new Unreachable(result.error?.message ?? "no answer");
}

/** The first `logCursor` in a result, however deep. */
function findCursor(data: unknown): string | null {
  if (typeof data !== "object" || data === null) return null;
  const own = (data as { logCursor?: unknown }).logCursor;
  if (typeof own === "string") return own;
  for (const value of Object.values(data)) {
    const found = Array.isArray(value) ? null : findCursor(value);
    if (found !== null) return found;
  }
  return null;
}
