import { Unauthenticated } from "./errors";
import { createStore, systemTimers, type Store, type Timers } from "./store";

/** What signing in and renewing return. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Milliseconds since 1970 at which the access token ends. */
  readonly expiresAt: number;
  /** Whose they are. */
  readonly person: string;
}

/** `other`: in another tab somebody else signed in; the tokens of this browser are theirs now. */
export type SignedOutReason = "never" | "left" | "expired" | "other";

export type AuthState =
  | { readonly status: "starting" }
  | { readonly status: "signedOut"; readonly reason: SignedOutReason }
  | { readonly status: "signedIn" };

export interface AuthOptions {
  /** Exchanges a refresh token. Throws `Unauthenticated` when it is refused; anything else means "try later". */
  readonly renew: (refreshToken: string) => Promise<TokenPair>;
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  readonly timers?: Timers;
  /** Runs `body` while no other tab does: refresh tokens rotate, two tabs must not use the same one. */
  readonly exclusive?: <T>(body: () => Promise<T>) => Promise<T>;
}

const REFRESH_KEY = "tributary.refresh";
const PERSON_KEY = "tributary.person";
/** An access token with less left than this is renewed before it is used. */
const MARGIN_MS = 20_000;

/** Keeps the person signed in: access token in memory only, refresh token in storage, renewal in silence. */
export class AuthStore {
  readonly state: Store<AuthState> = createStore<AuthState>({ status: "starting" });
  readonly #options: AuthOptions;
  readonly #timers: Timers;
  readonly #renewedListeners = new Set<(token: string) => void>();
  #pair: TokenPair | null = null;
  #renewal: Promise<string | null> | null = null;
  #cancelTimer: (() => void) | null = null;
  /** Who this tab belongs to, for as long as it is signed in. */
  #person: string | null;

  constructor(options: AuthOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    const hasRefresh = options.storage.getItem(REFRESH_KEY) !== null;
    this.#person = hasRefresh ? options.storage.getItem(PERSON_KEY) : null;
    this.state.set(hasRefresh ? { status: "signedIn" } : { status: "signedOut", reason: "never" });
  }

  /** Called with each new access token; an open socket passes it on. */
  onRenewed(listener: (token: string) => void): () => void {
    this.#renewedListeners.add(listener);
    return () => this.#renewedListeners.delete(listener);
  }

  signedIn(pair: TokenPair): void {
    this.#person = pair.person;
    this.#take(pair);
    this.state.set({ status: "signedIn" });
  }

  /** Forgets both tokens. The caller tells the server. */
  signedOut(reason: "left" | "expired"): void {
    this.#options.storage.removeItem(REFRESH_KEY);
    this.#options.storage.removeItem(PERSON_KEY);
    this.#end(reason);
  }

  /** Another tab has changed what is stored: if it turned into somebody else, this one ends. */
  heardOfTabs(): void {
    if (this.state.get().status === "signedIn" && this.#isAnothers()) this.#end("other");
  }

  #isAnothers(): boolean {
    const person = this.#options.storage.getItem(PERSON_KEY);
    return this.#person !== null && person !== null && person !== this.#person;
  }

  #end(reason: SignedOutReason): void {
    this.#pair = null;
    this.#person = null;
    this.#cancelTimer?.();
    this.state.set({ status: "signedOut", reason });
  }

  get refreshToken(): string | null {
    return this.#options.storage.getItem(REFRESH_KEY);
  }

  /** The token if it can be used right now, without asking anybody. */
  currentToken(): string | null {
    return this.#pair && this.#pair.expiresAt - this.#timers.now() > 0 ? this.#pair.accessToken : null;
  }

  /** A token that holds for a while yet, renewed if need be; `null` when nobody is signed in. */
  async token(): Promise<string | null> {
    if (this.#pair && this.#pair.expiresAt - this.#timers.now() > MARGIN_MS) return this.#pair.accessToken;
    return this.renew();
  }

  /** Renews at once; callers at the same time share one exchange. */
  renew(): Promise<string | null> {
    this.#renewal ??= this.#exchange().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #exchange(): Promise<string | null> {
    const exclusive = this.#options.exclusive ?? ((body) => body());
    return exclusive(async () => {
      // Read inside the lock: another tab may have rotated it meanwhile.
      const refresh = this.#options.storage.getItem(REFRESH_KEY);
      if (refresh === null) {
        if (this.state.get().status === "signedIn") this.#end("left");
        return null;
      }
      if (this.#isAnothers()) {
        this.#end("other");
        return null;
      }
      try {
        const pair = await this.#options.renew(refresh);
        this.#person ??= pair.person;
        this.#take(pair);
        for (const listener of this.#renewedListeners) listener(pair.accessToken);
        return pair.accessToken;
      } catch (error) {
        if (error instanceof Unauthenticated) {
          this.signedOut("expired");
          return null;
        }
        throw error;
      }
    });
  }

  #take(pair: TokenPair): void {
    this.#pair = pair;
    this.#options.storage.setItem(REFRESH_KEY, pair.refreshToken);
    this.#options.storage.setItem(PERSON_KEY, pair.person);
    this.#cancelTimer?.();
    const left = pair.expiresAt - this.#timers.now();
    this.#cancelTimer = this.#timers.after(Math.max(1_000, left * 0.75), () => this.#renewInBackground(0));
  }

  #renewInBackground(attempt: number): void {
    this.renew().catch(() => {
      // Unreachable: the next try comes soon; requests that need a token try by themselves meanwhile.
      this.#cancelTimer = this.#timers.after(Math.min(30_000, 2_000 * 2 ** attempt), () => this.#renewInBackground(attempt + 1));
    });
  }
}

/** One tab at a time, where the browser can say so. */
export function acrossTabs<T>(body: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  return locks ? (locks.request("tributary.renew", body) as Promise<T>) : body();
}
