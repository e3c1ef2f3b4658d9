// Every screen in both languages and both themes: no errors, no foreign requests, axe clean, nothing cut off.
import assert from "node:assert/strict";
import { axe, open, signIn } from "./browser.mjs";
import { admin } from "./demo.mjs";

/** Waits until nothing is loading any more. */
async function settled(page) {
  await page.waitForLoadState("networkidle").catch(() => {});
  await page.waitForFunction(() => document.querySelectorAll(".skeleton:not([data-lasting])").length === 0 || document.querySelector('[data-testid="typing"],[data-testid="waiting"]') !== null);
}

async function look(page, name, shots, seen) {
  await settled(page);
  await page.screenshot({ path: `${shots}${name}.png` });
  for (const line of await axe(page)) seen.push(`${name}: ${line}`);
  const isCut = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  if (isCut) seen.push(`${name}: wider than the window`);
}

const variants = ["de", "en"].flatMap((language) => ["light", "dark"].map((theme) => ({ language, theme })));

export const tests = Object.fromEntries(
  variants.map(({ language, theme }) => [
    `all screens, ${language}, ${theme}`,
    async ({ browser, server, shots }) => {
      const page = await open(browser, server.origin, { language, theme });
      const seen = [];
      const shot = (name) => look(page, `${name}-${language}-${theme}`, shots, seen);
      await page.goto(`${server.origin}/`);
      await page.locator("form").waitFor();
      await shot("sign-in");
      await signIn(page, server.origin, admin);
      await shot("inbox");

      const token = await server.signIn(admin);
      const { interactions, channels } = await server.ask("{ interactions(first: 60) { nodes { id channel { kind } messages(last: 20) { nodes { content { __typename } } } } } channels(first: 20) { nodes { id kind } } }", {}, token);
      // One interaction of each kind of channel, and the one with the most kinds of content.
      const byKind = new Map(interactions.nodes.map((item) => [item.channel.kind, item.id]));
      const kindsOf = (item) => new Set(item.messages.nodes.map((message) => message.content.__typename)).size;
      const richest = [...interactions.nodes].sort((a, b) => kindsOf(b) - kindsOf(a))[0];
      for (const [kind, id] of [...byKind, ["richest", richest.id]]) {
        await page.goto(`${server.origin}/inbox/all/${id}`);
        await page.locator("[data-message]").first().waitFor();
        await shot(`interaction-${kind.toLowerCase()}`);
      }
      await page.keyboard.press("?");
      await page.locator('[role="dialog"]').waitFor();
      await shot("keys");
      await page.keyboard.press("Escape");

      await page.goto(`${server.origin}/search?q=a`);
      await page.locator("h1").waitFor({ state: "attached" });
      await shot("search");
      await page.goto(`${server.origin}/channels`);
      await page.getByTestId("channels").locator("a").first().waitFor();
      await shot("channels");
      for (const channel of channels.nodes) {
        await page.goto(`${server.origin}/channels/${channel.id}`);
        await page.getByTestId("health").waitFor();
        await shot(`channel-${channel.kind.toLowerCase()}`);
      }
      await page.goto(`${server.origin}/channels/new`);
      await page.getByTestId("kinds").locator("button:enabled").first().waitFor();
      await shot("channel-kinds");
      await page.getByTestId("kinds").locator("button:enabled").first().click();
      await page.locator("form").waitFor();
      await shot("channel-new");
      await page.goto(`${server.origin}/settings`);
      await page.locator("h1").waitFor();
      await shot("settings");

      assert.deepEqual(seen, []);
      assert.deepEqual(page.complaints, []);
    },
  ]),
);

tests["in a narrower window the contact card lies over the thread and leaves it its room"] = async ({ browser, server, shots }) => {
  const page = await open(browser, server.origin, { width: 1024, height: 768 });
  const seen = [];
  await signIn(page, server.origin, admin);
  await page.locator("[data-row]").first().click();
  const composer = page.locator("section[data-keys=off]");
  await composer.waitFor();
  await look(page, "narrow-interaction", shots, seen);
  const before = await composer.boundingBox();
  assert.ok(before.width > 380, `the composer has ${before.width} px`);
  const card = page.getByTestId("contact-card");
  assert.equal(await card.count(), 0);
  await page.getByRole("button", { name: "Kontakt einblenden" }).click();
  await card.waitFor();
  await look(page, "narrow-card", shots, seen);
  assert.deepEqual(await composer.boundingBox(), before);
  await page.getByRole("button", { name: "Kontakt ausblenden" }).click();
  await card.waitFor({ state: "detached" });
  assert.deepEqual(seen, []);
  assert.deepEqual(page.complaints, []);
};

tests["the explorer shows its answer and asks nobody else"] = async ({ browser, server, shots }) => {
  const page = await open(browser, server.origin, { language: "en" });
  await signIn(page, server.origin, admin);
  await page.goto(`${server.origin}/graphiql`);
  // The editor must have its text before it can be run.
  await page.locator(".graphiql-query-editor .view-line").getByText("viewer").first().waitFor();
  await page.locator(".graphiql-execute-button").click();
  await page.locator(".result-window").getByText("logCursor").waitFor();
  await page.screenshot({ path: `${shots}explorer.png` });
  assert.deepEqual(page.complaints, []);
};
