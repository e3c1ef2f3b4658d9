import { useTranslation } from "react-i18next";
import { Autocomplete, Input, ListBox, ListBoxItem, SearchField, useFilter } from "react-aria-components";
import { Icon, type IconName } from "./icon";
import { Sheet } from "./dialog";

export interface PickItem {
  readonly id: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly icon?: IconName | undefined;
  readonly isOn?: boolean | undefined;
}

interface PickerProps {
  label: string;
  placeholder: string;
  items: readonly PickItem[];
  onPick: (id: string) => void;
  onClose: () => void;
  /** Stays open after a choice. */
  isMultiple?: boolean;
  /** Offered when nothing fits what was typed. */
  onCreate?: ((text: string) => void) | undefined;
}

/** A list to choose from by typing; the palette and every menu with many entries. */
export function Picker({ label, placeholder, items, onPick, onClose, isMultiple, onCreate }: PickerProps) {
  const { t } = useTranslation();
  const { contains } = useFilter({ sensitivity: "base" });
  return (
    <Sheet label={label} isOpen onClose={onClose}>
      <Autocomplete filter={contains}>
        <SearchField
          aria-label={label}
          autoFocus
          className="flex items-center gap-2 border-b border-line px-4"
          onSubmit={(text) => {
            if (onCreate && text.trim() !== "" && !items.some((item) => contains(item.label, text))) {
              onCreate(text.trim());
              onClose();
            }
          }}
        >
          <Icon name="search" className="text-ink-3" />
          <Input placeholder={placeholder} className="h-12 flex-1 bg-transparent text-lg outline-none [&::-webkit-search-cancel-button]:hidden" />
        </SearchField>
        <div
          // A long list scrolls; whoever has no pointer reaches that too.
          tabIndex={0}
          role="region"
          aria-label={label}
          className="max-h-80 overflow-auto focus-visible:-outline-offset-2"
        >
          <ListBox
            aria-label={label}
            items={items}
            className="p-1.5 outline-none"
            renderEmptyState={() => <p className="p-4 text-center text-sm text-ink-3">{t(onCreate ? "ui.createHint" : "ui.nothingFound")}</p>}
            onAction={(key) => {
              if (!isMultiple) onClose();
              onPick(String(key));
            }}
          >
            {(item) => (
              <ListBoxItem id={item.id} textValue={item.label} className="flex items-center gap-3 rounded-md px-3 py-2 text-sm outline-none data-[focused]:bg-accent-soft data-[focused]:text-accent-text">
                {item.icon && <Icon name={item.icon} />}
                <span className="flex-1">{item.label}</span>
                {item.hint && <span className="text-xs">{item.hint}</span>}
                {item.isOn && (
                  <>
                    <Icon name="check" />
                    <span className="sr-only">{t("ui.chosen")}</span>
                  </>
                )}
              </ListBoxItem>
            )}
          </ListBox>
        </div>
      </Autocomplete>
    </Sheet>
  );
}
