// An integrator's own channel whose receiver does what the test wants: accept, refuse, or hang up without an answer.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { admin } from "./demo.mjs";

// The receiver is on this machine, which the server calls only when it is told to.
process.env.TRIBUTARY__CHANNELS__ALLOW_NETWORKS ??= "127.0.0.0/8";

let count = 0;

export class Integration {
  /** `accept`, `refuse` (the platform's "no"), `hangUp`, or `think`: no answer until it is told to do something else. */
  #does = "accept";
  #thinking = [];

  set does(what) {
    this.#does = what;
    if (what !== "think") for (const answer of this.#thinking.splice(0)) answer();
  }

  /** The messages that came and were taken, in order. */
  taken = [];

  constructor() {
    count += 1;
    this.mark = `${Date.now()}-${count}`;
    this.name = `Integration ${this.mark}`;
    this.secret = randomBytes(24);
    this.token = randomBytes(24).toString("hex");
    this.settings = { inbound_token: this.token, signing_secret: `whsec_${this.secret.toString("base64")}` };
  }

  /** The receiver alone; its channel is still to be made. */
  static async listen() {
    const integration = new Integration();
    integration.http = createServer((request, response) => void integration.#take(request, response));
    await new Promise((done) => integration.http.listen(0, "127.0.0.1", done));
    integration.settings.url = `http://127.0.0.1:${integration.http.address().port}/hook`;
    return integration;
  }

  /** The receiver and a channel to it. */
  static async start(server) {
    const integration = await Integration.listen();
    integration.server = server;
    const token = await server.signIn(admin);
    const { inboxes, skills, scripts } = await server.ask("{ inboxes(first: 1) { nodes { id } } skills(first: 1) { nodes { id } } scripts(first: 5) { nodes { id } } }", {}, token);
    const input = {
      clientId: integration.mark,
      kind: "BYOC",
      name: integration.name,
      inboxId: inboxes.nodes[0].id,
      defaultSkillId: skills.nodes[0].id,
      defaultScriptId: scripts.nodes[0].id,
      settings: Object.entries(integration.settings).map(([key, value]) => ({ key, value })),
    };
    const { createChannel } = await server.ask("mutation($input: CreateChannelInput!) { createChannel(input: $input) { channel { id webhookUrl } errors { code field message } } }", { input }, token);
    if (!createChannel.channel) throw new Error(JSON.stringify(createChannel.errors));
    integration.id = createChannel.channel.id;
    integration.events = createChannel.channel.webhookUrl;
    return integration;
  }

  async set(key, value) {
    const token = await this.server.signIn(admin);
    const input = { channelId: this.id, settings: [{ key, value }] };
    const { updateChannel } = await this.server.ask("mutation($input: UpdateChannelInput!) { updateChannel(input: $input) { errors { code message } } }", { input }, token);
    if (updateChannel.errors.length > 0) throw new Error(JSON.stringify(updateChannel.errors));
  }

  /** Somebody says something on the integrator's platform. Returns the status of the answer. */
  async says(text, part = {}) {
    count += 1;
    const data = {
      idOnExternalPlatform: `m-${this.mark}-${count}`,
      direction: "inbound",
      thread: { idOnExternalPlatform: `t-${this.mark}`, threadName: "Order 7" },
      author: { endUserIdentity: { idOnExternalPlatform: `u-${this.mark}`, firstName: "Mara", lastName: "Ehlers" } },
      messageContent: { type: "TEXT", payload: { text }, fallbackText: text },
      ...part,
    };
    const answer = await fetch(this.events, {
      method: "POST",
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/cloudevents+json" },
      body: JSON.stringify({ specversion: "1.0", id: `e-${this.mark}-${count}`, source: "https://middleware.example.org/test", type: "message.created", data }),
    });
    return answer.status;
  }

  async #take(request, response) {
    let body = "";
    for await (const chunk of request) body += chunk;
    const event = JSON.parse(body);
    const isProbe = event.type === "channel.verify";
    if (!isProbe && this.#does === "think") await new Promise((done) => this.#thinking.push(done));
    if (!isProbe && this.#does === "hangUp") {
      request.socket.destroy();
      return;
    }
    response.setHeader("content-type", "application/json");
    const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures } = request.headers;
    if (!this.#isSigned(`${id}.${at}.${body}`, signatures ?? "")) response.writeHead(401).end("{}");
    else if (isProbe) response.end(JSON.stringify({ challenge: event.data.challenge }));
    else if (this.#does === "refuse") response.writeHead(422).end(JSON.stringify({ error: "not in this tone" }));
    else {
      this.taken.push(event);
      response.end(JSON.stringify({ idOnExternalPlatform: id }));
    }
  }

  #isSigned(text, signatures) {
    const mine = Buffer.from(`v1,${createHmac("sha256", this.secret).update(text).digest("base64")}`);
    return signatures.split(" ").some((one) => one.length === mine.length && timingSafeEqual(Buffer.from(one), mine));
  }

  /** How many messages with this text have been taken. */
  count(text) {
    return this.taken.filter((event) => event.type === "message.send" && JSON.stringify(event).includes(text)).length;
  }

  stop() {
    this.http.close();
    this.http.closeAllConnections();
  }
}
