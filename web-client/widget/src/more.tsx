/** @jsxImportSource preact */
// What most chats never need: formatted text, lists, times, forms, cards, and the form for a message left behind.

import { MORE_STYLE } from "./more-style";

export { Leave } from "./ui/Leave";
export { RareView } from "./ui/RareView";
export const STYLE = MORE_STYLE;
