import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Dialog, TextField } from "../../ui";

const ADDRESS = /^(?:https?:\/\/\S+|mailto:\S+)$/u;

/** Where a link in the text leads. */
export function LinkDialog({ onSet, onClose }: { onSet: (href: string) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const [href, setHref] = useState("https://");
  const isGood = ADDRESS.test(href.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // Forms of dialogs bubble through the tree of components into the page around them.
    event.stopPropagation();
    if (isGood) onSet(href.trim());
  };
  return (
    <Dialog
      title={t("composer.link")}
      isOpen
      onClose={onClose}
      width="sm"
      footer={
        <>
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
          <Button look="primary" type="submit" form="link-form" isDisabled={!isGood}>
            {t("composer.setLink")}
          </Button>
        </>
      }
    >
      <form id="link-form" onSubmit={submit}>
        <TextField label={t("composer.linkUrl")} type="text" inputMode="url" value={href} onChange={setHref} autoFocus error={isGood || href === "https://" ? undefined : t("composer.linkWrong")} />
      </form>
    </Dialog>
  );
}
