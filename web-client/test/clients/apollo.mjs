// Apollo Client: HttpLink and GraphQLWsLink with its normalised cache, and automatic persisted queries.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { admin } from "../browser/demo.mjs";
import { FOLLOW, Reader, Writer } from "./log.mjs";

const TAGS = gql`
  query Tags {
    tags(first: 50) {
      nodes {
        id
        name
        version
      }
    }
  }
`;
const RENAME = gql`
  mutation Rename($input: UpdateTagInput!) {
    updateTag(input: $input) {
      tag {
        id
        name
        version
      }
      errors {
        code
        field
      }
    }
  }
`;

function connect(link) {
  return new ApolloClient({ link, cache: new InMemoryCache() });
}

function http(server, authorization, options = {}) {
  return new HttpLink({ uri: `${server.origin}/graphql`, headers: authorization === null ? {} : { authorization }, ...options });
}

export const tests = {
  "a mutation changes what a query has in the cache": async (server) => {
    const client = connect(http(server, `Bearer ${await server.signIn(admin)}`));
    const { data } = await client.query({ query: TAGS });
    const [tag] = data.tags.nodes;
    const key = `Tag:${tag.id}`;
    assert.equal(client.cache.extract()[key].name, tag.name, "normalised by id");
    const name = `Renamed ${randomUUID()}`;
    const shown = [];
    const renamed = new Promise((done, fail) => {
      client.watchQuery({ query: TAGS }).subscribe({
        next: (result) => {
          shown.push(result);
          if (result.data?.tags?.nodes?.some((one) => one.name === name)) done(result);
        },
        error: fail,
      });
    });
    const changed = await client.mutate({ mutation: RENAME, variables: { input: { tagId: tag.id, name } } });
    assert.deepEqual(changed.data.updateTag.errors, []);
    await renamed;
    assert.equal(client.cache.extract()[key].name, name);
    assert.ok(client.cache.extract()[key].version > tag.version);
    client.stop();
  },

  "refusals are typed": async (server) => {
    const client = connect(http(server, `Bearer ${await server.signIn(admin)}`));
    // One that the payload tells.
    const { data } = await client.mutate({ mutation: RENAME, variables: { input: { tagId: "tag_00000000000000000000000000000000", name: "x" } } });
    assert.deepEqual(data.updateTag.errors.map(({ code }) => code), ["NOT_FOUND"]);
    // Ones that are errors of the request.
    for (const [link, query, code] of [
      [client, gql`{ tags(first: 1000) { nodes { id } } }`, "INVALID"],
      [client, gql`{ nothing }`, "GRAPHQL_VALIDATION_FAILED"],
      [connect(http(server, null)), TAGS, "UNAUTHENTICATED"],
      [connect(http(server, "Bearer wrong")), TAGS, "UNAUTHENTICATED"],
    ]) {
      const error = await link.query({ query, fetchPolicy: "network-only" }).then(({ data }) => assert.fail(JSON.stringify(data)), (error) => error);
      assert.ok(CombinedGraphQLErrors.is(error), `${error.name}: ${error.message}`);
      assert.deepEqual(error.errors.map(({ extensions }) => extensions.code), [code]);
    }
  },

  "subscriptions arrive over graphql-ws": async (server) => {
    const writer = await Writer.start(server, admin);
    const { authorization } = writer;
    const socket = createClient({ url: `${server.origin.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket, connectionParams: { authorization } });
    const isSubscription = ({ operationType }) => operationType === "subscription";
    const client = connect(ApolloLink.split(isSubscription, new GraphQLWsLink(socket), http(server, authorization)));
    const reader = new Reader(await writer.cursor());
    const subscription = client.subscribe({ query: gql(FOLLOW), variables: { after: reader.cursor } }).subscribe({
      next: ({ data, error }) => (error ? reader.fail(error) : reader.take({ data })),
      error: (error) => reader.fail(error),
    });
    const texts = [randomUUID(), randomUUID()];
    for (const text of texts) await writer.write(text);
    await reader.reaches(2);
    assert.deepEqual(reader.texts, texts);
    subscription.unsubscribe();
    client.stop();
    await socket.dispose();
  },

  "persisted queries go by GET and mutations by POST": async (server) => {
    const asked = [];
    const watched = async (address, init) => {
      const response = await fetch(address, init);
      const { query } = init.method === "GET" ? Object.fromEntries(new URL(address).searchParams) : JSON.parse(init.body);
      asked.push(`${init.method} ${query ? "with" : "without"} text: ${response.status}`);
      return response;
    };
    const sha256 = (text) => createHash("sha256").update(text).digest("hex");
    const link = new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(http(server, `Bearer ${await server.signIn(admin)}`, { fetch: watched }));
    const client = connect(link);
    // Unlike any document of another test, so that the server cannot know it.
    const query = gql`query Persisted { tags(first: 7) { nodes { id name } } }`;
    const mutation = gql`mutation PersistedRename($input: UpdateTagInput!) { updateTag(input: $input) { tag { id name } errors { code } } }`;
    const ask = () => client.query({ query, fetchPolicy: "network-only" });
    const { data } = await ask();
    const first = asked.splice(0);
    assert.equal(first.length, 2);
    assert.equal(first[0], "GET without text: 400");
    assert.match(first[1], /with text: 200$/u);
    assert.deepEqual((await ask()).data, data);
    assert.deepEqual(asked.splice(0), ["GET without text: 200"]);
    const rename = async (name) => {
      const changed = await client.mutate({ mutation, variables: { input: { tagId: data.tags.nodes[0].id, name } } });
      assert.deepEqual([changed.data.updateTag.tag.name, changed.data.updateTag.errors], [name, []]);
    };
    await rename(`First ${randomUUID()}`);
    assert.deepEqual(asked.splice(0), ["POST without text: 400", "POST with text: 200"]);
    await rename(`Second ${randomUUID()}`);
    assert.deepEqual(asked.splice(0), ["POST without text: 200"]);
    client.stop();
  },
};
