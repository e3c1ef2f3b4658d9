// The core of urql: fetchExchange as it is by default, subscriptionExchange over graphql-ws, and subscriptions by fetch.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { admin } from "../browser/demo.mjs";
import { FOLLOW, Reader, Writer } from "./log.mjs";

const WHO = "query Who { viewer { role } }";
const SIGN_IN = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { session { accessToken } errors { code } } }";

function connect(server, headers, options = {}) {
  return new Client({ url: `${server.origin}/graphql`, exchanges: [fetchExchange], fetchOptions: { headers }, ...options });
}

/** Follows with the client until two notes were heard. */
async function hears(client, writer) {
  const reader = new Reader(await writer.cursor());
  const { unsubscribe } = client.subscription(FOLLOW, { after: reader.cursor }).subscribe(({ data, error }) => {
    if (error) reader.fail(error);
    else if (data) reader.take({ data });
  });
  const texts = [randomUUID(), randomUUID()];
  for (const text of texts) await writer.write(text);
  await reader.reaches(2);
  assert.deepEqual(reader.texts, texts);
  unsubscribe();
}

export const tests = {
  "signs in, asks by GET as by POST, and changes something": async (server) => {
    const methods = [];
    const watched = (address, init) => {
      methods.push(init.method);
      return fetch(address, init);
    };
    const stranger = connect(server, {}, { fetch: watched });
    const { data } = await stranger.mutation(SIGN_IN, { input: admin }).toPromise();
    const authorization = `Bearer ${data.signIn.session.accessToken}`;
    for (const preferGetMethod of [undefined, false]) {
      const client = connect(server, { authorization }, { fetch: watched, preferGetMethod });
      const { data, error } = await client.query(WHO, {}).toPromise();
      assert.deepEqual([data, error], [{ viewer: { role: "ADMIN" } }, undefined]);
    }
    assert.deepEqual(methods, ["POST", "GET", "POST"]);
  },

  "refusals are typed": async (server) => {
    const client = connect(server, { authorization: `Bearer ${await server.signIn(admin)}` });
    const codes = async (client, query) => {
      const { error } = await client.query(query, {}).toPromise();
      return error.graphQLErrors.map(({ extensions }) => extensions.code);
    };
    assert.deepEqual(await codes(client, "{ tags(first: 1000) { nodes { id } } }"), ["INVALID"]);
    assert.deepEqual(await codes(client, "{ nothing }"), ["GRAPHQL_VALIDATION_FAILED"]);
    assert.deepEqual(await codes(connect(server, { authorization: "Bearer wrong" }), WHO), ["UNAUTHENTICATED"]);
    // Nobody's GET could come from a foreign page; the message says which header is missing.
    assert.deepEqual(await codes(connect(server, {}), WHO), ["CSRF_GUARD"]);
    assert.deepEqual(await codes(connect(server, { "graphql-require-preflight": "1" }), "{ logCursor }"), ["UNAUTHENTICATED"]);
  },

  "subscriptions arrive over graphql-ws": async (server) => {
    const writer = await Writer.start(server, admin);
    const { authorization } = writer;
    const socket = createClient({ url: `${server.origin.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket, connectionParams: { authorization } });
    const forwardSubscription = (request) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? "" }, sink) }),
    });
    await hears(connect(server, { authorization }, { exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })] }), writer);
    await socket.dispose();
  },

  "subscriptions arrive by fetch": async (server) => {
    const writer = await Writer.start(server, admin);
    await hears(connect(server, { authorization: writer.authorization }, { fetchSubscriptions: true }), writer);
  },
};
