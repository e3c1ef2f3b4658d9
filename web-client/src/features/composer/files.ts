import { useCallback, useEffect, useRef, useState } from "react";
import { newClientId } from "../../live/ids";
import type { Capabilities } from "../../session/capabilities";
import { useLive } from "../../session/context";
import { type FileProblem, fileProblem } from "./limits";

export interface FileInWork {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly share: number;
  readonly id: string | null;
  readonly problem: FileProblem | { readonly kind: "upload"; readonly message: string } | null;
}

export interface Files {
  readonly files: readonly FileInWork[];
  readonly add: (chosen: Iterable<File>) => void;
  readonly remove: (key: string) => void;
  readonly clear: () => void;
  readonly areReady: boolean;
  readonly ids: readonly string[];
}

/** The files of the message being written: checked, uploaded at once, attached by id. */
export function useFiles(limits: Pick<Capabilities, "media" | "maxAttachments"> | null): Files {
  const live = useLive();
  const [files, setFiles] = useState<readonly FileInWork[]>([]);
  const aborts = useRef(new Map<string, AbortController>());

  const patch = useCallback((key: string, change: Partial<FileInWork>) => setFiles((known) => known.map((file) => (file.key === key ? { ...file, ...change } : file))), []);

  const add = useCallback(
    (chosen: Iterable<File>) => {
      let count = files.filter((file) => file.problem === null).length;
      for (const file of chosen) {
        const key = newClientId();
        const problem = limits ? fileProblem(file, count, limits) : null;
        setFiles((known) => [...known, { key, name: file.name, size: file.size, share: 0, id: null, problem }]);
        if (problem) continue;
        count += 1;
        const abort = new AbortController();
        aborts.current.set(key, abort);
        live
          .upload(file, (share) => patch(key, { share }), abort.signal)
          .then(
            (id) => patch(key, { id, share: 1 }),
            (error: unknown) => patch(key, { problem: { kind: "upload", message: error instanceof Error ? error.message : "" } }),
          );
      }
    },
    [files, limits, live, patch],
  );

  const remove = useCallback((key: string) => {
    aborts.current.get(key)?.abort();
    aborts.current.delete(key);
    setFiles((known) => known.filter((file) => file.key !== key));
  }, []);

  const clear = useCallback(() => setFiles([]), []);

  useEffect(() => {
    const running = aborts.current;
    return () => {
      for (const abort of running.values()) abort.abort();
    };
  }, []);

  const good = files.filter((file) => file.problem === null);
  return { files, add, remove, clear, areReady: files.length === good.length && good.every((file) => file.id !== null), ids: good.flatMap((file) => (file.id === null ? [] : [file.id])) };
}
