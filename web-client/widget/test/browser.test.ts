// @vitest-environment node
// The widget in a real browser, inside a page that does its worst: another origin, no charset, a strict policy and a
// style sheet that unsets everything. With WIDGET_SERVER (origin) and WIDGET_KEY in the environment the first group
// runs against that server as well; with WIDGET_SHOTS (a folder) pictures are taken to look at.

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { everyKind } from "./conversation";
import { KEY, MockServer } from "./mock-server";

const DIST = resolve(import.meta.dirname, "../../dist");
const AXE = readFileSync(resolve(import.meta.dirname, "../../node_modules/axe-core/axe.min.js"), "utf8");
const SHOTS = process.env.WIDGET_SHOTS;
const TIMEOUT = 60_000;

let browser: Browser;
let context: BrowserContext;
let mock: MockServer;
let shop: Server;
let shopOrigin = "";
let problems: string[] = [];
let foreign: string[] = [];

/** Everything that the build wrote, as it is asked for. */
const files = () => ["widget.js", "widget-panel.js", ...readdirSync(resolve(DIST, "widget")).map((name) => `widget/${name}`)];

beforeAll(async () => {
  await build({ configFile: resolve(import.meta.dirname, "../vite.config.ts"), logLevel: "error" });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}, TIMEOUT);

afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  mock = await new MockServer().start();
  for (const name of files()) {
    // As a server would that forgot the charset: the script must not need one.
    mock.routes.set(`/${name}`, { type: "text/javascript", body: readFileSync(resolve(DIST, name)), headers: { "access-control-allow-origin": "*" } });
  }
  problems = [];
  foreign = [];
});

afterEach(async () => {
  await context.close();
  await mock.stop();
  shop.closeAllConnections();
  await new Promise((done) => shop.close(done));
});

interface Setting {
  server?: string;
  key?: string;
  attributes?: string;
  isHostile?: boolean;
  /** The policy names this nonce instead of the server. */
  nonce?: string;
  isDark?: boolean;
  isMobile?: boolean;
  locale?: string;
}

async function visit({ server = mock.origin, key = KEY, attributes = "", isHostile = true, nonce, isDark = false, isMobile = false, locale = "de-DE" }: Setting = {}): Promise<Page> {
  const policy = `default-src 'none'; script-src ${nonce ? `'nonce-${nonce}'` : server}; style-src 'self'; connect-src ${server} ${server.replace("http", "ws")}; img-src ${server} blob:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'`;
  shop = createServer((request, response) => {
    if (request.url === "/hostile.css") {
      response.writeHead(200, { "content-type": "text/css" });
      response.end("* { all: unset !important; color: red !important; } html { font-size: 3px } dc-chat { display: none !important; position: static !important } button { display: none !important }");
    } else if (request.url === "/") {
      response.writeHead(200, { "content-type": "text/html", ...(isHostile ? { "content-security-policy": policy } : {}) });
      const style = isHostile ? '<link rel="stylesheet" href="/hostile.css">' : "<style>body{font:16px sans-serif;margin:40px;color-scheme:light dark}</style>";
      response.end(Buffer.from(`<!doctype html><html><meta name="viewport" content="width=device-width"><title>Shop</title>${style}<body><h1>Fahrr\xe4der</h1><a href="/">Start</a><script async ${nonce ? `nonce="${nonce}"` : ""} src="${server}/widget.js" data-channel="${key}" ${attributes}></script>`, "latin1"));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((done) => shop.listen(0, "127.0.0.1", done));
  shopOrigin = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  context = await browser.newContext({
    locale,
    colorScheme: isDark ? "dark" : "light",
    viewport: isMobile ? { width: 390, height: 780 } : { width: 900, height: 800 },
    hasTouch: isMobile,
    isMobile,
    timezoneId: "Europe/Berlin",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    // A socket that we cut on purpose is told there as well, and nothing can keep the browser from it.
    if (message.type() === "error" && !/WebSocket|ERR_(CONNECTION|EMPTY|INCOMPLETE)|favicon/.test(message.text() + message.location().url)) problems.push(message.text());
  });
  page.on("request", (request) => {
    if (![server, shopOrigin].includes(new URL(request.url()).origin) && !request.url().startsWith("blob:")) foreign.push(request.url());
  });
  await page.goto(shopOrigin);
  return page;
}

async function open(page: Page): Promise<void> {
  await page.getByRole("button", { name: /Chat öffnen|Open chat/ }).click();
  await page.getByRole("dialog").waitFor();
}

async function shot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: resolve(SHOTS, `${name}.png`) });
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run: (what: string, how: object) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe;
    const { violations } = await axe.run("dc-chat", { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], rules: { region: { enabled: false } } });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
  });
}

