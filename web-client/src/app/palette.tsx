import { useTranslation } from "react-i18next";
import { Autocomplete, Input, ListBox, ListBoxItem, SearchField, useFilter } from "react-aria-components";
import type en from "../i18n/en.json";
import { Icon, readableKeys, Sheet, useCommands, useStore } from "../ui";

type CommandLabel = `commands.${keyof (typeof en)["commands"]}`;

/** Every command that makes sense now, found by typing. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const registry = useCommands();
  useStore(registry.commands);
  const { contains } = useFilter({ sensitivity: "base" });
  const names = { control: t("keys.control"), shift: t("keys.shift") };
  const commands = registry.available().filter((command) => command.id !== "app.palette");
  return (
    <Sheet label={t("commands.palette")} isOpen onClose={onClose}>
      <Autocomplete filter={contains}>
        <SearchField aria-label={t("commands.palette")} autoFocus className="flex items-center gap-2 border-b border-line px-4">
          <Icon name="search" className="text-ink-3" />
          <Input placeholder={t("palette.placeholder")} className="h-12 flex-1 bg-transparent text-lg outline-none [&::-webkit-search-cancel-button]:hidden" />
        </SearchField>
        <ListBox
          aria-label={t("palette.commands")}
          className="max-h-80 overflow-auto p-1.5 outline-none"
          renderEmptyState={() => <p className="p-4 text-center text-sm text-ink-3">{t("palette.nothing")}</p>}
          onAction={(key) => {
            onClose();
            // After the dialog gave the focus back.
            setTimeout(() => registry.run(String(key)));
          }}
        >
          {commands.map((command) => {
            const label = t(command.label as CommandLabel);
            const keys = registry.keysOf(command)[0];
            return (
              <ListBoxItem key={command.id} id={command.id} textValue={label} className="flex items-center gap-3 rounded-md px-3 py-2 text-sm outline-none data-[focused]:bg-accent-soft data-[focused]:text-accent-text">
                <span className="flex-1">{label}</span>
                {keys && <kbd className="font-sans text-xs">{readableKeys(keys, names)}</kbd>}
              </ListBoxItem>
            );
          })}
        </ListBox>
      </Autocomplete>
    </Sheet>
  );
}
