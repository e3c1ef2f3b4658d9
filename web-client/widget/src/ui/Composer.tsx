/** @jsxImportSource preact */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Attachment, Config, Message } from "../protocol";
import { LEAVE, useChat } from "./context";
import { Icon } from "./icons";
import type { Uploads } from "./uploads";

export function Composer({
  config,
  quoting,
  unquote,
  uploads,
  attach,
  remove,
  clear,
}: Uploads & {
  config: Config;
  quoting: Message | null;
  unquote: () => void;
}) {
  const { client, t, kept } = useChat();
  // Somebody came while a message was being left: it goes on here.
  const [text, setText] = useState(() => client.draft() || (kept.get(LEAVE)?.text?.[0] ?? ""));
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const isUploading = uploads.some((upload) => !upload.done && !upload.error);
  const ready = uploads.flatMap((upload): Attachment[] => (upload.done ? [upload.done] : []));
  const isTooLong = [...text].length > config.max_text;
  const maySend = (text.trim() !== "" || ready.length > 0) && !isUploading && !isTooLong;

  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 140)}px`;
  }, [text]);
  useEffect(() => {
    // On touch screens the keyboard would cover what is to be read first.
    if (!matchMedia("(pointer: coarse)").matches) field.current?.focus();
  }, [quoting]);

  const write = (value: string) => {
    setText(value);
    client.keepDraft(value);
    client.typing(value.trim() !== "");
  };
  const send = () => {
    if (!maySend) return;
    const words = text.trim();
    client.send(ready.length > 0 ? { kind: "ATTACHMENT", caption: words || null } : { kind: "TEXT", text: words }, ready, quoting);
    setText("");
    client.keepDraft("");
    kept.delete(LEAVE);
    clear();
    unquote();
    field.current?.focus();
  };
  const pasted = (event: ClipboardEvent) => {
    const files = event.clipboardData?.files;
    if (files && files.length > 0 && config.attachments.is_enabled) {
      event.preventDefault();
      attach(files);
    }
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {quoting && (
        <div class="quoting">
          <blockquote class="quoted">{quoting.text}</blockquote>
          <button type="button" class="icon" aria-label={t("unquote")} title={t("unquote")} onClick={unquote}>
            <Icon name="close" size={16} />
          </button>
        </div>
      )}
      {uploads.length > 0 && (
        <ul class="uploads">
          {uploads.map((upload) => (
            <li key={upload.key} class={upload.error ? "bad" : ""}>
              {upload.preview ? <img src={upload.preview} alt="" onError={(event) => event.currentTarget.remove()} /> : <Icon name="file" size={18} />}
              <span>
                {upload.error ?? upload.name}
                {!upload.done && !upload.error && (
                  <progress max={1} value={upload.part} aria-label={t("uploading", { name: upload.name, n: Math.round(upload.part * 100) })} />
                )}
              </span>
              <button type="button" class="icon" aria-label={t("remove", { name: upload.name })} onClick={() => remove(upload.key)}>
                <Icon name="close" size={16} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {isTooLong && (
        <small class="wrong" role="alert">
          {t("too_long", { n: config.max_text })}
        </small>
      )}
      <div class="writing">
        {config.attachments.is_enabled && (
          <>
            <input
              ref={picker}
              type="file"
              class="hidden"
              multiple
              tabIndex={-1}
              aria-hidden="true"
              accept={config.attachments.mime_types.join(",")}
              onChange={(event) => {
                attach([...(event.currentTarget.files ?? [])]);
                event.currentTarget.value = "";
              }}
            />
            <button type="button" class="icon" aria-label={t("attach")} title={t("attach")} onClick={() => picker.current?.click()}>
              <Icon name="clip" />
            </button>
          </>
        )}
        <textarea
          ref={field}
          rows={1}
          value={text}
          placeholder={t("write")}
          aria-label={t("write")}
          enterkeyhint="send"
          onInput={(event) => write(event.currentTarget.value)}
          onPaste={pasted}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
              event.preventDefault();
              send();
            }
          }}
        />
        <button class="icon send" aria-label={t("send")} title={t("send")} disabled={!maySend}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
