import { useRef, useState } from "preact/hooks";
import type { Attachment } from "../protocol";
import type { Chat } from "./context";

export interface Upload {
  key: string;
  name: string;
  part: number;
  preview: string | null;
  done: Attachment | null;
  error: string | null;
}

export interface Uploads {
  uploads: readonly Upload[];
  attach: (files: Iterable<File>) => void;
  remove: (key: string) => void;
  clear: () => void;
}

/** The files of the message being written: checked here, uploaded at once, sent with the message. */
export function useUploads({ client, t }: Chat): Uploads {
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const keys = useRef(0);
  const cancels = useRef(new Map<string, () => void>());
  const change = (key: string, part: Partial<Upload>) =>
    setUploads((before) => before.map((upload) => (upload.key === key ? { ...upload, ...part } : upload)));

  const attach = (files: Iterable<File>) => {
    const limits = client.store.get().config?.attachments;
    if (!limits?.is_enabled) return;
    const { max_bytes, max_count, mime_types } = limits;
    let count = uploads.filter((upload) => !upload.error).length;
    for (const file of files) {
      const { name } = file;
      const key = String(keys.current++);
      const error =
        ++count > max_count
          ? t("too_many", { n: max_count })
          : file.size > max_bytes
            ? t("too_large", { name, n: Math.floor(max_bytes / 1e6) })
            : takes(mime_types, file.type)
              ? null
              : t("wrong_type", { name });
      const preview = !error && /^image\/(png|jpe?g|gif|webp)$/.test(file.type) ? URL.createObjectURL(file) : null;
      setUploads((before) => [...before, { key, name, part: 0, preview, done: null, error }]);
      if (error) continue;
      const { done, cancel } = client.upload(file, (part) => change(key, { part }));
      cancels.current.set(key, cancel);
      done.then(
        (stored) => change(key, { done: stored }),
        () => change(key, { error: t("upload_failed", { name }) }),
      );
    }
  };
  const forget = (gone: readonly Upload[]) => {
    for (const upload of gone) {
      if (!upload.done) cancels.current.get(upload.key)?.();
      cancels.current.delete(upload.key);
      if (upload.preview) URL.revokeObjectURL(upload.preview);
    }
  };
  return {
    uploads,
    attach,
    remove: (key: string) => {
      forget(uploads.filter((upload) => upload.key === key));
      setUploads((before) => before.filter((upload) => upload.key !== key));
    },
    clear: () => {
      forget(uploads);
      setUploads([]);
    },
  };
}

export function takes(allowed: readonly string[], mime: string): boolean {
  return allowed.some((type) => type === "*" || type === "*/*" || type === mime || (type.endsWith("/*") && mime.startsWith(type.slice(0, -1))));
}
