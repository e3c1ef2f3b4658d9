import type { CombinedError } from "@urql/core";
import { useTranslation } from "react-i18next";
import type en from "../i18n/en.json";

/** A refusal: its code, and the limit that was passed if there is one. */
export interface Refusal {
  readonly code: string;
  readonly field?: readonly string[] | undefined;
  readonly limit?: number | null | undefined;
}

type Known = Exclude<keyof (typeof en)["errors"], "limited">;
type Limited = keyof (typeof en)["errors"]["limited"];

/** Words for a code, in the person's language. The server's own texts are English and meant for logs. */
export function useCodeText(): (code: string) => string {
  const { t, i18n } = useTranslation();
  return (code) => t(i18n.exists(`errors.${code}`) ? `errors.${code as Known}` : "errors.INTERNAL");
}

/** Words for a refusal, in the person's language. */
export function useErrorText(): (error: Refusal) => string {
  const { t, i18n } = useTranslation();
  const codeText = useCodeText();
  return ({ code, limit }) => (limit !== null && limit !== undefined && i18n.exists(`errors.limited.${code}`) ? t(`errors.limited.${code as Limited}`, { limit }) : codeText(code));
}

/** The code of a request that came back without an answer; `OFFLINE` when nobody was reached. */
export function codeOf(error: CombinedError): string {
  if (error.networkError) return "OFFLINE";
  const code = error.graphQLErrors[0]?.extensions["code"];
  return typeof code === "string" ? code : "INTERNAL";
}

/** Whether asking again may well be enough: nobody was reached, or the server says so. */
export function isPassing(error: CombinedError): boolean {
  return error.networkError !== undefined || error.graphQLErrors.some((one) => one.extensions["retryable"] === true);
}

/** Words for a query that failed. */
export function useFailureText(): (error: CombinedError) => string {
  const { t } = useTranslation();
  const codeText = useCodeText();
  return (error) => {
    const code = codeOf(error);
    return code === "OFFLINE" ? t("errors.offlineQuery") : codeText(code);
  };
}
