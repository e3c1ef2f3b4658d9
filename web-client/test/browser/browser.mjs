// Chromium and what every page is watched for: errors, words on the console, requests to elsewhere, axe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

export function launch() {
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** Under a strict policy the sanitiser may try one inline handler, which the browser refuses; that is harmless. */
const harmless = [/inline event handler/iu];
/** What the browser itself says while a test has taken the server away. */
const outage = [/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|WebSocket connection|Failed to load resource/iu];

/** A page in a session of its own, which keeps what it must not do in `page.complaints`. */
export async function open(browser, origin, { language = "de", theme = "light", locale = "de-DE", width = 1440, height = 900 } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale, colorScheme: "light", reducedMotion: "reduce" });
  await context.addInitScript(([l, t]) => {
    // The frame of a mail has no storage.
    if (window === window.top && !localStorage.getItem("tributary.prefs")) localStorage.setItem("tributary.prefs", JSON.stringify({ language: l, theme: t }));
  }, [language, theme]);
  const page = await context.newPage();
  page.complaints = [];
  page.isOutage = false;
  page.on("pageerror", (error) => page.complaints.push(`page error: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() !== "error" || harmless.some((known) => known.test(text))) return;
    if (page.isOutage && outage.some((known) => known.test(text))) return;
    page.complaints.push(`console: ${text} (${message.location().url})`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(?:data|blob|about):/u.test(url)) page.complaints.push(`foreign request: ${url}`);
  });
  return page;
}

export async function signIn(page, origin, { email, password }) {
  await page.goto(`${origin}/`);
  await page.locator("input[type=email]").fill(email);
  await page.locator("input[type=password]").fill(password);
  await page.keyboard.press("Enter");
  // The view of everything: the first one, "mine", may well be empty.
  await page.locator("nav a", { hasText: "All open" }).click();
  await page.locator("[data-row]").first().waitFor();
}

/** To the field of the answer by key, as soon as there is one: a letter typed earlier would be somebody else's command. */
export async function toReply(page) {
  const field = "[data-keys=off] :is([role=textbox], textarea)";
  await page.locator(field).first().waitFor();
  if ((await page.locator(`${field}:focus`).count()) > 0) return;
  await page.keyboard.press("r");
  await page.locator("[data-keys=off] :focus").waitFor();
}

/** Writes an answer and sends it, by keyboard. */
export async function reply(page, text) {
  await toReply(page);
  await page.keyboard.type(text);
  await page.keyboard.press("Control+Enter");
}

/** What axe finds on the page or in one element of it, as readable lines. */
export async function axe(page, within = null) {
  // Through the debugger: the page's own policy allows no inline script.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axeSource });
  await session.detach();
  return page.evaluate(async (selector) => {
    // A part stands in somebody else's landmarks.
    const rules = selector === null ? {} : { region: { enabled: false } };
    const { violations } = await globalThis.axe.run(selector ?? document, { iframes: false, rules, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return violations.flatMap((violation) => violation.nodes.slice(0, 3).map((node) => `${violation.id}: ${node.target.join(" ")} (${node.any[0]?.message ?? violation.help})`));
  }, within);
}
