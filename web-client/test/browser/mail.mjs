// A customer's mail with HTML and pictures, answered in its thread, over real IMAP and SMTP servers.
import assert from "node:assert/strict";
import { open, signIn, toReply } from "./browser.mjs";
import { admin } from "./demo.mjs";
import { rowOf } from "./main-path.mjs";

/** A red square of 8 × 8 pixels. */
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4oKCAFTEMLQkAKj9AAQUJSn0AAAAASUVORK5CYII=";

const head = ({ from, to, subject, id, answers = [] }) =>
  [
    `From: Mara Ehlers <${from}>`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Message-ID: <${id}>`,
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    ...(answers.length > 0 ? [`In-Reply-To: <${answers.at(-1)}>`, `References: ${answers.map((one) => `<${one}>`).join(" ")}`] : []),
    "MIME-Version: 1.0",
  ].join("\r\n");

/** HTML with a picture inside the mail and one from elsewhere, and the same as text. */
function withPictures(envelope, text) {
  const lines = [
    head(envelope),
    'Content-Type: multipart/related; boundary="outer"',
    "",
    "--outer",
    'Content-Type: multipart/alternative; boundary="inner"',
    "",
    "--inner",
    "Content-Type: text/plain; charset=utf-8",
    "",
    text,
    "--inner",
    "Content-Type: text/html; charset=utf-8",
    "",
    `<html><body><h2 style="color:#0f766e">${text}</h2><table><tr><td><img src="cid:square@example.test" alt="the broken part" width="8" height="8"></td></tr></table>`,
    '<img src="https://pictures.example.net/pixel.png" alt="from elsewhere" width="1" height="1"></body></html>',
    "--inner--",
    "--outer",
    "Content-Type: image/png; name=square.png",
    "Content-Transfer-Encoding: base64",
    "Content-ID: <square@example.test>",
    "Content-Disposition: inline; filename=square.png",
    "",
    PICTURE,
    "--outer--",
    "",
  ];
  return lines.join("\r\n");
}

const plain = (envelope, text) => `${head(envelope)}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`;

/** Waits for the mail in the customer's mailbox that answers the one with this id. */
async function answerTo(server, id) {
  const { customer } = server.stand.mail;
  for (;;) {
    const { mails } = await server.stand.tell({ command: "mails", account: customer, mailbox: "INBOX" });
    const found = mails.find((mail) => mail.inReplyTo.includes(id));
    if (found) return found;
    await new Promise((done) => setTimeout(done, 100));
  }
}

export const tests = {
  "a mail with pictures, answered in its thread, and the customer's reply": async ({ browser, server, shots }) => {
    const { agent: company, customer } = server.stand.mail;
    const deliver = (raw) => server.stand.tell({ command: "deliver", from: customer, to: company, raw });
    const agent = await open(browser, server.origin, { language: "en" });
    await signIn(agent, server.origin, admin);
    await agent.mouse.move(1_200, 500);
    const pictures = [];
    agent.on("response", (answer) => {
      if (answer.request().resourceType() === "image") pictures.push(answer);
    });

    const mark = Date.now();
    const id = `question-${mark}@example.test`;
    const hello = `The buckle is broken ${mark}`;
    await deliver(withPictures({ from: customer, to: company, subject: `Rucksack ${mark}`, id }, hello));

    const row = await rowOf(agent, server, hello);
    await row.waitFor({ timeout: 20_000 });
    await row.click();
    const frame = agent.getByTestId("thread").frameLocator('iframe[title="Mail"]');
    await frame.getByRole("heading", { name: hello }).waitFor();
    const inline = frame.getByRole("img", { name: "the broken part" });
    await inline.waitFor();
    await assert.doesNotReject(inline.evaluate((image) => image.decode()), "the picture inside the mail is shown");
    assert.equal(await inline.evaluate((image) => image.naturalWidth), 8);
    // The picture from elsewhere is not asked for: nobody learns that the mail was read before the agent agrees.
    await agent.getByText("Pictures from elsewhere are not loaded").waitFor();
    assert.ok(pictures.length > 0 && pictures.every((answer) => answer.ok() && answer.url().startsWith(server.origin)));
    await agent.screenshot({ path: `${shots}mail-html.png` });

    await toReply(agent);
    await agent.getByRole("button", { name: "Formatted text" }).click();
    const field = agent.locator("[contenteditable=true]");
    await field.click();
    await agent.keyboard.type("We send you a ");
    await agent.keyboard.press("Control+b");
    await agent.keyboard.type("new one");
    await agent.keyboard.press("Control+Enter");
    await agent.locator("article", { hasText: "We send you a new one" }).locator('[data-delivery="SENT"],[data-delivery="DELIVERED"]').waitFor();

    const answer = await answerTo(server, id);
    assert.equal(answer.from, company);
    assert.ok(answer.references.includes(id), `${answer.references} lead back to the question`);
    assert.match(answer.subject, new RegExp(`Rucksack ${mark}`, "u"));
    assert.match(answer.html, /<(?:strong|b)>new one<\/(?:strong|b)>/u);
    assert.match(answer.text, /We send you a \*{0,2}new one/u);

    const thanks = `Thank you ${mark}`;
    await deliver(plain({ from: customer, to: company, subject: `Re: Rucksack ${mark}`, id: `thanks-${mark}@example.test`, answers: [id, answer.messageId] }, thanks));
    await agent.getByTestId("thread").getByText(thanks, { exact: true }).waitFor({ timeout: 20_000 });
    assert.equal(await agent.getByTestId("thread").getByText(thanks, { exact: true }).count(), 1);
    assert.deepEqual(agent.complaints, []);
  },

  "a mail that comes while the server is away": async ({ browser, server }) => {
    const { agent: company, customer } = server.stand.mail;
    const agent = await open(browser, server.origin, { language: "en" });
    await signIn(agent, server.origin, admin);
    await agent.mouse.move(1_200, 500);
    agent.isOutage = true;
    for (const node of server.nodes) await node.kill();
    await agent.getByTestId("offline").waitFor();
    const mark = Date.now();
    const hello = `Is anybody there ${mark}?`;
    await server.stand.tell({ command: "deliver", from: customer, to: company, raw: plain({ from: customer, to: company, subject: `Quiet ${mark}`, id: `quiet-${mark}@example.test` }, hello) });
    for (const node of server.nodes) await node.up();
    const row = await rowOf(agent, server, hello);
    await row.waitFor({ timeout: 60_000 });
    await row.click();
    await agent.getByTestId("thread").getByText(hello, { exact: true }).waitFor();
    assert.equal(await agent.getByTestId("thread").getByText(hello, { exact: true }).count(), 1);
    assert.deepEqual(agent.complaints, []);
  },
};
