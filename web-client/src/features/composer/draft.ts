import type { FormFieldType, RichContentInput, RichKind } from "../../gql/graphql";
import type { FileRef, PersonRef, QuoteRef, Sending } from "../../live/sending";

/** What the composer can make. */
export type ComposeKind = "TEXT" | Extract<RichKind, "FORMATTED" | "RICH_LINK" | "QUICK_REPLIES" | "LIST_PICKER" | "FORM">;

export interface ListItemDraft {
  readonly title: string;
  readonly description: string;
  /** Address of a picture, or empty. */
  readonly image: string;
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
  /** People picked for the note; who is no longer named in it is not told. */
  readonly mentions: readonly PersonRef[];
  readonly quoted: QuoteRef | null;
  readonly markup: "HTML" | "MARKDOWN";
  readonly html: string;
  readonly markdown: string;
  readonly link: { readonly url: string; readonly title: string; readonly description: string; readonly image: string };
  readonly replies: { readonly text: string; readonly titles: readonly string[] };
  readonly list: { readonly title: string; readonly text: string; readonly multiple: boolean; readonly sections: readonly SectionDraft[] };
  readonly form: { readonly title: string; readonly text: string; readonly submitLabel: string; readonly fields: readonly FieldDraft[] };
}

export const emptyItem: ListItemDraft = { title: "", description: "", image: "" };
export const emptyField: FieldDraft = { label: "", type: "TEXT", required: false, hint: "", options: [] };

export const emptyDraft: Draft = {
  mode: "reply",
  kind: "TEXT",
  text: "",
  note: "",
  mentions: [],
  quoted: null,
  markup: "HTML",
  html: "",
  markdown: "",
  link: { url: "", title: "", description: "", image: "" },
  replies: { text: "", titles: ["", ""] },
  list: { title: "", text: "", multiple: false, sections: [{ title: "", items: [emptyItem, emptyItem] }] },
  form: { title: "", text: "", submitLabel: "", fields: [emptyField] },
};

/** The part of a draft that one way of writing fills. */
type Part = "text" | "note" | "html" | "markdown" | "link" | "replies" | "list" | "form";

const PARTS: Record<Exclude<ComposeKind, "FORMATTED">, Part> = { TEXT: "text", RICH_LINK: "link", QUICK_REPLIES: "replies", LIST_PICKER: "list", FORM: "form" };

const partOf = (draft: Pick<Draft, "kind" | "markup">): Part => (draft.kind === "FORMATTED" ? (draft.markup === "HTML" ? "html" : "markdown") : PARTS[draft.kind]);

/** Whether nobody has entered anything there. */
function isBlank(draft: Draft, part: Part): boolean {
  if (part === "html") return isBlankHtml(draft.html);
  const value = draft[part];
  if (typeof value === "string") return value.trim() === "";
  return !hasWords(value);
}

/** Whether any text stands in a structure, however deep; kinds and switches alone say nothing. */
function hasWords(value: unknown, name = ""): boolean {
  if (typeof value === "string") return name !== "type" && value.trim() !== "";
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) => hasWords(inner, Array.isArray(value) ? name : key));
}

const ALL: readonly Part[] = ["text", "note", "html", "markdown", "link", "replies", "list", "form"];

/** The draft after sending: only what was sent goes, the rest stays as it was left. */
export function afterSending(draft: Draft, sent: "reply" | "note"): Draft {
  if (sent === "note") return { ...draft, note: "", mentions: [] };
  const part = partOf(draft);
  return { ...draft, [part]: emptyDraft[part], quoted: null, kind: draft.kind === "FORMATTED" ? "FORMATTED" : "TEXT" };
}

/** Whether taking a send back into the draft would overwrite something that was written since. */
export function wouldOverwrite(draft: Draft, payload: Sending): boolean {
  return !isBlank(draft, payload.kind === "note" ? "note" : partOf(fromPayload(draft, payload)));
}

/** The draft with everything of a send in it again. */
export function fromPayload(draft: Draft, payload: Sending): Draft {
  if (payload.kind === "note") return { ...draft, mode: "note", note: payload.input.text, mentions: payload.mentions ?? [] };
  return { ...fromContent(draft, payload.input.content), mode: "reply", quoted: payload.quoted ?? null };
}

