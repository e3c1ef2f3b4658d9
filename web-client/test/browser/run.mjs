// The browser tests: the real server, the real pages, one Chromium. Prints each test and closes with "N passed, N failed".
import { existsSync, mkdirSync } from "node:fs";
import { launch } from "./browser.mjs";
import { binary, Server } from "./server.mjs";
import { tests as byoc } from "./byoc.mjs";
import { tests as deskWork } from "./desk-work.mjs";
import { tests as editor } from "./editor.mjs";
import { tests as foreign } from "./foreign.mjs";
import { tests as keyboard } from "./keyboard.mjs";
import { tests as keys } from "./keys.mjs";
import { tests as mail } from "./mail.mjs";
import { tests as mainPath } from "./main-path.mjs";
import { onTwoNodes as outageOnTwoNodes, tests as outage } from "./outage.mjs";
import { tests as screens } from "./screens.mjs";
import { tests as states } from "./states.mjs";
import { tests as trouble } from "./trouble.mjs";
import { tests as writing } from "./writing.mjs";

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

/** What is tested, and on what kind of installation. */
const groups = [
  { group: "screens", tests: screens },
  { group: "keyboard", tests: keyboard },
  { group: "mainPath", tests: mainPath },
  { group: "outage", tests: outage },
  { group: "keys", tests: keys },
  { group: "writing", tests: writing },
  { group: "editor", tests: editor },
  { group: "trouble", tests: trouble },
  { group: "deskWork", tests: deskWork },
  { group: "states", tests: states },
  { group: "foreign", tests: foreign },
  { group: "mail", tests: mail, hasMail: true },
  { group: "byoc", tests: byoc },
  // The agent's page on one node, customers on the other. One installation for all of it: the demo takes a while there.
  { group: "two nodes", tests: { ...mainPath, ...byoc, ...mail, ...outageOnTwoNodes }, hasTwoNodes: true, hasMail: true },
];

for (const { group, tests, ...installation } of groups) {
  const chosen = Object.entries(tests).filter(([name]) => `${group}: ${name}`.includes(wanted));
  if (chosen.length === 0) continue;
  // One server per group: what one does is no surprise for the next.
  const server = await Server.start(installation).catch((error) => {
    console.log(`FAILED ${group}: nothing of it ran\n${error.stack ?? error}`);
    return null;
  });
  if (server === null) {
    failed += chosen.length;
    continue;
  }
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
      for (const node of server.nodes) for (const line of node.output.split("\n")) if (/WARN|ERROR/u.test(line)) console.log(`  ${node.origin} ${line}`);
      for (const context of browser.contexts()) for (const page of context.pages()) for (const complaint of page.complaints ?? []) console.log(`  ${complaint}`);
      let count = 0;
      for (const context of browser.contexts()) for (const page of context.pages()) await page.screenshot({ path: `${shots}failed-${`${group}-${name}`.replace(/\W+/gu, "-")}-${(count += 1)}.png` }).catch(() => {});
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
