import { useTranslation } from "react-i18next";
import { Badge, cx, Icon, type IconName, shortDuration, useNow } from "../../ui";

/** Reply or note: unmistakably one of the two. */
export function ModeTabs({ isNote, mayReply, onMode }: { isNote: boolean; mayReply: boolean; onMode: (mode: "reply" | "note") => void }) {
  const { t } = useTranslation();
  return (
    <div role="group" aria-label={t("composer.mode")} className="flex gap-0.5">
      <ModeTab icon="reply" isOn={!isNote} isDisabled={!mayReply} onPress={() => onMode("reply")}>
        {t("composer.reply")}
      </ModeTab>
      <ModeTab icon="note" isOn={isNote} isDisabled={false} onPress={() => onMode("note")}>
        {t("composer.note")}
      </ModeTab>
    </div>
  );
}

function ModeTab({ icon, isOn, isDisabled, onPress, children }: { icon: IconName; isOn: boolean; isDisabled: boolean; onPress: () => void; children: string }) {
  return (
    <button type="button" aria-pressed={isOn} disabled={isDisabled} onClick={onPress} className={cx("flex h-7 items-center gap-1.5 rounded-md px-2.5 text-sm font-medium disabled:opacity-50", isOn ? "bg-hover text-ink" : "text-ink-3 hover:text-ink")}>
      <Icon name={icon} size={14} />
      {children}
    </button>
  );
}

/** How long we may still answer. */
export function WindowTimer({ until }: { until: string }) {
  const { t, i18n } = useTranslation();
  const left = Date.parse(until) - useNow();
  const isClose = left < 60 * 60_000;
  return (
    <Badge tone={left < 0 ? "danger" : isClose ? "warn" : "plain"} icon="clock">
      {left < 0 ? t("composer.windowOver") : t("composer.windowLeft", { time: shortDuration(left, i18n.language) })}
    </Badge>
  );
}
