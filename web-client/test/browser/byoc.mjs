// An integrator's program at both ends: events in by HTTP as README.md shows them, signed webhooks out to a real receiver.
import assert from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { open, signIn, toReply } from "./browser.mjs";
import { admin } from "./demo.mjs";
import { askWithQuickReplies, rowOf } from "./main-path.mjs";

/** The receiver of README.md: refuses what is not signed with our secret, keeps each webhook once, names each message. */
class Receiver {
  static async start(secret) {
    const receiver = new Receiver();
    receiver.key = Buffer.from(secret.replace(/^whsec_/u, ""), "base64");
    receiver.kept = new Map();
    receiver.refused = [];
    receiver.http = createServer((request, response) => void receiver.take(request, response));
    await new Promise((done) => receiver.http.listen(0, "127.0.0.1", done));
    receiver.url = `http://127.0.0.1:${receiver.http.address().port}/hook`;
    return receiver;
  }

  async take(request, response) {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures } = request.headers;
    const mine = Buffer.from(`v1,${createHmac("sha256", this.key).update(`${id}.${at}.${body}`).digest("base64")}`);
    const isOurs = (one) => one.length === mine.length && timingSafeEqual(Buffer.from(one), mine);
    const isFresh = Math.abs(Date.now() / 1_000 - Number(at)) < 300;
    if (!isFresh || !signatures.split(" ").some(isOurs)) {
      this.refused.push(body);
      response.writeHead(401).end();
      return;
    }
    if (!this.kept.has(id)) this.kept.set(id, JSON.parse(body));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ idOnExternalPlatform: id }));
  }

  /** The first webhook that is as wanted, with its id. */
  async next(isWanted) {
    for (;;) {
      for (const [id, event] of this.kept) if (isWanted(event)) return { id, ...event };
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  stop() {
    this.http.close();
    this.http.closeAllConnections();
  }
}

/** Posts an event to the node that customers reach; returns the status. */
async function post(server, id, data) {
  const { "Own channel": url, "inbound token": token } = server.customer.byoc;
  const event = { specversion: "1.0", id, source: "https://middleware.example.org/shop", type: "message.created", data };
  const answer = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/cloudevents+json" },
    body: JSON.stringify(event),
  });
  return answer.status;
}

export const tests = {
  "an event by HTTP, an answer by signed webhook, a selection back": async ({ browser, server }) => {
    const receiver = await Receiver.start(server.customer.byoc["signing secret"]);
    await server.configure("BYOC", { url: receiver.url });
    const agent = await open(browser, server.origin, { language: "en" });
    await signIn(agent, server.origin, admin);
    await agent.mouse.move(1_200, 500);

    const mark = Date.now();
    const hello = `Hello from the marketplace ${mark}`;
    const thread = { idOnExternalPlatform: `t-${mark}`, threadName: "Order 7" };
    const author = { endUserIdentity: { idOnExternalPlatform: `u-${mark}`, firstName: "Mara", lastName: "Ehlers" } };
    const first = {
      idOnExternalPlatform: `m-${mark}`,
      direction: "inbound",
      thread,
      author,
      messageContent: { type: "TEXT", payload: { text: hello }, fallbackText: hello },
    };
    assert.equal(await post(server, `evt-${mark}`, first), 202);
    assert.equal(await post(server, `evt-${mark}`, first), 200, "the same event again has no effect");

    const row = await rowOf(agent, server, hello);
    await row.waitFor({ timeout: 10_000 });
    await row.click();
    await agent.getByTestId("thread").getByText(hello, { exact: true }).waitFor();

    await toReply(agent);
    await askWithQuickReplies(agent, "Pick it up or have it sent?", ["Pick it up", "Have it sent"]);
    const asked = await receiver.next(({ type, data }) => type === "message.send" && data.thread.idOnExternalPlatform === thread.idOnExternalPlatform);
    const { messageContent } = asked.data;
    assert.equal(messageContent.type, "QUICK_REPLIES");
    assert.equal(messageContent.payload.text.content, "Pick it up or have it sent?");
    assert.deepEqual(messageContent.payload.actions.map((action) => action.text), ["Pick it up", "Have it sent"]);
    await agent.locator("article", { hasText: "Pick it up or have it sent?" }).locator('[data-delivery="SENT"],[data-delivery="DELIVERED"]').waitFor();

    const chosen = messageContent.payload.actions[1];
    const answer = {
      idOnExternalPlatform: `m-${mark}-2`,
      direction: "inbound",
      thread,
      author,
      messageContent: { type: "TEXT", payload: { text: chosen.text }, fallbackText: chosen.text, postback: chosen.postback },
      replyToMessage: { idOnExternalPlatform: asked.id },
    };
    assert.equal(await post(server, `evt-${mark}-2`, answer), 202);
    await agent.locator("article", { hasText: "Chosen" }).getByText("Have it sent", { exact: true }).waitFor();
    assert.equal(await agent.getByTestId("thread").getByText(hello, { exact: true }).count(), 1);
    assert.deepEqual(receiver.refused, []);
    assert.deepEqual(agent.complaints, []);
    receiver.stop();
  },
};
