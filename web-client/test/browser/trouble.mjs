// A channel from its first form to its first event, and deliveries that fail, are in doubt, or lie among the dead letters.
import assert from "node:assert/strict";
import { reply } from "./browser.mjs";
import { atDesk, bubble, until } from "./desk.mjs";
import { Integration } from "./integration.mjs";
import { rowOf } from "./main-path.mjs";

/** Somebody has written over the integrator's channel, and it is open at the desk. */
async function opened(browser, server) {
  const integration = await Integration.start(server);
  const agent = await atDesk(browser, server);
  const hello = `Hello ${integration.mark}`;
  assert.equal(await integration.says(hello), 202);
  await (await rowOf(agent, server, hello)).click();
  await agent.getByTestId("thread").getByText(hello, { exact: true }).waitFor();
  return { integration, agent };
}

export const tests = {
  "a failed delivery says why in words and can be tried again": async ({ browser, server, shots }) => {
    const { integration, agent } = await opened(browser, server);
    integration.does = "refuse";
    await reply(agent, "In this tone");
    const failed = bubble(agent, "In this tone");
    await failed.getByText("The platform refuses this content.").waitFor();
    await agent.screenshot({ path: `${shots}delivery-failed.png` });
    integration.does = "accept";
    await failed.getByRole("button", { name: "Try again" }).click();
    await failed.locator('[data-delivery="SENT"],[data-delivery="DELIVERED"]').waitFor();
    assert.equal(integration.count("In this tone"), 1);
    assert.deepEqual(agent.complaints, []);
    integration.stop();
  },

  "a delivery in doubt is decided by a person": async ({ browser, server, shots }) => {
    const { integration, agent } = await opened(browser, server);
    // Here the platform knows no key against doing something twice.
    await integration.set("mode", "compat_new");
    integration.does = "hangUp";
    await reply(agent, "Has it come?");
    const doubtful = bubble(agent, "Has it come?");
    await doubtful.getByText("It is not known whether this arrived").waitFor();
    await agent.screenshot({ path: `${shots}delivery-unconfirmed.png` });
    await doubtful.getByRole("button", { name: "Mark as sent" }).click();
    await doubtful.locator('[data-delivery="SENT"]').waitFor();
    assert.equal(await doubtful.getByRole("button", { name: "Mark as sent" }).count(), 0);
    assert.deepEqual(agent.complaints, []);
    integration.stop();
  },

  "an edit and a deletion say that they are on their way, and why they were refused": async ({ browser, server, shots }) => {
    const { integration, agent } = await opened(browser, server);
    await integration.set("capabilities", JSON.stringify({ edit: {}, delete: true }));
    await agent.reload();
    await reply(agent, "We open at 9");
    const message = bubble(agent, "We open at 9");
    await message.locator('[data-delivery="SENT"]').waitFor();
    const fromMenu = async (item) => {
      await message.hover();
      await message.getByRole("button", { name: "More for this message" }).click();
      await agent.getByRole("menuitem", { name: item }).click();
    };
    const dialog = agent.getByRole("dialog", { name: "Edit message" });
    const save = async (text) => {
      await dialog.getByRole("textbox").fill(text);
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.waitFor({ state: "detached" });
    };

    integration.does = "think";
    await fromMenu("Edit message");
    await save("We open at 10");
    await message.getByText("Edit on its way to the platform").waitFor();
    await agent.screenshot({ path: `${shots}change-pending.png` });
    integration.does = "refuse";
    const refused = message.getByRole("group", { name: "The edit was not taken: the contact sees the message as it was" });
    await refused.getByText("The platform refuses this content.").waitFor();
    await agent.screenshot({ path: `${shots}change-refused.png` });
    integration.does = "accept";
    await refused.getByRole("button", { name: "Edit again" }).click();
    await save("We open at 9, or later");
    await message.getByText("We open at 9, or later").waitFor();
    await refused.waitFor({ state: "detached" });

    integration.does = "refuse";
    await fromMenu("Delete");
    const kept = message.getByRole("group", { name: "This was not deleted: the contact still sees it" });
    await kept.getByText("The platform refuses this content.").waitFor();
    integration.does = "accept";
    await kept.getByRole("button", { name: "Try again" }).click();
    await message.waitFor({ state: "detached" });
    await agent.getByTestId("thread").getByText("This message was deleted").waitFor();
    assert.deepEqual(agent.complaints, []);
    integration.stop();
  },

  "a message that waits for its turn can be taken back": async ({ browser, server }) => {
    const { integration, agent } = await opened(browser, server);
    integration.does = "think";
    await reply(agent, "This one");
    await bubble(agent, "This one").locator('[data-delivery="SENDING"]').waitFor();
    await reply(agent, "Rather not");
    const waiting = bubble(agent, "Rather not");
    await waiting.getByRole("button", { name: "Take back" }).click();
    await waiting.locator('[data-delivery="CANCELLED"]').waitFor();
    integration.does = "accept";
    await bubble(agent, "This one").locator('[data-delivery="SENT"],[data-delivery="DELIVERED"]').waitFor();
    await reply(agent, "And this one");
    await until(() => integration.count("And this one"), (count) => count === 1, "the next one arrives");
    assert.equal(integration.count("Rather not"), 0);
    assert.deepEqual(agent.complaints, []);
    integration.stop();
  },

  "the wizard makes a channel, which waits for its first event and sees it come": async ({ browser, server, shots }) => {
    const integration = await Integration.listen();
    integration.server = server;
    const page = await atDesk(browser, server);
    await page.goto(`${server.origin}/channels/new`);
    await page.getByTestId("kinds").getByRole("button", { name: /Bring your own channel/u }).click();
    await page.getByRole("textbox", { name: /^Name/u }).fill(integration.name);
    for (const label of ["Default skill", "Default script"]) {
      await page.getByRole("button", { name: new RegExp(label, "u") }).click();
      await page.getByRole("option").first().click();
    }
    for (const [key, value] of Object.entries(integration.settings)) await page.locator(`[name="${key}"]`).fill(value);
    await page.screenshot({ path: `${shots}wizard-byoc.png` });
    await page.getByRole("button", { name: "Create channel" }).click();
    await page.getByTestId("waiting").waitFor();
    await page.screenshot({ path: `${shots}channel-waiting.png` });
    integration.id = new URL(page.url()).pathname.split("/").at(-1);
    integration.events = (await page.locator("pre[aria-label='Address for the platform']").textContent()).trim();
    assert.equal(await integration.says("The first of all"), 202);
    await page.getByTestId("waiting").waitFor({ state: "detached" });
    await page.getByTestId("health").getByText("Works").waitFor();
    assert.deepEqual(page.complaints, []);
    integration.stop();
  },

  "settings are saved and stay, also while health changes; the connection is checked": async ({ browser, server }) => {
    const integration = await Integration.start(server);
    const page = await atDesk(browser, server);
    await page.goto(`${server.origin}/channels/${integration.id}`);
    const name = page.getByRole("textbox", { name: /^Name/u });
    await name.fill("Renamed");
    // The first event changes the channel's health while the form is half filled.
    await integration.says("Hello");
    await page.getByTestId("waiting").waitFor({ state: "detached" });
    assert.equal(await name.inputValue(), "Renamed");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Channel saved").waitFor();
    await page.getByRole("heading", { level: 1, name: "Renamed" }).waitFor();
    assert.equal(await name.inputValue(), "Renamed");

    await page.getByRole("button", { name: "Check connection" }).click();
    await page.getByText("The connection works.").waitFor();
    integration.stop();
    await page.getByRole("button", { name: "Check connection" }).click();
    await page.getByTestId("health").getByText(/cannot be reached|does not accept/u).first().waitFor();

    await page.getByRole("button", { name: "Delete channel" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Delete channel" }).click();
    await dialog.getByText(/cannot be deleted/u).waitFor();
    await dialog.getByRole("button", { name: "Switch off" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByTestId("health").getByText("Switched off").first().waitFor();
    assert.deepEqual(page.complaints, []);
  },

  "a dead letter leads to its interaction and is replayed": async ({ browser, server, shots }) => {
    const { integration, agent } = await opened(browser, server);
    integration.does = "refuse";
    await reply(agent, "Will fail");
    await bubble(agent, "Will fail").getByText("This message was not sent").waitFor();
    const here = new URL(agent.url()).pathname.split("/").at(-1);
    await agent.goto(`${server.origin}/channels/${integration.id}`);
    const letters = agent.getByTestId("dead-letters");
    await letters.getByText("The platform refuses this content.").waitFor();
    await letters.scrollIntoViewIfNeeded();
    await agent.screenshot({ path: `${shots}dead-letters.png` });
    assert.ok((await letters.getByRole("link", { name: /^Open / }).getAttribute("href")).endsWith(here));
    integration.does = "accept";
    await agent.locator("label", { hasText: "All" }).click();
    await agent.getByRole("button", { name: "Try again" }).click();
    await agent.getByText("Nothing got stuck.").waitFor();
    await until(() => integration.count("Will fail"), (count) => count === 1, "it is sent after all");
    await agent.goto(`${server.origin}/inbox/all/${here}`);
    await bubble(agent, "Will fail").locator('[data-delivery="SENT"],[data-delivery="DELIVERED"]').waitFor();
    assert.deepEqual(agent.complaints, []);
    integration.stop();
  },
};
