// A node dies in the middle; both windows catch up by themselves, nothing lost, nothing twice.
import assert from "node:assert/strict";
import { open, reply, signIn } from "./browser.mjs";
import { admin } from "./demo.mjs";
import { customer, rowOf, say } from "./main-path.mjs";

export const tests = {
  "kill -9 between two messages": async ({ browser, server, shots }) => {
    const agent = await open(browser, server.origin, { language: "en" });
    await signIn(agent, server.origin, admin);
    await agent.mouse.move(1_200, 500);
    const visitor = await customer(browser, server);
    const hello = `Before ${Date.now()}`;
    await say(visitor, hello);
    await (await rowOf(agent, server, hello)).click();
    await agent.getByTestId("thread").getByText(hello).waitFor();

    agent.isOutage = true;
    visitor.isOutage = true;
    await server.agent.kill();
    await agent.getByTestId("offline").waitFor();
    await reply(agent, "Written while it was dark");
    await agent.locator('[data-pending="waiting"],[data-pending="sending"]').waitFor();
    await agent.screenshot({ path: `${shots}offline.png` });
    await visitor.locator("dc-chat textarea").fill("Me too");
    await visitor.keyboard.press("Enter");

    await server.agent.up();
    await agent.getByTestId("offline").waitFor({ state: "detached", timeout: 60_000 });
    // Who comes back first decides whether the agent is asked: the customer may have written before the reply is out.
    const written = visitor.locator("dc-chat").getByText("Written while it was dark");
    const sendAnyway = agent.getByRole("button", { name: "Send anyway" });
    const isAsked = await Promise.race([sendAnyway.waitFor({ timeout: 60_000 }).then(() => true), written.waitFor({ timeout: 60_000 }).then(() => false)]);
    if (isAsked) await sendAnyway.click();
    await written.waitFor({ timeout: 60_000 });
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
    await server.agent.kill();
    await agent.getByTestId("offline").waitFor();
    await agent.keyboard.press("n");
    await agent.keyboard.type(text);
    await agent.keyboard.press("Control+Enter");
    await agent.locator("[data-pending]").waitFor();
    await server.agent.up();
    await agent.reload();
    await agent.getByTestId("thread").getByText(text).waitFor({ timeout: 60_000 });
    await agent.locator("[data-pending]").waitFor({ state: "detached" });
    assert.equal(await agent.getByTestId("thread").getByText(text, { exact: true }).count(), 1);
  },
};

/** With two nodes the customer's may die alone, while the agent goes on. */
export const onTwoNodes = {
  ...tests,

  "kill -9 of the customer's node": async ({ browser, server }) => {
    const agent = await open(browser, server.origin, { language: "en" });
    await signIn(agent, server.origin, admin);
    await agent.mouse.move(1_200, 500);
    const visitor = await customer(browser, server);
    const hello = `Before ${Date.now()}`;
    await say(visitor, hello);
    await (await rowOf(agent, server, hello)).click();
    const thread = agent.getByTestId("thread");
    await thread.getByText(hello).waitFor();

    visitor.isOutage = true;
    await server.customer.kill();
    await reply(agent, "Written while you were away");
    await agent.locator("[data-pending]").waitFor({ state: "detached" });
    await visitor.locator("dc-chat textarea").fill("Me too");
    await visitor.keyboard.press("Enter");

    await server.customer.up();
    await visitor.locator("dc-chat").getByText("Written while you were away").waitFor({ timeout: 60_000 });
    await thread.getByText("Me too").waitFor({ timeout: 60_000 });
    for (const text of ["Written while you were away", "Me too"]) {
      assert.equal(await thread.getByText(text, { exact: true }).count(), 1);
      assert.equal(await visitor.locator("dc-chat").getByText(text, { exact: true }).count(), 1);
    }
    // The agent's own node was there all the time.
    assert.deepEqual(agent.complaints, []);
  },
};
