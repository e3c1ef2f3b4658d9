import type { ReactNode } from "react";
import {
  Button as AriaButton,
  Checkbox as AriaCheckbox,
  type CheckboxProps,
  ComboBox as AriaComboBox,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Select as AriaSelect,
  SelectValue,
  Switch as AriaSwitch,
  type SwitchProps,
  Text,
  TextArea as AriaTextArea,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
} from "react-aria-components";
import { cx } from "./cx";
import { Icon } from "./icon";
import { Popover } from "./overlay";

const box =
  "w-full rounded-md border border-line-strong/60 bg-surface px-2.5 text-base text-ink outline-none transition-colors hover:border-line-strong focus:border-accent focus:outline-2 focus:-outline-offset-1 focus:outline-accent data-[invalid]:border-danger disabled:opacity-60";
const labelLook = "text-sm font-medium text-ink-2";

export interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "children"> {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  placeholder?: string;
  /** Lines; more than one makes a text area. */
  rows?: number;
  className?: string;
  isLabelHidden?: boolean;
  isMono?: boolean;
}

export function TextField({ label, hint, error, placeholder, rows, className, isLabelHidden, isMono, ...rest }: TextFieldProps) {
  const look = cx(box, isMono && "font-mono text-sm");
  return (
    <AriaTextField {...rest} isInvalid={error !== undefined} className={cx("flex flex-col gap-1", className)}>
      <Label className={isLabelHidden ? "sr-only" : labelLook}>
        {label}
        {rest.isRequired && <span className="text-danger"> *</span>}
      </Label>
      {rows && rows > 1 ? <AriaTextArea rows={rows} placeholder={placeholder ?? ""} className={cx(look, "resize-y py-1.5")} /> : <Input placeholder={placeholder ?? ""} className={cx(look, "h-8")} />}
      {hint && (
        <Text slot="description" className="text-xs text-ink-3">
          {hint}
        </Text>
      )}
      <FieldError className="text-xs text-danger">{error}</FieldError>
    </AriaTextField>
  );
}

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

export function ComboBox({ label, options, value, onChange, placeholder, isRequired, isLabelHidden, error, className, onInput }: ChoiceProps & { onInput?: (text: string) => void }) {
  return (
    <AriaComboBox
      value={value}
      onChange={(key) => key !== null && onChange(String(key))}
      isInvalid={error !== undefined}
      isRequired={isRequired ?? false}
      menuTrigger="focus"
      allowsEmptyCollection
      defaultItems={options}
      {...(onInput ? { onInputChange: onInput } : {})}
      className={cx("flex flex-col gap-1", className)}
    >
      <Label className={isLabelHidden ? "sr-only" : labelLook}>{label}</Label>
      <div className="relative">
        <Input placeholder={placeholder ?? ""} className={cx(box, "h-8 pr-8")} />
        <AriaButton className="absolute inset-y-0 right-0 flex w-8 items-center justify-center text-ink-3">
          <Icon name="chevron" size={14} />
        </AriaButton>
      </div>
      <FieldError className="text-xs text-danger">{error}</FieldError>
      <Popover className="min-w-(--trigger-width)">
        <ListBox className="max-h-72 overflow-auto p-1 outline-none">
          {(option: Option) => (
            <ListBoxItem id={option.id} textValue={option.label} className={item}>
              {option.label}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaComboBox>
  );
}

export function Switch({ children, hint, ...rest }: Omit<SwitchProps, "className" | "children"> & { children: ReactNode; hint?: string }) {
  return (
    <AriaSwitch {...rest} className="group flex items-start gap-2.5 text-sm">
      <span className="mt-0.5 flex h-4.5 w-8 shrink-0 items-center rounded-full border border-line-strong bg-sunken p-0.5 transition-colors group-data-[selected]:border-accent group-data-[selected]:bg-accent group-data-[focus-visible]:outline-2 group-data-[focus-visible]:outline-offset-2 group-data-[focus-visible]:outline-accent">
        <span className="size-3 rounded-full bg-line-strong transition-transform group-data-[selected]:translate-x-3.5 group-data-[selected]:bg-accent-ink" />
      </span>
      <span>
        {children}
        {hint && <span className="block text-xs text-ink-3">{hint}</span>}
      </span>
    </AriaSwitch>
  );
}

export function Checkbox({ children, ...rest }: Omit<CheckboxProps, "className" | "children"> & { children: ReactNode }) {
  return (
    <AriaCheckbox {...rest} className="group flex items-center gap-2 text-sm">
      <span className="flex size-4 shrink-0 items-center justify-center rounded-sm border border-line-strong bg-surface text-accent-ink group-data-[selected]:border-accent group-data-[selected]:bg-accent group-data-[focus-visible]:outline-2 group-data-[focus-visible]:outline-offset-1 group-data-[focus-visible]:outline-accent">
        <Icon name="check" size={12} className="opacity-0 group-data-[selected]:opacity-100" />
      </span>
      {children}
    </AriaCheckbox>
  );
}
