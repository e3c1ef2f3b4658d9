import {
  Button as AriaButton,
  FieldError,
  Label,
  ListBox,
  ListBoxItem,
  Select as AriaSelect,
  SelectValue,
  Text,
} from "react-aria-components";
import { cx } from "./cx";
import { box, labelLook } from "./field";
import { Icon } from "./icon";
import { Popover } from "./overlay";

export interface Option {
  readonly id: string;
  readonly label: string;
}

interface ChoiceProps {
  label: string;
  options: readonly Option[];
  value: string | null;
  onChange: (id: string) => void;
  placeholder?: string;
  isRequired?: boolean;
  isLabelHidden?: boolean;
  hint?: string | undefined;
  error?: string | undefined;
  className?: string;
  size?: "sm" | "md";
}

const item =
  "flex items-center gap-2 rounded-md px-2 py-1.5 text-sm outline-none data-[focused]:bg-hover data-[selected]:font-medium data-[selected]:text-accent-text";

export function Select({ label, options, value, onChange, placeholder, isRequired, isLabelHidden, hint, error, className, size = "md" }: ChoiceProps) {
  return (
    <AriaSelect
      validationBehavior="aria"
      value={value}
      onChange={(key) => key !== null && onChange(String(key))}
      isInvalid={error !== undefined}
      isRequired={isRequired ?? false}
      placeholder={placeholder ?? ""}
      className={cx("flex flex-col gap-1", className)}
    >
      <Label className={isLabelHidden ? "sr-only" : labelLook}>
        {label}
        {isRequired && <span className="text-danger"> *</span>}
      </Label>
      <AriaButton className={cx(box, "flex items-center gap-2 text-left", size === "sm" ? "h-7 text-sm" : "h-8")}>
        <SelectValue className="flex-1 truncate data-[placeholder]:text-ink-3" />
        <Icon name="chevron" size={14} className="text-ink-3" />
      </AriaButton>
      {hint && (
        <Text slot="description" className="text-xs text-ink-3">
          {hint}
        </Text>
      )}
      <FieldError className="text-xs text-danger">{error}</FieldError>
      <Popover className="min-w-(--trigger-width)">
        <ListBox className="max-h-72 overflow-auto p-1 outline-none" items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.label} className={item}>
              {option.label}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
