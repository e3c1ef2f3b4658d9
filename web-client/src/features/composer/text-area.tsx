import { type ClipboardEvent, type KeyboardEvent, type RefObject, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PersonRef } from "../../live/sending";
import { usePeople } from "../../session/catalog";
import { cx } from "../../ui";

interface AreaProps {
  value: string;
  label: string;
  placeholder: string;
  onChange: (text: string) => void;
  onFiles: (files: Iterable<File>) => void;
  areaRef: RefObject<HTMLTextAreaElement | null>;
  /** Offers people after an `@`; called with the new text and whom it names. */
  onMention?: (text: string, person: PersonRef) => void;
}

const AT = /(?:^|\s)@([\p{L}\p{N}._-]*)$/u;

/** The text field of the composer: grows with its text, takes pasted files, offers people in notes. */
export function Area({ value, label, placeholder, onChange, onFiles, areaRef, onMention }: AreaProps) {
  const { t } = useTranslation();
  const people = usePeople();
  const listId = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const caretAfter = useRef<number | null>(null);
  const found = typed === null ? [] : people.filter((person) => person.name.toLocaleLowerCase().includes(typed.toLocaleLowerCase())).slice(0, 6);

  useEffect(() => {
    const element = areaRef.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, window.innerHeight * 0.38)}px`;
  }, [value, areaRef]);

  // With the text and not a frame later: what is typed meanwhile would land elsewhere.
  useLayoutEffect(() => {
    const at = caretAfter.current;
    caretAfter.current = null;
    if (at !== null) areaRef.current?.setSelectionRange(at, at);
  }, [value, areaRef]);

  const lookForMention = (element: HTMLTextAreaElement) => {
    if (!onMention) return;
    const before = element.value.slice(0, element.selectionStart);
    setTyped(AT.exec(before)?.[1] ?? null);
    setActive(0);
  };

  const pick = ({ id, name }: PersonRef) => {
    const element = areaRef.current;
    if (!element || !onMention) return;
    const caret = element.selectionStart;
    const start = caret - (typed?.length ?? 0);
    onMention(`${value.slice(0, start)}${name} ${value.slice(caret)}`, { id, name });
    setTyped(null);
    element.focus();
    caretAfter.current = start + name.length + 1;
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (found.length === 0) return;
    const current = found[active];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setActive((active + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && current) {
      event.preventDefault();
      pick(current);
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

  const suggestions = onMention ? { "aria-controls": listId, "aria-autocomplete": "list" as const, "aria-activedescendant": found.length > 0 ? `${listId}-${active}` : undefined } : {};
  return (
    <div className="relative">
      <textarea
        ref={areaRef}
        {...suggestions}
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
          <li key={person.id} id={`${listId}-${index}`} role="option" aria-selected={index === active} onPointerDown={(event) => event.preventDefault()} onClick={() => pick(person)} className={cx("rounded-md px-2 py-1.5 text-sm", index === active && "bg-accent-soft text-accent-text")}>
            {person.name}
          </li>
        ))}
      </ul>
    </div>
  );
}