const field = (page: Page) => page.getByRole("textbox", { name: /Nachricht schreiben|Write a message/ });

async function write(page: Page, text: string): Promise<void> {
  await field(page).fill(text);
  await field(page).press("Enter");
}

function clean(): void {
  expect(problems).toEqual([]);
  expect(foreign).toEqual([]);
}

const SERVERS = [["the server in memory", undefined, undefined], ...(process.env.WIDGET_SERVER ? [[process.env.WIDGET_SERVER, process.env.WIDGET_SERVER, process.env.WIDGET_KEY ?? ""] as const] : [])] as const;

describe.each(SERVERS)("in a hostile page, with %s", (_, server, key) => {
  test("it stands in its corner, opens, talks and closes by keyboard alone", { timeout: TIMEOUT }, async () => {
    const page = await visit({ ...(server ? { server } : {}), ...(key ? { key } : {}), attributes: 'data-language="de" data-colour="#7a1f5c"' });
    const button = page.getByRole("button", { name: "Chat öffnen" });
    await button.waitFor();
    const box = await button.boundingBox();
    expect(box).toEqual({ x: 820, y: 720, width: 60, height: 60 });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await expect.poll(() => field(page).evaluate((element) => (element.getRootNode() as ShadowRoot).activeElement === element)).toBe(true);
    const text = `Grüße ${Math.round(performance.now())}`;
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
    await page.getByRole("log").getByText(text).waitFor();
    await page.getByRole("img", { name: /Gesendet|Zugestellt|Gesehen/ }).waitFor();
    expect(await page.getByText(text).count()).toBe(1);
    await page.reload();
    await open(page);
    await page.getByRole("log").getByText(text).waitFor();
    await expect.poll(() => field(page).evaluate((element) => (element.getRootNode() as ShadowRoot).activeElement === element)).toBe(true);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.localName)).toBe("dc-chat");
    expect(await button.evaluate((element) => element.matches(":focus"))).toBe(true);
    clean();
  });
});

test("a page that allows scripts by nonce alone lets both files in", { timeout: TIMEOUT }, async () => {
  const page = await visit({ nonce: "bm9uY2U" });
  await open(page);
  clean();
});

test("nothing is fetched before the page is done but the script", { timeout: TIMEOUT }, async () => {
  const page = await visit();
  await page.getByRole("button", { name: "Chat öffnen" }).waitFor();
  expect(mock.requests).toEqual(["GET /widget.js", `GET /chat/v1/${KEY}/config`]);
  const [loaded, config] = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    return [navigation?.domComplete ?? 0, performance.getEntriesByType("resource").find((entry) => entry.name.endsWith("/config"))?.startTime ?? 0];
  });
  expect(config).toBeGreaterThanOrEqual(loaded ?? 0);
  clean();
});

