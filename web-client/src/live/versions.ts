/** An entity as it travels: `version` only grows. */
export interface Versioned {
  readonly __typename: string;
  readonly id: string;
  readonly version?: number | string | null;
}

/** Remembers the highest version seen of every entity; a lower one never wins. */
export class VersionGate {
  readonly #seen = new Map<string, number>();

  /** Whether `entity` is at least as new as what we know; remembers it if so. */
  admit(entity: Versioned): boolean {
    if (entity.version === undefined || entity.version === null) return true;
    const version = Number(entity.version);
    const key = `${entity.__typename}:${entity.id}`;
    const known = this.#seen.get(key);
    if (known !== undefined && version < known) return false;
    this.#seen.set(key, version);
    return true;
  }

  /** Remembers every entity inside a snapshot, however deep. */
  admitAll(data: unknown): void {
    if (Array.isArray(data)) {
      for (const item of data) this.admitAll(item);
      return;
    }
    if (typeof data !== "object" || data === null) return;
    const entity = data as Partial<Versioned>;
    if (typeof entity.__typename === "string" && typeof entity.id === "string" && entity.version !== undefined) {
      this.admit(entity as Versioned);
    }
    for (const value of Object.values(data)) this.admitAll(value);
  }

  clear(): void {
    this.#seen.clear();
  }
}
