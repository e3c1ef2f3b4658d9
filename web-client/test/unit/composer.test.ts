import { beforeEach, describe, expect, test } from "vitest";
import { afterSending, type Draft, emptyDraft, emptyField, fromPayload, inKind, loadDraft, mentioned, readable, saveDraft, toContent, wouldOverwrite } from "../../src/features/composer/draft";
import { countedText, fileProblem, lengthOf } from "../../src/features/composer/limits";
import type { Sending } from "../../src/live/sending";

const draft = (part: Partial<Draft>): Draft => ({ ...emptyDraft, ...part });

describe("what a draft stands for", () => {
  test("text, or files alone, or nothing", () => {
    expect(toContent(draft({ text: "  Hello \n" }), 0)).toEqual({ text: { text: "Hello" } });
    expect(toContent(draft({ text: " " }), 2)).toEqual({ attachment: { caption: null } });
    expect(toContent(draft({ text: " " }), 0)).toBeNull();
  });

  test("formatted text in the chosen markup; an editor full of nothing is nothing", () => {
    expect(toContent(draft({ kind: "FORMATTED", html: "<p>Hi</p>" }), 0)).toEqual({ formatted: { markup: "HTML", source: "<p>Hi</p>" } });
    expect(toContent(draft({ kind: "FORMATTED", html: "<p>&nbsp;</p>" }), 0)).toBeNull();
    expect(toContent(draft({ kind: "FORMATTED", markup: "MARKDOWN", markdown: "**Hi**" }), 0)).toEqual({ formatted: { markup: "MARKDOWN", source: "**Hi**" } });
  });

  test("quick replies leave out empty ones and keep ids by position", () => {
    const replies = { text: "Where to?", titles: ["Home", " ", "Work"] };
    expect(toContent(draft({ kind: "QUICK_REPLIES", replies }), 0)).toEqual({
      quickReplies: { text: "Where to?", replies: [{ id: "r1", title: "Home" }, { id: "r3", title: "Work" }] },
    });
    expect(toContent(draft({ kind: "QUICK_REPLIES", replies: { text: "", titles: ["Home"] } }), 0)).toBeNull();
  });

  test("a list keeps only sections with items", () => {
    const list = { title: "Menu", text: "", multiple: true, sections: [{ title: "Hot", items: [{ title: "Soup", description: "of the day", image: "https://a.example/soup.jpg" }] }, { title: "Cold", items: [{ title: "", description: "x", image: "" }] }] };
    expect(toContent(draft({ kind: "LIST_PICKER", list }), 0)).toEqual({
      listPicker: { title: "Menu", text: null, multiple: true, sections: [{ title: "Hot", items: [{ id: "s1i1", title: "Soup", description: "of the day", image: { url: "https://a.example/soup.jpg" } }] }] },
    });
  });

  test("a form sends options only with choices", () => {
    const form = {
      title: "Data",
      text: "",
      submitLabel: "",
      fields: [
        { label: "Name", type: "TEXT" as const, required: true, hint: "", options: ["left", "over"] },
        { label: "Size", type: "CHOICE" as const, required: false, hint: "", options: ["S", "", "L"] },
      ],
    };
    expect(toContent(draft({ kind: "FORM", form }), 0)).toEqual({
      form: {
        title: "Data",
        text: null,
        submitLabel: null,
        fields: [
          { id: "f1", label: "Name", type: "TEXT", required: true, hint: null, options: [] },
          { id: "f2", label: "Size", type: "CHOICE", required: false, hint: null, options: [{ id: "o1", title: "S" }, { id: "o3", title: "L" }] },
        ],
      },
    });
  });

  test("a link needs an address and a title", () => {
    expect(toContent(draft({ kind: "RICH_LINK", link: { url: "https://a.example", title: "", description: "", image: "" } }), 0)).toBeNull();
    expect(toContent(draft({ kind: "RICH_LINK", link: { url: "https://a.example", title: "A", description: "", image: "" } }), 0)).toEqual({ richLink: { url: "https://a.example", title: "A", description: null } });
  });
});

test("readable text of formatted content is no markup", () => {
  expect(readable({ formatted: { markup: "HTML", source: "<p>a &amp; b</p><ul><li>c</li></ul>" } }, [{ id: "att_1", name: "f.pdf", size: 1, type: "application/pdf" }])).toBe("a & b\nc\nf.pdf");
});

describe("drafts survive a reload", () => {
  beforeEach(() => localStorage.clear());

  test("what was written comes back, an empty one leaves nothing behind", () => {
    saveDraft("per_1", "int_1", draft({ text: "half a sen" }));
    expect(loadDraft("per_1", "int_1", "TEXT").text).toBe("half a sen");
    expect(loadDraft("per_2", "int_1", "TEXT").text).toBe("");
    saveDraft("per_1", "int_1", draft({ text: "" }));
    expect(localStorage.length).toBe(0);
  });

  test("a form is kept while it is not complete, whatever else is being looked at", () => {
    const started = { ...emptyDraft.form, fields: [{ ...emptyField, label: "Street" }] };
    saveDraft("per_1", "int_1", draft({ kind: "TEXT", form: started }));
    expect(loadDraft("per_1", "int_1", "TEXT").form.fields[0]?.label).toBe("Street");
  });

  test("sending resets only what was sent", () => {
    const full = draft({ text: "plain", note: "not yet", html: "<p>rich</p>", replies: { text: "Which?", titles: ["A"] } });
    expect(afterSending(full, "reply")).toMatchObject({ text: "", note: "not yet", html: "<p>rich</p>", replies: { text: "Which?" } });
    expect(afterSending(full, "note")).toMatchObject({ text: "plain", note: "" });
    expect(afterSending({ ...full, kind: "QUICK_REPLIES" }, "reply")).toMatchObject({ kind: "TEXT", text: "plain", replies: emptyDraft.replies });
    expect(afterSending({ ...full, kind: "FORMATTED" }, "reply")).toMatchObject({ kind: "FORMATTED", text: "plain", html: "" });
    // A note that was written where we may not reply says nothing about the reply.
    expect(afterSending(draft({ mode: "reply", text: "half a reply", note: "sent" }), "note")).toMatchObject({ mode: "reply", text: "half a reply", note: "" });
  });
});

