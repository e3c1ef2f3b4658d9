import { beforeEach, describe, expect, test } from "vitest";
import { afterSending, type Draft, emptyDraft, loadDraft, readable, saveDraft, toContent } from "../../src/features/composer/draft";
import { fileProblem, lengthOf } from "../../src/features/composer/limits";

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
    const list = { title: "Menu", text: "", multiple: true, sections: [{ title: "Hot", items: [{ title: "Soup", description: "of the day" }] }, { title: "Cold", items: [{ title: "", description: "x" }] }] };
    expect(toContent(draft({ kind: "LIST_PICKER", list }), 0)).toEqual({
      listPicker: { title: "Menu", text: null, multiple: true, sections: [{ title: "Hot", items: [{ id: "s1i1", title: "Soup", description: "of the day" }] }] },
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
    expect(toContent(draft({ kind: "RICH_LINK", link: { url: "https://a.example", title: "", description: "" } }), 0)).toBeNull();
    expect(toContent(draft({ kind: "RICH_LINK", link: { url: "https://a.example", title: "A", description: "" } }), 0)).toEqual({ richLink: { url: "https://a.example", title: "A", description: null } });
  });
});

test("readable text of formatted content is no markup", () => {
  expect(readable({ formatted: { markup: "HTML", source: "<p>a &amp; b</p><ul><li>c</li></ul>" } }, ["f.pdf"])).toBe("a & b\nc\nf.pdf");
});

describe("drafts survive a reload", () => {
  beforeEach(() => localStorage.clear());

  test("what was written comes back, an empty one leaves nothing behind", () => {
    saveDraft("int_1", draft({ text: "half a sen" }));
    expect(loadDraft("int_1", "TEXT").text).toBe("half a sen");
    saveDraft("int_1", draft({ text: "" }));
    expect(localStorage.length).toBe(0);
  });

  test("sending a reply keeps the note that is being written", () => {
    expect(afterSending(draft({ text: "sent", note: "not yet" }))).toMatchObject({ text: "", note: "not yet" });
    expect(afterSending(draft({ mode: "note", text: "not yet", note: "sent" }))).toMatchObject({ text: "not yet", note: "" });
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
