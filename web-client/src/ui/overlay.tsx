import type { ReactElement, ReactNode } from "react";
import {
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  type MenuItemProps,
  MenuTrigger,
  Popover as AriaPopover,
  type PopoverProps,
  Separator,
  Tooltip,
  TooltipTrigger,
} from "react-aria-components";
import { cx } from "./cx";
import { Icon, type IconName } from "./icon";

/** A tooltip with the keys that do the same. */
export function Tip({ text, keys, children }: { text: string; keys?: string | undefined; children: ReactElement }) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      {children}
      <Tooltip offset={6} className="rise z-50 flex items-center gap-2 rounded-md bg-ink px-2 py-1 text-xs text-canvas shadow-pop">
        {text}
        {keys && <kbd className="rounded-sm border border-current/40 px-1 font-sans">{keys}</kbd>}
      </Tooltip>
    </TooltipTrigger>
  );
}

export function Popover({ className, ...rest }: PopoverProps & { className?: string }) {
  return <AriaPopover offset={4} {...rest} className={cx("rise max-h-[70vh] overflow-auto rounded-lg border border-line bg-raised shadow-pop outline-none", className)} />;
}

/** A button and the menu it opens. `trigger` is a button of ours. */
export function Menu({ trigger, label, children, onAction }: { trigger: ReactElement; label: string; children: ReactNode; onAction?: (key: string) => void }) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover placement="bottom end" className="min-w-44">
        <AriaMenu aria-label={label} className="p-1 outline-none" {...(onAction ? { onAction: (key) => onAction(String(key)) } : {})}>
          {children}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

export function MenuItem({ icon, keys, isDanger, children, ...rest }: Omit<MenuItemProps, "children" | "className"> & { icon?: IconName; keys?: string | undefined; isDanger?: boolean; children: string }) {
  return (
    <AriaMenuItem
      {...rest}
      textValue={children}
      className={cx(
        "flex items-center gap-2 rounded-md px-2 py-1.5 text-sm outline-none data-[focused]:bg-hover data-[disabled]:opacity-50",
        isDanger && "text-danger",
      )}
    >
      {icon && <Icon name={icon} className={isDanger ? undefined : "text-ink-3"} />}
      <span className="flex-1">{children}</span>
      {keys && <kbd className="font-sans text-xs text-ink-3">{keys}</kbd>}
    </AriaMenuItem>
  );
}

export function MenuLine() {
  return <Separator className="my-1 h-px bg-line" />;
}
