import { useEffect, useMemo } from "react";
import { newClientId } from "../../live/ids";
import type { FileRef } from "../../live/sending";
import { createStore } from "../../live/store";
import type { Capabilities } from "../../session/capabilities";
import { useLive } from "../../session/context";
import { useStore } from "../../ui";
import { type FileProblem, fileProblem } from "./limits";

/** A file of a draft: on its way up, up, or stuck. */
interface Kept {
  readonly key: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  /** How much of it is up, 0…1. */
  readonly share: number;
  /** Its id once it is up. */
  readonly id: string | null;
  /** Code of the refusal, when it could not be uploaded. */
  readonly failure: string | null;
}

export interface FileInWork extends Kept {
  readonly problem: FileProblem | { readonly kind: "upload" } | null;
}

export interface Files {
  readonly files: readonly FileInWork[];
  readonly add: (chosen: Iterable<File>) => void;
  readonly remove: (key: string) => void;
  readonly retry: (key: string) => void;
  readonly clear: () => void;
  readonly areReady: boolean;
  /** What can go along with a message now. */
  readonly refs: readonly FileRef[];
}

type Limits = Pick<Capabilities, "media" | "maxAttachments"> | null;
type Upload = (file: File, progress: (share: number) => void, signal: AbortSignal) => Promise<string>;

/** Which draft the files belong to: the person's, on this interaction, the reply or the note. */
export interface Owner {
  readonly personId: string;
  readonly interactionId: string;
  readonly mode: "reply" | "note";
}

/**
 * The files of one draft. They outlive the composer: walking to another interaction and back, an upload goes on, and
 * what is up is still there after a reload.
 */
export class FileShelf {
  readonly files;
  readonly #key: string;
  readonly #sources = new Map<string, File>();
  readonly #running = new Map<string, AbortController>();

  constructor(owner: Owner) {
    this.#key = `tributary.files.${owner.personId}.${owner.interactionId}.${owner.mode}`;
    const raw = localStorage.getItem(this.#key);
    const refs = raw === null ? [] : (JSON.parse(raw) as FileRef[]);
    this.files = createStore<readonly Kept[]>(refs.map(kept));
  }

  add(chosen: Iterable<File>): void {
    const more: Kept[] = [];
    for (const file of chosen) {
      const key = newClientId();
      this.#sources.set(key, file);
      more.push({ key, name: file.name, size: file.size, type: file.type, share: 0, id: null, failure: null });
    }
    this.#set([...this.files.get(), ...more]);
  }

  /** Files of a send that was taken back; they replace what is there. */
  restore(refs: readonly FileRef[]): void {
    this.clear();
    this.#set(refs.map(kept));
  }

  /** Uploads one that waits; does nothing for one that is under way, up or stuck. */
  start(key: string, upload: Upload): void {
    const file = this.files.get().find((item) => item.key === key);
    const source = this.#sources.get(key);
    if (!file || !source || file.id !== null || file.failure !== null || this.#running.has(key)) return;
    const abort = new AbortController();
    this.#running.set(key, abort);
    upload(source, (share) => this.#patch(key, { share }), abort.signal).then(
      (id) => this.#ended(key, { id, share: 1 }),
      (error: unknown) => this.#ended(key, { failure: codeOf(error), share: 0 }),
    );
  }

  retry(key: string): void {
    this.#patch(key, { failure: null });
  }

  remove(key: string): void {
    this.#running.get(key)?.abort();
    this.#forget(key);
    this.#set(this.files.get().filter((file) => file.key !== key));
  }

  clear(): void {
    for (const file of this.files.get()) this.#forget(file.key);
    this.#set([]);
  }

  #ended(key: string, change: Partial<Kept>): void {
    this.#running.delete(key);
    this.#patch(key, change);
  }

  #forget(key: string): void {
    this.#running.delete(key);
    this.#sources.delete(key);
  }

  #patch(key: string, change: Partial<Kept>): void {
    this.#set(this.files.get().map((file) => (file.key === key ? { ...file, ...change } : file)));
  }

  #set(files: readonly Kept[]): void {
    this.files.set(files);
    const refs = refsOf(files);
    if (refs.length === 0) localStorage.removeItem(this.#key);
    else localStorage.setItem(this.#key, JSON.stringify(refs));
  }
}

const kept = ({ id, name, size, type }: FileRef): Kept => ({ key: id, name, size, type, share: 1, id, failure: null });

const refsOf = (files: readonly Kept[]): FileRef[] => files.flatMap(({ id, name, size, type }) => (id === null ? [] : [{ id, name, size, type }]));

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNAVAILABLE");

const shelves = new Map<string, FileShelf>();

/** The one shelf of a draft. */
export function shelfOf(owner: Owner): FileShelf {
  const name = `${owner.personId}/${owner.interactionId}/${owner.mode}`;
  const known = shelves.get(name) ?? new FileShelf(owner);
  shelves.set(name, known);
  return known;
}

/** Holds each file against what the channel takes; those that are refused do not count towards the number. */
export function checkFiles(files: readonly Kept[], limits: Limits): readonly FileInWork[] {
  let count = 0;
  return files.map((file) => {
    const problem = limits ? fileProblem(file, count, limits) : null;
    if (problem === null) count += 1;
    return { ...file, problem: problem ?? (file.failure === null ? null : { kind: "upload" }) };
  });
}

/** The files of the message being written: checked by the limits of the moment, uploaded at once, attached by id. */
export function useFiles({ personId, interactionId, mode }: Owner, limits: Limits): Files {
  const live = useLive();
  const shelf = useMemo(() => shelfOf({ personId, interactionId, mode }), [personId, interactionId, mode]);
  const known = useStore(shelf.files);
  const files = useMemo(() => checkFiles(known, limits), [known, limits]);

  useEffect(() => {
    for (const file of files) {
      if (file.problem === null) shelf.start(file.key, (source, progress, signal) => live.upload(source, progress, signal));
    }
  }, [files, live, shelf]);

  const good = files.filter((file) => file.problem === null);
  return {
    files,
    add: (chosen) => shelf.add(chosen),
    remove: (key) => shelf.remove(key),
    retry: (key) => shelf.retry(key),
    clear: () => shelf.clear(),
    areReady: good.length === files.length && good.every((file) => file.id !== null),
    refs: refsOf(good),
  };
}
