import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { FormFieldType } from "../../gql/graphql";
import type { Capabilities } from "../../session/capabilities";
import { Button, Checkbox, IconButton, Select, Switch, TextField } from "../../ui";
import { type ComposeKind, type Draft, emptyField, emptyItem, type FieldDraft, type SectionDraft } from "./draft";

interface EditorProps {
  draft: Draft;
  limits: Capabilities["rich"];
  onChange: (draft: Draft) => void;
}

const put = <T,>(list: readonly T[], index: number, value: T): T[] => list.with(index, value);
const without = <T,>(list: readonly T[], index: number): T[] => list.toSpliced(index, 1);
/** 0 says that the part does not exist there or has no limit of its own: nothing is cut. */
const length = (max: number) => (max > 0 ? { maxLength: max } : {});

function Frame({ children }: { children: ReactNode }) {
  return <div className="flex max-h-[38vh] flex-col gap-3 overflow-auto px-3 py-3">{children}</div>;
}

/** The fields of one structured kind of content. */
export function StructuredEditor({ kind, ...props }: EditorProps & { kind: ComposeKind }) {
  if (kind === "RICH_LINK") return <LinkEditor {...props} />;
  if (kind === "QUICK_REPLIES") return <RepliesEditor {...props} />;
  if (kind === "LIST_PICKER") return <ListEditor {...props} />;
  return <FormEditor {...props} />;
}

function LinkEditor({ draft, onChange }: EditorProps) {
  const { t } = useTranslation();
  const { link } = draft;
  return (
    <Frame>
      <TextField label={t("composer.linkUrl")} type="url" value={link.url} onChange={(url) => onChange({ ...draft, link: { ...link, url } })} placeholder="https://" error={isWrongAddress(link.url) ? t("composer.linkWrong") : undefined} isRequired autoFocus />
      <TextField label={t("composer.title")} value={link.title} onChange={(title) => onChange({ ...draft, link: { ...link, title } })} isRequired />
      <TextField label={t("composer.description")} value={link.description} onChange={(description) => onChange({ ...draft, link: { ...link, description } })} />
      <ImageField label={t("composer.image")} value={link.image} onChange={(image) => onChange({ ...draft, link: { ...link, image } })} />
    </Frame>
  );
}

const isWrongAddress = (address: string) => address !== "" && !/^https?:\/\/\S+\.\S+/u.test(address);

function ImageField({ label, value, onChange, isLabelHidden = false, className = "" }: { label: string; value: string; onChange: (address: string) => void; isLabelHidden?: boolean; className?: string }) {
  const { t } = useTranslation();
  return <TextField className={className} isLabelHidden={isLabelHidden} type="url" label={label} placeholder={isLabelHidden ? t("composer.picture") : "https://"} value={value} onChange={onChange} error={isWrongAddress(value) ? t("composer.linkWrong") : undefined} />;
}

function RepliesEditor({ draft, limits, onChange }: EditorProps) {
  const { t } = useTranslation();
  const { replies } = draft;
  const setTitles = (titles: readonly string[]) => onChange({ ...draft, replies: { ...replies, titles } });
  return (
    <Frame>
      <TextField label={t("composer.question")} rows={2} value={replies.text} onChange={(text) => onChange({ ...draft, replies: { ...replies, text } })} isRequired autoFocus />
      <fieldset className="flex flex-col gap-1.5">
        <legend className="mb-1 text-sm font-medium text-ink-2">{t("composer.answers")}</legend>
        {replies.titles.map((title, index) => (
          <div key={index} className="flex items-center gap-1">
            <TextField className="flex-1" isLabelHidden label={t("composer.answerNumber", { number: index + 1 })} placeholder={t("composer.answerNumber", { number: index + 1 })} value={title} onChange={(next) => setTitles(put(replies.titles, index, next))} {...length(limits.quickReplyTitle)} />
            <IconButton icon="close" size="sm" label={t("composer.removeAnswer", { number: index + 1 })} isDisabled={replies.titles.length < 2} onPress={() => setTitles(without(replies.titles, index))} />
          </div>
        ))}
        <Button size="sm" look="quiet" icon="plus" className="self-start" isDisabled={replies.titles.length >= limits.quickReplies} onPress={() => setTitles([...replies.titles, ""])}>
          {t("composer.addAnswer")}
        </Button>
      </fieldset>
    </Frame>
  );
}

