import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { InteractionRowFragment } from "../../gql/graphql";
import type { Capabilities } from "../../session/capabilities";
import { lazily } from "../../ui";
import type { Draft } from "./draft";
import { Area } from "./text-area";

const StructuredEditor = lazily(() => import("./editors").then((module) => module.StructuredEditor));
const RichEditor = lazily(() => import("./rich-editor").then((module) => module.RichEditor));

interface BodyProps {
  row: InteractionRowFragment;
  draft: Draft;
  isNote: boolean;
  capabilities: Capabilities | null;
  areaRef: RefObject<HTMLTextAreaElement | null>;
  onChange: (draft: Draft) => void;
  onFiles: (files: Iterable<File>) => void;
}

/** The field or the fields of what is being written. */
export function Body({ row, draft, isNote, capabilities, areaRef, onChange, onFiles }: BodyProps) {
  const { t } = useTranslation();
  const { name } = row.contact;
  const field = { areaRef, onFiles, label: t("composer.replyTo", { name }), placeholder: t("composer.replyPlaceholder", { name, channel: row.channel.name }) };
  if (isNote) {
    return (
      <Area
        {...field}
        value={draft.note}
        label={t("composer.note")}
        placeholder={t("composer.notePlaceholder")}
        onChange={(note) => onChange({ ...draft, note })}
        onMention={(note, person) => onChange({ ...draft, note, mentions: [...draft.mentions, person] })}
      />
    );
  }
  if (draft.kind === "TEXT") return <Area {...field} value={draft.text} onChange={(text) => onChange({ ...draft, text })} />;
  if (draft.kind === "FORMATTED") {
    if (draft.markup === "MARKDOWN") return <Area {...field} placeholder={t("composer.markdownPlaceholder")} value={draft.markdown} onChange={(markdown) => onChange({ ...draft, markdown })} />;
    return <RichEditor fallback={<div className="h-24" />} html={draft.html} label={field.label} placeholder={field.placeholder} onChange={(html) => onChange({ ...draft, html })} />;
  }
  return capabilities && <StructuredEditor fallback={<div className="h-40" />} kind={draft.kind} draft={draft} limits={capabilities.rich} onChange={onChange} />;
}
