// PostgreSQL, Redis and mail servers of the test harness: the example `servers` of the Rust tests, steered by lines of JSON.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { binary } from "./server.mjs";

export class Stand {
  /** Starts the named servers; where they are is in `postgres`, `redis` and `mail`. */
  static async start(names) {
    const program = join(dirname(binary), "examples", "servers");
    if (!existsSync(program)) throw new Error(`There is no ${program}. Build it: cargo build --workspace --bins --examples`);
    const stand = new Stand();
    stand.child = spawn(program, names, { stdio: ["pipe", "pipe", "inherit"] });
    stand.waiting = [];
    createInterface({ input: stand.child.stdout }).on("line", (line) => stand.waiting.shift()?.done(JSON.parse(line)));
    stand.child.once("exit", (code, signal) => {
      for (const { fail } of stand.waiting) fail(new Error(`the servers ended (${code ?? signal})`));
    });
    return Object.assign(stand, await stand.line());
  }

  line() {
    return new Promise((done, fail) => this.waiting.push({ done, fail }));
  }

  /** Gives one command and returns its answer. */
  async tell(command) {
    const answer = this.line();
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
    const { error, ...rest } = await answer;
    if (error) throw new Error(error);
    return rest;
  }

  async stop() {
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.stdin.end();
    await ended;
  }
}
