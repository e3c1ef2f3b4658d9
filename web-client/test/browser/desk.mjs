// What most tests begin with: somebody at their desk, a customer who has written, and their interaction open.
import { open, signIn } from "./browser.mjs";
import { admin } from "./demo.mjs";
import { customer, rowOf, say } from "./main-path.mjs";

export const supervisor = { email: "supervisor@example.org", password: "demo" };

/** Somebody signed in, with the pointer away from the list, where it would hold new rows back. */
export async function atDesk(browser, server, { person = admin, language = "en", theme = "light" } = {}) {
  const page = await open(browser, server.origin, { language, theme });
  await holdable(page);
  await signIn(page, server.origin, person);
  await page.mouse.move(1_200, 500);
  return page;
}

/** What the server says over the socket can be held back and let through again, as on a slow line. */
async function holdable(page) {
  let isHeld = false;
  let waiting = [];
  page.hold = () => {
    isHeld = true;
  };
  page.release = () => {
    isHeld = false;
    for (const deliver of waiting) deliver();
    waiting = [];
  };
  await page.routeWebSocket(/\/graphql/u, (socket) => {
    const far = socket.connectToServer();
    far.onMessage((message) => {
      if (isHeld) waiting.push(() => socket.send(message));
      else socket.send(message);
    });
  });
}

let count = 0;

/** A customer who has said something new, and the same interaction open at the desk. */
export async function conversation(browser, server, options = {}) {
  const agent = await atDesk(browser, server, options);
  const visitor = await customer(browser, server);
  count += 1;
  const hello = `Hello ${Date.now()} ${count}`;
  await say(visitor, hello);
  const row = await rowOf(agent, server, hello);
  await row.click();
  await agent.mouse.move(1_200, 500);
  await agent.getByTestId("thread").getByText(hello, { exact: true }).waitFor();
  const id = await row.getAttribute("data-row");
  return { agent, visitor, hello, row, id };
}

/** The widget's log as the customer sees it. */
export const chat = (visitor) => visitor.locator("dc-chat");

/** A message of the thread, by its text. */
export const bubble = (agent, text) => agent.locator("article[data-message]", { hasText: text });

/** Waits until a value is as wanted; the page changes it, not the test. */
export async function until(read, isWanted, what) {
  const end = Date.now() + 20_000;
  for (;;) {
    const value = await read();
    if (isWanted(value)) return value;
    if (Date.now() > end) throw new Error(`${what}: still ${JSON.stringify(value)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
