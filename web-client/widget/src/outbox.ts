// What was written and is not yet known to be in the log. Each entry has its own key in the storage, so that tabs do
// not overwrite each other's, and is sent again under the same id until the log shows it: the server drops repeats.

import type { Attachment, Stored } from "./protocol";

/** The part of `Storage` that is used; memory stands in where the browser refuses. */
export interface Shelf {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface Outgoing {
  frame: Stored;
  /** Milliseconds since 1970; the order of sending. */
  at: number;
  /** `acked`: the server has it, the log has not shown it yet. */
  state: "waiting" | "acked" | "failed";
  code?: string;
  /** For showing them before the log does. */
  attachments: Attachment[];
  quotedText?: string;
}

export class Outbox {
  private items: readonly Outgoing[] = [];

  constructor(
    private readonly shelf: Shelf,
    private readonly prefix: string,
    private readonly changed: (items: readonly Outgoing[]) => void,
  ) {
    const found: Outgoing[] = [];
    for (let i = 0; i < shelf.length; i++) {
      const key = shelf.key(i);
      if (!key?.startsWith(prefix)) continue;
      const item = parse(shelf.getItem(key));
      if (item) found.push(item);
    }
    this.items = found.sort((a, b) => a.at - b.at);
  }

  all(): readonly Outgoing[] {
    return this.items;
  }

  add(item: Outgoing): void {
    // Two entries of one millisecond keep their order.
    const last = this.items[this.items.length - 1];
    if (last && item.at <= last.at) item = { ...item, at: last.at + 1 };
    this.write(item);
    this.publish([...this.items, item]);
  }

  change(id: string, change: Partial<Outgoing>): void {
    this.publish(
      this.items.map((item) => {
        if (item.frame.id !== id) return item;
        const next = { ...item, ...change };
        this.write(next);
        return next;
      }),
    );
  }

  /** Whether there was such an entry. */
  remove(id: string): boolean {
    if (!this.items.some((item) => item.frame.id === id)) return false;
    this.shelf.removeItem(this.prefix + id);
    this.publish(this.items.filter((item) => item.frame.id !== id));
    return true;
  }

  clear(): void {
    for (const item of this.items) this.shelf.removeItem(this.prefix + item.frame.id);
    this.publish([]);
  }

  private write(item: Outgoing): void {
    try {
      this.shelf.setItem(this.prefix + item.frame.id, JSON.stringify(item));
    } catch {
      // The storage is full: the entry lives as long as the page does.
    }
  }

  private publish(items: readonly Outgoing[]): void {
    this.items = items;
    this.changed(items);
  }
}

function parse(text: string | null): Outgoing | null {
  try {
    const item = JSON.parse(text ?? "") as Outgoing;
    return item.frame.id && item.state ? item : null;
  } catch {
    return null;
  }
}

/** The browser's storage, or memory when the page may not use it. */
export function shelf(): Shelf {
  try {
    const probe = "tributary.probe";
    localStorage.setItem(probe, "1");
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    const map = new Map<string, string>();
    return {
      get length() {
        return map.size;
      },
      key: (index) => [...map.keys()][index] ?? null,
      getItem: (key) => map.get(key) ?? null,
      setItem: (key, value) => void map.set(key, value),
      removeItem: (key) => void map.delete(key),
    };
  }
}
