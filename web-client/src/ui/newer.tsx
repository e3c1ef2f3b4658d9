import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button";
import { Notice } from "./misc";

interface NewerProps {
  /** What somebody else has changed since the form was opened: its name and what it is now. */
  changes: readonly { readonly label: string; readonly value: ReactNode }[];
  /** Puts the newer values into the form. */
  onTake: () => void;
  /** Saves what stands in the form nevertheless. */
  onKeep: () => void;
}

/** Says that somebody else has saved meanwhile, and what. */
export function Newer({ changes, onTake, onKeep }: NewerProps) {
  const { t } = useTranslation();
  return (
    <div role="alert" data-testid="newer" className="mb-3">
      <Notice tone="warn">
        <p className="font-medium">{t("ui.newer")}</p>
        {changes.length > 0 && (
          <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-3">
            {changes.map((change) => (
              <div key={change.label} className="contents">
                <dt>{change.label}</dt>
                <dd className="min-w-0 font-medium wrap-anywhere whitespace-pre-wrap">{change.value}</dd>
              </div>
            ))}
          </dl>
        )}
        <span className="mt-2 flex flex-wrap gap-2">
          <Button size="sm" onPress={onTake}>
            {t("ui.takeNewer")}
          </Button>
          <Button size="sm" onPress={onKeep}>
            {t("ui.keepMine")}
          </Button>
        </span>
      </Notice>
    </div>
  );
}
