// The client of graphql-ws.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { admin, agent } from "../browser/demo.mjs";
import { FOLLOW, outage, pause, Reader, Writer } from "./log.mjs";

/** As many sockets as one user may have open, and as many operations as one socket may run (README, settings). */
const SOCKETS_PER_USER = 20;
const OPERATIONS_PER_SOCKET = 16;

function connect(server, authorization, options = {}) {
  return createClient({
    url: `${server.origin.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: authorization === null ? {} : { authorization },
    retryAttempts: 0,
    ...options,
  });
}

/** The only result of an operation. */
async function only(client, payload) {
  const results = [];
  for await (const result of client.iterate(payload)) results.push(result);
  assert.equal(results.length, 1);
  return results[0];
}

/** The code with which the server closed the socket instead of answering. */
async function closeCode(client, query = "{ logCursor }") {
  const error = await only(client, { query }).then(
    (result) => assert.fail(`answered: ${JSON.stringify(result)}`),
    (error) => error,
  );
  return error.code;
}

function follow(client, reader) {
  return client.subscribe({ query: FOLLOW, variables: reader.variables }, { next: (result) => reader.take(result), error: (error) => reader.fail(error), complete: () => reader.fail(new Error("the stream is over")) });
}

export const tests = {
  "query, mutation and two subscriptions over one socket": async (server) => {
    const writer = await Writer.start(server, admin);
    let sockets = 0;
    const client = connect(server, writer.authorization, { on: { opened: () => (sockets += 1) } });
    const cursor = await writer.cursor();
    const [one, two] = [new Reader(cursor), new Reader(cursor)];
    const stops = [follow(client, one), follow(client, two)];
    const { data } = await only(client, { query: "query Who($first: Int!) { viewer { person { name } } tags(first: $first) { nodes { name } } }", variables: { first: 3 }, operationName: "Who" });
    assert.equal(data.viewer.person.name, "Katrin Albers");
    assert.equal(data.tags.nodes.length, 3);
    const text = randomUUID();
    const input = { clientId: randomUUID(), interactionId: writer.interactionId, text };
    const added = await only(client, { query: "mutation($input: AddNoteInput!) { addNote(input: $input) { message { text } errors { code } } }", variables: { input } });
    assert.deepEqual(added, { data: { addNote: { message: { text }, errors: [] } } });
    await Promise.all([one.reaches(1), two.reaches(1)]);
    assert.deepEqual([one.texts, two.texts], [[text], [text]]);
    for (const stop of stops) stop();
    assert.equal(sockets, 1);
    await client.dispose();
  },

  "errors of an operation leave the socket open": async (server) => {
    let closes = 0;
    const client = connect(server, `Bearer ${await server.signIn(admin)}`, { lazy: false, on: { closed: () => (closes += 1) } });
    for (const [query, code] of [
      ["{", "GRAPHQL_PARSE_FAILED"],
      ["{ nothing }", "GRAPHQL_VALIDATION_FAILED"],
      ["query($first: Int!) { tags(first: $first) { nodes { name } } }", "GRAPHQL_VALIDATION_FAILED"],
      ['subscription { workspaceEvents(after: "forged") { cursor } }', "INVALID"],
    ]) {
      const errors = await only(client, { query }).catch((thrown) => thrown);
      assert.deepEqual(errors.map?.((error) => error.extensions.code), [code], `${query}: ${JSON.stringify(errors)}`);
    }
    // An error inside a result is part of the result.
    const { data, errors } = await only(client, { query: "{ viewer { role } tags(first: 1000) { nodes { id } } }" }).catch((thrown) => ({ errors: thrown }));
    assert.deepEqual(errors.map((error) => [error.path, error.extensions.code]), [[["tags"], "INVALID"]], JSON.stringify({ data, errors }));
    assert.equal((await only(client, { query: "{ viewer { role } }" })).data.viewer.role, "ADMIN");
    assert.equal(closes, 0);
    await client.dispose();
  },

  "what the client completes makes room": async (server) => {
    const writer = await Writer.start(server, admin);
    const client = connect(server, writer.authorization);
    // More than may run at once, one after the other.
    for (let round = 0; round <= OPERATIONS_PER_SOCKET; round += 1) {
      const reader = new Reader(await writer.cursor());
      const stop = follow(client, reader);
      const text = `${round} ${randomUUID()}`;
      await writer.write(text);
      await reader.reaches(1);
      stop();
    }
    // All at once: the last one is refused, and the others live on.
    const readers = [];
    const refused = await new Promise((refuse) => {
      for (let number = 0; number <= OPERATIONS_PER_SOCKET; number += 1) {
        const reader = new Reader("");
        reader.fail = refuse;
        readers.push(reader);
      }
      void (async () => {
        const cursor = await writer.cursor();
        for (const reader of readers) {
          reader.cursor = cursor;
          follow(client, reader);
        }
      })();
    });
    assert.deepEqual(refused.map?.((error) => error.extensions.code), ["LIMIT_CONCURRENT_OPERATIONS"], String(refused));
    const text = randomUUID();
    await writer.write(text);
    const others = readers.slice(0, OPERATIONS_PER_SOCKET);
    await Promise.all(others.map((reader) => reader.reaches(1)));
    assert.ok(others.every((reader) => reader.texts[0] === text));
    await client.dispose();
  },

  "resumes after the server was killed, with nothing lost or doubled": async (server) => {
    const writer = await Writer.start(server, admin);
    let connections = 0;
    // By itself the client gives up when nobody answers at the address.
    const client = connect(server, writer.authorization, { retryAttempts: Infinity, retryWait: pause, shouldRetry: () => true, on: { connected: () => (connections += 1) } });
    await outage(server, writer, (reader) => follow(client, reader));
    assert.equal(connections, 2);
    await client.dispose();
  },

  "a bad token closes with 4401": async (server) => {
    for (const authorization of [null, "", "Bearer wrong", "Basic wrong"]) assert.equal(await closeCode(connect(server, authorization)), 4401, authorization);
  },

  "an id that is in use closes with 4409": async (server) => {
    const writer = await Writer.start(server, admin);
    const client = connect(server, writer.authorization, { generateID: () => "same" });
    const reader = new Reader(await writer.cursor());
    follow(client, reader);
    assert.equal(await closeCode(client), 4409);
    await assert.rejects(reader.reaches(1), { code: 4409 });
  },

  "too many messages close with 4429": async (server) => {
    const client = connect(server, `Bearer ${await server.signIn(admin)}`);
    const codes = await Promise.all(Array.from({ length: 200 }, () => only(client, { query: "{" }).catch((error) => error.code ?? error[0].extensions.code)));
    assert.ok(codes.includes(4429), `${codes}`);
    assert.deepEqual([...new Set(codes)].sort(), [4429, "GRAPHQL_PARSE_FAILED"]);
  },

  "one socket too many closes with 4429, and the others stay": async (server) => {
    const authorization = `Bearer ${await server.signIn(agent)}`;
    const clients = [];
    for (let number = 0; number < SOCKETS_PER_USER; number += 1) {
      const client = connect(server, authorization, { lazy: false });
      clients.push(client);
      await only(client, { query: "{ viewer { role } }" });
    }
    assert.equal(await closeCode(connect(server, authorization)), 4429);
    for (const client of clients) assert.equal((await only(client, { query: "{ viewer { role } }" })).data.viewer.role, "AGENT");
    await Promise.all(clients.map((client) => client.dispose()));
  },
};
