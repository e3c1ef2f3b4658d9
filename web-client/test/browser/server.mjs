// Starts the real server on demo data, each time with folders and ports of its own: one process on SQLite, or two on
// PostgreSQL and Redis.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { admin } from "./demo.mjs";
import { Stand } from "./stand.mjs";

/** The demo on PostgreSQL is thousands of statements: a minute on a busy machine. */
const READY_MS = 240_000;

export const binary = resolve(process.env.TRIBUTARY_BIN ?? process.env.TRIBUTARY_BINARY ?? new URL("../../../target/debug/tributary", import.meta.url).pathname);

export function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** One process of the server; its port, folder and settings stay the same over restarts. */
class Node {
  constructor(folder, port, settings) {
    this.folder = folder;
    this.origin = `http://127.0.0.1:${port}`;
    this.environment = { ...process.env, TRIBUTARY__SERVER__LISTEN: `127.0.0.1:${port}`, TRIBUTARY__SERVER__PUBLIC_URL: this.origin, ...settings };
  }

  /** Starts the process (again) on what is in its folder and database. */
  async up() {
    this.output = "";
    this.child = spawn(binary, ["serve", "--demo"], { cwd: this.folder, env: this.environment });
    const keep = (data) => {
      this.output = (this.output + String(data)).slice(-20_000);
    };
    this.child.stdout.on("data", keep);
    this.child.stderr.on("data", keep);
    const gone = new Promise((_done, fail) => {
      this.child.once("error", fail);
      this.child.once("exit", (code, signal) => fail(new Error(`the server ended (${code ?? signal}):\n${this.output}`)));
    });
    gone.catch(() => {});
    await Promise.race([this.ready(), gone]);
    // What the demo prints for an integrator.
    const printed = (words) => new RegExp(`${words} +(\\S+)`, "u").exec(this.output)?.[1] ?? this.byoc?.[words];
    this.byoc = Object.fromEntries(["Own channel", "inbound token", "signing secret"].map((words) => [words, printed(words)]));
  }

  async ready() {
    const end = Date.now() + READY_MS;
    while (Date.now() < end) {
      const answer = await fetch(`${this.origin}/readyz`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`the server is not ready after ${READY_MS / 1_000} s:\n${this.output}`);
  }

  /** `kill -9`: no chance to tidy up. */
  async kill() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGKILL");
    await ended;
  }

  /** Asks the API as an ordinary client. */
  async ask(query, variables = {}, token = null) {
    const answer = await fetch(`${this.origin}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }

  async signIn({ email, password }) {
    const { signIn } = await this.ask("mutation($i: SignInInput!) { signIn(input: $i) { session { accessToken } errors { code } } }", { i: { email, password } });
    if (!signIn.session) throw new Error(`sign-in refused: ${JSON.stringify(signIn.errors)}`);
    return signIn.session.accessToken;
  }
}

/** An installation: `agent` is the node whose pages the agent has open, `customer` the one that customers reach. */
export class Server {
  /** With `hasTwoNodes` the two differ, else they are the same. With `hasMail` there is a mailbox, and `stand` brings mail. */
  static async start(installation) {
    const server = new Server();
    server.nodes = [];
    server.folder = mkdtempSync(join(tmpdir(), "tributary-browser-"));
    try {
      await server.build(installation);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  async build({ hasTwoNodes = false, hasMail = false }) {
    const wanted = [...(hasTwoNodes ? ["postgres", "redis"] : []), ...(hasMail ? ["mail"] : [])];
    this.stand = wanted.length > 0 ? await Stand.start(wanted) : null;
    const mailbox = hasMail ? mailboxOf(this.stand.mail) : {};
    const shared = hasTwoNodes ? await sharedBy(this) : {};
    for (const name of hasTwoNodes ? ["one", "two"] : ["one"]) {
      const own = hasTwoNodes ? { TRIBUTARY__SERVER__DATA_FOLDER: join(this.folder, name) } : {};
      const node = new Node(this.folder, await freePort(), { ...shared, ...mailbox, ...own });
      this.nodes.push(node);
      // The first one makes the demo, the second finds it.
      await node.up();
    }
    [this.agent] = this.nodes;
    this.customer = this.nodes.at(-1);
    if (hasTwoNodes) await this.allowChatOn(this.customer.origin);
  }

  get origin() {
    return this.agent.origin;
  }

  ask(...words) {
    return this.agent.ask(...words);
  }

  signIn(person) {
    return this.agent.signIn(person);
  }

  /** Changes settings of the first channel of that kind, as an admin does. */
  async configure(kind, settings) {
    const token = await this.signIn(admin);
    const { channels } = await this.ask("{ channels(first: 20) { nodes { id kind } } }", {}, token);
    const { id: channelId } = channels.nodes.find((channel) => channel.kind === kind);
    const change = Object.entries(settings).map(([key, value]) => ({ key, value }));
    const { updateChannel } = await this.ask("mutation($i: UpdateChannelInput!) { updateChannel(input: $i) { errors { code message } } }", { i: { channelId, settings: change } }, token);
    if (updateChannel.errors.length > 0) throw new Error(JSON.stringify(updateChannel.errors));
  }

  /** The demo lets the chat appear on pages of the node that made it; the shop of another node is a further website. */
  allowChatOn(origin) {
    return this.configure("DIGITAL_CHAT", { allowed_origins: `${this.origin}\n${origin}` });
  }

  async stop() {
    for (const node of this.nodes) await node.kill();
    await this.stand?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What nodes of one installation have in common. */
async function sharedBy({ stand, folder }) {
  const { appUrl, ownerUrl } = await stand.tell({ command: "database" });
  const key = () => randomBytes(32).toString("base64");
  return {
    TRIBUTARY__DATABASE__URL: appUrl,
    TRIBUTARY__DATABASE__MIGRATE_URL: ownerUrl,
    TRIBUTARY__REDIS__URL: stand.redis.url,
    TRIBUTARY__AUTH__SECRETS: key(),
    TRIBUTARY__SECRETS__MASTER_KEYS: `one:${key()}`,
    TRIBUTARY__MEDIA__FOLDER: join(folder, "media"),
  };
}

/** The company's mailbox as the environment of the demo names it. */
function mailboxOf(mail) {
  const settings = {
    ADDRESS: mail.agent,
    PASSWORD: mail.password,
    IMAP_HOST: mail.host,
    IMAP_PORT: mail.imapPort,
    IMAP_SECURITY: "starttls",
    SMTP_HOST: mail.host,
    SMTP_PORT: mail.smtpPort,
    SMTP_SECURITY: "starttls",
    CA: mail.caPem,
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`TRIBUTARY_DEMO_MAIL_${name}`, String(value)]));
}