test("the socket dies in mid-chat: nothing is lost, nothing is there twice", { timeout: TIMEOUT }, async () => {
  const page = await visit();
  await open(page);
  await write(page, "erste");
  await expect.poll(() => mock.messages.length).toBe(1);
  mock.refusesSockets = true;
  await context.setOffline(true);
  mock.drop();
  await page.getByText(/Keine Verbindung/).waitFor();
  await write(page, "zweite");
  await page.getByRole("img", { name: "Wartet auf das Senden" }).waitFor();
  await shot(page, "offline");
  mock.say({ kind: "TEXT", text: "Antwort währenddessen" });
  // The page is left and comes back with the message still unsent.
  await context.setOffline(false);
  await page.reload();
  mock.refusesSockets = false;
  await open(page);
  await page.getByText("Antwort währenddessen").waitFor();
  await expect.poll(() => mock.messages.length, { timeout: 10_000 }).toBe(3);
  await expect.poll(() => page.getByRole("img", { name: "Gesendet" }).count()).toBe(2);
  for (const text of ["erste", "Antwort währenddessen", "zweite"]) expect(await page.getByText(text, { exact: true }).count()).toBe(1);
  clean();
});

test("unread messages are in the button's name, and seen ones are told to the server", { timeout: TIMEOUT }, async () => {
  const page = await visit();
  await open(page);
  await write(page, "Hallo");
  await expect.poll(() => mock.messages.length).toBe(1);
  await page.keyboard.press("Escape");
  mock.say({ kind: "TEXT", text: "eins" });
  mock.say({ kind: "TEXT", text: "zwei" });
  const button = page.getByRole("button", { name: "Chat öffnen, 2 ungelesene Nachrichten" });
  await button.waitFor();
  await shot(page, "unread");
  expect(mock.frames.some((frame) => frame.type === "seen")).toBe(false);
  await button.click();
  await expect.poll(() => mock.frames.filter((frame) => frame.type === "seen").length).toBe(1);
  await page.getByRole("button", { name: "Chat schließen" }).last().waitFor();
  clean();
});

test("every kind is shown, and those that ask are answered", { timeout: TIMEOUT }, async () => {
  const page = await visit();
  await open(page);
  await write(page, "Hallo");
  everyKind(mock);
  const log = page.getByRole("log");
  await log.getByText("[Aufkleber]").waitFor();
  const answers = () => mock.frames.flatMap((frame) => (frame.type === "answer" ? [frame.content] : []));
  const asked = mock.say({ kind: "QUICK_REPLIES", text: "Zufrieden?", replies: [{ id: "y", title: "Sehr" }, { id: "n", title: "Nein" }] });
  await log.getByRole("button", { name: "Sehr" }).click();
  await expect.poll(answers).toEqual([{ kind: "SELECTION", question: asked.id, items: [{ id: "y", title: "Sehr" }] }]);
  await log.getByRole("button", { name: "Nein" }).waitFor({ state: "detached" });

  await log.getByRole("button", { name: /Einstellen/ }).click();
  await log.getByRole("checkbox", { name: "Bremsen prüfen" }).click();
  await log.getByRole("checkbox", { name: "Licht prüfen" }).click();
  await log.getByRole("button", { name: "Auswählen" }).click();
  await log.getByRole("button", { name: /Dienstag, 24. November, 10:00, 30 Minuten/ }).click();
  await expect.poll(() => answers().length).toBe(4);
  expect(answers().slice(1)).toMatchObject([
    { kind: "SELECTION", items: [{ id: "1", title: "Einstellen" }] },
    { kind: "SELECTION", items: [{ id: "1" }, { id: "2" }] },
    { kind: "TIME_CHOSEN", slot: { id: "s1", start: "2026-11-24T09:00:00.000Z", duration_min: 30 } },
  ]);

  const form = log.locator("form");
  await form.getByRole("button", { name: "Absenden" }).click();
  await form.getByText("Bitte füllen Sie dieses Feld aus.").first().waitFor();
  expect(await form.getByRole("textbox", { name: "Name" }).evaluate((element) => element.matches(":focus"))).toBe(true);
  await form.getByRole("textbox", { name: "Name" }).fill("Mara Lind");
  await form.getByRole("textbox", { name: "E-Mail" }).fill("mara@example.org");
  await form.getByRole("radio", { name: "Stadtrad" }).check();
  await form.getByRole("checkbox", { name: "Korb" }).check();
  await form.getByRole("checkbox", { name: /Bedingungen/ }).check();
  await form.getByRole("button", { name: "Absenden" }).click();
  await expect.poll(() => answers().length).toBe(5);
  expect(answers()[4]).toMatchObject({
    kind: "FORM_ANSWERS",
    answers: [
      { field_id: "name", label: "Name", values: ["Mara Lind"] },
      { field_id: "mail", values: ["mara@example.org"] },
      { field_id: "kind", values: ["Stadtrad"] },
      { field_id: "extra", values: ["Korb"] },
      { field_id: "ok", values: ["Ja"] },
    ],
  });

  await log.getByRole("radio", { name: "Beschädigt" }).check();
  await log.getByRole("button", { name: "Zurückgeben" }).click();
  await expect.poll(() => answers().length).toBe(6);
  expect(answers()[5]).toMatchObject({ answers: [{ field_id: "why", values: ["Beschädigt"] }, { field_id: "keep", values: ["Nein"] }, { field_id: "order", values: ["4711"] }, { values: ["Zurückgeben"] }] });
  clean();
});

