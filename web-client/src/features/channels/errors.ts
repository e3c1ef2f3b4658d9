import type { Refusal } from "../../session/failure";
import type { Field, Values } from "./fields";

const OWN = new Set(["name", "inboxId", "defaultSkillId", "defaultScriptId"]);

/** Puts each error of a refused channel at its field; what belongs to none is returned apart. */
export function byField(errors: readonly Refusal[], fields: readonly Field[], words: (error: Refusal) => string): { at: Values; rest: readonly string[] } {
  const keys = new Set(fields.map((field) => field.key));
  const at: Record<string, string> = {};
  const rest: string[] = [];
  for (const error of errors) {
    const key = error.field?.findLast((part) => keys.has(part) || OWN.has(part));
    if (key) at[key] = words(error);
    else rest.push(words(error));
  }
  return { at, rest };
}
