import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Composer } from "../../src/features/composer/composer";
import { shelfOf } from "../../src/features/composer/files";
import type { InteractionRowFragment } from "../../src/gql/graphql";
import { Refused } from "../../src/live/errors";
import type { OutboxEntry } from "../../src/live/outbox";
import type { Sending } from "../../src/live/sending";
import type { Capabilities } from "../../src/session/capabilities";
import { mount } from "../mount";
import { type FakeServer, fakeServer, interaction } from "../workspace";

let server: FakeServer;

beforeEach(() => {
  localStorage.clear();
  server = fakeServer();
});
afterEach(() => server.stop());

const capabilities = {
  __typename: "Capabilities",
  agent: ["TEXT", "FORMATTED", "RICH_LINK", "QUICK_REPLIES", "LIST_PICKER", "FORM"].map((kind) => ({ kind, support: "NATIVE" })),
  text: { max: 100, unit: "CHARACTERS" },
  rich: { quickReplies: 10, quickReplyTitle: 20, listSections: 5, listItems: 10, listItemTitle: 20, listItemDescription: 50, formFields: 10 },
  media: [{ class: "FILE", mimeTypes: ["application/pdf"], maxBytes: 50, maxCaption: 0 }],
  maxAttachments: 2,
  quotes: true,
  reactions: true,
  edit: null,
  delete: false,
  typing: true,
  replyWindow: null,
} as unknown as Capabilities;

const row = (id: string, part: Record<string, unknown> = {}) => interaction(id, 5, part) as unknown as InteractionRowFragment;
const mayNot = { replyPolicy: { __typename: "ReplyPolicy", mayReply: false, until: null, kinds: [], reason: "WINDOW_CLOSED" } };

function Part({ row: shown, restoring = null, onRestored = () => {} }: { row: InteractionRowFragment; restoring?: OutboxEntry<Sending> | null; onRestored?: () => void }) {
  return <Composer key={shown.id} row={shown} capabilities={capabilities} quoting={null} restoring={restoring} onRestored={onRestored} onTyped={() => {}} onRested={() => {}} />;
}

const reply = () => screen.getByRole("textbox", { name: "Reply to Mara" }) as HTMLTextAreaElement;
const entries = () => server.live.outbox?.entries.get() ?? [];

test("a note where we may not reply goes out, empties its field, and leaves the reply alone", async () => {
  const user = userEvent.setup();
  const { show } = await mount(server, <Part row={row("int_1")} />);
  await user.type(reply(), "half a reply");
  show(<Part row={row("int_1", mayNot)} />);
  await user.type(screen.getByRole("textbox", { name: "Note" }), "seen");
  await user.keyboard("{Control>}{Enter}{/Control}");
  expect(entries().map((entry) => entry.payload)).toMatchObject([{ kind: "note", input: { text: "seen" } }]);
  expect((screen.getByRole("textbox", { name: "Note" }) as HTMLTextAreaElement).value).toBe("");
  show(<Part row={row("int_1")} />);
  expect(reply().value).toBe("half a reply");
});

test("Ctrl+Enter in the editor for formatted text sends, with Shift it resolves too", async () => {
  const user = userEvent.setup();
  const { container } = await mount(server, <Part row={row("int_1")} />);
  await user.type(reply(), "Hi");
  await user.click(screen.getByRole("button", { name: "Formatted text" }));
  const editor = await waitFor(() => {
    const found = container.querySelector<HTMLElement>("[contenteditable=true]");
    if (!found) throw new Error("no editor yet");
    return found;
  });
  editor.focus();
  await user.keyboard("{Control>}{Shift>}{Enter}{/Shift}{/Control}");
  expect(entries().map((entry) => entry.payload)).toMatchObject([{ kind: "message", input: { content: { formatted: { markup: "HTML", source: "<p>Hi</p>" } }, thenStatus: "RESOLVED" } }]);
});

describe("taking a failed send back", () => {
  const failed = (): OutboxEntry<Sending> => {
    server.live.outbox?.add({
      clientId: "cli_1",
      interactionId: "int_1",
      text: "Which?",
      payload: {
        kind: "message",
        input: { content: { quickReplies: { text: "Which?", replies: [{ id: "r1", title: "Red" }] } }, attachmentIds: ["att_1"], quotedId: "msg_1" },
        files: [{ id: "att_1", name: "a.pdf", size: 10, type: "application/pdf" }],
        quoted: { id: "msg_1", text: "The red one?", author: { name: "Mara" } },
      },
    });
    const entry = entries()[0];
    if (!entry) throw new Error("no entry");
    return entry;
  };

  beforeEach(() => {
    shelfOf({ personId: "per_me", interactionId: "int_1", mode: "reply" }).clear();
    server.answer = ({ operationName }) => {
      if (operationName === "SendMessage") return { sendMessage: { __typename: "MessagePayload", message: null, newer: [], errors: [{ __typename: "UserError", code: "INVALID", field: [], message: "", limit: null, isRetryable: false }] } };
      return new Promise(() => {});
    };
  });

  test("brings back its kind, files and quotation, and then leaves the outbox", async () => {
    const { show } = await mount(server, <Part row={row("int_1")} />);
    const entry = failed();
    await waitFor(() => expect(entries()[0]?.state).toBe("failed"));
    show(<Part row={row("int_1")} restoring={entry} />);
    expect(await screen.findByDisplayValue("Red")).toBeTruthy();
    expect(within(screen.getByTestId("files")).getByText("a.pdf")).toBeTruthy();
    expect(screen.getByTestId("quoting").textContent).toContain("The red one?");
    expect(entries()).toEqual([]);
  });

  test("asks before it replaces something, and gives nothing up until then", async () => {
    const user = userEvent.setup();
    let restored = 0;
    const { show } = await mount(server, <Part row={row("int_1")} />);
    const entry = failed();
    await waitFor(() => expect(entries()[0]?.state).toBe("failed"));
    await user.click(screen.getByRole("button", { name: "Quick replies" }));
    await user.type(await screen.findByRole("textbox", { name: /Question/u }), "Mine");
    show(<Part row={row("int_1")} restoring={entry} onRestored={() => (restored += 1)} />);
    const dialog = await screen.findByRole("dialog", { name: "Replace your draft?" });
    await user.click(within(dialog).getByRole("button", { name: "Cancel" }));
    expect(entries()).toHaveLength(1);
    expect(screen.getByDisplayValue("Mine")).toBeTruthy();
    await user.click(within(dialog).getByRole("button", { name: "Replace" }));
    expect(await screen.findByDisplayValue("Which?")).toBeTruthy();
    expect(entries()).toEqual([]);
    expect(restored).toBe(2);
  });
});

