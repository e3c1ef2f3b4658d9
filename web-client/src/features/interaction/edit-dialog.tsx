import { useState } from "react";
import { useTranslation } from "react-i18next";
import { EditMessageDocument, type MessagePartsFragment } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useErrorText } from "../../session/failure";
import { Button, Dialog, Newer, Notice, TextField } from "../../ui";

const textOf = ({ content, text }: MessagePartsFragment) => (content.__typename === "FormattedContent" ? content.source : text);

/** Changes the text of a message that has left already. */
export function EditDialog({ message, onClose }: { message: MessagePartsFragment; onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const errorText = useErrorText();
  const { content } = message;
  // What the person saw when they began: somebody else's change meanwhile must not be overwritten unseen.
  const [base, setBase] = useState(message);
  const [text, setText] = useState(textOf(message));
  const [refusal, setRefusal] = useState<{ code: string } | null>(null);
  const isStale = refusal?.code === "CONFLICT";
  const save = async (expectedVersion: number) => {
    const next = content.__typename === "FormattedContent" ? { formatted: { markup: content.markup, source: text } } : { text: { text } };
    const result = await act(EditMessageDocument, { input: { messageId: message.id, content: next, expectedVersion } }, true);
    if (result.ok) onClose();
    else setRefusal(result.errors[0] ?? { code: "INTERNAL" });
  };
  return (
    <Dialog
      title={t("message.edit")}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
          <Button look="primary" isDisabled={text.trim() === "" || isStale} onPress={() => void save(base.version)}>
            {t("ui.save")}
          </Button>
        </>
      }
    >
      {isStale && (
        <Newer
          changes={textOf(message) === textOf(base) ? [] : [{ label: t("message.text"), value: textOf(message) }]}
          onTake={() => {
            setText(textOf(message));
            setBase(message);
            setRefusal(null);
          }}
          onKeep={() => {
            setBase(message);
            void save(message.version);
          }}
        />
      )}
      {refusal && !isStale && (
        <div role="alert" className="mb-3">
          <Notice tone="danger">{errorText(refusal)}</Notice>
        </div>
      )}
      <TextField label={t("message.text")} isLabelHidden rows={6} value={text} onChange={setText} autoFocus />
    </Dialog>
  );
}
