import type { UserErrorPartsFragment } from "../../gql/graphql";
import type { Field, Values } from "./fields";

type ErrorLike = Pick<UserErrorPartsFragment, "code"> & Partial<UserErrorPartsFragment>;

/** Puts each error of a refused channel at its field; what belongs to none is returned apart. */
export function byField(errors: readonly ErrorLike[], fields: readonly Field[], words: (error: ErrorLike) => string): { at: Values; rest: readonly string[] } {
  const keys = new Set(fields.map((field) => field.key));
  const at: Record<string, string> = {};
  const rest: string[] = [];
  for (const error of errors) {
    const key = error.field?.findLast((part) => keys.has(part) || ["name", "inboxId", "defaultSkillId", "defaultScriptId"].includes(part));
    const text = error.message && error.message !== "" ? error.message : words(error);
    if (key) at[key] = text;
    else rest.push(text);
  }
  return { at, rest };
}
