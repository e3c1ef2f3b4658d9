import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button";
import { cx } from "./cx";
import { Icon } from "./icon";

export type Room = "own" | "line" | "corner";

const rooms: Record<Room, string> = {
  own: "h-full flex-col items-center p-6",
  line: "flex-wrap items-center rounded-md border border-danger p-2 text-sm",
  corner: "fixed right-4 bottom-4 z-50 flex-wrap items-center rounded-lg border border-danger bg-raised p-3 text-sm shadow-pop",
};

interface PaneProps {
  /** Starting afresh when it changes: another interaction is another chance. */
  resetKey?: string | undefined;
  /** Called before what broke is tried again. */
  onRetry?: () => void;
  /** How much room the word of it may take: the part's own, a line, or a corner of the window for what has no place. */
  room?: Room;
  children: ReactNode;
}

/** A part of the screen that may break without taking the rest along. */
export class Pane extends Component<PaneProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override componentDidUpdate(before: PaneProps) {
    if (this.state.error && before.resetKey !== this.props.resetKey) this.setState({ error: null });
  }

  override render() {
    if (!this.state.error) return this.props.children;
    const retry = () => {
      this.props.onRetry?.();
      this.setState({ error: null });
    };
    return <Broken error={this.state.error} room={this.props.room ?? "own"} onRetry={retry} />;
  }
}

/** Browsers have no type for a script that could not be fetched, only words of their own. */
const isUnfetched = (error: Error) => /dynamically imported module|importing a module script|error loading|preload/iu.test(error.message);

export function Broken({ error, room = "own", onRetry }: { error: Error; room?: Room; onRetry: () => void }) {
  const { t } = useTranslation();
  // After an update of the server the files of the old page are gone; a fresh page has the new ones.
  const mayReload = isUnfetched(error);
  const isOwn = room === "own";
  return (
    <div role="alert" data-testid="broken" className={cx("flex justify-center gap-3 text-center", rooms[room])}>
      <Icon name="warning" size={isOwn ? 24 : 16} className="text-danger" />
      <p className={isOwn ? "font-semibold" : ""}>{t(mayReload ? "ui.notLoaded" : "ui.broken")}</p>
      <span className="flex flex-wrap justify-center gap-2">
        <Button size={isOwn ? "md" : "sm"} onPress={onRetry}>
          {t("ui.tryAgain")}
        </Button>
        {mayReload && (
          <Button size={isOwn ? "md" : "sm"} look="primary" onPress={() => location.reload()}>
            {t("ui.reload")}
          </Button>
        )}
      </span>
      {isOwn && (
        <details className="max-w-96 text-xs text-ink-3">
          <summary className="cursor-pointer rounded-sm">{t("ui.technical")}</summary>
          <p className="mt-1 font-mono wrap-anywhere">{error.message}</p>
        </details>
      )}
    </div>
  );
}
