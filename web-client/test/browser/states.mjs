// Everything that is only there for a moment, in both themes: axe clean, nothing cut off. Pictures of each are kept.
import assert from "node:assert/strict";
import { axe, reply, toReply } from "./browser.mjs";
import { atDesk, conversation, until } from "./desk.mjs";
import { Integration } from "./integration.mjs";
import { rowOf } from "./main-path.mjs";

/** Collects what axe finds under a name, with a picture. */
function looker(page, theme, shots) {
  const seen = [];
  const look = async (name) => {
    // A tooltip is nobody's state.
    await page.mouse.move(1, 1);
    await page.getByRole("tooltip").waitFor({ state: "detached" });
    // What moves is not measured half way; the test of colours needs them as they stay.
    await page.waitForFunction(() => document.getAnimations().every((animation) => animation.playState !== "running" || animation.effect?.getTiming().iterations === Infinity));
    await page.screenshot({ path: `${shots}state-${name}-${theme}.png` });
    for (const line of await axe(page)) seen.push(`${name}: ${line}`);
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) seen.push(`${name}: wider than the window`);
  };
  return { seen, look };
}

const themes = ["light", "dark"];
const both = (name, run) => themes.map((theme) => [`${name}, ${theme}`, (given) => run({ ...given, theme })]);