test("the visitor ends the chat after being asked, and the focus stays with the question", { timeout: TIMEOUT }, async () => {
  const page = await visit();
  await open(page);
  await write(page, "Danke");
  await expect.poll(() => mock.messages.length).toBe(1);
  mock.happen({ type: "status", data: { status: "ACTIVE", is_online: true } });
  await page.getByRole("button", { name: "Chat beenden" }).click();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  expect(await page.getByRole("button", { name: "Chat beenden" }).evaluate((element) => element.matches(":focus"))).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Ja", exact: true }).click();
  // A frame without an answer in time is sent again under the same id.
  await expect.poll(() => new Set(mock.frames.filter((frame) => frame.type === "end").map((frame) => frame.id)).size).toBe(1);
  mock.happen({ type: "status", data: { status: "ENDED", is_online: true } });
  await page.getByText("Der Chat ist beendet. Sie können jederzeit wieder schreiben.").waitFor();
  clean();
});

test("files are uploaded, shown and sent with the message", { timeout: TIMEOUT }, async () => {
  const page = await visit();
  await open(page);
  const pixel = await page.screenshot({ clip: { x: 0, y: 0, width: 80, height: 50 } });
  await page.locator("input[type=file]").setInputFiles([
    { name: "rad.png", mimeType: "image/png", buffer: pixel },
    { name: "virus.exe", mimeType: "application/x-msdownload", buffer: Buffer.from("x") },
  ]);
  await page.getByText("Dateien wie virus.exe können hier nicht gesendet werden.").waitFor();
  await expect.poll(() => mock.requests.filter((request) => request.startsWith("POST") && request.endsWith("/files")).length).toBe(1);
  await shot(page, "upload");
  await write(page, "Mein Rad");
  await expect.poll(() => mock.messages.length).toBe(1);
  expect(mock.messages[0]).toMatchObject({ content: { kind: "ATTACHMENT", caption: "Mein Rad" }, attachments: [{ mime: "image/png" }] });
  await expect.poll(() => page.locator(".picture img").evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(80);
  clean();
});

test("while nobody is there a message can be left", { timeout: TIMEOUT }, async () => {
  mock.config = { ...mock.config, is_online: false };
  const page = await visit();
  await open(page);
  await page.getByRole("button", { name: "Senden" }).click();
  await page.getByText("Bitte füllen Sie dieses Feld aus.").first().waitFor();
  await shot(page, "leave");
  await page.getByRole("textbox", { name: "E-Mail" }).fill("mara@example.org");
  await page.getByRole("textbox", { name: "Nachricht", exact: true }).fill("Bitte rufen Sie an.");
  await page.getByRole("button", { name: "Senden" }).click();
  await page.getByText(/Vielen Dank!/).waitFor();
  expect(mock.frames.filter((frame) => frame.type === "leave_message")).toMatchObject([{ name: null, email: "mara@example.org", text: "Bitte rufen Sie an." }]);
  clean();
});

test("what was filled in outlives closing the panel and somebody coming", { timeout: TIMEOUT }, async () => {
  mock.config = { ...mock.config, is_online: false };
  const page = await visit();
  await open(page);
  await page.getByRole("textbox", { name: "E-Mail" }).fill("mara@example.org");
  await page.getByRole("textbox", { name: "Nachricht", exact: true }).fill("Bitte rufen");
  await page.keyboard.press("Escape");
  await open(page);
  expect(await page.getByRole("textbox", { name: "E-Mail" }).inputValue()).toBe("mara@example.org");
  await page.getByRole("textbox", { name: "Nachricht", exact: true }).pressSequentially(" Sie an");
  mock.happen({ type: "status", data: { status: "NONE", is_online: true } });
  await field(page).waitFor();
  expect(await field(page).inputValue()).toBe("Bitte rufen Sie an");
  await field(page).press("Enter");
  await page.getByRole("log").getByText("Bitte rufen Sie an").waitFor();

  mock.say({ kind: "FORM", title: "Ihre Daten", fields: [{ id: "name", label: "Name", field_type: "TEXT", required: true }] });
  mock.say({ kind: "LIST_PICKER", title: "Was?", multiple: true, sections: [{ items: [{ id: "a", title: "Licht" }, { id: "b", title: "Bremse" }] }] });
  await page.getByRole("textbox", { name: "Name" }).fill("Mara Li");
  await page.getByRole("checkbox", { name: "Bremse" }).click();
  await page.keyboard.press("Escape");
  await open(page);
  expect(await page.getByRole("textbox", { name: "Name" }).inputValue()).toBe("Mara Li");
  expect(await page.getByRole("checkbox", { name: "Bremse" }).getAttribute("aria-checked")).toBe("true");
  await page.getByRole("button", { name: "Auswählen" }).click();
  await expect.poll(() => mock.frames.flatMap((frame) => (frame.type === "answer" ? [frame.content] : []))).toMatchObject([{ kind: "SELECTION", items: [{ id: "b", title: "Bremse" }] }]);
  clean();
});

test("a message that cannot be shown stands alone with its text", { timeout: TIMEOUT }, async () => {
  const page = await visit();
  await open(page);
  await write(page, "Hallo");
  await expect.poll(() => mock.messages.length).toBe(1);
  // As a newer server might send it.
  mock.say({ kind: "LIST_PICKER", title: "Neu", multiple: false } as never, { text: "Neuer Aufbau" });
  mock.say({ kind: "TEXT", text: "danach" });
  await page.getByRole("log").getByText("danach").waitFor();
  await page.getByRole("log").getByText("Neuer Aufbau").waitFor();
  expect(await field(page).isVisible()).toBe(true);
  clean();
});

test.each([
  ["light", {}],
  ["dark", { isDark: true }],
  ["mobile", { isMobile: true }],
  ["mobile-dark-en", { isMobile: true, isDark: true, locale: "en-GB", attributes: 'data-colour="#ffcc00"' }],
  ["en", { locale: "en-GB", attributes: 'data-colour="#2a2a2a" data-position="left"' }],
] as [string, Setting][])("accessible and whole: %s", { timeout: TIMEOUT }, async (name, setting) => {
  const page = await visit({ ...setting, isHostile: false });
  await open(page);
  await shot(page, `${name}-empty`);
  await write(page, "Hallo");
  everyKind(mock);
  const log = page.getByRole("log");
  await log.getByText("[Aufkleber]").waitFor();
  mock.whisper({ type: "typing", data: { author: { name: "Jana Vogel", kind: "AGENT" }, is_typing: true } });
  await page.getByText(/Jana Vogel (schreibt|is writing)/).waitFor();
  // The rarer kinds have come too.
  await log.locator("form").waitFor();
  expect(await violations(page)).toEqual([]);
  if (SHOTS) {
    for (let i = 0; i < 8; i++) {
      await log.evaluate((element, i) => element.scrollTo(0, (element.scrollHeight - element.clientHeight) * (i / 7)), i);
      await page.waitForTimeout(250);
      await shot(page, `${name}-${i}`);
    }
  }
  if (setting.isMobile) {
    expect(await page.getByRole("dialog").boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 780 });
    for (let i = 0; i < 60; i++) await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.localName)).toBe("dc-chat");
  }
  expect(await log.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
  clean();
});

