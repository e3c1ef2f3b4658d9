// The frames of docs/web-chat-protocol.md as types. Content is the server's own JSON of rich content, unchanged.

export const SUBPROTOCOL = "tributary-chat.v1";

/** Largest frame that the server takes. */
export const FRAME_BYTES = 64 * 1024;

export type Picture = { ATTACHMENT: string } | { URL: string };

export interface Slot {
  id: string;
  start: string;
  duration_min: number;
}

export interface Option {
  id: string;
  title: string;
}

export interface ListItem extends Option {
  description?: string | null;
  image?: Picture | null;
}

export type FieldType =
  | "TEXT"
  | "MULTILINE"
  | "EMAIL"
  | "PHONE"
  | "NUMBER"
  | "DATE"
  | "CHOICE"
  | "MULTIPLE_CHOICE"
  | "CHECKBOX";

export interface Field {
  id: string;
  label: string;
  field_type: FieldType;
  required: boolean;
  hint?: string | null;
  options?: Option[];
}

export interface Answer {
  field_id: string;
  label: string;
  values: string[];
}

type Text = string | null | undefined;

export type Content =
  | { kind: "TEXT"; text: string }
  | { kind: "FORMATTED"; markup: "HTML" | "MARKDOWN"; source: string }
  | { kind: "ATTACHMENT"; caption?: Text }
  | { kind: "LOCATION"; latitude: number; longitude: number; name?: Text; address?: Text }
  | { kind: "RICH_LINK"; url: string; title: string; description?: Text; image?: Picture | null }
  | { kind: "QUICK_REPLIES"; text: string; replies: Option[] }
  | { kind: "LIST_PICKER"; title: string; text?: Text; multiple: boolean; sections: { title?: Text; items: ListItem[] }[] }
  | { kind: "TIME_PICKER"; title: string; text?: Text; time_zone: string; slots: Slot[] }
  | { kind: "FORM"; title: string; text?: Text; fields: Field[]; submit_label?: Text }
  | { kind: "ADAPTIVE_CARD"; card: unknown }
  | { kind: "TEMPLATE"; name: string; language: string; parameters: { name: string; value: string }[]; text: string }
  | { kind: "PAYMENT_REQUEST"; description: string; amount_minor: number; currency: string; url: string; reference?: Text }
  | { kind: "APPOINTMENT_REQUEST"; title: string; text?: Text; location?: Text; time_zone: string; slots: Slot[]; url?: Text }
  | { kind: "SELECTION"; question: string | null; items: Option[] }
  | { kind: "TIME_CHOSEN"; question: string | null; slot: Slot }
  | { kind: "FORM_ANSWERS"; question: string | null; answers: Answer[] }
  | { kind: "UNSUPPORTED"; platform_type: string; text?: Text };

export type ContentOf<K extends Content["kind"]> = Extract<Content, { kind: K }>;

export interface Author {
  name: string | null;
  avatar?: string | null;
  kind: "VISITOR" | "AGENT" | "BOT" | "SYSTEM";
}

export interface Attachment {
  id: string;
  name: string;
  mime: string;
  bytes: number;
  url: string;
  width?: number | null;
  height?: number | null;
  /** Shown by the content itself, not as a file below it. */
  is_inline?: boolean;
}

export type DeliveryState = "SENT" | "DELIVERED" | "READ";

export interface Message {
  id: string;
  version: number;
  direction: "in" | "out";
  author: Author;
  content: Content;
  text: string;
  attachments: Attachment[];
  quoted: { id: string; author: Author; text: string } | null;
  reactions: { emoji: string; count: number; is_mine: boolean }[];
  state: DeliveryState;
  at: string;
  edited: string | null;
  deleted: string | null;
  client_id: string | null;
}

export type Status = "NONE" | "WAITING" | "ACTIVE" | "ENDED";

export interface Situation {
  status: Status;
  is_online: boolean;
}

export type EventBody =
  | { type: "message_created" | "message_changed"; data: Message }
  | { type: "message_deleted"; data: { message_id: string; version: number; at: string } }
  | { type: "delivery"; data: { message_id: string; state: DeliveryState; is_watermark: boolean } }
  | { type: "typing"; data: { author: Author; is_typing: boolean } }
  | { type: "agent"; data: { agent: Author | null } }
  | { type: "status"; data: Situation }
  | { type: "queue"; data: { position: number | null } };

export interface Page {
  messages: Message[];
  /** Position of the page before this one; null at the beginning. */
  before: string | null;
}

export type ServerFrame =
  | ({
      type: "ready";
      cursor: string;
      visitor_id: string;
      token?: string | null;
      history: Page | null;
      agent: Author | null;
    } & Situation)
  | { type: "ack"; id: string; message_id: string | null; cursor: string | null; is_repeat: boolean }
  | { type: "error"; id?: string | null; code: string; message: string; retryable: boolean; retry_after_ms?: number | null }
  | { type: "event"; cursor?: string | null; prev?: string | null; event: EventBody }
  | { type: "heartbeat"; cursor: string; prev: string }
  | { type: "reset" }
  | ({ type: "history"; id: string } & Page);

export interface MessageFrame {
  type: "message" | "answer";
  id: string;
  content: Content;
  attachment_ids: string[];
  quoted: string | null;
}

export interface LeaveFrame {
  type: "leave_message";
  id: string;
  name: string | null;
  email: string;
  text: string;
}

export type Stored = MessageFrame | LeaveFrame;

export type ClientFrame =
  | Stored
  | { type: "hello"; id: string; token: string; after: string | null }
  | { type: "typing"; id: string; is_typing: boolean }
  | { type: "received" | "seen"; id: string; message_id: string }
  | { type: "react"; id: string; message_id: string; emoji: string; is_added: boolean }
  | { type: "history"; id: string; before: string }
  | { type: "end"; id: string }
  | { type: "ping"; id: string };

export interface Config {
  title: string | null;
  colour: string | null;
  /** Texts of the channel by language; what is missing comes from the widget. */
  texts: Record<string, { subtitle?: string; greeting?: string; offline?: string }>;
  is_online: boolean;
  offline_form: { is_enabled: boolean; ask_name: boolean };
  attachments: { is_enabled: boolean; max_bytes: number; max_count: number; mime_types: string[] };
  max_text: number;
}

export interface Session {
  visitor_id: string;
  token: string;
  cursor: string;
}

/** The closings that mean more than "come back later". */
export const CLOSE = { tooLarge: 1009, badFrame: 4400, signIn: 4401, refused: 4403, version: 4406, tooMany: 4429, leaving: 1012 } as const;
