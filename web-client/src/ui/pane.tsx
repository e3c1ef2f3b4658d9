import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button";
import { Icon } from "./icon";

interface PaneProps {
  /** Starting afresh when it changes: another interaction is another chance. */
  resetKey?: string | undefined;
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
    return <Broken error={this.state.error} onRetry={() => this.setState({ error: null })} />;
  }
}

function Broken({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div role="alert" className="flex h-full flex-col items-center justify-center gap-3 p-6 text-center">
      <Icon name="warning" size={24} className="text-danger" />
      <p className="font-semibold">{t("ui.broken")}</p>
      <p className="max-w-96 font-mono text-xs text-ink-3">{error.message}</p>
      <Button onPress={onRetry}>{t("ui.tryAgain")}</Button>
    </div>
  );
}
