import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type AttachmentPartsFragment, FreshAttachmentsDocument } from "../../gql/graphql";
import { useLive } from "../../session/context";
import { Icon, useFormats } from "../../ui";

/** The files of a message: pictures as pictures, sound and film playable, the rest to download. */
export function Attachments({ files, messageId }: { files: readonly AttachmentPartsFragment[]; messageId: string }) {
  const live = useLive();
  const [renewed, setRenewed] = useState(false);
  if (files.length === 0) return null;
  // Addresses are signed for a quarter of an hour; one that has run out is asked for again, once.
  const renew = () => {
    if (renewed) return;
    setRenewed(true);
    void live.client.query(FreshAttachmentsDocument, { id: messageId }, { requestPolicy: "network-only" }).toPromise();
  };
  return (
    <ul className="mt-1.5 flex flex-wrap gap-2">
      {files.map((file) => (
        <li key={file.id} className="max-w-full">
          <Attachment file={file} onGone={renew} />
        </li>
      ))}
    </ul>
  );
}

function Attachment({ file, onGone }: { file: AttachmentPartsFragment; onGone: () => void }) {
  const { t } = useTranslation();
  const formats = useFormats();
  if (file.state !== "STORED" || file.url === null) {
    return (
      <span className="flex items-center gap-2 rounded-md border border-line bg-raised px-2.5 py-1.5 text-sm text-ink-2">
        <Icon name={file.state === "PENDING" || file.state === "STORED" ? "clock" : "warning"} />
        <span className="max-w-60 truncate">{file.name}</span>
        <span className="text-xs text-ink-3">{t(`attachment.${file.state}`)}</span>
      </span>
    );
  }
  if (file.class === "IMAGE") {
    return (
      <a href={file.url} target="_blank" rel="noopener noreferrer" className="block overflow-hidden rounded-lg border border-line">
        <img src={file.url} alt={file.name} loading="lazy" onError={onGone} className="max-h-64 max-w-80 object-contain" {...(file.width && file.height ? { width: Math.min(320, file.width), height: Math.round((Math.min(320, file.width) * file.height) / file.width) } : {})} />
      </a>
    );
  }
  if (file.class === "AUDIO") {
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- a contact's recording has no captions.
    return <audio controls preload="none" src={file.url} aria-label={file.name} onError={onGone} className="h-9 max-w-full" />;
  }
  if (file.class === "VIDEO") {
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- a contact's film has no captions.
    return <video controls preload="none" src={file.url} aria-label={file.name} onError={onGone} className="max-h-64 max-w-80 rounded-lg" />;
  }
  return (
    <a href={file.url} download={file.name} className="flex items-center gap-2 rounded-md border border-line bg-raised px-2.5 py-1.5 text-sm text-ink hover:border-line-strong">
      <Icon name="download" className="text-ink-3" />
      <span className="max-w-60 truncate font-medium">{file.name}</span>
      <span className="text-xs text-ink-3">{formats.bytes(file.bytes)}</span>
    </a>
  );
}
