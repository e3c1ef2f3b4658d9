import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { InteractionRowFragment } from "../../gql/graphql";
import { useKindLook } from "../../session/context";
import { Avatar, Badge, cx, Icon, shortDuration, shortTime } from "../../ui";

const WARN_MS = 30 * 60_000;
const LATE_MS = 4 * 60 * 60_000;

interface RowProps {
  row: InteractionRowFragment;
  viewId: string;
  isCurrent: boolean;
  isMarked: boolean;
  now: number;
  onToggleMark: (id: string) => void;
}

/** One interaction in the list. */
export const Row = memo(function Row({ row, viewId, isCurrent, isMarked, now, onToggleMark }: RowProps) {
  const { t, i18n } = useTranslation();
  const look = useKindLook()(row.channel.kind);
  const waitMs = row.waitingSince === null ? 0 : now - Date.parse(row.waitingSince);
  const last = row.lastMessage;
  const isUnread = row.unreadCount > 0;
  const firstLine = last?.deletedAt ? t("message.deleted") : (last?.text.split("\n", 1)[0] ?? row.subject ?? "");
  const line = last?.entry === "NOTE" ? t("inbox.lastNote", { text: firstLine }) : last?.direction === "OUTBOUND" && !last.deletedAt ? t("inbox.lastOurs", { text: firstLine }) : firstLine;
  return (
    <li
      className={cx("relative border-b border-line transition-colors [contain-intrinsic-size:auto_84px] [content-visibility:auto]", isCurrent ? "bg-accent-soft" : isMarked ? "bg-hover" : "hover:bg-hover")}
      data-row={row.id}
    >
      {isCurrent && <span aria-hidden="true" className="absolute inset-y-0 left-0 w-0.5 bg-accent" />}
      <Link
        to="/inbox/{-$view}/{-$id}"
        params={{ view: viewId, id: row.id }}
        aria-current={isCurrent ? "true" : undefined}
        className="flex gap-3 px-3 py-2.5 focus-visible:-outline-offset-2"
        onClick={(event) => {
          if (event.shiftKey) {
            event.preventDefault();
            onToggleMark(row.id);
          }
        }}
      >
        <Avatar
          name={row.contact.name}
          size={34}
          badge={
            <span title={row.channel.name} className={cx("flex size-4.5 items-center justify-center rounded-full border border-line", look.isPublic ? "bg-warn-soft text-warn" : "bg-raised text-ink-2")}>
              <Icon name={isMarked ? "check" : look.icon} size={11} />
            </span>
          }
        />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className={cx("min-w-0 flex-1 truncate text-base", isUnread ? "font-semibold text-ink" : "text-ink")}>{row.contact.name}</span>
            <time dateTime={row.lastActivityAt} className="shrink-0 text-xs text-ink-3 tabular-nums">
              {shortTime(row.lastActivityAt, now, i18n.language)}
            </time>
          </span>
          <span className="sr-only">
            {t(look.isPublic ? "inbox.channelPublic" : "inbox.channelPrivate", { channel: row.channel.name })}
          </span>
          {row.subject && <span className={cx("block truncate text-sm", isUnread ? "font-medium text-ink" : "text-ink-2")}>{row.subject}</span>}
          <span className="flex items-center gap-2">
            <span className={cx("min-w-0 flex-1 truncate text-sm", isUnread ? "text-ink-2" : "text-ink-3")}>
              {line}
            </span>
            {row.hasFailedMessage && (
              <span className="text-danger">
                <Icon name="warning" size={14} />
                <span className="sr-only">{t("inbox.failed")}</span>
              </span>
            )}
            {isUnread && (
              <span className="flex h-4.5 min-w-4.5 items-center justify-center rounded-full bg-accent px-1 text-xs font-semibold text-accent-ink tabular-nums">
                <span aria-hidden="true">{row.unreadCount}</span>
                <span className="sr-only">{t("inbox.unreadCount", { count: row.unreadCount })}</span>
              </span>
            )}
          </span>
          <span className="mt-1 flex min-h-5 flex-wrap items-center gap-1">
            {row.waitingSince !== null && (
              <Badge tone={waitMs > LATE_MS ? "danger" : waitMs > WARN_MS ? "warn" : "ok"} icon="clock">
                {t("inbox.waits", { time: shortDuration(waitMs, i18n.language) })}
              </Badge>
            )}
            {row.status !== "OPEN" && <Badge>{t(`status.${row.status}`)}</Badge>}
            {(row.priority === "URGENT" || row.priority === "HIGH") && (
              <Badge tone={row.priority === "URGENT" ? "danger" : "warn"} icon="flag">
                {t(`priority.${row.priority}`)}
              </Badge>
            )}
            {row.tags.slice(0, 2).map((tag) => (
              <Badge key={tag.id}>{tag.name}</Badge>
            ))}
            {row.tags.length > 2 && <Badge>{t("inbox.moreTags", { count: row.tags.length - 2 })}</Badge>}
            <span className="flex-1" />
            {row.assignee && (
              <span title={row.assignee.name}>
                <Avatar name={row.assignee.name} size={20} />
                <span className="sr-only">{t("inbox.assignedTo", { name: row.assignee.name })}</span>
              </span>
            )}
          </span>
        </span>
      </Link>
    </li>
  );
});
