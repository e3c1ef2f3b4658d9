import { useTranslation } from "react-i18next";
import type { HealthPartsFragment } from "../../gql/graphql";
import { Badge, type IconName, type Tone } from "../../ui";

type Shown = HealthPartsFragment["state"];

const looks: Record<Shown, { tone: Tone; icon: IconName }> = {
  UNKNOWN: { tone: "plain", icon: "dot" },
  WAITING_FOR_FIRST_EVENT: { tone: "accent", icon: "clock" },
  OK: { tone: "ok", icon: "check" },
  DEGRADED: { tone: "warn", icon: "warning" },
  NEEDS_SIGN_IN: { tone: "danger", icon: "lock" },
  DOWN: { tone: "danger", icon: "wifiOff" },
  DISABLED: { tone: "plain", icon: "close" },
};

export function HealthBadge({ state }: { state: Shown }) {
  const { t } = useTranslation();
  return (
    <Badge tone={looks[state].tone} icon={looks[state].icon}>
      {t(`health.${state}`)}
    </Badge>
  );
}

/** What is wrong, and what to do about it. Of a check, the state tells more than that it was one. */
export function useHealthWords(): (health: Pick<HealthPartsFragment, "state" | "cause">) => string {
  const { t } = useTranslation();
  return ({ state, cause }) => (cause && cause !== "CHECK_FAILED" ? t(`healthCause.${cause}`) : t(`healthText.${state}`));
}

/** What the state means and what to do about it; the words of the platform or the server behind it. */
export function HealthText({ health }: { health: HealthPartsFragment }) {
  const { t } = useTranslation();
  const words = useHealthWords();
  if (!health.reason) return null;
  return (
    <div className="mt-2 text-sm">
      <p>{words(health)}</p>
      <details className="mt-1 text-xs text-ink-2">
        <summary className="cursor-pointer rounded-sm">{t("ui.technical")}</summary>
        <p className="mt-1 wrap-anywhere" lang="en">
          {health.reason}
        </p>
      </details>
    </div>
  );
}
