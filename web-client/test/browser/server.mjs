// Starts the real server on demo data, in a folder and on a port of its own.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const READY_MS = 120_000;

export const binary = resolve(process.env.TRIBUTARY_BIN ?? process.env.TRIBUTARY_BINARY ?? new URL("../../../target/debug/tributary", import.meta.url).pathname);

function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

export class Server {
  static async start() {
    const server = new Server();
    server.folder = mkdtempSync(join(tmpdir(), "tributary-browser-"));
    server.port = await freePort();
    server.origin = `http://127.0.0.1:${server.port}`;
    await server.up();
    return server;
  }

  /** Starts the process (again) on what is in the folder. */
  async up() {
    this.output = "";
    this.child = spawn(binary, ["serve", "--demo"], {
      cwd: this.folder,
      env: {
        ...process.env,
        TRIBUTARY__SERVER__LISTEN: `127.0.0.1:${this.port}`,
        TRIBUTARY__SERVER__PUBLIC_URL: this.origin,
      },
    });
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
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGKILL");
    await ended;
  }

  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
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