export const tests = Object.fromEntries([
  ...both("dialogs, pickers and menus", async ({ browser, server, shots, theme }) => {
    const { agent } = await conversation(browser, server, { theme });
    const { seen, look } = looker(agent, theme, shots);
    const dialog = agent.getByRole("dialog");
    const closed = async () => {
      await agent.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    };
    await agent.keyboard.press("Control+k");
    await dialog.getByRole("searchbox").waitFor();
    await look("palette");
    await closed();
    for (const [key, name] of [["a", "assign"], ["t", "tags"], ["h", "snooze"]]) {
      await agent.locator("[data-row] a[aria-current]").focus();
      await agent.keyboard.press(key);
      await dialog.getByRole("searchbox").waitFor();
      await look(`picker-${name}`);
      if (name !== "snooze") await closed();
    }
    await dialog.getByRole("option", { name: /^Choose/u }).click();
    await agent.getByRole("dialog", { name: "Snooze" }).getByRole("spinbutton").first().waitFor();
    await look("snooze-dialog");
    await agent.getByRole("button", { name: "Calendar" }).click();
    await agent.getByRole("grid").waitFor();
    await look("snooze-calendar");
    await agent.keyboard.press("Escape");
    await closed();
    await agent.getByRole("button", { name: "New view" }).click();
    await dialog.getByRole("textbox").first().waitFor();
    await look("view-dialog");
    await closed();
    await agent.getByRole("button", { name: "Edit contact" }).click();
    await dialog.getByRole("textbox").first().waitFor();
    await look("contact-edit");
    await closed();
    await agent.getByRole("button", { name: "Merge", exact: true }).click();
    await dialog.getByRole("textbox").fill("ma");
    await dialog.getByRole("button").filter({ hasText: /@|\+/u }).first().waitFor();
    await look("contact-merge");
    await dialog.getByRole("button").filter({ hasText: /@|\+/u }).first().click();
    await dialog.getByRole("heading", { name: "Identities" }).waitFor();
    await look("contact-merge-preview");
    await closed();
    for (const [button, name] of [["High", "priority"], ["More for this contact", "contact"], ["Send and…", "send"]]) {
      if (name === "send") await agent.getByRole("textbox", { name: /^Reply to/u }).fill("x");
      await agent.getByRole("button", { name: button, exact: true }).click();
      await agent.getByRole("menu").waitFor();
      await look(`menu-${name}`);
      await agent.keyboard.press("Escape");
      await agent.getByRole("menu").waitFor({ state: "detached" });
    }
    assert.deepEqual(seen, []);
    assert.deepEqual(agent.complaints, []);
  }),

  ...both("the composer in every mode", async ({ browser, server, shots, theme }) => {
    const { agent } = await conversation(browser, server, { theme });
    const { seen, look } = looker(agent, theme, shots);
    await toReply(agent);
    await agent.getByRole("textbox", { name: /^Reply to/u }).fill("A reply with **markup**");
    await agent.getByRole("button", { name: "Preview" }).click();
    await agent.getByTestId("preview").waitFor();
    await look("preview");
    await agent.locator("input[type=file]").setInputFiles([
      { name: "fine.png", mimeType: "image/png", buffer: Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==", "base64") },
      ...Array.from({ length: 20 }, (_, index) => ({ name: `more-${index}.txt`, mimeType: "text/plain", buffer: Buffer.from("x") })),
    ]);
    await agent.getByTestId("files").getByText(/^at most \d+ files$/u).first().waitFor();
    await look("file-chips");
    const remove = agent.getByTestId("files").getByRole("button", { name: /^Remove/u });
    for (let left = await remove.count(); left > 0; left -= 1) {
      await remove.first().click();
      await until(() => remove.count(), (count) => count < left, "the file goes");
    }
    for (const [button, name] of [["Formatted text", "formatted"], ["Rich link", "rich-link"], ["Quick replies", "quick-replies"], ["List picker", "list-picker"], ["Form", "form"]]) {
      await agent.getByRole("button", { name: button, exact: true }).click();
      await agent.locator("section[data-keys=off]").locator("[contenteditable=true],fieldset,input[type=url]").first().waitFor();
      await look(`editor-${name}`);
    }
    await agent.getByRole("button", { name: "Note", exact: true }).click();
    await agent.keyboard.type("For @");
    await agent.getByRole("option").first().waitFor();
    await look("note-with-mentions");
    assert.deepEqual(seen, []);
    assert.deepEqual(agent.complaints, []);
  }),

  ...both("sends in trouble, the offline banner and messages", async ({ browser, server, shots, theme }) => {
    const { agent, visitor } = await conversation(browser, server, { theme });
    const { seen, look } = looker(agent, theme, shots);
    agent.hold();
    await visitor.locator("dc-chat textarea").fill("One more");
    await visitor.keyboard.press("Enter");
    await visitor.locator("dc-chat").getByRole("img", { name: /Gesendet|Zugestellt|Gesehen/u }).nth(1).waitFor();
    await reply(agent, "Does it fit?");
    await agent.locator('[data-pending="conflict"]').waitFor();
    await look("pending-conflict");
    agent.release();
    await agent.getByRole("button", { name: "Edit", exact: true }).click();
    await agent.locator("[data-pending]").waitFor({ state: "detached" });
    // A message that the server refuses for good.
    await agent.route("**/graphql", async (route) => {
      const body = route.request().postData() ?? "";
      if (!body.includes("SendMessage")) return route.continue();
      return route.fulfill({ json: { data: { sendMessage: { __typename: "MessagePayload", message: null, newer: [], errors: [{ __typename: "UserError", code: "INVALID", field: [], message: "no", limit: null, isRetryable: false }] } } } });
    });
    await agent.getByRole("textbox", { name: /^Reply to/u }).press("Control+Enter");
    await agent.locator('[data-pending="failed"]').waitFor();
    await look("pending-failed");
    await agent.unroute("**/graphql");
    await agent.getByRole("button", { name: "Resolve", exact: true }).click();
    await agent.getByRole("button", { name: "Undo", exact: true }).waitFor();
    await look("toast");
    agent.isOutage = true;
    visitor.isOutage = true;
    await server.agent.kill();
    await agent.getByTestId("offline").waitFor();
    await look("offline");
    await agent.getByRole("button", { name: "High", exact: true }).click();
    await agent.getByRole("menuitem", { name: "Low" }).click();
    await agent.getByText("No connection to the server.").first().waitFor();
    await look("toast-error");
    // A list that cannot be had, with its way out.
    await agent.locator("nav a", { hasText: "Resolved" }).click();
    await agent.getByTestId("list-error").waitFor();
    await look("list-error");
    await server.agent.up();
    await agent.getByTestId("offline").waitFor({ state: "detached", timeout: 60_000 });
    await agent.getByTestId("back-online").waitFor();
    await agent.getByTestId("list-error").waitFor({ state: "detached" });
    await agent.locator("[data-row]").first().waitFor();
    assert.deepEqual(seen, []);
    assert.deepEqual(agent.complaints, []);
  }),

  ...both("forms of new channels, an empty view and a broken part", async ({ browser, server, shots, theme }) => {
    const page = await atDesk(browser, server, { theme });
    const { seen, look } = looker(page, theme, shots);
    await page.goto(`${server.origin}/channels/new`);
    const kinds = page.getByTestId("kinds").locator("button:enabled");
    await kinds.first().waitFor();
    const count = await kinds.count();
    assert.equal(count, 3);
    for (let index = 0; index < count; index += 1) {
      await page.goto(`${server.origin}/channels/new`);
      await kinds.nth(index).click();
      await page.locator("form").waitFor();
      await look(`wizard-${index + 1}`);
    }
    await page.goto(`${server.origin}/`);
    await page.getByRole("button", { name: "New view" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: /^Name/u }).fill(`Empty ${theme}`);
    for (const status of ["New", "Open", "Pending", "Escalated", "In the bin", "Urgent", "Only unread", "Only with failed messages"]) await dialog.getByText(status, { exact: true }).click();
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.locator("nav a", { hasText: `Empty ${theme}` }).click();
    await page.getByText("All done here").waitFor();
    await look("empty-view");
    // A chunk that is gone, as after an update of the server.
    page.isOutage = true;
    await page.route("**/assets/settings*", (route) => route.abort());
    await page.route("**/assets/screen*", (route) => route.abort());
    await page.route("**/assets/palette*", (route) => route.abort());
    await page.reload();
    await page.locator("nav a", { hasText: `Empty ${theme}` }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByTestId("broken").waitFor();
    await look("broken-part");
    await page.unroute("**/assets/palette*");
    assert.deepEqual(seen, []);
  }),

  ...both("deliveries that failed or are in doubt", async ({ browser, server, shots, theme }) => {
    const integration = await Integration.start(server);
    const agent = await atDesk(browser, server, { theme });
    const { seen, look } = looker(agent, theme, shots);
    const hello = `Hello ${integration.mark}`;
    await integration.says(hello);
    await (await rowOf(agent, server, hello)).click();
    await agent.getByTestId("thread").getByText(hello, { exact: true }).waitFor();
    integration.does = "refuse";
    await reply(agent, "No");
    await agent.getByText("The platform refuses this content.").waitFor();
    await look("delivery-failed");
    await agent.goto(`${server.origin}/channels/${integration.id}`);
    await agent.getByTestId("dead-letters").waitFor();
    await agent.getByTestId("dead-letters").scrollIntoViewIfNeeded();
    await look("dead-letters");
    assert.deepEqual(seen, []);
    assert.deepEqual(agent.complaints, []);
    integration.stop();
  }),
]);
