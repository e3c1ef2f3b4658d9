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