describe("files", () => {
  const pdf = (name: string, size = 10) => new File([new Uint8Array(size)], name, { type: "application/pdf" });
  let uploads: { name: string; done: (id: string) => void; fail: (error: Error) => void }[];
  let next = 0;

  beforeEach(() => {
    uploads = [];
    server.live.upload = (file) => new Promise((done, fail) => uploads.push({ name: file.name, done, fail }));
  });

  const fresh = () => row(`int_files_${(next += 1)}`);
  const choose = async (user: ReturnType<typeof userEvent.setup>, ...files: File[]) => {
    const input = document.querySelector<HTMLInputElement>("input[type=file]");
    if (!input) throw new Error("no file field");
    await user.upload(input, files);
  };

  test("an upload goes on while another interaction is looked at, and its file is there after a reload", async () => {
    const user = userEvent.setup();
    const mine = fresh();
    const { show } = await mount(server, <Part row={mine} />);
    await choose(user, pdf("a.pdf"));
    show(<Part row={fresh()} />);
    expect(screen.queryByTestId("files")).toBeNull();
    uploads[0]?.done("att_9");
    await waitFor(() => expect(localStorage.getItem(`tributary.files.per_me.${mine.id}.reply`)).toContain("att_9"));
    show(<Part row={mine} />);
    expect(within(screen.getByTestId("files")).getByText("a.pdf")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: /^Send to Mara/u }));
    expect(entries().at(-1)?.payload).toMatchObject({ input: { attachmentIds: ["att_9"] } });
    expect(localStorage.getItem(`tributary.files.per_me.${mine.id}.reply`)).toBeNull();
  });

  test("reply and note have their own, checked by what each of them takes", async () => {
    const user = userEvent.setup();
    await mount(server, <Part row={fresh()} />);
    await user.click(screen.getByRole("button", { name: "Note" }));
    await choose(user, pdf("large.pdf", 60));
    await user.click(screen.getByRole("button", { name: "Reply" }));
    expect(screen.queryByTestId("files")).toBeNull();
    await choose(user, pdf("large.pdf", 60));
    expect(within(screen.getByTestId("files")).getByRole("alert").textContent).toContain("larger than");
    expect(uploads.map((upload) => upload.name)).toEqual(["large.pdf"]);
  });

  test("one that failed can be tried again, and says why in our words", async () => {
    const user = userEvent.setup();
    await mount(server, <Part row={fresh()} />);
    await choose(user, pdf("a.pdf"));
    uploads[0]?.fail(new Refused("FORBIDDEN"));
    expect((await within(screen.getByTestId("files")).findByRole("alert")).textContent).toBe("You may not do this.");
    await user.click(screen.getByRole("button", { name: "Upload a.pdf again" }));
    await waitFor(() => expect(uploads).toHaveLength(2));
    uploads[1]?.done("att_1");
    await waitFor(() => expect(within(screen.getByTestId("files")).queryByRole("alert")).toBeNull());
  });
});

test("a note tells those who were picked", async () => {
  const user = userEvent.setup();
  server.answer = ({ operationName }) =>
    operationName === "People" ? { people: { __typename: "PersonConnection", logCursor: "c0", nodes: ["Anna Berg", "Ben Cole"].map((name, index) => ({ __typename: "Person", id: `per_${index}`, version: 1, name, role: "AGENT", status: "ACTIVE" })) } } : new Promise(() => {});
  await mount(server, <Part row={row("int_mention")} />);
  await user.click(screen.getByRole("button", { name: "Note" }));
  const field = screen.getByRole("textbox", { name: "Note" });
  await user.type(field, "@ann");
  await screen.findByRole("option", { name: "Anna Berg" });
  await user.keyboard("{Enter}");
  await user.type(field, "and @Ben Cole");
  await user.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(entries().at(-1)?.payload).toMatchObject({ kind: "note", input: { text: "@Anna Berg and @Ben Cole", mentionIds: ["per_0"] } }));
});

test("a preview that cannot be had says so and does not keep anything from being sent", async () => {
  const user = userEvent.setup();
  server.answer = ({ operationName }) => {
    if (operationName === "PreviewContent") throw new Error("nobody there");
    return new Promise(() => {});
  };
  await mount(server, <Part row={row("int_preview")} />);
  await user.type(reply(), "Hello");
  await user.click(screen.getByRole("button", { name: "Preview" }));
  expect((await screen.findByTestId("preview-error")).textContent).toContain("No connection");
  expect(screen.getByRole("button", { name: /^Send to Mara/u }).hasAttribute("disabled")).toBe(false);
});
