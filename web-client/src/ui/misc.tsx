import type { ReactNode } from "react";
import { cx } from "./cx";
import { Icon, type IconName } from "./icon";

export type Tone = "plain" | "accent" | "danger" | "warn" | "ok" | "note";

const tones: Record<Tone, string> = {
  plain: "bg-sunken text-ink-2",
  accent: "bg-accent-soft text-accent-text",
  danger: "bg-danger-soft text-danger",
  warn: "bg-warn-soft text-warn",
  ok: "bg-ok-soft text-ok",
  note: "bg-note text-note-ink",
};

export function Badge({ tone = "plain", icon, children, className }: { tone?: Tone; icon?: IconName; children: ReactNode; className?: string }) {
  return (
    <span className={cx("inline-flex h-5 max-w-full items-center gap-1 rounded-full px-2 text-xs font-medium", tones[tone], className)}>
      {icon && <Icon name={icon} size={12} />}
      <span className="truncate">{children}</span>
    </span>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const first = [...(words[0] ?? "")][0] ?? "?";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toLocaleUpperCase();
}

/** Hues far enough from the signal colours, chosen by the name so that a person keeps theirs. */
function hue(name: string): number {
  let sum = 0;
  for (const unit of name) sum = (sum * 31 + (unit.codePointAt(0) ?? 0)) % 360;
  return sum;
}

export function Avatar({ name, size = 32, badge }: { name: string; size?: number; badge?: ReactNode }) {
  const angle = hue(name);
  return (
    <span className="relative inline-flex shrink-0" style={{ width: size, height: size }}>
      <span
        aria-hidden="true"
        // As generated content: the letters are a picture of the name, no text of their own.
        data-initials={initials(name)}
        className="flex size-full items-center justify-center rounded-full font-semibold before:content-[attr(data-initials)]"
        style={{
          fontSize: size * 0.38,
          background: `light-dark(oklch(0.92 0.045 ${angle}), oklch(0.33 0.05 ${angle}))`,
          color: `light-dark(oklch(0.38 0.09 ${angle}), oklch(0.88 0.06 ${angle}))`,
        }}
      />
      {badge && <span className="absolute -right-1 -bottom-1">{badge}</span>}
    </span>
  );
}

export function EmptyState({ icon, title, text, action }: { icon: IconName; title: string; text?: string; action?: ReactNode }) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center">
      <span className="mb-1 flex size-11 items-center justify-center rounded-full bg-accent-soft text-accent-text">
        <Icon name={icon} size={22} />
      </span>
      <p className="text-base font-semibold">{title}</p>
      {text && <p className="max-w-80 text-sm text-ink-3">{text}</p>}
      {action}
    </div>
  );
}

/** Grey lines in the shape of what is coming. */
export function Skeleton({ lines = 3, className }: { lines?: number; className?: string }) {
  return (
    <div aria-hidden="true" className={cx("flex flex-col gap-3 p-4", className)}>
      {Array.from({ length: lines }, (_, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- they are all the same.
        <div key={index} className="flex gap-3">
          <div className="skeleton size-8 rounded-full" />
          <div className="flex-1 space-y-2 py-1">
            <div className="skeleton h-2.5" style={{ width: `${40 + ((index * 17) % 35)}%` }} />
            <div className="skeleton h-2.5" style={{ width: `${60 + ((index * 29) % 35)}%` }} />
          </div>
        </div>
      ))}
    </div>
  );
}

export function Notice({ tone = "warn", icon = "warning", children, action }: { tone?: Tone; icon?: IconName; children: ReactNode; action?: ReactNode }) {
  return (
    <div className={cx("flex items-start gap-2 rounded-md px-3 py-2 text-sm", tones[tone])}>
      <Icon name={icon} className="mt-0.5" />
      <div className="min-w-0 flex-1">{children}</div>
      {action}
    </div>
  );
}
