import { stringifyDocument } from "@urql/core";
import type { DocumentNode } from "graphql";
import { RefreshSessionDocument, type UserErrorPartsFragment } from "../gql/graphql";
import type { TokenPair } from "./auth";
import { Unauthenticated, Unreachable } from "./errors";

export const HTTP_PATH = "/graphql";

interface SessionReply {
  readonly session: { readonly accessToken: string; readonly accessExpiresAt: string; readonly refreshToken: string } | null;
  readonly errors: readonly UserErrorPartsFragment[];
}

export function tokenPair(reply: SessionReply): TokenPair | null {
  const { session } = reply;
  return session && { accessToken: session.accessToken, refreshToken: session.refreshToken, expiresAt: Date.parse(session.accessExpiresAt), person: personOf(session.accessToken) };
}

/** Whom an access token names. It is not proved here: the server does that; we only tell one person from another. */
function personOf(token: string): string {
  const body = token.split(".")[1] ?? "";
  try {
    const claims: unknown = JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/")));
    if (typeof claims === "object" && claims !== null && "sub" in claims && typeof claims.sub === "string") return claims.sub;
  } catch {
    // Not one of ours: nobody can be told apart by it.
  }
  return "";
}

/** Exchanges a refresh token. Goes around the client, whose every request asks for a token first. */
export async function renewOverHttp(refreshToken: string): Promise<TokenPair> {
  const response = await fetch(HTTP_PATH, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json" },
    body: JSON.stringify({ query: stringifyDocument(RefreshSessionDocument as unknown as DocumentNode), operationName: "RefreshSession", variables: { refreshToken } }),
  });
  if (response.status >= 500 || response.status === 429) throw new Unreachable(`HTTP ${response.status}`);
  const body = (await response.json()) as { data?: { refreshSession?: SessionReply } | null; errors?: { extensions?: { code?: string } }[] };
  const reply = body.data?.refreshSession;
  const pair = reply ? tokenPair(reply) : null;
  if (pair) return pair;
  const code = reply?.errors[0]?.code ?? body.errors?.[0]?.extensions?.code;
  if (code === "UNAVAILABLE" || code === "RATE_LIMITED" || code === "INTERNAL") throw new Unreachable(code);
  throw new Unauthenticated(code ?? "the session has ended");
}
