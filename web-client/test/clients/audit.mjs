// The audit of graphql-http: GraphQL over HTTP, with what a server must, should and may do.
import assert from "node:assert/strict";
import { serverAudits } from "graphql-http";
import { admin } from "../browser/demo.mjs";

const audits = (url, headers) => serverAudits({ url, fetchFn: (address, init) => fetch(address, { ...init, headers: { ...init?.headers, ...headers } }) });

/**
 * What does not hold for requests without any header that a foreign page could not send. A `GET` of that kind is refused, or
 * every page on the web could make its readers' browsers ask a server that only they can reach.
 */
const GUARDED = {
  "5A70": "MAY accept application/x-www-form-urlencoded formatted GET requests",
  D6D5: "MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json",
  "6A70": "MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json",
};

let authorization = null;
const signedIn = async (server) => (authorization ??= `Bearer ${await server.signIn(admin)}`);

export const tests = {};
for (const { id, name } of audits("", {})) {
  tests[`${id} ${name}`] = async (server) => {
    const audit = audits(`${server.origin}/graphql`, { authorization: await signedIn(server) }).find((one) => one.id === id);
    const { status, reason } = await audit.fn();
    assert.equal(status, "ok", reason);
  };
}

tests["only unguarded GETs are refused to strangers"] = async (server) => {
  const refused = {};
  for (const { id, name, fn } of audits(`${server.origin}/graphql`, {})) if ((await fn()).status !== "ok") refused[id] = name;
  assert.deepEqual(refused, GUARDED);
  const withHeader = audits(`${server.origin}/graphql`, { "graphql-require-preflight": "1" });
  for (const { name, fn } of withHeader) assert.equal((await fn()).status, "ok", name);
};
