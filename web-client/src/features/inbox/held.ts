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
