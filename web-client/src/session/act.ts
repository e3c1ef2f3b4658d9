import type { AnyVariables, TypedDocumentNode } from "@urql/core";
import { useTranslation } from "react-i18next";
import type { UserErrorPartsFragment } from "../gql/graphql";
import { toastError } from "../ui";
import { useLive } from "./context";

interface Reply {
  readonly errors: readonly Pick<UserErrorPartsFragment, "code">[];
}

type ErrorLike = Pick<UserErrorPartsFragment, "code"> & Partial<UserErrorPartsFragment>;

export type Outcome<R> = { readonly ok: true; readonly reply: R } | { readonly ok: false; readonly errors: readonly ErrorLike[] };

/** Words for a refusal, in the person's language. */
export function useErrorText(): (error: ErrorLike) => string {
  const { t } = useTranslation();
  return (error) => {
    const text = t(`errors.${error.code}`);
    return error.limit === null || error.limit === undefined ? text : t("errors.withLimit", { text, limit: error.limit });
  };
}

/**
 * Runs a mutation and says in a message what went wrong, unless the caller shows the errors itself (`isQuiet`).
 * What changed arrives through the log.
 */
export function useAct() {
  const live = useLive();
  const { t } = useTranslation();
  const errorText = useErrorText();
  return async <Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    isQuiet = false,
  ): Promise<Outcome<Data[Exclude<keyof Data, "__typename">]>> => {
    const result = await live.client.mutation(document, variables).toPromise();
    const reply = result.data ? (Object.entries(result.data).find(([name]) => name !== "__typename")?.[1] as (Data[Exclude<keyof Data, "__typename">] & Reply) | undefined) : undefined;
    if (reply && reply.errors.length === 0) return { ok: true, reply };
    const errors: readonly ErrorLike[] = reply?.errors ?? [{ code: result.error?.networkError ? "UNAVAILABLE" : "INVALID", message: result.error?.message ?? "" }];
    if (!isQuiet && errors[0]) toastError(result.error?.networkError ? t("errors.offline") : errorText(errors[0]));
    return { ok: false, errors };
  };
}
