// The browser tests: the real server, the real pages, one Chromium. Prints each test and closes with "N passed, N failed".
import { mkdirSync } from "node:fs";
import { existsSync } from "node:fs";
import { launch } from "./browser.mjs";
import { binary, Server } from "./server.mjs";
import { tests as keyboard } from "./keyboard.mjs";
import { tests as mainPath } from "./main-path.mjs";
import { tests as outage } from "./outage.mjs";
import { tests as screens } from "./screens.mjs";

const LIMIT_MS = 120_000;
const wanted = process.argv[2] ?? "";
const shots = new URL("out/", import.meta.url).pathname;
mkdirSync(shots, { recursive: true });

if (!existsSync(binary)) {
  console.error(`There is no server at ${binary}. Build it, or name it in TRIBUTARY_BIN.`);
  process.exit(1);
}

const browser = await launch();
let passed = 0;
let failed = 0;

for (const [group, tests] of Object.entries({ screens, keyboard, mainPath, outage })) {
  const chosen = Object.entries(tests).filter(([name]) => `${group}: ${name}`.includes(wanted));
  if (chosen.length === 0) continue;
  // One server per group: what one does is no surprise for the next.
  const server = await Server.start();
  for (const [name, run] of chosen) {
    const started = Date.now();
    let timer;
    const limit = new Promise((_done, fail) => {
      timer = setTimeout(() => fail(new Error(`not done after ${LIMIT_MS / 1_000} s`)), LIMIT_MS);
    });
    try {
      await Promise.race([run({ browser, server, shots }), limit]);
      passed += 1;
      console.log(`ok     ${group}: ${name} (${Date.now() - started} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${group}: ${name}\n${error.stack ?? error}`);
      let count = 0;
      for (const context of browser.contexts()) for (const page of context.pages()) await page.screenshot({ path: `${shots}failed-${name.replace(/\W+/gu, "-")}-${(count += 1)}.png` }).catch(() => {});
    } finally {
      clearTimeout(timer);
      for (const context of browser.contexts()) await context.close();
    }
  }
  await server.stop();
}

await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
