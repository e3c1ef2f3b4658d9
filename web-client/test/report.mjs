// Runs tests against the real server one after the other, prints each, and counts.
import { existsSync } from "node:fs";
import { inspect } from "node:util";
import { binary } from "./browser/server.mjs";

const LIMIT_MS = 120_000;

export class Report {
  passed = 0;
  failed = 0;

  constructor() {
    if (existsSync(binary)) return;
    console.error(`There is no server at ${binary}. Build it, or name it in TRIBUTARY_BIN.`);
    process.exit(1);
  }

  /** Runs one test. `tell` prints what helps to understand a failure. */
  async run(name, test, tell = () => {}) {
    const started = Date.now();
    let timer;
    const limit = new Promise((_done, fail) => {
      timer = setTimeout(() => fail(new Error(`not done after ${LIMIT_MS / 1_000} s`)), LIMIT_MS);
    });
    try {
      await Promise.race([test(), limit]);
      this.passed += 1;
      console.log(`ok     ${name} (${Date.now() - started} ms)`);
    } catch (error) {
      this.failed += 1;
      console.log(`FAILED ${name}\n${error.stack ?? inspect(error)}`);
      await tell();
    } finally {
      clearTimeout(timer);
    }
  }

  /** The start of a server, or null when it did not come up; then its `count` tests have failed. */
  async start(name, count, start) {
    try {
      return await start();
    } catch (error) {
      this.failed += count;
      console.log(`FAILED ${name}: nothing of it ran\n${error.stack ?? error}`);
      return null;
    }
  }

  /** Prints the sum, which scripts/count-tests.sh reads, and ends the process. */
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exit(this.failed === 0 ? 0 : 1);
  }
}

/** Prints what the server complained about. */
export function complaints(server) {
  for (const node of server.nodes) for (const line of node.output.split("\n")) if (/WARN|ERROR/u.test(line)) console.log(`  ${node.origin} ${line}`);
}