test("the page can steer it before and after it is there", { timeout: TIMEOUT }, async () => {
  const page = await visit({ isHostile: false });
  await page.evaluate(() => {
    const { tributary } = window as unknown as { tributary: (...values: unknown[]) => void };
    const heard: string[] = ((window as unknown as { heard: string[] }).heard = []);
    for (const name of ["ready", "open", "close", "message", "unread"]) tributary("on", name, () => heard.push(name));
    tributary("open");
  });
  await page.getByRole("dialog").waitFor();
  await page.evaluate(() => (window as unknown as { tributary: (...values: unknown[]) => void }).tributary("close"));
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await expect.poll(() => page.evaluate(() => (window as unknown as { heard: string[] }).heard.filter((name) => name !== "ready"))).toEqual(["open", "close"]);
  await page.evaluate(() => (window as unknown as { tributary: (...values: unknown[]) => void }).tributary("identify", "signed.by.shop"));
  await expect.poll(() => mock.sessions.at(-1)?.identity).toBe("signed.by.shop");
  clean();
});

test("what most chats never need is fetched only with the first message that needs it", { timeout: TIMEOUT }, async () => {
  const page = await visit();
  await open(page);
  await write(page, "Hallo");
  mock.say({ kind: "QUICK_REPLIES", text: "Worum geht es?", replies: [{ id: "a", title: "Bestellung" }] });
  await page.getByRole("log").getByRole("button", { name: "Bestellung" }).waitFor();
  const fetched = (name: string) => mock.requests.filter((request) => request.includes(`/widget/${name}-`)).length;
  expect([fetched("chat"), fetched("de"), fetched("en"), fetched("more")]).toEqual([1, 1, 0, 0]);
  mock.say({ kind: "FORMATTED", markup: "MARKDOWN", source: "Das ist **wichtig**" }, { text: "Das ist wichtig" });
  await page.getByRole("log").locator("strong", { hasText: "wichtig" }).waitFor();
  expect(fetched("more")).toBe(1);
  clean();
});

test("what cannot be fetched leaves the readable text and can be asked for again", { timeout: TIMEOUT }, async () => {
  const page = await visit();
  await open(page);
  await write(page, "Hallo");
  await page.route("**/widget/more-*", (route) => route.abort());
  mock.say({ kind: "FORMATTED", markup: "MARKDOWN", source: "Das ist **wichtig**" }, { text: "Das ist wichtig" });
  await page.getByRole("log").getByText("Das ist wichtig").waitFor();
  const again = page.getByRole("button", { name: "Erneut versuchen" });
  await again.waitFor();
  await page.unroute("**/widget/more-*");
  await again.click();
  await page.getByRole("log").locator("strong", { hasText: "wichtig" }).waitFor();
  // What the browser itself says of what we took away.
  expect(problems.splice(0)).toEqual(["Failed to load resource: net::ERR_FAILED"]);
  clean();
});

test("all files stay small and plain", () => {
  for (const name of files()) {
    const code = readFileSync(resolve(DIST, name), "latin1");
    expect(/^[\n\t -~]*$/.test(code)).toBe(true);
    expect(/\beval\(|new Function|\/widget\/src\//.test(code)).toBe(false);
    expect(gzipSync(code, { level: 9 }).length).toBeLessThan(20_000);
  }
});
