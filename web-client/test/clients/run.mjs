// Well-known GraphQL clients and the audit of GraphQL over HTTP against the real server, as their users set them up.
// Prints each test and closes with "N passed, N failed".
import { Server } from "../browser/server.mjs";
import { complaints, Report } from "../report.mjs";
import { tests as apollo } from "./apollo.mjs";
import { tests as audit } from "./audit.mjs";
import { tests as sse } from "./graphql-sse.mjs";
import { tests as ws } from "./graphql-ws.mjs";
import { tests as urql } from "./urql.mjs";

const wanted = process.argv[2] ?? "";
const groups = { audit, "graphql-ws": ws, "graphql-sse": sse, apollo, urql };
const chosen = Object.entries(groups)
  .flatMap(([group, tests]) => Object.entries(tests).map(([name, run]) => [`${group}: ${name}`, run]))
  .filter(([name]) => name.includes(wanted));

const report = new Report();
const server = await report.start("clients", chosen.length, () => Server.start({}));
if (server !== null) {
  for (const [name, run] of chosen) await report.run(name, () => run(server), () => complaints(server));
  await server.stop();
}
report.end();
