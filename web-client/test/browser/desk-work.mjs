// Views, contacts, search, sessions, appearance, and what each role gets to see.
import assert from "node:assert/strict";
import { signIn } from "./browser.mjs";
import { admin, agent as agentPerson } from "./demo.mjs";
import { atDesk, conversation, supervisor, until } from "./desk.mjs";

export const tests = {
  "a view is made, changed and deleted": async ({ browser, server, shots }) => {
    const page = await atDesk(browser, server);
    const name = `Mine ${Date.now()}`;
    await page.getByRole("button", { name: "New view" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: /^Name/u }).fill(name);
    await dialog.getByText("Resolved", { exact: true }).click();
    await page.screenshot({ path: `${shots}view-dialog.png` });
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    const item = page.locator("nav li", { hasText: name });
    await item.getByRole("link").click();
    await page.getByRole("region", { name }).locator("[data-row]").first().waitFor();

    await item.getByRole("button", { name: `Menu of the view ${name}` }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Edit view" }).click();
    await dialog.getByRole("textbox", { name: /^Name/u }).fill(`${name} 2`);
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { level: 1, name: `${name} 2` }).waitFor();

    await item.getByRole("button", { name: `Menu of the view ${name} 2` }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Delete view" }).click();
    await item.waitFor({ state: "detached" });
    await page.waitForURL((url) => !url.pathname.includes("undefined") && url.pathname.startsWith("/inbox/"));
    assert.deepEqual(page.complaints, []);
  },

  "a contact is edited, and merged with another, and the merge is undone": async ({ browser, server, shots }) => {
    const one = await conversation(browser, server);
    const two = await conversation(browser, server);
    const { agent } = two;
    const mark = Date.now();
    const rename = async (page, name) => {
      await page.getByTestId("contact-card").getByRole("button", { name: "Edit contact" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("textbox", { name: /^Name/u }).fill(name);
      await dialog.getByRole("textbox", { name: "Telephone" }).fill("+49431123456");
      await dialog.getByRole("button", { name: "Add field" }).click();
      await dialog.getByRole("textbox", { name: "Field", exact: true }).last().fill("size");
      await dialog.getByRole("textbox", { name: "Value", exact: true }).last().fill(name === `Old ${mark}` ? "M" : "L");
      await page.screenshot({ path: `${shots}contact-edit.png` });
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.waitFor({ state: "detached" });
      await page.getByTestId("contact-card").getByRole("heading", { name }).waitFor();
    };
    await rename(one.agent, `Old ${mark}`);
    await rename(agent, `Kept ${mark}`);
    await agent.getByTestId("contact-card").getByText("+49431123456").waitFor();

    await agent.getByRole("button", { name: "Merge", exact: true }).click();
    const dialog = agent.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Who is the same person?" }).fill(`Old ${mark}`);
    await dialog.getByRole("button", { name: new RegExp(`Old ${mark}`, "u") }).click();
    await dialog.getByText("Both have a value here.").waitFor();
    await dialog.getByRole("cell", { name: "Name", exact: true }).waitFor();
    await agent.screenshot({ path: `${shots}contact-merge.png` });
    await dialog.getByRole("button", { name: "Merge contacts" }).click();
    await agent.getByText("Contacts merged").waitFor();
    const card = agent.getByTestId("contact-card");
    await card.getByRole("button", { name: "Undo this merge" }).click();
    await agent.getByText("Merge undone").waitFor();
    await card.getByRole("button", { name: "Undo this merge" }).waitFor({ state: "detached" });
    assert.deepEqual(agent.complaints, []);
    assert.deepEqual(one.agent.complaints, []);
  },

  "a search without a result says so, one with a result leads there": async ({ browser, server }) => {
    const { agent, hello, id } = await conversation(browser, server);
    await agent.locator("[data-row] a").first().focus();
    await agent.keyboard.press("s");
    const field = agent.getByRole("searchbox");
    await field.fill("zzzznothing");
    await agent.getByText("Nothing found").waitFor();
    await field.fill(hello);
    await agent.getByRole("link").filter({ hasText: hello.split(" ")[1] }).first().click();
    await agent.waitForURL((url) => url.pathname.endsWith(id));
    assert.deepEqual(agent.complaints, []);
  },

  "signing out forgets the session, also in the other tab; an ended session says so": async ({ browser, server }) => {
    const page = await atDesk(browser, server);
    const other = await page.context().newPage();
    await other.goto(`${server.origin}/`);
    await other.locator("[data-row]").first().waitFor();
    await page.getByRole("button", { name: /^Account of/u }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.locator("input[type=password]").waitFor();
    assert.equal(await page.evaluate(() => localStorage.getItem("tributary.refresh")), null);
    await page.reload();
    await page.locator("input[type=password]").waitFor();

    // Somebody else signs in here: the first tab may not go on as them.
    await signIn(page, server.origin, agentPerson);
    await other.getByText("Somebody else has signed in to this browser in another tab.").waitFor();
    assert.equal(await other.locator("[data-row]").count(), 0);

    // The server no longer knows the session.
    page.isOutage = true;
    await page.evaluate(() => localStorage.setItem("tributary.refresh", "not-a-token"));
    await page.reload();
    await page.getByText("Your session has ended. Please sign in again.").waitFor();
  },

  "language and theme follow the choice at once and over a reload": async ({ browser, server }) => {
    const page = await atDesk(browser, server);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.goto(`${server.origin}/settings`);
    await page.getByRole("radio", { name: "Dark" }).click();
    await until(ground, (colour) => colour !== light, "the ground gets dark");
    await page.getByRole("button", { name: /Language/u }).click();
    await page.getByRole("option", { name: "Deutsch" }).click();
    await page.getByRole("heading", { level: 1, name: "Einstellungen" }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Einstellungen" }).waitFor();
    assert.notEqual(await ground(), light);
    // The same from the palette, by keyboard.
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("searchbox").fill("Farbschema");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.deepEqual(page.complaints, []);
  },

  "an agent has the inbox but no channels and no shared views to change": async ({ browser, server }) => {
    const page = await atDesk(browser, server, { person: agentPerson });
    assert.equal(await page.getByRole("link", { name: "Channels" }).count(), 0);
    await page.locator("[data-row] a").first().click();
    await page.locator("[data-message]").first().waitFor();
    await page.getByRole("button", { name: "Resolve", exact: true }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Menu of the view All open" }).count(), 0);
    await page.goto(`${server.origin}/settings`);
    await page.getByText("anna@example.org · Agent").waitFor();
    // Going there by hand shows no settings either.
    await page.goto(`${server.origin}/channels`);
    await page.waitForLoadState("networkidle");
    assert.equal(await page.getByRole("button", { name: "Connect a channel" }).count(), 0);
    assert.deepEqual(page.complaints, []);
  },

  "a supervisor may change shared views but connects no channels": async ({ browser, server }) => {
    const page = await atDesk(browser, server, { person: supervisor });
    assert.equal(await page.getByRole("link", { name: "Channels" }).count(), 0);
    assert.equal(await page.getByRole("button", { name: "Menu of the view All open" }).count(), 1);
    await page.goto(`${server.origin}/settings`);
    await page.getByText("supervisor@example.org · Supervisor").waitFor();
    assert.deepEqual(page.complaints, []);
  },

  "the same person in a second tab keeps both going": async ({ browser, server }) => {
    const page = await atDesk(browser, server, { person: admin });
    const other = await page.context().newPage();
    await other.goto(`${server.origin}/`);
    await other.locator("[data-row]").first().waitFor();
    await page.reload();
    await page.locator("[data-row]").first().waitFor();
    assert.ok((await other.locator("[data-row]").count()) > 0);
    assert.deepEqual(page.complaints, []);
  },
};
