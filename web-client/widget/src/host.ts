// What the two scripts of the widget know of each other.

import type { Language } from "./strings";
import type { Chat } from "./ui/context";

/** What the first script hands over. */
export type Given = Pick<Chat, "client" | "language" | "locale">;

export type Toggle = (isOpen: boolean) => void;

export interface Panel {
  /** Fetches everything that `show` will need. */
  prepare(language: Language): Promise<void>;
  /** Shows the chat in `box` and hands back, by `onToggle`, the means to close and open it again. */
  show(box: HTMLElement, given: Given, close: () => void, onToggle: (toggle: Toggle) => void): Promise<void>;
}
