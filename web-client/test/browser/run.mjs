// The browser tests: the real server, the real pages, one Chromium. Prints each test and closes with "N passed, N failed".
import { mkdirSync } from "node:fs";
import { complaints, Report } from "../report.mjs";
import { launch } from "./browser.mjs";
import { Server } from "./server.mjs";
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

const wanted = process.argv[2] ?? "";
const shots = new URL("out/", import.meta.url).pathname;
mkdirSync(shots, { recursive: true });

const report = new Report();
const browser = await launch();

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
  const server = await report.start(group, chosen.length, () => Server.start(installation));
  if (server === null) continue;
  for (const [name, run] of chosen) {
    await report.run(`${group}: ${name}`, () => run({ browser, server, shots }), async () => {
      complaints(server);
      for (const context of browser.contexts()) for (const page of context.pages()) for (const complaint of page.complaints ?? []) console.log(`  ${complaint}`);
      let count = 0;
      for (const context of browser.contexts()) for (const page of context.pages()) await page.screenshot({ path: `${shots}failed-${`${group}-${name}`.replace(/\W+/gu, "-")}-${(count += 1)}.png` }).catch(() => {});
    });
    for (const context of browser.contexts()) await context.close();
  }
  await server.stop();
}

await browser.close();
report.end();
