import { useTranslation } from "react-i18next";
import type en from "../i18n/en.json";
import { type Command, Dialog, readableKeys, useCommands, useStore } from "../ui";

const groups: readonly Command["group"][] = ["list", "interaction", "composer", "go", "app"];

/** All keys, by what they are for. */
export function KeyHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const registry = useCommands();
  const commands = useStore(registry.commands);
  const names = { control: t("keys.control"), shift: t("keys.shift") };
  return (
    <Dialog title={t("commands.help")} isOpen onClose={onClose} width="lg">
      <div className="columns-1 gap-8 sm:columns-2">
        {groups.map((group) => {
          const own = commands.filter((command) => command.group === group && registry.keysOf(command).length > 0);
          if (own.length === 0) return null;
          return (
            <section key={group} className="mb-5 break-inside-avoid">
              <h3 className="mb-1.5 text-sm font-semibold text-ink-2">{t(`keys.groups.${group}`)}</h3>
              <dl>
                {own.map((command) => (
                  <div key={command.id} className="flex items-baseline gap-3 border-b border-line py-1 text-sm">
                    <dt className="flex-1">{t(command.label as `commands.${keyof (typeof en)["commands"]}`)}</dt>
                    <dd className="flex gap-1">
                      {registry.keysOf(command).map((keys) => (
                        <kbd key={keys} className="rounded-sm border border-line bg-sunken px-1.5 font-sans text-xs">
                          {readableKeys(keys, names)}
                        </kbd>
                      ))}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          );
        })}
      </div>
    </Dialog>
  );
}
