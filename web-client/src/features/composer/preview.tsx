import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { RichContentView } from "../../content/view";
import { type PreviewContentQuery, PreviewContentDocument, type RichContentInput } from "../../gql/graphql";
import { useLive } from "../../session/context";
import { Badge, Notice } from "../../ui";

const PAUSE_MS = 300;
type PreviewData = PreviewContentQuery["previewContent"];

/** What the customer will get, as the server would make it. */
export function usePreview(channelId: string, content: RichContentInput | null, attachmentIds: readonly string[], isOn: boolean): PreviewData | null {
  const live = useLive();
  const [preview, setPreview] = useState<PreviewData | null>(null);
  const wanted = isOn && content ? JSON.stringify({ channelId, content, attachmentIds }) : null;
  useEffect(() => {
    if (wanted === null) {
      setPreview(null);
      return;
    }
    let isOver = false;
    const timer = setTimeout(() => {
      void live.client
        .query(PreviewContentDocument, JSON.parse(wanted) as { channelId: string; content: RichContentInput; attachmentIds: string[] }, { requestPolicy: "network-only" })
        .toPromise()
        .then((result) => {
          if (!isOver && result.data) setPreview(result.data.previewContent);
        });
    }, PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [live, wanted]);
  return preview;
}

export function Preview({ preview }: { preview: PreviewData | null }) {
  const { t } = useTranslation();
  if (!preview) return <p className="px-3 py-2 text-sm text-ink-3">{t("composer.previewEmpty")}</p>;
  const { rendered, fallbackText, violations } = preview;
  return (
    <section aria-label={t("composer.preview")} data-testid="preview" className="max-h-[32vh] overflow-auto border-t border-line bg-sunken px-3 py-3">
      {violations.length > 0 && (
        <ul role="alert" className="mb-2 space-y-1">
          {violations.map((violation) => (
            <li key={`${violation.field}-${violation.code}`}>
              <Notice tone="danger">
                {violation.limit === null ? t(`errors.${violation.code}`) : t("errors.withLimit", { text: t(`errors.${violation.code}`), limit: violation.limit })}
                {violation.field !== "" && <span className="ml-1 font-mono text-xs">{violation.field}</span>}
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
            <li key={note}>{note}</li>
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
