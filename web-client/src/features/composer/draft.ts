import type { FormFieldType, RichContentInput, RichKind } from "../../gql/graphql";

/** What the composer can make. */
export type ComposeKind = "TEXT" | Extract<RichKind, "FORMATTED" | "RICH_LINK" | "QUICK_REPLIES" | "LIST_PICKER" | "FORM">;

export interface ListItemDraft {
  readonly title: string;
  readonly description: string;
}

export interface SectionDraft {
  readonly title: string;
  readonly items: readonly ListItemDraft[];
}

export interface FieldDraft {
  readonly label: string;
  readonly type: FormFieldType;
  readonly required: boolean;
  readonly hint: string;
  readonly options: readonly string[];
}

/** Everything a person has entered, also in forms they are not looking at. Kept until it is sent. */
export interface Draft {
  readonly mode: "reply" | "note";
  readonly kind: ComposeKind;
  readonly text: string;
  readonly note: string;
  readonly markup: "HTML" | "MARKDOWN";
  readonly html: string;
  readonly markdown: string;
  readonly link: { readonly url: string; readonly title: string; readonly description: string };
  readonly replies: { readonly text: string; readonly titles: readonly string[] };
  readonly list: { readonly title: string; readonly text: string; readonly multiple: boolean; readonly sections: readonly SectionDraft[] };
  readonly form: { readonly title: string; readonly text: string; readonly submitLabel: string; readonly fields: readonly FieldDraft[] };
}

export const emptyItem: ListItemDraft = { title: "", description: "" };
export const emptyField: FieldDraft = { label: "", type: "TEXT", required: false, hint: "", options: [] };

export const emptyDraft: Draft = {
  mode: "reply",
  kind: "TEXT",
  text: "",
  note: "",
  markup: "HTML",
  html: "",
  markdown: "",
  link: { url: "", title: "", description: "" },
  replies: { text: "", titles: ["", ""] },
  list: { title: "", text: "", multiple: false, sections: [{ title: "", items: [emptyItem, emptyItem] }] },
  form: { title: "", text: "", submitLabel: "", fields: [emptyField] },
};

/** The draft after sending: the mode and the kind stay, what was written goes. */
export function afterSending(draft: Draft): Draft {
  return draft.mode === "note" ? { ...draft, note: "" } : { ...emptyDraft, kind: draft.kind === "FORMATTED" ? "FORMATTED" : "TEXT", markup: draft.markup, note: draft.note };
}

const key = (interactionId: string) => `tributary.draft.${interactionId}`;

export function loadDraft(interactionId: string, kind: ComposeKind): Draft {
  const raw = localStorage.getItem(key(interactionId));
  return raw === null ? { ...emptyDraft, kind } : { ...emptyDraft, ...(JSON.parse(raw) as Partial<Draft>) };
}

export function saveDraft(interactionId: string, draft: Draft): void {
  if (draft.note === "" && toContent({ ...draft, mode: "reply" }, 0) === null) localStorage.removeItem(key(interactionId));
  else localStorage.setItem(key(interactionId), JSON.stringify(draft));
}

const orNull = (text: string) => (text.trim() === "" ? null : text.trim());

/** Whether HTML of the editor says anything. */
function isBlankHtml(html: string): boolean {
  return html.replace(/<[^>]*>/gu, "").replaceAll("&nbsp;", " ").trim() === "";
}

/**
 * The message that the draft stands for, or `null` while there is nothing to send. Ids inside are made from the
 * position, so that the same draft is the same message.
 */
export function toContent(draft: Draft, attachmentCount: number): RichContentInput | null {
  switch (draft.kind) {
    case "TEXT":
      if (draft.text.trim() !== "") return { text: { text: draft.text.trim() } };
      return attachmentCount > 0 ? { attachment: { caption: null } } : null;
    case "FORMATTED": {
      const isHtml = draft.markup === "HTML";
      const isBlank = isHtml ? isBlankHtml(draft.html) : draft.markdown.trim() === "";
      if (!isBlank) return { formatted: { markup: draft.markup, source: isHtml ? draft.html : draft.markdown.trim() } };
      return attachmentCount > 0 ? { attachment: { caption: null } } : null;
    }
    case "RICH_LINK":
      if (draft.link.url.trim() === "" || draft.link.title.trim() === "") return null;
      return { richLink: { url: draft.link.url.trim(), title: draft.link.title.trim(), description: orNull(draft.link.description) } };
    case "QUICK_REPLIES": {
      const replies = draft.replies.titles.flatMap((title, index) => (title.trim() === "" ? [] : [{ id: `r${index + 1}`, title: title.trim() }]));
      if (draft.replies.text.trim() === "" || replies.length === 0) return null;
      return { quickReplies: { text: draft.replies.text.trim(), replies } };
    }
    case "LIST_PICKER": {
      const sections = draft.list.sections.flatMap((section, at) => {
        const items = section.items.flatMap((item, index) => (item.title.trim() === "" ? [] : [{ id: `s${at + 1}i${index + 1}`, title: item.title.trim(), description: orNull(item.description) }]));
        return items.length === 0 ? [] : [{ title: orNull(section.title), items }];
      });
      if (draft.list.title.trim() === "" || sections.length === 0) return null;
      return { listPicker: { title: draft.list.title.trim(), text: orNull(draft.list.text), multiple: draft.list.multiple, sections } };
    }
    case "FORM": {
      const fields = draft.form.fields.flatMap((field, index) => {
        if (field.label.trim() === "") return [];
        const takesOptions = field.type === "CHOICE" || field.type === "MULTIPLE_CHOICE";
        const options = takesOptions ? field.options.flatMap((title, at) => (title.trim() === "" ? [] : [{ id: `o${at + 1}`, title: title.trim() }])) : [];
        return [{ id: `f${index + 1}`, label: field.label.trim(), type: field.type, required: field.required, hint: orNull(field.hint), options }];
      });
      if (draft.form.title.trim() === "" || fields.length === 0) return null;
      return { form: { title: draft.form.title.trim(), text: orNull(draft.form.text), submitLabel: orNull(draft.form.submitLabel), fields } };
    }
  }
}

/** Readable text of a message that is on its way, until the log brings the server's own. */
export function readable(content: RichContentInput, fileNames: readonly string[]): string {
  const own =
    content.text?.text ??
    content.formatted?.source.replace(/<\/(?:p|li|h\d|blockquote)>|<br\s*\/?>/giu, "\n").replace(/<[^>]*>/gu, "").replaceAll("&nbsp;", " ").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&").trim() ??
    content.richLink?.title ??
    content.quickReplies?.text ??
    content.listPicker?.title ??
    content.form?.title ??
    "";
  return [own, ...fileNames].filter((part) => part !== "").join("\n");
}
