import { createContext, type ReactNode, useContext, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { createStore, type Store } from "../live/store";

/** One thing a person can do, wherever it is offered: key, palette, menu. */
export interface Command {
  readonly id: string;
  /** Key of its name in the translations. */
  readonly label: string;
  readonly group: "go" | "list" | "interaction" | "composer" | "app";
  /** Such as `j`, `g i`, `Mod+k`, `Mod+Shift+Enter`, `Alt+ArrowUp`. Matched by what the key types, not where it lies. */
  readonly keys?: readonly string[];
  /** Whether it makes sense now. */
  readonly guard?: () => boolean;
  readonly run: () => void;
}

export interface KeySettings {
  /** Single keys may be switched off altogether. */
  readonly areSingleKeysOn: boolean;
  /** Keys chosen by the person, by command. */
  readonly remapped: Readonly<Record<string, readonly string[]>>;
}

const SEQUENCE_MS = 1_000;

/** Where letters are meant for what has the focus: fields, controls that choose by letter, and whole parts that say so. */
const QUIET = 'input,textarea,select,[role="radio"],[role="tab"],[role="listbox"],[role="spinbutton"],[aria-haspopup="listbox"],[data-keys="off"]';

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest(QUIET) !== null);
}

/** The one list of commands and the keys that lead to them. */
export class CommandRegistry {
  readonly commands: Store<readonly Command[]> = createStore<readonly Command[]>([]);
  readonly settings: Store<KeySettings>;
  #prefix: { key: string; at: number } | null = null;

  constructor(settings: KeySettings = { areSingleKeysOn: true, remapped: {} }) {
    this.settings = createStore(settings);
  }

  add(command: Command): () => void {
    this.commands.set([...this.commands.get().filter((known) => known.id !== command.id), command]);
    return () => this.commands.set(this.commands.get().filter((known) => known !== command));
  }

  keysOf(command: Command): readonly string[] {
    return this.settings.get().remapped[command.id] ?? command.keys ?? [];
  }

  available(): readonly Command[] {
    return this.commands.get().filter((command) => command.guard?.() !== false);
  }

  run(id: string): boolean {
    const command = this.commands.get().find((known) => known.id === id);
    if (!command || command.guard?.() === false) return false;
    command.run();
    return true;
  }

  /** Runs what the key means. Returns whether it meant something. */
  handle(event: KeyboardEvent): boolean {
    if (event.isComposing || event.repeat || event.defaultPrevented) return false;
    const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
    const found = hasModifier ? this.#byChord(event) : this.#bySingle(event);
    if (!found) return false;
    event.preventDefault();
    found.run();
    return true;
  }

  #byChord(event: KeyboardEvent): Command | undefined {
    const parts: string[] = [];
    if (event.ctrlKey || event.metaKey) parts.push("Mod");
    if (event.altKey) parts.push("Alt");
    if (event.shiftKey) parts.push("Shift");
    parts.push(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    return this.#find(parts.join("+"));
  }

  #bySingle(event: KeyboardEvent): Command | undefined {
    if (!this.settings.get().areSingleKeysOn || isTyping(event.target) || document.querySelector('[role="dialog"],[role="menu"],[role="listbox"][data-rac-overlay]')) return undefined;
    const now = event.timeStamp;
    const prefix = this.#prefix && now - this.#prefix.at < SEQUENCE_MS ? this.#prefix.key : null;
    this.#prefix = null;
    if (prefix !== null) return this.#find(`${prefix} ${event.key}`);
    const found = this.#find(event.key);
    if (!found && this.commands.get().some((command) => this.keysOf(command).some((keys) => keys.startsWith(`${event.key} `)))) {
      this.#prefix = { key: event.key, at: now };
    }
    return found;
  }

  #find(keys: string): Command | undefined {
    return this.available().find((command) => this.keysOf(command).includes(keys));
  }
}

const Context = createContext<CommandRegistry | null>(null);

export function CommandProvider({ registry, children }: { registry: CommandRegistry; children: ReactNode }) {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => void registry.handle(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [registry]);
  return <Context value={registry}>{children}</Context>;
}

export function useCommands(): CommandRegistry {
  const registry = useContext(Context);
  if (!registry) throw new Error("useCommands outside of CommandProvider");
  return registry;
}

/** Registers commands for as long as the component lives; what they do may change with every render. */
export function useCommandList(commands: readonly Command[]): void {
  const registry = useCommands();
  const latest = useRef(commands);
  // Before the page is painted: what is in sight answers to its keys.
  useLayoutEffect(() => {
    latest.current = commands;
  });
  const shape = useMemo(() => JSON.stringify(commands.map(({ id, label, group, keys }) => ({ id, label, group, keys }))), [commands]);
  useLayoutEffect(() => {
    const known = JSON.parse(shape) as Pick<Command, "id" | "label" | "group" | "keys">[];
    const find = (id: string) => latest.current.find((command) => command.id === id);
    const removers = known.map((command) => registry.add({ ...command, guard: () => find(command.id)?.guard?.() ?? true, run: () => find(command.id)?.run() }));
    return () => {
      for (const remove of removers) remove();
    };
  }, [registry, shape]);
}

const isMac = typeof navigator !== "undefined" && /mac/iu.test(navigator.platform);

/** Keys as a person reads them. */
export function readableKeys(keys: string, names: { control: string; shift: string }): string {
  return keys
    .replace("Mod", isMac ? "⌘" : names.control)
    .replace("Shift", isMac ? "⇧" : names.shift)
    .replace("Alt", isMac ? "⌥" : "Alt")
    .replace("Enter", "↵")
    .replace("ArrowUp", "↑")
    .replace("ArrowDown", "↓")
    .replaceAll("+", isMac ? "" : "+")
    .replace("Escape", "Esc");
}
