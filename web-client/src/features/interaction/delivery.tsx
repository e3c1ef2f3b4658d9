import { useTranslation } from "react-i18next";
import { CancelMessageDocument, type MessagePartsFragment, ResolveUnconfirmedDocument, RetryMessageDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useFailCodeText } from "../../session/fail-code";
import { Button, Icon, type IconName, useFormats } from "../../ui";

const icons: Record<NonNullable<MessagePartsFragment["delivery"]>["state"], IconName> = {
  QUEUED: "clock",
  SENDING: "send",
  UNCONFIRMED: "warning",
  SENT: "check",
  DELIVERED: "checks",
  READ: "checks",
  FAILED: "warning",
  CANCELLED: "close",
};

/** How far the message has come, in a sign and a word. */
export function DeliveryMark({ delivery }: { delivery: NonNullable<MessagePartsFragment["delivery"]> }) {
  const { t } = useTranslation();
  const isBad = delivery.state === "FAILED" || delivery.state === "UNCONFIRMED";
  return (
    <span data-delivery={delivery.state} className={isBad ? "inline-flex items-center gap-1 text-danger" : delivery.state === "READ" ? "inline-flex items-center gap-1 text-accent-text" : "inline-flex items-center gap-1"}>
      <Icon name={icons[delivery.state]} size={13} />
      {t(`delivery.${delivery.state}`)}
    </span>
  );
}

/** What a person can do about a message that did not simply arrive. */
export function DeliveryActions({ message }: { message: MessagePartsFragment }) {
  const { t } = useTranslation();
  const act = useAct();
  const formats = useFormats();
  const failCodeText = useFailCodeText();
  const { delivery } = message;
  if (!delivery) return null;
  const input = { messageId: message.id };
  if (delivery.state === "FAILED") {
    return (
      <div role="group" aria-label={t("delivery.failedTitle")} className="mt-1 max-w-full rounded-md bg-danger-soft px-3 py-2 text-left text-sm text-danger">
        <p className="font-medium">{t("delivery.failedTitle")}</p>
        {delivery.errorCode && <p className="text-xs">{failCodeText(delivery.errorCode)}</p>}
        <PlatformWords text={delivery.errorDetail} />
        <Button size="sm" icon="refresh" className="mt-1.5" onPress={() => void act(RetryMessageDocument, { input })}>
          {t("ui.tryAgain")}
        </Button>
      </div>
    );
  }
  if (delivery.state === "UNCONFIRMED") {
    return (
      <div role="group" aria-label={t("delivery.unconfirmedTitle")} className="mt-1 max-w-full rounded-md bg-warn-soft px-3 py-2 text-left text-sm text-warn">
        <p className="font-medium">{t("delivery.unconfirmedTitle")}</p>
        <p className="text-xs">{t("delivery.unconfirmedText")}</p>
        <div className="mt-1.5 flex flex-wrap gap-2">
          <Button size="sm" icon="send" onPress={() => void act(ResolveUnconfirmedDocument, { input: { ...input, action: "SEND_AGAIN" } })}>
            {t("delivery.sendAgain")}
          </Button>
          <Button size="sm" icon="check" onPress={() => void act(ResolveUnconfirmedDocument, { input: { ...input, action: "MARK_SENT" } })}>
            {t("delivery.markSent")}
          </Button>
        </div>
      </div>
    );
  }
  if (delivery.state === "QUEUED") {
    return (
      <div className="mt-1 flex items-center justify-end gap-2 text-xs text-ink-3">
        {delivery.attempts > 0 && delivery.nextAttemptAt && <span>{t("delivery.nextAttempt", { time: formats.time(delivery.nextAttemptAt) })}</span>}
        <Button size="sm" look="quiet" onPress={() => void act(CancelMessageDocument, { input })}>
          {t("delivery.takeBack")}
        </Button>
      </div>
    );
  }
  if (delivery.errorCode && delivery.state !== "SENDING" && delivery.state !== "CANCELLED") {
    return (
      <div role="group" aria-label={t("delivery.warningTitle")} className="mt-1 max-w-full rounded-md bg-warn-soft px-3 py-2 text-left text-sm text-warn">
        <p className="text-xs">{failCodeText(delivery.errorCode)}</p>
        <PlatformWords text={delivery.errorDetail} />
      </div>
    );
  }
  return null;
}

/** What the platform said, for those who want to know. */
export function PlatformWords({ text }: { text: string | null }) {
  const { t } = useTranslation();
  if (!text) return null;
  return (
    <details className="mt-1 text-xs">
      <summary className="cursor-pointer rounded-sm">{t("ui.technical")}</summary>
      <p className="mt-1 wrap-anywhere">{text}</p>
    </details>
  );
}
