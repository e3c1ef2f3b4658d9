// The inbox without a mouse.
import assert from "node:assert/strict";
import { open, signIn } from "./browser.mjs";
import { admin } from "./demo.mjs";

export const tests = {
  "sign in, and be told when the password is wrong": async ({ browser, server }) => {
    const page = await open(browser, server.origin, { language: "en" });
    await page.goto(`${server.origin}/`);
    await page.locator("input[type=email]").waitFor();
    // The field has the focus already.
    await page.keyboard.type(admin.email);
    await page.keyboard.press("Tab");
    await page.keyboard.type("not the password");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("E-mail or password is not right.").waitFor();
    await page.locator("input[type=password]").fill("");
    await page.keyboard.type(admin.password);
    await page.keyboard.press("Enter");
    await page.locator("nav a", { hasText: "All open" }).waitFor();
    // It stays signed in over a reload.
    await page.reload();
    await page.locator("nav a", { hasText: "All open" }).waitFor();
    assert.deepEqual(page.complaints, []);
  },

  "walk, open, reply, note, assign, tag, snooze, resolve": async ({ browser, server }) => {
    const page = await open(browser, server.origin, { language: "en" });
    await signIn(page, server.origin, admin);

    const current = () => page.evaluate(() => document.activeElement?.closest("[data-row]")?.getAttribute("data-row") ?? null);
    await page.keyboard.press("j");
    const first = await current();
    await page.keyboard.press("j");
    const second = await current();
    assert.ok(first && second && first !== second, "j moves the focus from row to row");
    await page.keyboard.press("k");
    assert.equal(await current(), first);
    await page.waitForURL((url) => url.pathname.endsWith(first));
    await page.locator("[data-message]").first().waitFor();

    // A note works on every interaction, whether we may answer or not.
    await page.keyboard.press("n");
    await page.keyboard.type("Seen with the keyboard only");
    await page.keyboard.press("Control+Enter");
    await page.getByTestId("thread").getByText("Seen with the keyboard only").waitFor();
    await page.locator("[data-pending]").waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    assert.equal(await current(), first, "Escape leads back to the row");

    await page.keyboard.press("a");
    await page.getByRole("dialog").getByRole("searchbox").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });

    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("searchbox").waitFor();
    await page.keyboard.type("urgent");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Urgent" }).waitFor();

    await page.locator(`[data-row="${first}"] a`).focus();
    await page.keyboard.press("e");
    await page.getByRole("button", { name: "Undo", exact: true }).waitFor();
    assert.deepEqual(page.complaints, []);
  },
};
