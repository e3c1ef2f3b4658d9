import { useTranslation } from "react-i18next";
import type en from "../i18n/en.json";
import { readableKeys, useCommands, useStore } from "../ui";
import { Picker } from "../ui/picker";

type CommandLabel = `commands.${keyof (typeof en)["commands"]}`;

/** Every command that makes sense now, found by typing. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const registry = useCommands();
  useStore(registry.commands);
  const names = { control: t("keys.control"), shift: t("keys.shift") };
  const items = registry
    .available()
    .filter((command) => command.id !== "app.palette")
    .map((command) => {
      const keys = registry.keysOf(command)[0];
      return { id: command.id, label: t(command.label as CommandLabel), hint: keys && readableKeys(keys, names) };
    });
  return (
    <Picker
      label={t("commands.palette")}
      placeholder={t("palette.placeholder")}
      items={items}
      onClose={onClose}
      // After the dialog gave the focus back.
      onPick={(id) => setTimeout(() => registry.run(id))}
    />
  );
}
