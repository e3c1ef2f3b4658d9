import type { AnyVariables, TypedDocumentNode } from "@urql/core";
import type { UserErrorPartsFragment } from "../gql/graphql";
import { toastError } from "../ui";
import { useLive } from "./context";
import { codeOf, type Refusal, useErrorText } from "./failure";

interface Reply {
  readonly errors: readonly (Pick<UserErrorPartsFragment, "code"> & Partial<UserErrorPartsFragment>)[];
}

export type Outcome<R> =
  | { readonly ok: true; readonly reply: R }
  /** `isDecided`: the server has refused it. Otherwise it may or may not have been done. */
  | { readonly ok: false; readonly errors: readonly Refusal[]; readonly reply: R | undefined; readonly isDecided: boolean };

/** Codes of a request that was not answered to its end: repeating it under the same id is the way on. */
const OPEN = new Set(["OFFLINE", "INTERNAL", "UNAVAILABLE"]);

/**
 * Runs a mutation and says in a message what went wrong, unless the caller shows the errors itself (`isQuiet`).
 * What changed arrives through the log.
 */
export function useAct() {
  const live = useLive();
  const errorText = useErrorText();
  return async <Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    isQuiet = false,
  ): Promise<Outcome<Data[Exclude<keyof Data, "__typename">]>> => {
    const result = await live.client.mutation(document, variables).toPromise();
    const reply = result.data ? (Object.entries(result.data).find(([name]) => name !== "__typename")?.[1] as (Data[Exclude<keyof Data, "__typename">] & Reply) | undefined) : undefined;
    if (reply && reply.errors.length === 0) return { ok: true, reply };
    const errors: readonly Refusal[] = reply?.errors ?? [{ code: result.error ? codeOf(result.error) : "INTERNAL" }];
    const [first] = errors;
    if (!isQuiet && first) toastError(errorText(first));
    return { ok: false, errors, reply, isDecided: first !== undefined && !OPEN.has(first.code) };
  };
}
