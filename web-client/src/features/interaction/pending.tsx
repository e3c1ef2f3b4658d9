import { useTranslation } from "react-i18next";
import type { Sending } from "../../live/sending";
import { type OutboxEntry, TOO_OLD } from "../../live/outbox";
import { useLive } from "../../session/context";
import { useCodeText } from "../../session/failure";
import { Button, cx, Icon, useFormats } from "../../ui";

/** A send that the log does not show yet. */
export function Pending({ entry, onEdit }: { entry: OutboxEntry<Sending>; onEdit: (entry: OutboxEntry<Sending>) => void }) {
  const { t } = useTranslation();
  const live = useLive();
  const formats = useFormats();
  const codeText = useCodeText();
  const isNote = entry.payload.kind === "note";
  const isBad = entry.state === "failed" || entry.state === "conflict";
  const edit = () => onEdit(entry);
  return (
    <article data-pending={entry.state} aria-label={t("message.pending")} className={cx("mt-3 flex flex-col px-4", !isNote && "items-end")}>
      <div className={cx("max-w-[min(78%,680px)] rounded-xl px-3 py-2 whitespace-pre-wrap wrap-anywhere", isNote ? "w-full max-w-full border border-note-line bg-note text-note-ink" : "bg-bubble-out", !isBad && "opacity-75")}>{entry.text}</div>
      <p className={cx("mt-0.5 flex items-center gap-1.5 px-1 text-xs", isBad ? "text-danger" : "text-ink-3")}>
        <Icon name={isBad ? "warning" : "clock"} size={13} />
        {formats.time(new Date(entry.createdAt).toISOString())}
        <span>{t(`pending.${entry.state}`)}</span>
      </p>
      {entry.state === "failed" && (
        <div className="mt-1 flex flex-wrap items-center justify-end gap-2">
          <span className="text-xs text-danger">{codeText(entry.error?.code ?? "INTERNAL")}</span>
          {entry.error?.code !== TOO_OLD && (
            <Button size="sm" icon="refresh" onPress={() => live.outbox?.retry(entry.clientId)}>
              {t("ui.tryAgain")}
            </Button>
          )}
          <Button size="sm" icon="edit" onPress={edit}>
            {t("ui.edit")}
          </Button>
          <Button size="sm" look="quiet" onPress={() => live.outbox?.discard(entry.clientId)}>
            {t("ui.discard")}
          </Button>
        </div>
      )}
      {entry.state === "conflict" && (
        <div role="alert" className="mt-1 max-w-[min(78%,680px)] rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
          <p>{t("pending.conflictText")}</p>
          <div className="mt-1.5 flex flex-wrap gap-2">
            <Button
              size="sm"
              look="primary"
              onPress={() => live.outbox?.retry(entry.clientId, (payload) => (payload.kind === "message" ? { ...payload, input: { ...payload.input, force: true } } : payload))}
            >
              {t("pending.sendAnyway")}
            </Button>
            <Button size="sm" onPress={edit}>
              {t("ui.edit")}
            </Button>
            <Button size="sm" look="quiet" onPress={() => live.outbox?.discard(entry.clientId)}>
              {t("ui.discard")}
            </Button>
          </div>
        </div>
      )}
    </article>
  );
}
