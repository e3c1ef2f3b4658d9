/** @jsxImportSource preact */
import type { Content, Message } from "../protocol";
import { MoreView } from "./Later";
import { Rich } from "./Rich";

export interface Shown {
  message: Pick<Message, "content" | "text" | "attachments">;
  zone: string | undefined;
  question: string | null;
  answer: Content | null;
  mayAnswer: boolean;
}

/** The body of a message. What most chats never show is fetched when it is first needed. */
export function ContentView(shown: Shown) {
  const { content, text } = shown.message;
  switch (content.kind) {
    case "TEXT":
    case "TEMPLATE":
    case "QUICK_REPLIES":
      return <Rich source={content.text} />;
    case "ATTACHMENT":
      return content.caption ? <Rich source={content.caption} /> : null;
    case "SELECTION":
      return <Rich source={content.items.map((item) => item.title).join(", ")} />;
    case "UNSUPPORTED":
      return <Rich source={content.text || text} />;
    default:
      return <MoreView {...shown} />;
  }
}