function ListEditor({ draft, limits, onChange }: EditorProps) {
  const { t } = useTranslation();
  const { list } = draft;
  const setSections = (sections: readonly SectionDraft[]) => onChange({ ...draft, list: { ...list, sections } });
  const count = list.sections.reduce((sum, section) => sum + section.items.length, 0);
  return (
    <Frame>
      <TextField label={t("composer.title")} value={list.title} onChange={(title) => onChange({ ...draft, list: { ...list, title } })} isRequired autoFocus />
      <TextField label={t("composer.explanation")} value={list.text} onChange={(text) => onChange({ ...draft, list: { ...list, text } })} />
      <Checkbox isSelected={list.multiple} onChange={(multiple) => onChange({ ...draft, list: { ...list, multiple } })}>
        {t("composer.multiple")}
      </Checkbox>
      {list.sections.map((section, at) => (
        <fieldset key={at} className="flex flex-col gap-1.5 rounded-md border border-line p-2">
          <legend className="px-1 text-xs font-medium text-ink-3">{t("composer.sectionNumber", { number: at + 1 })}</legend>
          {list.sections.length > 1 && (
            <div className="flex items-end gap-1">
              <TextField className="flex-1" label={t("composer.sectionTitle")} value={section.title} onChange={(title) => setSections(put(list.sections, at, { ...section, title }))} />
              <IconButton icon="trash" size="sm" label={t("composer.removeSection", { number: at + 1 })} onPress={() => setSections(without(list.sections, at))} />
            </div>
          )}
          {section.items.map((item, index) => (
            <div key={index} className="flex flex-wrap items-center gap-1">
              <TextField className="flex-1" isLabelHidden label={t("composer.itemNumber", { number: index + 1 })} placeholder={t("composer.itemNumber", { number: index + 1 })} value={item.title} onChange={(title) => setSections(put(list.sections, at, { ...section, items: put(section.items, index, { ...item, title }) }))} {...length(limits.listItemTitle)} />
              <TextField className="flex-1" isLabelHidden label={t("composer.itemDescription", { number: index + 1 })} placeholder={t("composer.description")} value={item.description} onChange={(description) => setSections(put(list.sections, at, { ...section, items: put(section.items, index, { ...item, description }) }))} {...length(limits.listItemDescription)} />
              <ImageField className="flex-1" isLabelHidden label={t("composer.itemImage", { number: index + 1 })} value={item.image} onChange={(image) => setSections(put(list.sections, at, { ...section, items: put(section.items, index, { ...item, image }) }))} />
              <IconButton icon="close" size="sm" label={t("composer.removeItem", { number: index + 1 })} isDisabled={section.items.length < 2} onPress={() => setSections(put(list.sections, at, { ...section, items: without(section.items, index) }))} />
            </div>
          ))}
          <Button size="sm" look="quiet" icon="plus" className="self-start" isDisabled={count >= limits.listItems} onPress={() => setSections(put(list.sections, at, { ...section, items: [...section.items, emptyItem] }))}>
            {t("composer.addItem")}
          </Button>
        </fieldset>
      ))}
      <Button size="sm" look="quiet" icon="plus" className="self-start" isDisabled={list.sections.length >= limits.listSections || count >= limits.listItems} onPress={() => setSections([...list.sections, { title: "", items: [emptyItem] }])}>
        {t("composer.addSection")}
      </Button>
    </Frame>
  );
}

const TYPES: readonly FormFieldType[] = ["TEXT", "MULTILINE", "EMAIL", "PHONE", "NUMBER", "DATE", "CHOICE", "MULTIPLE_CHOICE", "CHECKBOX"];

function FormEditor({ draft, limits, onChange }: EditorProps) {
  const { t } = useTranslation();
  const { form } = draft;
  const setFields = (fields: readonly FieldDraft[]) => onChange({ ...draft, form: { ...form, fields } });
  return (
    <Frame>
      <TextField label={t("composer.title")} value={form.title} onChange={(title) => onChange({ ...draft, form: { ...form, title } })} isRequired autoFocus />
      <TextField label={t("composer.explanation")} value={form.text} onChange={(text) => onChange({ ...draft, form: { ...form, text } })} />
      {form.fields.map((field, index) => {
        const change = (part: Partial<FieldDraft>) => setFields(put(form.fields, index, { ...field, ...part }));
        const takesOptions = field.type === "CHOICE" || field.type === "MULTIPLE_CHOICE";
        return (
          <fieldset key={index} className="flex flex-col gap-2 rounded-md border border-line p-2">
            <legend className="px-1 text-xs font-medium text-ink-3">{t("composer.fieldNumber", { number: index + 1 })}</legend>
            <div className="flex items-end gap-2">
              <TextField className="flex-1" label={t("composer.fieldLabel")} value={field.label} onChange={(label) => change({ label })} />
              <Select className="w-40" label={t("composer.fieldType")} value={field.type} onChange={(type) => change({ type: type as FormFieldType, options: field.options.length > 0 ? field.options : ["", ""] })} options={TYPES.map((id) => ({ id, label: t(`content.fieldTypes.${id}`) }))} />
              <IconButton icon="trash" size="sm" label={t("composer.removeField", { number: index + 1 })} isDisabled={form.fields.length < 2} onPress={() => setFields(without(form.fields, index))} />
            </div>
            {takesOptions && <TextField label={t("composer.options")} hint={t("composer.optionsHint")} rows={3} value={field.options.join("\n")} onChange={(text) => change({ options: text.split("\n") })} />}
            <TextField label={t("composer.fieldHint")} value={field.hint} onChange={(hint) => change({ hint })} />
            <Checkbox isSelected={field.required} onChange={(required) => change({ required })}>
              {t("composer.required")}
            </Checkbox>
          </fieldset>
        );
      })}
      <Button size="sm" look="quiet" icon="plus" className="self-start" isDisabled={form.fields.length >= limits.formFields} onPress={() => setFields([...form.fields, emptyField])}>
        {t("composer.addField")}
      </Button>
      <Switch isSelected={form.submitLabel !== ""} onChange={(isOn) => onChange({ ...draft, form: { ...form, submitLabel: isOn ? t("composer.submitDefault") : "" } })}>
        {t("composer.ownSubmit")}
      </Switch>
      {form.submitLabel !== "" && <TextField label={t("composer.submitLabel")} value={form.submitLabel} onChange={(submitLabel) => onChange({ ...draft, form: { ...form, submitLabel } })} />}
    </Frame>
  );
}
