import type { CombinedError } from "@urql/core";
import { useTranslation } from "react-i18next";
import { Button, cx, Notice, Skeleton } from "../ui";
import { useFailureText } from "./failure";
import type { Pages } from "./pages";

/** Why there is nothing here, and a button to ask again. */
export function Failed({ error, onRetry, className, testId }: { error: CombinedError; onRetry: () => void; className?: string; testId?: string }) {
  const { t } = useTranslation();
  const failureText = useFailureText();
  return (
    <div role="alert" data-testid={testId} className={cx("flex flex-wrap items-center gap-2", className)}>
      <Notice tone="danger">{failureText(error)}</Notice>
      <Button size="sm" icon="refresh" onPress={onRetry}>
        {t("ui.tryAgain")}
      </Button>
    </div>
  );
}

/** The end of a list that is loaded page by page: the next page's button, its lines while it comes, or why it did not. */
export function MorePages({ list, lines = 2 }: { list: Pick<Pages<unknown>, "hasMore" | "isLoadingMore" | "moreError" | "loadMore" | "retry">; lines?: number }) {
  const { t } = useTranslation();
  return (
    <>
      {list.isLoadingMore && <Skeleton lines={lines} />}
      {list.moreError && <Failed error={list.moreError} onRetry={list.retry} className="p-3" />}
      {list.hasMore && (
        <div className="p-3 text-center">
          <Button look="quiet" size="sm" onPress={list.loadMore}>
            {t("ui.more")}
          </Button>
        </div>
      )}
    </>
  );
}
