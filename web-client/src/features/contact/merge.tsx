import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { type ContactPartsFragment, FindContactsDocument, MergeContactsDocument, MergePreviewDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useKindLook } from "../../session/context";
import { useFailureText } from "../../session/failure";
import { Avatar, Button, Dialog, Icon, languageName, Notice, Skeleton, TextField, toast, useFormats } from "../../ui";

/** Fields that every contact has; further ones are called by what people named them. */
const NAMES = ["name", "email", "phone", "language", "notes"] as const;

/** Joins two contacts that are one person: find the other, see what would happen, do it. */
export function MergeDialog({ contact, onClose }: { contact: ContactPartsFragment; onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const lookOf = useKindLook();
  const [text, setText] = useState("");
  const [otherId, setOtherId] = useState<string | null>(null);
  const failureText = useFailureText();
  const [{ data: found, fetching, error: findError }] = useQuery({ query: FindContactsDocument, variables: { text }, pause: text.trim().length < 2, requestPolicy: "network-only" });
  const [{ data, error: previewError }] = useQuery({ query: MergePreviewDocument, variables: { winnerId: contact.id, loserId: otherId ?? "" }, pause: otherId === null, requestPolicy: "network-only" });
  const preview = otherId === null ? null : (data?.contactMergePreview ?? null);
  const candidates = (found?.contacts.nodes ?? []).filter((item) => item.id !== contact.id);

  const formats = useFormats();
  const valueOf = (field: string, value: string | null) => (field === "language" && value !== null ? languageName(value, formats.language) : value);
  const fieldName = (field: string) => {
    const known = NAMES.find((name) => name === field);
    return known ? t(`contact.${known}`) : field.replace(/^fields\./u, "");
  };

  const merge = async () => {
    if (!preview) return;
    const result = await act(MergeContactsDocument, {
      input: { winnerId: preview.winner.id, loserId: preview.loser.id, expectedWinnerVersion: preview.winner.version, expectedLoserVersion: preview.loser.version },
    });
    if (result.ok) {
      toast(t("contact.merged"));
      onClose();
    }
  };

  return (
    <Dialog
      title={t("contact.mergeTitle", { name: contact.name })}
      isOpen
      onClose={onClose}
      footer={
        <>
          {otherId !== null && <Button onPress={() => setOtherId(null)}>{t("ui.back")}</Button>}
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
          <Button look="primary" icon="merge" isDisabled={!preview} onPress={() => void merge()}>
            {t("contact.mergeNow")}
          </Button>
        </>
      }
    >
      {otherId === null ? (
        <>
          <TextField label={t("contact.findOther")} value={text} onChange={setText} autoFocus hint={t("contact.findHint")} />
          {fetching && <Skeleton lines={2} />}
          <ul className="mt-3 space-y-1">
            {candidates.map((item) => (
              <li key={item.id}>
                <button type="button" onClick={() => setOtherId(item.id)} className="flex w-full items-center gap-3 rounded-md px-2 py-1.5 text-left hover:bg-hover">
                  <Avatar name={item.name} size={28} />
                  <span className="min-w-0 flex-1">
                    <span className="block truncate font-medium">{item.name}</span>
                    <span className="block truncate text-xs text-ink-3">{[item.email, item.phone].filter(Boolean).join(" · ")}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {findError && <Notice tone="danger">{failureText(findError)}</Notice>}
          {text.trim().length >= 2 && !fetching && !findError && candidates.length === 0 && <p className="mt-3 text-sm text-ink-3">{t("ui.nothingFound")}</p>}
        </>
      ) : preview ? (
        <div className="flex flex-col gap-4 text-sm">
          <p>{t("contact.mergeExplain", { winner: preview.winner.name, loser: preview.loser.name, count: preview.interactionCount })}</p>
          <div>
            <h3 className="mb-1.5 font-semibold">{t("contact.identities")}</h3>
            <ul className="space-y-1">
              {preview.identities.map((identity) => (
                <li key={identity.id} className="flex items-center gap-2">
                  <Icon name={lookOf(identity.channel.kind).icon} size={14} className="text-ink-3" />
                  {identity.displayName ?? identity.externalId}
                  <span className="text-xs text-ink-3">{identity.channel.name}</span>
                </li>
              ))}
            </ul>
          </div>
          {preview.conflicts.length > 0 && (
            <div>
              <Notice tone="warn">{t("contact.conflicts")}</Notice>
              <table className="mt-2 w-full text-left">
                <thead className="text-xs text-ink-3">
                  <tr>
                    <th className="py-1 font-medium">{t("contact.field")}</th>
                    <th className="font-medium">{t("contact.kept")}</th>
                    <th className="font-medium">{t("contact.dropped")}</th>
                  </tr>
                </thead>
                <tbody>
                  {preview.conflicts.map((conflict) => (
                    <tr key={conflict.field} className="border-t border-line">
                      <td className="py-1">{fieldName(conflict.field)}</td>
                      <td className="font-medium">{valueOf(conflict.field, conflict.winnerValue)}</td>
                      <td className="text-ink-3 line-through">{valueOf(conflict.field, conflict.loserValue)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </div>
      ) : previewError ? (
        <Notice tone="danger">{failureText(previewError)}</Notice>
      ) : (
        <Skeleton lines={3} />
      )}
    </Dialog>
  );
}
