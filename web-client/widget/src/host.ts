// What the two scripts of the widget know of each other.

import type { Chat } from "./ui/context";

export interface Panel {
  /** Shows the panel in `box` and hands back, by `onToggle`, the means to close and open it again. */
  show(box: HTMLElement, chat: Chat, close: () => void, onToggle: (setOpen: (isOpen: boolean) => void) => void): void;
}
