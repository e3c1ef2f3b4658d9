import { useTranslation } from "react-i18next";
import { useCodeText } from "../../session/failure";
import { cx, Icon, IconButton, useFormats } from "../../ui";
import type { FileInWork, Files } from "./files";

/** The files of the message being written, with how far they are or what is wrong with them. */
export function FileChips({ files, onRemove, onRetry }: { files: readonly FileInWork[]; onRemove: Files["remove"]; onRetry: Files["retry"] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const codeText = useCodeText();
  if (files.length === 0) return null;
  const words = (file: FileInWork) => {
    const { problem } = file;
    if (problem === null) return file.id === null ? t("composer.uploading", { percent: formats.number(Math.round(file.share * 100)) }) : formats.bytes(file.size);
    if (problem.kind === "type") return t("composer.fileType");
    if (problem.kind === "size") return t("composer.fileSize", { max: formats.bytes(problem.max) });
    if (problem.kind === "count") return t("composer.fileCount", { count: problem.max });
    return file.failure === "UNAVAILABLE" || file.failure === null ? t("composer.fileUpload") : codeText(file.failure);
  };
  return (
    <ul aria-label={t("composer.files")} data-testid="files" className="flex max-h-[24vh] flex-wrap gap-1.5 overflow-auto px-3 pb-2">
      {files.map((file) => (
        <li key={file.key} className={cx("flex items-center gap-1.5 rounded-md border py-0.5 pr-0.5 pl-2 text-sm", file.problem ? "border-danger bg-danger-soft text-danger" : "border-line bg-raised")}>
          <Icon name={file.problem ? "warning" : "attach"} size={13} />
          <span className="max-w-44 truncate font-medium">{file.name}</span>
          <span className="text-xs" role={file.problem ? "alert" : undefined}>
            {words(file)}
          </span>
          {file.problem?.kind === "upload" && <IconButton icon="refresh" size="sm" label={t("composer.retryFile", { name: file.name })} onPress={() => onRetry(file.key)} />}
          <IconButton icon="close" size="sm" label={t("composer.removeFile", { name: file.name })} onPress={() => onRemove(file.key)} />
        </li>
      ))}
    </ul>
  );
}
