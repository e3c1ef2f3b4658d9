import { useState } from "react";
import { useTranslation } from "react-i18next";
import { EditMessageDocument, type MessagePartsFragment } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { Button, Dialog, TextField } from "../../ui";

/** Changes the text of a message that has left already. */
export function EditDialog({ message, onClose }: { message: MessagePartsFragment; onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const { content } = message;
  const [text, setText] = useState(content.__typename === "FormattedContent" ? content.source : message.text);
  const save = async () => {
    const next = content.__typename === "FormattedContent" ? { formatted: { markup: content.markup, source: text } } : { text: { text } };
    const result = await act(EditMessageDocument, { input: { messageId: message.id, content: next, expectedVersion: message.version } });
    if (result.ok) onClose();
  };
  return (
    <Dialog
      title={t("message.edit")}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
          <Button look="primary" isDisabled={text.trim() === ""} onPress={() => void save()}>
            {t("ui.save")}
          </Button>
        </>
      }
    >
      <TextField label={t("message.text")} isLabelHidden rows={6} value={text} onChange={setText} autoFocus />
    </Dialog>
  );
}
