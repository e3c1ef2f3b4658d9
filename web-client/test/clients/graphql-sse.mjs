// The client of graphql-sse, in the mode in which every operation has a connection of its own.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createClient, NetworkError } from "graphql-sse";
import { admin } from "../browser/demo.mjs";
import { FOLLOW, outage, pause, Reader, Writer } from "./log.mjs";

function connect(server, authorization, options = {}) {
  return createClient({ url: `${server.origin}/graphql`, headers: authorization === null ? {} : { authorization }, retryAttempts: 0, ...options });
}

async function all(client, request) {
  const results = [];
  for await (const result of client.iterate(request)) results.push(result);
  return results;
}

/** The answer to a request that is refused. */
async function refusal(client, query) {
  const error = await all(client, { query }).then(
    (results) => assert.fail(`answered: ${JSON.stringify(results)}`),
    (error) => error,
  );
  assert.ok(error instanceof NetworkError, String(error));
  return error.response;
}

async function statusAndCode(client, query) {
  const response = await refusal(client, query);
  const { errors } = await response.json();
  return [response.status, errors[0].extensions.code];
}

function follow(client, reader) {
  return client.subscribe({ query: FOLLOW, variables: reader.variables }, { next: (result) => reader.take(result), error: (error) => reader.fail(error), complete: () => reader.fail(new Error("the stream is over")) });
}

export const tests = {
  "query, mutation and subscription": async (server) => {
    const writer = await Writer.start(server, admin);
    const client = connect(server, writer.authorization);
    const answer = await all(client, { query: "query Who { viewer { role } }", operationName: "Who" });
    assert.deepEqual(answer, [{ data: { viewer: { role: "ADMIN" } } }]);
    const reader = new Reader(await writer.cursor());
    const stop = follow(client, reader);
    const text = randomUUID();
    const input = { clientId: randomUUID(), interactionId: writer.interactionId, text };
    const added = await all(client, { query: "mutation($input: AddNoteInput!) { addNote(input: $input) { message { text } } }", variables: { input } });
    assert.deepEqual(added, [{ data: { addNote: { message: { text } } } }]);
    await reader.reaches(1);
    assert.deepEqual(reader.texts, [text]);
    stop();
    client.dispose();
  },

  "resumes after the server was killed, with nothing lost or doubled": async (server) => {
    const writer = await Writer.start(server, admin);
    const client = connect(server, writer.authorization, { retryAttempts: Infinity, retry: pause });
    await outage(server, writer, (reader) => follow(client, reader));
    client.dispose();
  },

  "refusals have a status and a code": async (server) => {
    const client = connect(server, `Bearer ${await server.signIn(admin)}`);
    assert.deepEqual(await statusAndCode(client, "subscription {"), [400, "GRAPHQL_PARSE_FAILED"]);
    assert.deepEqual(await statusAndCode(client, "subscription { nothing }"), [400, "GRAPHQL_VALIDATION_FAILED"]);
    assert.deepEqual(await statusAndCode(connect(server, "Bearer wrong"), "{ logCursor }"), [401, "UNAUTHENTICATED"]);
    // A cursor that cannot be read is found out while executing: a result, then the end.
    const [result, ...more] = await all(client, { query: 'subscription { workspaceEvents(after: "forged") { cursor } }' });
    assert.deepEqual([result.errors[0].extensions.code, more], ["INVALID", []]);
  },

  "the single connection mode is refused clearly": async (server) => {
    const client = connect(server, `Bearer ${await server.signIn(admin)}`, { singleConnection: true });
    const response = await refusal(client, "{ logCursor }");
    assert.deepEqual([response.status, response.headers.get("allow")], [405, "GET, POST"]);
  },
};
