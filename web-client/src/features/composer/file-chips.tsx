import { useTranslation } from "react-i18next";
import { cx, Icon, IconButton, useFormats } from "../../ui";
import type { FileInWork } from "./files";

export function FileChips({ files, onRemove }: { files: readonly FileInWork[]; onRemove: (key: string) => void }) {
  const { t } = useTranslation();
  const formats = useFormats();
  if (files.length === 0) return null;
  const words = (file: FileInWork) => {
    const { problem } = file;
    if (problem === null) return file.id === null ? t("composer.uploading", { percent: formats.number(Math.round(file.share * 100)) }) : formats.bytes(file.size);
    if (problem.kind === "type") return t("composer.fileType");
    if (problem.kind === "size") return t("composer.fileSize", { max: formats.bytes(problem.max) });
    if (problem.kind === "count") return t("composer.fileCount", { count: problem.max });
    return t("composer.fileUpload");
  };
  return (
    <ul aria-label={t("composer.files")} className="flex flex-wrap gap-1.5 px-3 pb-2">
      {files.map((file) => (
        <li key={file.key} className={cx("flex items-center gap-1.5 rounded-md border py-0.5 pr-0.5 pl-2 text-sm", file.problem ? "border-danger bg-danger-soft text-danger" : "border-line bg-raised")}>
          <Icon name={file.problem ? "warning" : "attach"} size={13} />
          <span className="max-w-44 truncate font-medium">{file.name}</span>
          <span className="text-xs" role={file.problem ? "alert" : undefined}>
            {words(file)}
          </span>
          <IconButton icon="close" size="sm" label={t("composer.removeFile", { name: file.name })} onPress={() => onRemove(file.key)} />
        </li>
      ))}
    </ul>
  );
}
