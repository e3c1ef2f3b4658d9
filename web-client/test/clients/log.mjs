// What every client follows: notes that somebody else writes, with the cursor after each batch.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

export const FOLLOW = /* GraphQL */ `
  subscription Follow($after: LogCursor!) {
    workspaceEvents(after: $after, filter: { kinds: [NOTE_ADDED] }) {
      prev
      cursor
      events {
        seq
        entity {
          ... on Message {
            id
            text
          }
        }
      }
    }
  }
`;

const ADD_NOTE = /* GraphQL */ `
  mutation AddNote($input: AddNoteInput!) {
    addNote(input: $input) {
      errors {
        code
        message
      }
    }
  }
`;

/** Between two attempts to reach a server that is away. */
export const PAUSE_MS = 50;

export function pause() {
  return new Promise((done) => setTimeout(done, PAUSE_MS));
}

/** Writes notes by another program than the one that is tested. */
export class Writer {
  static async start(server, person) {
    const writer = new Writer();
    writer.server = server;
    writer.token = await server.signIn(person);
    const { interactions } = await server.ask("{ interactions(first: 1) { nodes { id } } }", {}, writer.token);
    writer.interactionId = interactions.nodes[0].id;
    return writer;
  }

  get authorization() {
    return `Bearer ${this.token}`;
  }

  /** The end of the log. */
  async cursor() {
    const { logCursor } = await this.server.ask("{ logCursor }", {}, this.token);
    return logCursor;
  }

  /** Writes a note, again and again while the server is away: the same `clientId` has one effect. */
  async write(text) {
    const input = { clientId: randomUUID(), interactionId: this.interactionId, text };
    for (;;) {
      const answer = await this.server.ask(ADD_NOTE, { input }, this.token).catch((error) => error);
      if (!(answer instanceof Error)) {
        assert.deepEqual(answer.addNote.errors, []);
        return;
      }
      // `fetch` fails with a TypeError when nobody answers; anything else is an answer.
      if (!(answer instanceof TypeError)) throw answer;
      await pause();
    }
  }
}

/** A reader of batches: keeps the cursor, and checks that no batch is missing between two others. */
export class Reader {
  texts = [];
  #waiting = [];

  constructor(cursor) {
    this.cursor = cursor;
    const reader = this;
    // Clients that connect anew send the variables as they are then, so this goes on where the reader is.
    this.variables = {
      get after() {
        return reader.cursor;
      },
    };
  }

  /** Takes what a client delivers: an execution result. */
  take(result) {
    assert.equal(result.errors, undefined, JSON.stringify(result.errors));
    const { prev, cursor, events } = result.data.workspaceEvents;
    assert.equal(prev, this.cursor, "a batch is missing or came twice");
    this.cursor = cursor;
    for (const event of events) this.texts.push(event.entity.text);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Ends the waiting: the client gave up. */
  fail(error) {
    this.error = error;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Until so many notes were heard. */
  async reaches(count) {
    while (this.texts.length < count) {
      if (this.error) throw this.error;
      await new Promise((wake) => this.#waiting.push(wake));
    }
  }
}

/**
 * The server is killed under a reader who follows and a writer who writes; both go on when it is back. `follow` begins to
 * read with `reader.variables`, into `reader.take` and `reader.fail`, and returns how to end that.
 */
export async function outage(server, writer, follow) {
  const count = 60;
  const reader = new Reader(await writer.cursor());
  const stop = follow(reader);
  const expected = Array.from({ length: count }, (_, number) => `note ${number} ${randomUUID()}`);
  const writing = (async () => {
    for (const text of expected) await writer.write(text);
  })();
  // Whoever waits for the reader below would not see why nothing comes any more.
  writing.catch((error) => reader.fail(error));
  await reader.reaches(count / 3);
  await server.agent.kill();
  assert.ok(reader.texts.length < count, "the writing was over before the server was killed");
  await server.agent.up();
  await writing;
  await reader.reaches(count);
  stop();
  assert.deepEqual(reader.texts, expected, "each once and in order");
}
