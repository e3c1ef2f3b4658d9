import type { ReactNode } from "react";
import { FieldError, Input, Label, Text, TextArea as AriaTextArea, TextField as AriaTextField, type TextFieldProps as AriaTextFieldProps } from "react-aria-components";
import { cx } from "./cx";

export const box =
  "w-full rounded-md border border-line-strong/60 bg-surface px-2.5 text-base text-ink outline-none transition-colors hover:border-line-strong focus:border-accent focus:outline-2 focus:-outline-offset-1 focus:outline-accent data-[invalid]:border-danger disabled:opacity-60";
export const labelLook = "text-sm font-medium text-ink-2";

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
    // Errors come from the server: the browser must not hold the corrected form back because of the old ones.
    <AriaTextField validationBehavior="aria" {...rest} isInvalid={error !== undefined} className={cx("flex flex-col gap-1", className)}>
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
