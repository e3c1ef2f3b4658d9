import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ChatClient } from "../client";
import type { Content } from "../protocol";
import type { Language, Translate } from "../strings";

export interface Chat {
  client: ChatClient;
  language: Language;
  /** The language with its region, for dates and numbers. */
  locale: string;
  t: Translate;
}

export const ChatContext = createContext<Chat | null>(null);

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error("a component stands outside of the chat");
  return chat;
}

/** What a kind of content needs to be shown and answered. */
export interface Asking<C extends Content> {
  content: C;
  /** Id of the message, null while it is only written here. */
  question: string | null;
  /** The answer that was given to it. */
  answer: Content | null;
  mayAnswer: boolean;
}
