/**
 * The order to show while a person points at the list: what they see stays where it is, what is new waits.
 *
 * `frozen` is the order of the moment they came; `null` shows everything as it is. What comes after the last frozen
 * row was loaded by scrolling and simply follows.
 */
export function heldOrder(ids: readonly string[], frozen: readonly string[] | null): { shown: readonly string[]; waiting: number } {
  if (frozen === null) return { shown: ids, waiting: 0 };
  const now = new Set(ids);
  const before = new Set(frozen);
  const lastKept = ids.findLastIndex((id) => before.has(id));
  const tail = lastKept < 0 ? [] : ids.slice(lastKept + 1);
  const tailSet = new Set(tail);
  return {
    shown: [...frozen.filter((id) => now.has(id)), ...tail],
    waiting: ids.filter((id) => !before.has(id) && !tailSet.has(id)).length,
  };
}

/** Who gets the focus of `id`: itself while it is there, else the next below it, else the next above. */
export function heirOf(id: string, before: readonly string[], now: readonly string[]): string | undefined {
  const there = new Set(now);
  if (there.has(id)) return id;
  const at = before.indexOf(id);
  if (at < 0) return now[0];
  return before.slice(at + 1).find((other) => there.has(other)) ?? before.slice(0, at).findLast((other) => there.has(other));
}
