/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import type { Attachment, Picture } from "../protocol";
import { useChat } from "./context";
import { Icon } from "./icons";

export function Files({ files }: { files: readonly Attachment[] }) {
  const shown = files.filter((file) => !file.is_inline);
  return shown.length > 0 ? (
    <div class="files">
      {shown.map((file) => (
        <FileView key={file.id} file={file} />
      ))}
    </div>
  ) : null;
}

function FileView({ file }: { file: Attachment }) {
  const { client, t, locale } = useChat();
  const [url, setUrl] = useState(() => client.absolute(file.url));
  const [tries, setTries] = useState(0);
  const size = bytes(file.bytes, locale);
  // Addresses run out: one that is old is renewed before it is followed.
  const follow = (event: MouseEvent) => {
    event.preventDefault();
    client.fileUrl(file).then(
      (fresh) => window.open(fresh, "_blank", "noopener"),
      () => window.open(url, "_blank", "noopener"),
    );
  };
  const retry = () => {
    setTries(tries + 1);
    if (tries === 0) client.fileUrl(file, true).then(setUrl, () => setTries(2));
  };
  const link = (inside: preact.ComponentChildren, name: string) => (
    <a class={name} href={url} target="_blank" rel="noopener" aria-label={t("file", { name: file.name, size })} onClick={follow}>
      {inside}
    </a>
  );
  if (/^image\/(png|jpe?g|gif|webp|avif)$/.test(file.mime) && tries < 2) {
    const { width, height } = file;
    return link(
      <img
        src={url}
        alt={t("picture", { name: file.name })}
        {...(width && height ? { width, height, style: { aspectRatio: `${width} / ${height}` } } : {})}
        loading="lazy"
        onError={retry}
      />,
      "picture",
    );
  }
  if (/^(audio|video)\//.test(file.mime) && tries < 2) {
    return file.mime.startsWith("audio") ? (
      <audio class="media" controls preload="metadata" src={url} aria-label={file.name} onError={retry} />
    ) : (
      <video class="media" controls preload="metadata" src={url} aria-label={file.name} onError={retry} />
    );
  }
  return link(
    <>
      <Icon name="file" />
      <span>
        <b>{file.name}</b> <small>{size}</small>
      </span>
    </>,
    "file",
  );
}

/** A picture inside rich content; hidden when the page or the network does not let it through. */
export function PictureView({ picture, files }: { picture: Picture | null | undefined; files: readonly Attachment[] }) {
  const { client } = useChat();
  const [isBroken, setBroken] = useState(false);
  if (!picture || isBroken) return null;
  const url = "URL" in picture ? picture.URL : files.find((file) => file.id === picture.ATTACHMENT)?.url;
  return url ? (
    <img src={client.absolute(url)} alt="" loading="lazy" referrerpolicy="no-referrer" onError={() => setBroken(true)} />
  ) : null;
}

export function bytes(count: number, locale: string): string {
  const unit = count < 1_000 ? "byte" : count < 1_000_000 ? "kilobyte" : "megabyte";
  const value = count / { byte: 1, kilobyte: 1_000, megabyte: 1_000_000 }[unit];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}
