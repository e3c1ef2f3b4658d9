import type { ReactNode } from "react";
import { Checkbox as AriaCheckbox, type CheckboxProps, Switch as AriaSwitch, type SwitchProps } from "react-aria-components";
import { Icon } from "./icon";

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
