/** An entity as it travels: `version` only grows. */
export interface Versioned {
  readonly __typename: string;
  readonly id: string;
  readonly version?: number | string | null;
}

/** Entities remembered; whoever was not heard of for so long is forgotten first. */
const CAPACITY = 20_000;

/** Remembers the highest version seen of each entity; a lower one never wins. */
export class VersionGate {
  /** In the order of their last word, the oldest first. */
  readonly #seen = new Map<string, number>();

  constructor(private readonly capacity = CAPACITY) {}

  get size(): number {
    return this.#seen.size;
  }

  /** Whether `entity` is at least as new as what we know; remembers it if so. */
  admit(entity: Versioned): boolean {
    if (entity.version === undefined || entity.version === null) return true;
    const version = Number(entity.version);
    const key = `${entity.__typename}:${entity.id}`;
    const known = this.#seen.get(key);
    if (known !== undefined && version < known) return false;
    this.#seen.delete(key);
    this.#seen.set(key, version);
    if (this.#seen.size > this.capacity) {
      const oldest = this.#seen.keys().next();
      if (!oldest.done) this.#seen.delete(oldest.value);
    }
    return true;
  }

  clear(): void {
    this.#seen.clear();
  }
}

/** Walks through a result and hands over every entity in it, however deep. */
export function eachEntity(data: unknown, visit: (entity: Versioned & Readonly<Record<string, unknown>>) => void): void {
  if (Array.isArray(data)) {
    for (const item of data) eachEntity(item, visit);
    return;
  }
  if (typeof data !== "object" || data === null) return;
  const entity = data as Partial<Versioned>;
  if (typeof entity.__typename === "string" && typeof entity.id === "string") visit(data as Versioned & Record<string, unknown>);
  for (const value of Object.values(data)) eachEntity(value, visit);
}
