// The server dies in the middle; both windows catch up by themselves, nothing lost, nothing twice.
import assert from "node:assert/strict";
import { open, signIn } from "./browser.mjs";
import { admin } from "./demo.mjs";
import { customer, rowSaying, say } from "./main-path.mjs";

export const tests = {
  "kill -9 between two messages": async ({ browser, server, shots }) => {
    const agent = await open(browser, server.origin, { language: "en" });
    await signIn(agent, server.origin, admin);
    await agent.mouse.move(1_200, 500);
    const visitor = await customer(browser, server);
    const hello = `Before ${Date.now()}`;
    await say(visitor, hello);
    await rowSaying(agent, hello).first().click();
    await agent.getByTestId("thread").getByText(hello).waitFor();

    agent.isOutage = true;
    visitor.isOutage = true;
    await server.kill();
    await agent.getByTestId("offline").waitFor();
    await agent.keyboard.press("r");
    await agent.keyboard.type("Written while it was dark");
    await agent.keyboard.press("Control+Enter");
    await agent.locator('[data-pending="waiting"],[data-pending="sending"]').waitFor();
    await agent.screenshot({ path: `${shots}offline.png` });
    // A reload in the dark loses nothing either: the send lies in the outbox.
    await visitor.locator("dc-chat textarea").fill("Me too");
    await visitor.keyboard.press("Enter");

    await server.up();
    await agent.getByTestId("offline").waitFor({ state: "detached", timeout: 60_000 });
    await visitor.locator("dc-chat").getByText("Written while it was dark").waitFor({ timeout: 60_000 });
    await agent.getByTestId("thread").getByText("Me too").waitFor({ timeout: 60_000 });
    await agent.locator("[data-pending]").waitFor({ state: "detached" });
    agent.isOutage = false;

    assert.equal(await agent.getByTestId("thread").getByText("Written while it was dark", { exact: true }).count(), 1);
    assert.equal(await agent.getByTestId("thread").getByText("Me too", { exact: true }).count(), 1);
    assert.equal(await visitor.locator("dc-chat").getByText("Written while it was dark", { exact: true }).count(), 1);
    assert.equal(await visitor.locator("dc-chat").getByText("Me too", { exact: true }).count(), 1);
    assert.deepEqual(agent.complaints, []);
  },

  "a send survives a reload while the server is away": async ({ browser, server }) => {
    const agent = await open(browser, server.origin, { language: "en" });
    await signIn(agent, server.origin, admin);
    await agent.locator("[data-row] a").first().click();
    await agent.locator("[data-message]").first().waitFor();
    const text = `Note in the dark ${Date.now()}`;
    agent.isOutage = true;
    await server.kill();
    await agent.getByTestId("offline").waitFor();
    await agent.keyboard.press("n");
    await agent.keyboard.type(text);
    await agent.keyboard.press("Control+Enter");
    await agent.locator("[data-pending]").waitFor();
    await server.up();
    await agent.reload();
    await agent.getByTestId("thread").getByText(text).waitFor({ timeout: 60_000 });
    await agent.locator("[data-pending]").waitFor({ state: "detached" });
    assert.equal(await agent.getByTestId("thread").getByText(text, { exact: true }).count(), 1);
  },
};
