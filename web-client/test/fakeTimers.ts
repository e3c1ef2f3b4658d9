import type { Timers } from "../src/live/store";

/** Time that moves only when told. */
export class FakeTimers implements Timers {
  #now = 1_000_000;
  #queue: { at: number; run: () => void }[] = [];
  randomValue = 0.5;

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.randomValue;
  }

  after(ms: number, run: () => void): () => void {
    const item = { at: this.#now + ms, run };
    this.#queue.push(item);
    return () => {
      this.#queue = this.#queue.filter((other) => other !== item);
    };
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#queue.filter((item) => item.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#queue = this.#queue.filter((item) => item !== due);
      this.#now = due.at;
      due.run();
    }
    this.#now = end;
  }
}

/** Lets promises that are already settled run their continuations. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
}

/** A `Storage` in memory. */
export class MemoryStorage implements Storage {
  readonly #items = new Map<string, string>();
  [name: string]: unknown;

  get length(): number {
    return this.#items.size;
  }

  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#items.set(key, value);
  }

  removeItem(key: string): void {
    this.#items.delete(key);
  }

  clear(): void {
    this.#items.clear();
  }
}
