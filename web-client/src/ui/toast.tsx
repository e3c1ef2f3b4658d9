import { useTranslation } from "react-i18next";
import { Button as AriaButton, Text, UNSTABLE_Toast as Toast, UNSTABLE_ToastContent as ToastContent, UNSTABLE_ToastQueue as ToastQueue, UNSTABLE_ToastRegion as ToastRegion } from "react-aria-components";
import { Icon } from "./icon";

interface Words {
  readonly text: string;
  readonly isError: boolean;
  readonly action?: { readonly label: string; readonly run: () => void };
}

const queue = new ToastQueue<Words>({ maxVisibleToasts: 3 });

/** Says something for a moment; errors stay until closed. */
export function toast(text: string, action?: Words["action"]): void {
  queue.add({ text, isError: false, ...(action ? { action } : {}) }, { timeout: 6_000 });
}

export function toastError(text: string): void {
  queue.add({ text, isError: true });
}

export function Toasts() {
  const { t } = useTranslation();
  return (
    <ToastRegion queue={queue} aria-label={t("ui.messages")} className="fixed right-4 bottom-4 z-50 flex flex-col gap-2 outline-none">
      {({ toast: item }) => (
        <Toast toast={item} className="rise flex max-w-96 items-center gap-3 rounded-lg bg-ink px-3 py-2 text-sm text-canvas shadow-pop">
          {item.content.isError && <Icon name="warning" />}
          <ToastContent className="min-w-0 flex-1">
            <Text slot="title">{item.content.text}</Text>
          </ToastContent>
          {item.content.action && (
            <AriaButton
              className="rounded-sm px-1 font-semibold underline"
              onPress={() => {
                item.content.action?.run();
                queue.close(item.key);
              }}
            >
              {item.content.action.label}
            </AriaButton>
          )}
          <AriaButton slot="close" aria-label={t("ui.close")} className="rounded-sm p-0.5">
            <Icon name="close" size={14} />
          </AriaButton>
        </Toast>
      )}
    </ToastRegion>
  );
}
