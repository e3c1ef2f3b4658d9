import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ContactPartsFragment, UpdateContactDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { type Refusal, useErrorText } from "../../session/failure";
import { Button, Dialog, IconButton, Newer, Notice, TextField } from "../../ui";

interface Form {
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly language: string;
  readonly fields: readonly { readonly key: string; readonly value: string }[];
}

const formOf = (contact: ContactPartsFragment): Form => ({
  name: contact.name,
  email: contact.email ?? "",
  phone: contact.phone ?? "",
  language: contact.language ?? "",
  fields: contact.fields.map(({ key, value }) => ({ key, value })),
});

const PARTS = ["name", "email", "phone", "language", "fields"] as const;
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Which parts of the contact somebody else has changed between two readings of it. */
export const changedParts = (before: Form, now: Form) => PARTS.filter((part) => !same(before[part], now[part]));

/** Changes who a contact is. `onStale` asks for the contact anew. */
export function EditContactDialog({ contact, onStale, onClose }: { contact: ContactPartsFragment; onStale: () => void; onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const errorText = useErrorText();
  // What the person saw when they began: somebody else's change meanwhile must not be overwritten unseen.
  const [base, setBase] = useState(contact);
  const [form, setForm] = useState(() => formOf(contact));
  const [refusals, setRefusals] = useState<readonly Refusal[]>([]);
  const isStale = refusals.some((refusal) => refusal.code === "CONFLICT");
  const { name, email, phone, language, fields } = form;
  const set = (change: Partial<Form>) => setForm({ ...form, ...change });
  const orNull = (text: string) => (text.trim() === "" ? null : text.trim());
  const errorOf = (part: string) => {
    const refusal = refusals.find((item) => item.field?.[0] === part);
    return refusal && errorText(refusal);
  };
  const save = async (expectedVersion: number) => {
    const result = await act(
      UpdateContactDocument,
      {
        input: {
          contactId: contact.id,
          name: name.trim(),
          email: orNull(email),
          phone: orNull(phone),
          language: orNull(language),
          fields: fields.filter((field) => field.key.trim() !== "").map((field) => ({ ...field })),
          expectedVersion,
        },
      },
      true,
    );
    if (result.ok) {
      onClose();
      return;
    }
    setRefusals(result.errors);
    if (result.errors.some((refusal) => refusal.code === "CONFLICT")) onStale();
  };
  const newer = formOf(contact);
  const changes = changedParts(formOf(base), newer);
  const loose = refusals.filter((refusal) => refusal.code !== "CONFLICT" && !PARTS.some((part) => part === refusal.field?.[0]));
  return (
    <Dialog
      title={t("contact.edit")}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
          <Button look="primary" isDisabled={name.trim() === "" || isStale} onPress={() => void save(base.version)}>
            {t("ui.save")}
          </Button>
        </>
      }
    >
      {isStale && (
        <Newer
          changes={changes.map((part) => ({ label: t(`contact.${part}`), value: part === "fields" ? newer.fields.map((field) => `${field.key}: ${field.value}`).join("\n") : newer[part] || "–" }))}
          onTake={() => {
            setForm({ ...form, ...Object.fromEntries(changes.map((part) => [part, newer[part]])) });
            setBase(contact);
            setRefusals([]);
          }}
          onKeep={() => {
            setBase(contact);
            setRefusals([]);
            void save(contact.version);
          }}
        />
      )}
      {loose.map((refusal) => (
        <div role="alert" key={refusal.code} className="mb-3">
          <Notice tone="danger">{errorText(refusal)}</Notice>
        </div>
      ))}
      <div className="flex flex-col gap-3">
        <TextField label={t("contact.name")} value={name} onChange={(next) => set({ name: next })} isRequired autoFocus error={errorOf("name")} />
        <div className="grid grid-cols-2 gap-3">
          <TextField label={t("contact.email")} type="email" value={email} onChange={(next) => set({ email: next })} error={errorOf("email")} />
          <TextField label={t("contact.phone")} type="tel" value={phone} onChange={(next) => set({ phone: next })} error={errorOf("phone")} />
        </div>
        <TextField label={t("contact.language")} value={language} onChange={(next) => set({ language: next })} hint={t("contact.languageHint")} error={errorOf("language")} />
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 text-sm font-medium text-ink-2">{t("contact.fields")}</legend>
          {errorOf("fields") && (
            <p role="alert" className="text-xs text-danger">
              {errorOf("fields")}
            </p>
          )}
          {fields.map((field, index) => (
            <div key={index} className="flex items-center gap-2">
              <TextField className="flex-1" isLabelHidden label={t("contact.fieldKey")} placeholder={t("contact.fieldKey")} value={field.key} onChange={(key) => set({ fields: fields.with(index, { ...field, key }) })} />
              <TextField className="flex-1" isLabelHidden label={t("contact.fieldValue")} placeholder={t("contact.fieldValue")} value={field.value} onChange={(value) => set({ fields: fields.with(index, { ...field, value }) })} />
              <IconButton icon="trash" size="sm" label={t("contact.removeField")} onPress={() => set({ fields: fields.toSpliced(index, 1) })} />
            </div>
          ))}
          <Button size="sm" look="quiet" icon="plus" className="self-start" onPress={() => set({ fields: [...fields, { key: "", value: "" }] })}>
            {t("contact.addField")}
          </Button>
        </fieldset>
      </div>
    </Dialog>
  );
}
