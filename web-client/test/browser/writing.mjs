// Everything the composer makes, all the way to the customer and back; and what happens when a send meets trouble.
import assert from "node:assert/strict";
import { reply, toReply } from "./browser.mjs";
import { bubble, chat, conversation, until } from "./desk.mjs";

/** An answer at the server that this desk has not seen: its log stands still meanwhile. */
async function conflicted(browser, server, text) {
  const made = await conversation(browser, server);
  const { agent, visitor } = made;
  // The log stands still, so that the desk does not see what the customer adds.
  agent.hold();
  await chat(visitor).locator("textarea").fill("Wait, one more thing");
  await visitor.keyboard.press("Enter");
  await visitor.locator("dc-chat").getByRole("img", { name: /Gesendet|Zugestellt|Gesehen/u }).nth(1).waitFor();
  await reply(agent, text);
  await agent.locator('[data-pending="conflict"]').waitFor();
  agent.release();
  await agent.getByTestId("thread").getByText("Wait, one more thing", { exact: true }).waitFor();
  return made;
}

export const tests = {
  "typing of the agent is seen by the customer": async ({ browser, server }) => {
    const { agent, visitor } = await conversation(browser, server);
    await toReply(agent);
    await agent.keyboard.type("I am");
    await chat(visitor).getByText(/schreibt/u).first().waitFor({ state: "attached" });
    assert.deepEqual(agent.complaints, []);
    assert.deepEqual(visitor.complaints, []);
  },

  "formatted text from the editor and Markdown arrive with their formatting": async ({ browser, server, shots }) => {
    const { agent, visitor } = await conversation(browser, server);
    await agent.getByRole("button", { name: "Formatted text" }).click();
    const editor = agent.locator("[contenteditable=true]");
    await editor.waitFor();
    await agent.keyboard.type("Plain and ");
    await agent.keyboard.press("Control+b");
    await agent.keyboard.type("bold");
    await agent.keyboard.press("Control+b");
    await agent.keyboard.type(" and see ");
    await agent.getByRole("button", { name: "Link", exact: true }).click();
    const dialog = agent.getByRole("dialog", { name: "Link" });
    await dialog.getByRole("textbox", { name: "Address" }).fill("https://shop.example.org/way");
    await agent.screenshot({ path: `${shots}link-dialog.png` });
    await agent.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await editor.getByRole("link", { name: "https://shop.example.org/way" }).waitFor();
    await editor.press("Control+Enter");
    await chat(visitor).locator("strong", { hasText: "bold" }).waitFor();
    await chat(visitor).getByRole("link", { name: "https://shop.example.org/way" }).waitFor();

    await agent.getByRole("button", { name: "Write Markdown" }).click();
    const markdown = agent.getByPlaceholder("Markdown…");
    await markdown.fill("- first\n- *second*");
    await markdown.press("Control+Enter");
    await chat(visitor).locator("li", { hasText: "first" }).waitFor();
    await chat(visitor).locator("li em", { hasText: "second" }).waitFor();
    assert.deepEqual(agent.complaints, []);
    assert.deepEqual(visitor.complaints, []);
  },

  "a rich link and a list picker are shown in the chat, and the list is answered": async ({ browser, server, shots }) => {
    const { agent, visitor } = await conversation(browser, server);
    await agent.getByRole("button", { name: "Rich link" }).click();
    await agent.getByRole("textbox", { name: "Address", exact: false }).first().fill("https://shop.example.org/tent");
    await agent.getByRole("textbox", { name: /^Title/u }).fill("Our best tent");
    await agent.getByRole("textbox", { name: "Description" }).fill("For two in any weather");
    await agent.getByTestId("preview").getByText("Our best tent").first().waitFor();
    await agent.screenshot({ path: `${shots}composer-rich-link.png` });
    await agent.keyboard.press("Control+Enter");
    await chat(visitor).getByRole("link", { name: /Our best tent/u }).waitFor();

    await agent.getByRole("button", { name: "List picker" }).click();
    await agent.getByRole("textbox", { name: /^Title/u }).fill("Which colour?");
    await agent.getByRole("textbox", { name: "Item 1", exact: true }).fill("Fir green");
    await agent.getByRole("textbox", { name: "Item 2", exact: true }).fill("Sand");
    await agent.getByTestId("preview").getByText("Fir green").first().waitFor();
    await agent.screenshot({ path: `${shots}composer-list.png` });
    await agent.keyboard.press("Control+Enter");
    await chat(visitor).getByRole("button", { name: "Sand" }).click();
    await agent.locator("article", { hasText: "Chosen" }).getByText("Sand").waitFor();
    assert.deepEqual(agent.complaints, []);
    assert.deepEqual(visitor.complaints, []);
  },

  "a note names a colleague by keyboard": async ({ browser, server }) => {
    const { agent } = await conversation(browser, server);
    await agent.keyboard.press("n");
    await agent.keyboard.type("Please look, @ann");
    await agent.getByRole("option", { name: "Anna Petersen" }).waitFor();
    await agent.keyboard.press("Enter");
    await agent.keyboard.type("today");
    await agent.keyboard.press("Control+Enter");
    await bubble(agent, "Please look, @Anna Petersen today").getByText("For Anna Petersen").waitFor();
    assert.deepEqual(agent.complaints, []);
  },

  "resolving can be undone": async ({ browser, server }) => {
    const { agent, row } = await conversation(browser, server);
    await agent.getByRole("button", { name: "Resolve", exact: true }).click();
    await row.waitFor({ state: "detached" });
    await agent.getByRole("button", { name: "Undo", exact: true }).click();
    await row.waitFor();
    assert.deepEqual(agent.complaints, []);
  },

  "the customer wrote meanwhile: send anyway": async ({ browser, server, shots }) => {
    const { agent, visitor } = await conflicted(browser, server, "Still fits");
    await agent.screenshot({ path: `${shots}conflict.png` });
    await agent.getByRole("button", { name: "Send anyway" }).click();
    await chat(visitor).getByText("Still fits").waitFor();
    await agent.locator("[data-pending]").waitFor({ state: "detached" });
    assert.deepEqual(agent.complaints, []);
  },

  "the customer wrote meanwhile: edit, without losing another draft": async ({ browser, server }) => {
    const { agent, visitor } = await conflicted(browser, server, "Does not fit");
    const field = agent.getByRole("textbox", { name: /^Reply to/u });
    await field.fill("Begun since");
    await agent.getByRole("button", { name: "Edit", exact: true }).click();
    const dialog = agent.getByRole("dialog", { name: "Replace your draft?" });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await field.inputValue(), "Begun since");
    await agent.locator('[data-pending="conflict"]').waitFor();
    await agent.getByRole("button", { name: "Edit", exact: true }).click();
    await dialog.getByRole("button", { name: "Replace" }).click();
    await until(() => field.inputValue(), (value) => value === "Does not fit", "the text comes back");
    assert.equal(await agent.locator("[data-pending]").count(), 0);
    await field.fill("Fits now");
    await field.press("Control+Enter");
    await chat(visitor).getByText("Fits now").waitFor();
    assert.equal(await chat(visitor).getByText("Does not fit").count(), 0);
    assert.deepEqual(agent.complaints, []);
  },

  "the customer wrote meanwhile: discard": async ({ browser, server }) => {
    const { agent, visitor } = await conflicted(browser, server, "Not any more");
    await agent.getByRole("button", { name: "Discard" }).click();
    await agent.locator("[data-pending]").waitFor({ state: "detached" });
    assert.equal(await chat(visitor).getByText("Not any more").count(), 0);
    assert.deepEqual(agent.complaints, []);
  },
};