function fromContent(draft: Draft, content: RichContentInput): Draft {
  if (content.formatted) {
    const { markup, source } = content.formatted;
    return markup === "HTML" ? { ...draft, kind: "FORMATTED", markup, html: source } : { ...draft, kind: "FORMATTED", markup, markdown: source };
  }
  if (content.richLink) {
    const { url, title, description, image } = content.richLink;
    return { ...draft, kind: "RICH_LINK", link: { url: String(url), title, description: description ?? "", image: addressOf(image) } };
  }
  if (content.quickReplies) return { ...draft, kind: "QUICK_REPLIES", replies: { text: content.quickReplies.text, titles: content.quickReplies.replies.map((reply) => reply.title) } };
  if (content.listPicker) {
    const { title, text, multiple, sections } = content.listPicker;
    const drafted = sections.map((section) => ({ title: section.title ?? "", items: section.items.map((item) => ({ title: item.title, description: item.description ?? "", image: addressOf(item.image) })) }));
    return { ...draft, kind: "LIST_PICKER", list: { title, text: text ?? "", multiple: multiple ?? false, sections: drafted } };
  }
  if (content.form) {
    const { title, text, submitLabel, fields } = content.form;
    const drafted = fields.map((field) => ({ label: field.label, type: field.type, required: field.required ?? false, hint: field.hint ?? "", options: (field.options ?? []).map((option) => option.title) }));
    return { ...draft, kind: "FORM", form: { title, text: text ?? "", submitLabel: submitLabel ?? "", fields: drafted } };
  }
  return { ...draft, kind: "TEXT", text: content.text?.text ?? content.attachment?.caption ?? "" };
}

const addressOf = (image: { readonly url?: unknown } | null | undefined): string => (typeof image?.url === "string" ? image.url : "");

/** The draft in another kind. Plain text moves into the editor for formatted text, and back while it is still plain. */
export function inKind(draft: Draft, kind: ComposeKind): Draft {
  const next: Draft = { ...draft, mode: "reply", kind };
  if (kind === "FORMATTED" && draft.markup === "HTML" && isBlank(draft, "html") && draft.text.trim() !== "") return { ...next, html: plainHtml(draft.text), text: "" };
  if (kind === "TEXT" && draft.kind === "FORMATTED" && draft.markup === "HTML" && isBlank(draft, "text")) {
    const text = plainText(draft.html);
    if (plainHtml(text) === draft.html) return { ...next, text, html: "" };
  }
  return next;
}

const plainHtml = (text: string): string => `<p>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\n", "<br>")}</p>`;

/** Picked people whose name still stands behind an `@`; the longest name first, so that one is not taken for another. */
export function mentioned(note: string, picked: readonly PersonRef[]): readonly PersonRef[] {
  let rest = note;
  const found = new Set<string>();
  for (const person of [...picked].sort((a, b) => b.name.length - a.name.length)) {
    const parts = rest.split(`@${person.name}`);
    if (parts.length === 1) continue;
    found.add(person.id);
    rest = parts.join(" ");
  }
  const seen = new Set<string>();
  return picked.filter((person) => found.has(person.id) && !seen.has(person.id) && seen.add(person.id));
}

/** Drafts of two people on one computer are kept apart. */
const key = (personId: string, interactionId: string) => `tributary.draft.${personId}.${interactionId}`;

export function loadDraft(personId: string, interactionId: string, kind: ComposeKind): Draft {
  const raw = localStorage.getItem(key(personId, interactionId));
  return raw === null ? { ...emptyDraft, kind } : { ...emptyDraft, ...(JSON.parse(raw) as Partial<Draft>) };
}

/** Keeps everything that was entered, also what is not complete yet; nothing at all leaves nothing behind. */
export function saveDraft(personId: string, interactionId: string, draft: Draft): void {
  if (draft.quoted === null && ALL.every((part) => isBlank(draft, part))) localStorage.removeItem(key(personId, interactionId));
  else localStorage.setItem(key(personId, interactionId), JSON.stringify(draft));
}

const orNull = (text: string) => (text.trim() === "" ? null : text.trim());
const imageOf = (address: string) => (address.trim() === "" ? {} : { image: { url: address.trim() } });

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
      return { richLink: { url: draft.link.url.trim(), title: draft.link.title.trim(), description: orNull(draft.link.description), ...imageOf(draft.link.image) } };
    case "QUICK_REPLIES": {
      const replies = draft.replies.titles.flatMap((title, index) => (title.trim() === "" ? [] : [{ id: `r${index + 1}`, title: title.trim() }]));
      if (draft.replies.text.trim() === "" || replies.length === 0) return null;
      return { quickReplies: { text: draft.replies.text.trim(), replies } };
    }
    case "LIST_PICKER": {
      const sections = draft.list.sections.flatMap((section, at) => {
        const items = section.items.flatMap((item, index) => (item.title.trim() === "" ? [] : [{ id: `s${at + 1}i${index + 1}`, title: item.title.trim(), description: orNull(item.description), ...imageOf(item.image) }]));
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

/** Readable text of the editor's HTML. */
export function plainText(html: string): string {
  return html
    .replace(/<\/(?:p|li|h\d|blockquote)>|<br\s*\/?>/giu, "\n")
    .replace(/<[^>]*>/gu, "")
    .replaceAll("&nbsp;", " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
}

/** Readable text of a message that is on its way, until the log brings the server's own. */
export function readable(content: RichContentInput, files: readonly FileRef[]): string {
  const formatted = content.formatted && (content.formatted.markup === "HTML" ? plainText(content.formatted.source) : content.formatted.source);
  const own = content.text?.text ?? formatted ?? content.richLink?.title ?? content.quickReplies?.text ?? content.listPicker?.title ?? content.form?.title ?? "";
  return [own, ...files.map((file) => file.name)].filter((part) => part !== "").join("\n");
}