describe("a send that is taken back", () => {
  const send = (input: Extract<Sending, { kind: "message" }>["input"], more: object = {}): Sending => ({ kind: "message", input, ...more });

  test.each([
    ["text", draft({ text: "Hello" })],
    ["formatted", draft({ kind: "FORMATTED", html: "<p>Hi</p>" })],
    ["Markdown", draft({ kind: "FORMATTED", markup: "MARKDOWN", markdown: "**Hi**" })],
    ["rich link", draft({ kind: "RICH_LINK", link: { url: "https://a.example", title: "A", description: "B", image: "https://a.example/a.png" } })],
    ["quick replies", draft({ kind: "QUICK_REPLIES", replies: { text: "Which?", titles: ["A", "B"] } })],
    ["list", draft({ kind: "LIST_PICKER", list: { title: "L", text: "t", multiple: true, sections: [{ title: "S", items: [{ title: "I", description: "d", image: "" }] }] } })],
    ["form", draft({ kind: "FORM", form: { title: "F", text: "", submitLabel: "Go", fields: [{ label: "N", type: "CHOICE", required: true, hint: "h", options: ["S", "L"] }] } })],
  ])("%s is the same draft again", (_name, before) => {
    const content = toContent(before, 0);
    if (!content) throw new Error("nothing to send");
    const back = fromPayload(emptyDraft, send({ content }));
    expect(back).toEqual(before);
    expect(toContent(back, 0)).toEqual(content);
  });

  test("brings its quotation, and a note whom it names", () => {
    const quoted = { id: "msg_1", text: "Hi", author: { name: "Mara" } };
    expect(fromPayload(emptyDraft, send({ content: { text: { text: "x" } } }, { quoted })).quoted).toEqual(quoted);
    const mentions = [{ id: "per_1", name: "Anna" }];
    expect(fromPayload(draft({ text: "reply" }), { kind: "note", input: { text: "@Anna look" }, mentions })).toMatchObject({ mode: "note", note: "@Anna look", mentions, text: "reply" });
  });

  test("asks only when something of the same kind would be lost", () => {
    const text = send({ content: { text: { text: "old" } } });
    expect(wouldOverwrite(draft({ text: "new" }), text)).toBe(true);
    expect(wouldOverwrite(draft({ note: "a note", form: { ...emptyDraft.form, title: "F" } }), text)).toBe(false);
    expect(wouldOverwrite(draft({ note: "new" }), { kind: "note", input: { text: "old" } })).toBe(true);
  });
});

test("plain text moves into the editor and back, formatting is never thrown away", () => {
  const rich = inKind(draft({ text: "a <b>\nc" }), "FORMATTED");
  expect(rich).toMatchObject({ kind: "FORMATTED", html: "<p>a &lt;b&gt;<br>c</p>", text: "" });
  expect(inKind(rich, "TEXT")).toMatchObject({ kind: "TEXT", text: "a <b>\nc", html: "" });
  expect(inKind({ ...rich, html: "<p><strong>a</strong></p>" }, "TEXT")).toMatchObject({ kind: "TEXT", text: "", html: "<p><strong>a</strong></p>" });
});

test("only people picked and still named are told", () => {
  const anna = { id: "per_1", name: "Anna" };
  const annaMaria = { id: "per_2", name: "Anna Maria" };
  expect(mentioned("@Anna Maria look", [anna, annaMaria])).toEqual([annaMaria]);
  expect(mentioned("@Anna and @Anna Maria", [anna, annaMaria, anna])).toEqual([anna, annaMaria]);
  expect(mentioned("Anna typed by hand @Ben", [anna])).toEqual([]);
});

describe("length", () => {
  test("of HTML is that of what the customer reads", () => {
    expect(countedText({ formatted: { markup: "HTML", source: "<p><strong>Hi</strong> &amp; bye</p>" } })).toBe("Hi & bye");
    expect(countedText({ text: { text: "Hi" } })).toBe("Hi");
    expect(countedText(null)).toBe("");
  });
});

test("lengths are counted as the channel counts them", () => {
  expect(lengthOf("ä👍", "CHARACTERS")).toBe(2);
  expect(lengthOf("ä👍", "UTF16_UNITS")).toBe(3);
  expect(lengthOf("ä👍", "BYTES")).toBe(6);
});

test("files are checked before a byte is sent", () => {
  const limits = {
    maxAttachments: 2,
    media: [
      { __typename: "MediaLimit" as const, class: "IMAGE" as const, mimeTypes: ["image/png"], maxBytes: 100, maxCaption: 0 },
      { __typename: "MediaLimit" as const, class: "FILE" as const, mimeTypes: ["application/pdf"], maxBytes: 500, maxCaption: 0 },
    ],
  };
  expect(fileProblem({ type: "image/png", size: 100 }, 0, limits)).toBeNull();
  expect(fileProblem({ type: "image/png", size: 101 }, 0, limits)).toEqual({ kind: "size", max: 100 });
  expect(fileProblem({ type: "image/webp", size: 1 }, 0, limits)).toEqual({ kind: "type" });
  expect(fileProblem({ type: "application/pdf", size: 1 }, 2, limits)).toEqual({ kind: "count", max: 2 });
});
