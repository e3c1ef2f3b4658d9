import { useTranslation } from "react-i18next";
import { FileTrigger } from "react-aria-components";
import type { InteractionRowFragment, InteractionStatus } from "../../gql/graphql";
import { Button, cx, Icon, IconButton, type IconName, IconToggle, Menu, MenuItem } from "../../ui";
import type { ComposeKind, Draft } from "./draft";

const tools: readonly { kind: Exclude<ComposeKind, "TEXT">; icon: IconName }[] = [
  { kind: "FORMATTED", icon: "bold" },
  { kind: "RICH_LINK", icon: "link" },
  { kind: "QUICK_REPLIES", icon: "replies" },
  { kind: "LIST_PICKER", icon: "list" },
  { kind: "FORM", icon: "form" },
];

interface FootProps {
  row: InteractionRowFragment;
  draft: Draft;
  isNote: boolean;
  isRich: boolean;
  offered: ReadonlySet<string>;
  /** How much of what the channel takes is used, in its own unit. */
  length: { readonly used: number; readonly max: number };
  isPreviewOn: boolean;
  maySend: boolean;
  mayAttach: boolean;
  onFiles: (files: Iterable<File>) => void;
  onKind: (kind: ComposeKind) => void;
  onChange: (draft: Draft) => void;
  onPreview: (isOn: boolean) => void;
  onSend: (thenStatus?: InteractionStatus) => void;
}

/** The row of tools below the field, and the button that names where it goes. */
export function Foot({ row, draft, isNote, isRich, offered, length: { used, max }, isPreviewOn, maySend, mayAttach, onFiles, onKind, onChange, onPreview, onSend }: FootProps) {
  const { t } = useTranslation();
  const isTooLong = used > max;
  return (
    <div className="flex flex-wrap items-center gap-0.5 border-t border-line px-2 py-1.5">
      {mayAttach && (
        <FileTrigger allowsMultiple onSelect={(chosen) => chosen && onFiles(chosen)}>
          <IconButton icon="attach" size="sm" label={t("composer.attach")} />
        </FileTrigger>
      )}
      {!isNote &&
        tools
          .filter((tool) => offered.has(tool.kind))
          .map((tool) => <IconToggle key={tool.kind} icon={tool.icon} label={t(`composer.kinds.${tool.kind}`)} isSelected={draft.kind === tool.kind} onChange={(isOn) => onKind(isOn ? tool.kind : "TEXT")} />)}
      {!isNote && draft.kind === "FORMATTED" && (
        <Button size="sm" look="quiet" onPress={() => onChange({ ...draft, markup: draft.markup === "HTML" ? "MARKDOWN" : "HTML" })}>
          {t(draft.markup === "HTML" ? "composer.toMarkdown" : "composer.toEditor")}
        </Button>
      )}
      {!isNote && !isRich && <IconToggle icon="card" label={t("composer.preview")} isSelected={isPreviewOn} onChange={onPreview} />}
      <span className="flex-1" />
      {used > max * 0.8 && (
        <span className={cx("px-2 text-xs tabular-nums", isTooLong ? "font-semibold text-danger" : "text-ink-3")} role={isTooLong ? "alert" : undefined}>
          {t("composer.length", { used, max })}
        </span>
      )}
      <div className="ml-auto flex min-w-0">
        <Button size="sm" look="primary" isDisabled={!maySend} onPress={() => onSend()} className={cx("max-w-80 min-w-0", !isNote && "rounded-r-none")}>
          <Icon name={isNote ? "note" : "send"} size={14} />
          <span className="truncate">{isNote ? t("composer.addNote") : t("composer.sendTo", { name: row.contact.name, channel: row.channel.name })}</span>
        </Button>
        {!isNote && (
          <Menu label={t("composer.sendAnd")} trigger={<IconButton icon="chevron" look="primary" size="sm" label={t("composer.sendAnd")} isDisabled={!maySend} className="ml-px rounded-l-none" />} onAction={(status) => onSend(status as InteractionStatus)}>
            <MenuItem id="RESOLVED" icon="check">
              {t("composer.sendAndResolve")}
            </MenuItem>
            <MenuItem id="PENDING" icon="clock">
              {t("composer.sendAndWait")}
            </MenuItem>
          </Menu>
        )}
      </div>
    </div>
  );
}
