// A customer writes on a web page, an agent sees it live and answers, the customer taps an answer.
import assert from "node:assert/strict";
import { open, reply, signIn } from "./browser.mjs";
import { admin } from "./demo.mjs";

/** The shop page of the demo with the widget in it. */
export async function customer(browser, server, options = {}) {
  const node = server.customer;
  const token = await node.signIn(admin);
  const { channels } = await node.ask("{ channels(first: 20) { nodes { id widget { demoUrl } } } }", {}, token);
  const { demoUrl } = channels.nodes.find((channel) => channel.widget)?.widget ?? {};
  assert.ok(demoUrl, "the demo has a web chat with a demo page");
  const page = await open(browser, node.origin, options);
  await page.goto(demoUrl);
  await page.locator("dc-chat button.launcher").click();
  await page.locator("dc-chat textarea").waitFor();
  return page;
}

export async function say(page, text) {
  await page.locator("dc-chat textarea").fill(text);
  await page.keyboard.press("Enter");
  await page.locator("dc-chat").getByText(text).first().waitFor();
}

/** The row of the interaction that began with this text. A script may have answered since. */
export async function rowOf(page, server, text) {
  const token = await server.signIn(admin);
  for (;;) {
    const { interactions } = await server.ask("{ interactions(first: 10) { nodes { id messages(first: 1) { nodes { text } } } } }", {}, token);
    const found = interactions.nodes.find((item) => item.messages.nodes[0]?.text.startsWith(text));
    if (found) return page.locator(`[data-row="${found.id}"]`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Sends a question with answers to tap, from the composer of the open interaction. */
export async function askWithQuickReplies(agent, question, answers) {
  await agent.getByRole("button", { name: "Quick replies" }).click();
  await agent.getByRole("textbox", { name: "Question" }).fill(question);
  for (const [index, answer] of answers.entries()) await agent.getByRole("textbox", { name: `Answer ${index + 1}` }).fill(answer);
  await agent.getByTestId("preview").getByText(answers.at(-1), { exact: true }).waitFor();
  await agent.keyboard.press("Control+Enter");
}

export const tests = {
  "chat from the widget, quick replies from the agent, an answer by a tap": async ({ browser, server }) => {
    const agent = await open(browser, server.origin, { language: "en" });
    await signIn(agent, server.origin, admin);
    await agent.mouse.move(1_200, 500);
    const visitor = await customer(browser, server);
    const hello = `Where is my parcel ${Date.now()}?`;
    await say(visitor, hello);

    const row = await rowOf(agent, server, hello);
    await row.waitFor({ timeout: 10_000 });
    await row.click();
    await agent.getByTestId("thread").getByText(hello).waitFor();

    await reply(agent, "I am looking.");
    await visitor.locator("dc-chat").getByText("I am looking.").waitFor();
    await agent.locator('article', { hasText: "I am looking." }).locator('[data-delivery="DELIVERED"],[data-delivery="READ"],[data-delivery="SENT"]').waitFor();

    await askWithQuickReplies(agent, "Which parcel?", ["The red one", "The blue one"]);
    await visitor.locator("dc-chat").getByRole("button", { name: "The blue one" }).click();

    await agent.getByTestId("thread").getByText("Chosen").waitFor();
    await agent.locator("article", { hasText: "Chosen" }).getByText("The blue one").waitFor();
    assert.deepEqual(agent.complaints, []);
    assert.deepEqual(visitor.complaints, []);
  },

  "typing is seen on both sides": async ({ browser, server }) => {
    const agent = await open(browser, server.origin, { language: "en" });
    await signIn(agent, server.origin, admin);
    await agent.mouse.move(1_200, 500);
    const visitor = await customer(browser, server);
    const hello = `Hello ${Date.now()}`;
    await say(visitor, hello);
    await (await rowOf(agent, server, hello)).click();
    await agent.getByTestId("thread").getByText(hello).waitFor();
    await visitor.locator("dc-chat textarea").pressSequentially("one more thing", { delay: 40 });
    await agent.getByTestId("typing").waitFor();
    assert.deepEqual(agent.complaints, []);
  },

  "a form from the composer comes back filled in": async ({ browser, server }) => {
    const agent = await open(browser, server.origin, { language: "en" });
    await signIn(agent, server.origin, admin);
    await agent.mouse.move(1_200, 500);
    const visitor = await customer(browser, server);
    const hello = `Form please ${Date.now()}`;
    await say(visitor, hello);
    await (await rowOf(agent, server, hello)).click();
    await agent.getByTestId("thread").getByText(hello).waitFor();
    await agent.getByRole("button", { name: "Form", exact: true }).click();
    await agent.getByRole("textbox", { name: "Title" }).fill("Your address");
    await agent.getByRole("textbox", { name: "Label" }).fill("Street");
    await agent.getByTestId("preview").getByText("Street", { exact: true }).waitFor();
    await agent.keyboard.press("Control+Enter");
    const street = visitor.locator("dc-chat").getByRole("textbox", { name: /Street/u });
    await street.fill("Lindenweg 4");
    await visitor.keyboard.press("Enter");
    await agent.locator("article", { hasText: "Filled in" }).getByText("Lindenweg 4").waitFor();
    assert.deepEqual(agent.complaints, []);
  },
};
