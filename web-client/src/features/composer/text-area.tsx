import { type ClipboardEvent, type KeyboardEvent, type RefObject, useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePeople } from "../../session/catalog";
import { cx } from "../../ui";

interface AreaProps {
  value: string;
  label: string;
  placeholder: string;
  onChange: (text: string) => void;
  onFiles: (files: Iterable<File>) => void;
  areaRef: RefObject<HTMLTextAreaElement | null>;
  /** Offers people after an `@`. */
  hasMentions?: boolean;
}

const AT = /(?:^|\s)@([\p{L}\p{N}._-]*)$/u;

/** The text field of the composer: grows with its text, takes pasted files, offers people in notes. */
export function Area({ value, label, placeholder, onChange, onFiles, areaRef, hasMentions }: AreaProps) {
  const { t } = useTranslation();
  const people = usePeople();
  const listId = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const found = typed === null ? [] : people.filter((person) => person.name.toLocaleLowerCase().includes(typed.toLocaleLowerCase())).slice(0, 6);

  useEffect(() => {
    const element = areaRef.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, window.innerHeight * 0.38)}px`;
  }, [value, areaRef]);

  const lookForMention = (element: HTMLTextAreaElement) => {
    if (!hasMentions) return;
    const before = element.value.slice(0, element.selectionStart);
    setTyped(AT.exec(before)?.[1] ?? null);
    setActive(0);
  };

  const pick = (name: string) => {
    const element = areaRef.current;
    if (!element) return;
    const caret = element.selectionStart;
    const start = caret - (typed?.length ?? 0);
    onChange(`${value.slice(0, start)}${name} ${value.slice(caret)}`);
    setTyped(null);
    element.focus();
    const after = start + name.length + 1;
    requestAnimationFrame(() => element.setSelectionRange(after, after));
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (found.length === 0) return;
    const current = found[active];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setActive((active + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && current) {
      event.preventDefault();
      pick(current.name);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      setTyped(null);
    }
  };

  const onPaste = (event: ClipboardEvent<HTMLTextAreaElement>) => {
    if (event.clipboardData.files.length > 0) {
      event.preventDefault();
      onFiles(event.clipboardData.files);
    }
  };

  const combobox = hasMentions ? { role: "combobox", "aria-expanded": found.length > 0, "aria-controls": listId, "aria-autocomplete": "list" as const, "aria-activedescendant": found.length > 0 ? `${listId}-${active}` : undefined } : {};
  return (
    <div className="relative">
      <textarea
        ref={areaRef}
        {...combobox}
        rows={2}
        aria-label={label}
        placeholder={placeholder}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
          lookForMention(event.target);
        }}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        onBlur={() => setTyped(null)}
        className="block min-h-16 w-full resize-none bg-transparent px-3 py-2.5 text-base outline-none"
      />
      <ul id={listId} role="listbox" aria-label={t("composer.people")} className={cx("absolute bottom-full left-3 z-10 min-w-52 rounded-lg border border-line bg-raised p-1 text-ink shadow-pop", found.length === 0 && "hidden")}>
        {found.map((person, index) => (
          // The field keeps the focus; keys are handled there.
          <li key={person.id} id={`${listId}-${index}`} role="option" aria-selected={index === active} onPointerDown={(event) => event.preventDefault()} onClick={() => pick(person.name)} className={cx("rounded-md px-2 py-1.5 text-sm", index === active && "bg-accent-soft text-accent-text")}>
            {person.name}
          </li>
        ))}
      </ul>
    </div>
  );
}
