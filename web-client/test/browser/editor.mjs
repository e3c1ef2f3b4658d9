// The editor for formatted text under rough treatment: it is fetched late, made anew, left and returned to at any moment.
import assert from "node:assert/strict";
import { toReply } from "./browser.mjs";
import { bubble, chat, conversation } from "./desk.mjs";

const editable = (agent) => agent.locator("[contenteditable=true]");
const button = (agent, name) => agent.getByRole("button", { name, exact: true });

/** Nothing has broken, neither on the screen nor on the console. */
async function isWhole(agent) {
  assert.equal(await agent.getByTestId("broken").count(), 0);
  assert.deepEqual(agent.complaints, []);
}

/** Puts HTML on the clipboard of the event, as a browser does when somebody pastes from a page. */
const paste = (agent, html, text) =>
  editable(agent).evaluate(
    (element, [rich, plain]) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/html", rich);
      clipboardData.setData("text/plain", plain);
      element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    },
    [html, text],
  );

/** Many changes at once, with a breath of so many milliseconds between them: faster than any hand. */
const press = (agent, names, pauseMs) =>
  agent.evaluate(
    async ([labels, pause]) => {
      for (const label of labels) {
        const found = [...document.querySelectorAll("section[data-keys] button")].find((one) => one.getAttribute("aria-label") === label || one.textContent.trim() === label);
        found?.click();
        if (pause >= 0) await new Promise((done) => setTimeout(done, pause));
      }
    },
    [names, pauseMs],
  );

/**
 * The library gives up an editor one millisecond after it was made unless it is on the page by then. Here that moment
 * comes before the page has been drawn, or long after: what otherwise depends on how busy the computer is.
 */
const giveUp = {
  early: () => {
    const { setTimeout } = window;
    window.setTimeout = (run, ms, ...rest) => (ms === 1 ? (queueMicrotask(run), 0) : setTimeout(run, ms, ...rest));
  },
  late: () => {
    const { setTimeout } = window;
    window.setTimeout = (run, ms, ...rest) => setTimeout(run, ms === 1 ? 150 : ms, ...rest);
  },
};

const made = (when) => async ({ browser, server }) => {
  const { agent, row } = await conversation(browser, server);
  await toReply(agent);
  await agent.keyboard.type("one <two> & three");
  await agent.addInitScript(giveUp[when]);
  await agent.reload();
  const ways = ["Formatted text", "Write Markdown", "Write formatted", "Note", "Reply", "Formatted text", "Rich link", "Formatted text"];
  await button(agent, "Formatted text").click();
  await editable(agent).waitFor();
  for (const pause of [-1, 0, 20, 200]) {
    await press(agent, ways, pause);
    await isWhole(agent);
  }
  // As another browser or an older version has left it: the editor writes the same in other words.
  await agent.evaluate(() => {
    const key = Object.keys(localStorage).find((name) => name.startsWith("tributary.draft."));
    const draft = JSON.parse(localStorage.getItem(key));
    localStorage.setItem(key, JSON.stringify({ ...draft, mode: "reply", kind: "FORMATTED", markup: "HTML", html: "<h1>x</h1>text<b>y</b><table><tr><td>z</td></tr></table>" }));
  });
  await agent.reload();
  await editable(agent).waitFor();
  await press(agent, ["Note", "Reply", "Note", "Reply", "Write Markdown", "Write formatted"], 0);
  await editable(agent).getByText("text").waitFor();
  for (let n = 0; n < 6; n += 1) {
    await agent.locator("[data-row]").nth(n % 3).click();
    if (n % 2 === 0) await row.click();
  }
  await row.click();
  await editable(agent).click();
  await agent.keyboard.type(" end");
  await editable(agent).getByText("end").waitFor();
  await isWhole(agent);
};

export const tests = {
  "an editor that is given up before it is on the page": made("early"),
  "an editor that is given up late": made("late"),
  "paste, emoji, undo": async ({ browser, server }) => {
    const { agent, visitor } = await conversation(browser, server);
    await button(agent, "Formatted text").click();
    await editable(agent).waitFor();
    await agent.keyboard.type("👋🏽 ");
    const wild = `<meta charset="utf-8"><h1>Big</h1><table><tr><td>a</td><td><b>b</b></td></tr></table><img src="x:y"><script>1</script><ul><li>one<ol><li>two</li></ol></li></ul><pre>code</pre><p style="color:red"><a href="javascript:alert(1)">bad</a> <a href="https://example.org/x">good</a> 🏳️‍🌈</p><!--StartFragment--><iframe></iframe><svg><g/></svg>`;
    for (let n = 0; n < 5; n += 1) {
      await paste(agent, wild, "plain");
      for (let i = 0; i < 4; i += 1) await agent.keyboard.press("Control+z");
      for (let i = 0; i < 3; i += 1) await agent.keyboard.press("Control+Shift+z");
      await agent.keyboard.press("Control+a");
      await button(agent.getByRole("toolbar", { name: "Formatting" }), "List").click();
      await button(agent.getByRole("toolbar", { name: "Formatting" }), "Quote").click();
      await agent.keyboard.press("Backspace");
      await agent.keyboard.type("x😀");
      await agent.keyboard.press("Control+z");
    }
    await isWhole(agent);
    await paste(agent, wild, "plain");
    await button(agent, "Preview").click();
    await agent.getByTestId("preview").waitFor();
    await agent.keyboard.press("Escape");
    await editable(agent).press("Control+Enter");
    await chat(visitor).getByText("good").waitFor();
    await bubble(agent, "good").waitFor();
    await agent.keyboard.press("Control+z");
    await isWhole(agent);
  },
  "leaving while it is fetched": async ({ browser, server }) => {
    const { agent, row } = await conversation(browser, server);
    let arrive = () => {};
    const arrival = new Promise((done) => {
      arrive = done;
    });
    await agent.route(/rich-editor/u, async (route) => {
      await arrival;
      await route.continue();
    });
    await button(agent, "Formatted text").click();
    const others = agent.locator("[data-row]");
    await others.nth(3).click();
    await row.click();
    await button(agent, "Note").click();
    arrive();
    await button(agent, "Reply").click();
    await editable(agent).waitFor();
    await toReply(agent);
    await agent.keyboard.type("here");
    for (let n = 0; n < 12; n += 1) {
      await others.nth(n % 4).click();
      if (n % 3 === 0) await row.click();
    }
    await row.click();
    await isWhole(agent);
  },
};
