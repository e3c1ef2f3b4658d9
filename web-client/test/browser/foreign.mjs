// The chat of the real server on somebody else's page: another origin, hostile styles, a strict policy, no charset.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { axe, open } from "./browser.mjs";
import { admin } from "./demo.mjs";

/** Hours in which nobody is there at any time. */
const NEVER = JSON.stringify({ timeZone: "UTC", days: {} });
const HOSTILE = "* { all: unset !important; color: red !important } html { font-size: 3px } dc-chat { display: none !important } button { display: none !important }";

/** A shop whose page lets in nothing but the script of our server. */
async function shop(server, language) {
  const token = await server.signIn(admin);
  const { channels } = await server.ask("{ channels(first: 20) { nodes { id widget { key } } } }", {}, token);
  const channel = channels.nodes.find((item) => item.widget);
  const socket = server.origin.replace("http", "ws");
  const policy = `default-src 'none'; script-src ${server.origin}; style-src 'self'; connect-src ${server.origin} ${socket}; img-src ${server.origin} blob:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'`;
  const pages = createServer((request, response) => {
    if (request.url === "/hostile.css") response.writeHead(200, { "content-type": "text/css" }).end(HOSTILE);
    else if (request.url === "/") {
      response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy });
      response.end(`<!doctype html><html lang="${language}"><title>Shop</title><link rel="stylesheet" href="/hostile.css"><body><main><h1>Shop</h1></main><script async src="${server.origin}/widget.js" data-channel="${channel.widget.key}" data-language="${language}"></script>`);
    } else response.writeHead(404).end();
  });
  await new Promise((done) => pages.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${pages.address().port}`;
  const set = async (settings) => {
    const input = { channelId: channel.id, settings };
    const { updateChannel } = await server.ask("mutation($input: UpdateChannelInput!) { updateChannel(input: $input) { errors { code message } } }", { input }, token);
    assert.deepEqual(updateChannel.errors, []);
  };
  await set([{ key: "allowed_origins", value: `${origin}\n${server.origin}` }]);
  return { origin, set, stop: () => pages.close() };
}

const words = {
  de: { open: "Chat öffnen", close: "Chat schließen", send: "Senden", offline: /Keine Verbindung/u, sent: /Gesendet|Zugestellt|Gesehen/u },
  en: { open: "Open chat", close: "Close chat", send: "Send", offline: /No connection/u, sent: /Sent|Delivered|Seen/u },
};

const variants = ["de", "en"].flatMap((language) => ["light", "dark"].map((theme) => ({ language, theme })));

export const tests = Object.fromEntries(
  variants.map(({ language, theme }) => [
    `chat, offline and closed, ${language}, ${theme}`,
    async ({ browser, server, shots }) => {
      const { origin, stop } = await shop(server, language);
      const t = words[language];
      const page = await open(browser, server.origin, { language, locale: language === "de" ? "de-DE" : "en-GB", width: 900, height: 800 });
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      const complaints = () => page.complaints.filter((line) => !line.startsWith(`foreign request: ${origin}`));
      const seen = [];
      const look = async (name) => {
        await page.screenshot({ path: `${shots}foreign-${name}-${language}-${theme}.png` });
        // The page around it is ugly on purpose; only what is ours is looked at.
        for (const line of await axe(page, "dc-chat")) seen.push(`${name}: ${line}`);
      };
      await page.goto(origin);
      const button = page.getByRole("button", { name: t.open });
      await button.waitFor();
      assert.deepEqual(await button.boundingBox(), { x: 820, y: 720, width: 60, height: 60 });
      await look("closed");
      await button.click();
      const field = page.locator("dc-chat textarea");
      await field.fill(`Hello from elsewhere ${language} ${theme}`);
      await field.press("Enter");
      await page.getByRole("img", { name: t.sent }).first().waitFor();
      // The script's greeting with its answers to tap.
      await page.locator("dc-chat button.chip").first().waitFor();
      await look("chat");
      page.isOutage = true;
      await server.agent.kill();
      await page.getByText(t.offline).waitFor();
      await look("offline");
      await server.agent.up();
      await page.getByText(t.offline).waitFor({ state: "detached", timeout: 60_000 });
      await field.press("Escape");
      await button.waitFor();
      assert.deepEqual(seen, []);
      assert.deepEqual(complaints(), []);
      stop();
    },
  ]),
);

for (const { language, theme } of variants) {
  tests[`a message left while nobody is there, ${language}, ${theme}`] = async ({ browser, server, shots }) => {
    const { origin, set, stop } = await shop(server, language);
    await set([{ key: "office_hours", value: NEVER }]);
    const page = await open(browser, server.origin, { language, locale: language === "de" ? "de-DE" : "en-GB", width: 900, height: 800 });
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.goto(origin);
    await page.getByRole("button", { name: words[language].open }).click();
    await page.locator("dc-chat form").getByRole("textbox", { name: "E-Mail" }).fill("mara@example.org");
    await page.screenshot({ path: `${shots}foreign-leave-${language}-${theme}.png` });
    assert.deepEqual(await axe(page, "dc-chat"), []);
    stop();
  };
}
