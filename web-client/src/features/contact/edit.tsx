import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ContactPartsFragment, UpdateContactDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { Button, Dialog, IconButton, TextField } from "../../ui";

export function EditContactDialog({ contact, onClose }: { contact: ContactPartsFragment; onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const [name, setName] = useState(contact.name);
  const [email, setEmail] = useState(contact.email ?? "");
  const [phone, setPhone] = useState(contact.phone ?? "");
  const [language, setLanguage] = useState(contact.language ?? "");
  const [fields, setFields] = useState<readonly { key: string; value: string }[]>(contact.fields.map(({ key, value }) => ({ key, value })));
  const orNull = (text: string) => (text.trim() === "" ? null : text.trim());
  const save = async () => {
    const result = await act(UpdateContactDocument, {
      input: {
        contactId: contact.id,
        name: name.trim(),
        email: orNull(email),
        phone: orNull(phone),
        language: orNull(language),
        fields: fields.filter((field) => field.key.trim() !== "").map((field) => ({ ...field })),
        expectedVersion: contact.version,
      },
    });
    if (result.ok) onClose();
  };
  return (
    <Dialog
      title={t("contact.edit")}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
          <Button look="primary" isDisabled={name.trim() === ""} onPress={() => void save()}>
            {t("ui.save")}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <TextField label={t("contact.name")} value={name} onChange={setName} isRequired autoFocus />
        <div className="grid grid-cols-2 gap-3">
          <TextField label={t("contact.email")} type="email" value={email} onChange={setEmail} />
          <TextField label={t("contact.phone")} type="tel" value={phone} onChange={setPhone} />
        </div>
        <TextField label={t("contact.language")} value={language} onChange={setLanguage} hint={t("contact.languageHint")} />
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 text-sm font-medium text-ink-2">{t("contact.fields")}</legend>
          {fields.map((field, index) => (
            <div key={index} className="flex items-center gap-2">
              <TextField className="flex-1" isLabelHidden label={t("contact.fieldKey")} placeholder={t("contact.fieldKey")} value={field.key} onChange={(key) => setFields(fields.with(index, { ...field, key }))} />
              <TextField className="flex-1" isLabelHidden label={t("contact.fieldValue")} placeholder={t("contact.fieldValue")} value={field.value} onChange={(value) => setFields(fields.with(index, { ...field, value }))} />
              <IconButton icon="trash" size="sm" label={t("contact.removeField")} onPress={() => setFields(fields.toSpliced(index, 1))} />
            </div>
          ))}
          <Button size="sm" look="quiet" icon="plus" className="self-start" onPress={() => setFields([...fields, { key: "", value: "" }])}>
            {t("contact.addField")}
          </Button>
        </fieldset>
      </div>
    </Dialog>
  );
}
