import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLive } from "../session/context";
import { Button, Icon, useFormats, useStore } from "../ui";

/** A hiccup shorter than this is not worth a word. */
const PATIENCE_MS = 1_500;
/** How long "back" is said. */
const BACK_MS = 4_000;

/** Says that the connection is gone, since when, and that nothing gets lost; says shortly that it is back. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const live = useLive();
  const formats = useFormats();
  const { phase, lastHeardAt } = useStore(live.follower.state);
  const isAway = phase === "waiting" || phase === "resetting" || (phase === "connecting" && lastHeardAt > 0);
  const [isShown, setShown] = useState(false);
  const [isBack, setBack] = useState(false);

  useEffect(() => {
    if (isAway) {
      const id = setTimeout(() => setShown(true), PATIENCE_MS);
      return () => clearTimeout(id);
    }
    if (!isShown) return;
    setShown(false);
    setBack(true);
  }, [isAway, isShown]);
  useEffect(() => {
    if (!isBack) return;
    const id = setTimeout(() => setBack(false), BACK_MS);
    return () => clearTimeout(id);
  }, [isBack]);

  return (
    <div role="status" aria-live="polite">
      {isShown && (
        <div data-testid="offline" className="flex items-center gap-2 border-b border-line bg-warn-soft px-4 py-1.5 text-sm text-warn">
          <Icon name="wifiOff" />
          <span className="flex-1">
            {lastHeardAt > 0 ? t("app.offlineSince", { time: formats.time(new Date(lastHeardAt).toISOString()) }) : t("app.offline")}
          </span>
          <Button size="sm" onPress={() => live.hurry()}>
            {t("app.reconnect")}
          </Button>
        </div>
      )}
      {isBack && !isShown && (
        <div data-testid="back-online" className="flex items-center gap-2 border-b border-line bg-ok-soft px-4 py-1.5 text-sm text-ok">
          <Icon name="check" />
          {t("app.backOnline")}
        </div>
      )}
    </div>
  );
}
