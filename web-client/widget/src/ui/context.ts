import { createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import type { ChatClient } from "../client";
import type { Values } from "../fields";
import type { Content } from "../protocol";
import type { Language, Translate } from "../strings";

export interface Chat {
  client: ChatClient;
  language: Language;
  /** The language with its region, for dates and numbers. */
  locale: string;
  t: Translate;
  /** What has been filled in and not sent, by the message that asks; it outlives the panel. */
  kept: Map<string, Values>;
  /** Where styles go. */
  root: ShadowRoot;
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

/** What was filled in for `key`, and the means to change it: closing the panel loses nothing. */
export function useKept(key: string, initial: () => Values) {
  const { kept } = useChat();
  const [values, setValues] = useState<Values>(() => kept.get(key) ?? initial());
  return [
    values,
    (next: Values) => {
      kept.set(key, next);
      setValues(next);
    },
  ] as const;
}

/** Under this name the unfinished message for later is kept. */
export const LEAVE = "leave";
