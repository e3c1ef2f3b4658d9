import type { CombinedError } from "@urql/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { RichContentView } from "../../content/view";
import { type PreviewContentQuery, type PreviewContentQueryVariables, PreviewContentDocument, type RichContentInput } from "../../gql/graphql";
import { useLive } from "../../session/context";
import { useErrorText, useFailureText } from "../../session/failure";
import { Badge, Notice } from "../../ui";

const PAUSE_MS = 300;
type PreviewData = PreviewContentQuery["previewContent"];

export interface PreviewState {
  /** The last answer; while another one is on its way it is about an older draft. */
  readonly data: PreviewData | null;
  readonly error: CombinedError | null;
  readonly isLoading: boolean;
}

const NOTHING: PreviewState = { data: null, error: null, isLoading: false };

/** What the customer will get, as the server would make it. */
export function usePreview(channelId: string, content: RichContentInput | null, attachmentIds: readonly string[], isOn: boolean): PreviewState {
  const live = useLive();
  const { i18n } = useTranslation();
  const [state, setState] = useState<PreviewState>(NOTHING);
  const language = i18n.language;
  const wanted = isOn && content ? JSON.stringify({ channelId, content, attachmentIds, language }) : null;
  useEffect(() => {
    if (wanted === null) {
      setState(NOTHING);
      return;
    }
    let isOver = false;
    setState(({ data }) => ({ data, error: null, isLoading: true }));
    const timer = setTimeout(() => {
      void live.client
        .query(PreviewContentDocument, JSON.parse(wanted) as PreviewContentQueryVariables, { requestPolicy: "network-only" })
        .toPromise()
        .then((result) => {
          if (!isOver) setState({ data: result.data?.previewContent ?? null, error: result.error ?? null, isLoading: false });
        });
    }, PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [live, wanted]);
  return state;
}

/** Whether the server has said that exactly this draft cannot be sent. What is not known does not hold anybody up. */
export const isRefused = ({ data, isLoading }: PreviewState): boolean => !isLoading && data !== null && data.violations.length > 0;

export function Preview({ state: { data, error, isLoading } }: { state: PreviewState }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const failureText = useFailureText();
  if (error) {
    return (
      <div role="alert" className="px-3 py-2" data-testid="preview-error">
        <Notice tone="warn">{t("composer.previewFailed", { reason: failureText(error) })}</Notice>
      </div>
    );
  }
  if (!data) {
    return (
      <p role="status" className="px-3 py-2 text-sm text-ink-3">
        {t(isLoading ? "composer.previewLoading" : "composer.previewEmpty")}
      </p>
    );
  }
  const { rendered, fallbackText, violations } = data;
  return (
    <section aria-label={t("composer.preview")} aria-busy={isLoading} data-testid="preview" className="max-h-[32vh] overflow-auto border-t border-line bg-sunken px-3 py-3">
      {violations.length > 0 && (
        <ul role="alert" className="mb-2 space-y-1">
          {violations.map((violation) => (
            <li key={`${violation.field.join(".")}-${violation.code}`}>
              <Notice tone="danger">
                {errorText({ code: violation.code, limit: violation.limit })}
                {violation.field.length > 0 && <span className="ml-1 font-mono text-xs">{violation.field.join(".")}</span>}
              </Notice>
            </li>
          ))}
        </ul>
      )}
      <div className="mb-2 flex items-center gap-2 text-xs text-ink-3">
        {t("composer.customerGets")}
        <Badge tone={rendered.support === "NATIVE" ? "ok" : rendered.support === "REFUSED" ? "danger" : "warn"}>{t(`support.${rendered.support}`)}</Badge>
      </div>
      <div className="inline-block max-w-full rounded-xl bg-bubble-out px-3 py-2">
        <RichContentView content={rendered.content} />
      </div>
      {rendered.notes.length > 0 && (
        <ul className="mt-2 list-disc pl-4 text-xs text-ink-2">
          {rendered.notes.map((note) => (
            <li key={note}>{t(`loss.${note}`)}</li>
          ))}
        </ul>
      )}
      <details className="mt-2 text-xs text-ink-2">
        <summary className="cursor-pointer rounded-sm">{t("composer.fallback")}</summary>
        <pre className="mt-1 font-sans whitespace-pre-wrap">{fallbackText}</pre>
      </details>
    </section>
  );
}
