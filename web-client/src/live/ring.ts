/** One event as it was applied, with the cursor of the batch that brought it. */
interface Kept<E> {
  readonly cursor: string;
  readonly events: readonly E[];
}

/**
 * The last events of the log, so that a snapshot that arrives late can be brought up to date.
 *
 * Cursors are opaque. A cursor that is no boundary of a batch we hold lies inside one, or is newer than all we have;
 * both are served by everything we hold, because the version gate makes a second application harmless.
 */
export class EventRing<E> {
  #batches: Kept<E>[] = [];
  #size = 0;

  constructor(private readonly capacity = 1_000) {}

  get size(): number {
    return this.#size;
  }

  push(cursor: string, events: readonly E[]): void {
    this.#batches.push({ cursor, events });
    this.#size += events.length;
    let first = this.#batches[0];
    while (first && this.#size - first.events.length >= this.capacity) {
      this.#batches.shift();
      this.#size -= first.events.length;
      first = this.#batches[0];
    }
    // Heartbeats carry no events; without this they would pile up for ever.
    if (this.#batches.length > this.capacity) this.#batches = this.#batches.slice(-this.capacity);
  }

  /** What came after `cursor`, oldest first. */
  after(cursor: string): E[] {
    const at = this.#batches.findLastIndex((batch) => batch.cursor === cursor);
    return this.#batches.slice(at + 1).flatMap((batch) => batch.events);
  }

  clear(): void {
    this.#batches = [];
    this.#size = 0;
  }
}
