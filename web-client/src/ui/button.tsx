import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaProps, ToggleButton as AriaToggle, type ToggleButtonProps } from "react-aria-components";
import { cx } from "./cx";
import { Icon, type IconName } from "./icon";
import { Tip } from "./overlay";

type Look = "primary" | "plain" | "quiet" | "danger";

const looks: Record<Look, string> = {
  primary: "bg-accent text-accent-ink hover:bg-accent-hover shadow-card",
  plain: "bg-raised text-ink border border-line hover:bg-hover shadow-card",
  quiet: "text-ink-2 hover:bg-hover hover:text-ink",
  danger: "bg-danger text-danger-ink hover:opacity-90",
};
const base =
  "inline-flex items-center justify-center gap-1.5 rounded-md font-medium select-none whitespace-nowrap transition-colors duration-100 disabled:opacity-50";

export interface ButtonProps extends Omit<AriaProps, "children" | "className"> {
  look?: Look;
  size?: "sm" | "md";
  icon?: IconName;
  className?: string;
  children: ReactNode;
}

export function Button({ look = "plain", size = "md", icon, className, children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className={cx(base, looks[look], size === "sm" ? "h-7 px-2 text-sm" : "h-8 px-3 text-sm", className)}>
      {icon && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
}

export interface IconButtonProps extends Omit<AriaProps, "children" | "className"> {
  icon: IconName;
  label: string;
  keys?: string | undefined;
  look?: Look;
  size?: "sm" | "md";
  className?: string | undefined;
}

/** A button that is only an icon; its label is its name and its tooltip. */
export function IconButton({ icon, label, keys, look = "quiet", size = "md", className, ...rest }: IconButtonProps) {
  return (
    <Tip text={label} keys={keys}>
      <AriaButton {...rest} aria-label={label} className={cx(base, looks[look], "shrink-0", size === "sm" ? "size-7" : "size-8", className)}>
        <Icon name={icon} />
      </AriaButton>
    </Tip>
  );
}

export function IconToggle({ icon, label, className, ...rest }: Omit<ToggleButtonProps, "children" | "className"> & { icon: IconName; label: string; className?: string }) {
  return (
    <Tip text={label}>
      <AriaToggle {...rest} aria-label={label} className={cx(base, "size-7 shrink-0 text-ink-2 hover:bg-hover data-[selected]:bg-accent-soft data-[selected]:text-accent-text", className)}>
        <Icon name={icon} />
      </AriaToggle>
    </Tip>
  );
}
