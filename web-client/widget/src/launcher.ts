// The button in the corner. Plain DOM: it is all that most visitors ever load.

import type { Translate } from "./strings";

const CHAT = "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-4.2 3.9c-.5.5-1.3.1-1.3-.6V16A2.5 2.5 0 0 1 4 13.5zM8 8h8M8 11.5h5";
const DOWN = "M6 9l6 6 6-6";
const SVG = "http://www.w3.org/2000/svg";

export class Launcher {
  readonly button = document.createElement("button");
  private readonly path = document.createElementNS(SVG, "path");
  private readonly badge = document.createElement("span");

  constructor(private readonly t: Translate) {
    this.button.type = "button";
    const svg = document.createElementNS(SVG, "svg");
    const attributes = { viewBox: "0 0 24 24", width: "28", height: "28", fill: "none", stroke: "currentColor", "aria-hidden": "true" };
    for (const [name, value] of Object.entries({ ...attributes, "stroke-width": "2", "stroke-linecap": "round", "stroke-linejoin": "round" })) {
      svg.setAttribute(name, value);
    }
    svg.appendChild(this.path);
    this.badge.className = "badge";
    this.badge.ariaHidden = "true";
    this.button.append(svg, this.badge);
    this.show(false, 0);
  }

  show(isOpen: boolean, unread: number): void {
    const { button, badge, path, t } = this;
    button.className = isOpen ? "launcher open" : "launcher";
    button.ariaExpanded = String(isOpen);
    button.ariaLabel = t(isOpen ? "close" : "open") + (unread > 0 ? `, ${t("unread", { n: unread })}` : "");
    path.setAttribute("d", isOpen ? DOWN : CHAT);
    badge.textContent = unread > 99 ? "99+" : String(unread);
    badge.hidden = unread === 0;
  }
}
