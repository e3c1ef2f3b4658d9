// Single keys on an open interaction, and where they must do nothing.
import assert from "node:assert/strict";
import { reply } from "./browser.mjs";
import { conversation, until } from "./desk.mjs";

export const tests = {
  "reply by r, tag by t, snooze by h to a date of one's own": async ({ browser, server, shots }) => {
    const { agent, visitor, row } = await conversation(browser, server);
    await row.locator("a").focus();
    await reply(agent, "Written after r");
    await visitor.locator("dc-chat").getByText("Written after r").waitFor();
    await agent.keyboard.press("Escape");
    assert.equal(await row.locator("a").evaluate((link) => link === document.activeElement), true, "Escape leads back to the row");

    await agent.keyboard.press("t");
    const picker = agent.getByRole("dialog");
    await picker.getByRole("searchbox").waitFor();
    const tag = `Tag ${Date.now()}`;
    await agent.keyboard.type(tag);
    await picker.getByText("Press Enter to create it").waitFor();
    await agent.keyboard.press("Enter");
    await agent.getByRole("button", { name: `Remove tag ${tag}` }).waitFor();

    await row.locator("a").focus();
    await agent.keyboard.press("h");
    await picker.getByRole("searchbox").waitFor();
    await agent.keyboard.type("Choose");
    await agent.keyboard.press("ArrowDown");
    await agent.keyboard.press("Enter");
    await agent.getByRole("dialog", { name: "Snooze" }).getByRole("spinbutton").first().waitFor();
    await agent.screenshot({ path: `${shots}snooze-dialog.png` });
    // The year, whatever the order of the fields: a year from now.
    const year = agent.getByRole("spinbutton", { name: /year/iu });
    await year.focus();
    await agent.keyboard.press("ArrowUp");
    const wanted = await year.getAttribute("aria-valuenow");
    await agent.getByRole("dialog", { name: "Snooze" }).getByRole("button", { name: "Snooze" }).press("Enter");
    await agent.getByRole("dialog").waitFor({ state: "detached" });
    await agent.locator("header").getByText(new RegExp(`until .*${wanted}`, "u")).waitFor();
    assert.deepEqual(agent.complaints, []);
  },

  "unread by u stays unread while it is open": async ({ browser, server }) => {
    const { agent, visitor, row } = await conversation(browser, server);
    await until(() => row.getByText(/^\d+ unread$/u).count(), (count) => count === 0, "opening reads it");
    await row.locator("a").focus();
    await agent.keyboard.press("u");
    await row.getByText(/^\d+ unread$/u).waitFor();
    // It would have been read again in the same breath; something else that happens later shows that it was not.
    await agent.getByRole("button", { name: "High", exact: true }).click();
    await agent.getByRole("menuitem", { name: "Urgent" }).click();
    await row.getByText("Urgent").waitFor();
    assert.equal(await row.getByText(/^\d+ unread$/u).count(), 1);
    // What comes now is in front of the person's eyes.
    await visitor.locator("dc-chat textarea").fill("One more");
    await visitor.keyboard.press("Enter");
    await until(() => row.getByText(/^\d+ unread$/u).count(), (count) => count === 0, "what comes is read");
    assert.deepEqual(agent.complaints, []);
  },

  "arrows scroll the thread and walk only in the list; letters in the composer are letters": async ({ browser, server }) => {
    const { agent, id } = await conversation(browser, server);
    const isThere = () => agent.evaluate((wanted) => location.pathname.endsWith(wanted), id);
    await agent.getByRole("region", { name: "Conversation" }).focus();
    await agent.keyboard.press("ArrowDown");
    await agent.keyboard.press("ArrowUp");
    // The send button's menu has the focus: a letter there is no command.
    await agent.getByRole("button", { name: "Attach files" }).focus();
    await agent.keyboard.press("e");
    await agent.keyboard.press("j");
    await agent.getByRole("button", { name: "Resolve", exact: true }).waitFor();
    assert.equal(await isThere(), true);
    const focused = () => agent.evaluate(() => document.activeElement?.closest("[data-row]")?.getAttribute("data-row") ?? null);
    await agent.locator(`[data-row="${id}"] a`).focus();
    await agent.keyboard.press("ArrowDown");
    const next = await focused();
    assert.ok(next && next !== id, "in the list the arrow walks");
    await agent.waitForURL((url) => url.pathname.endsWith(next));
    assert.deepEqual(agent.complaints, []);
  },

  "the focus goes to the neighbour when its row leaves the view": async ({ browser, server }) => {
    const { agent, row, id } = await conversation(browser, server);
    const ids = () => agent.locator("[data-row]").evaluateAll((rows) => rows.map((item) => item.dataset.row));
    const before = await ids();
    const heir = before[before.indexOf(id) + 1];
    await row.locator("a").focus();
    await agent.keyboard.press("e");
    await row.waitFor({ state: "detached" });
    const focused = await agent.evaluate(() => document.activeElement?.closest("[data-row]")?.getAttribute("data-row") ?? document.activeElement?.tagName);
    assert.equal(focused, heir);
    assert.deepEqual(agent.complaints, []);
  },
};
