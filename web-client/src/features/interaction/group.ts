import type { MessagePartsFragment } from "../../gql/graphql";

const GROUP_MS = 5 * 60_000;

export interface Item {
  readonly message: MessagePartsFragment;
  /** The first of a calendar day. */
  readonly opensDay: boolean;
  /** Continues the one before: same person, same side, a few minutes. */
  readonly isContinued: boolean;
}

const side = (message: MessagePartsFragment) => `${message.entry}/${message.direction}/${message.author.kind}/${message.author.name}`;

/** Adds what depends on the neighbours: day lines and bubbles that belong together. */
export function group(messages: readonly MessagePartsFragment[]): Item[] {
  return messages.map((message, index) => {
    const before = messages[index - 1];
    const opensDay = !before || new Date(before.at).toDateString() !== new Date(message.at).toDateString();
    const isContinued = !opensDay && before !== undefined && message.entry !== "SYSTEM" && side(before) === side(message) && Date.parse(message.at) - Date.parse(before.at) < GROUP_MS;
    return { message, opensDay, isContinued };
  });
}

/** What was chosen in answer to each question of the thread. */
export function answers(messages: readonly MessagePartsFragment[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { content } of messages) {
    if (content.__typename === "SelectionContent" && content.question) {
      const set = found.get(content.question.id) ?? new Set();
      for (const item of content.items) set.add(item.id);
      found.set(content.question.id, set);
    }
    if (content.__typename === "TimeChosenContent" && content.question) found.set(content.question.id, new Set([content.slot.id]));
  }
  return found;
}
