import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Assignment, CreateViewDocument, type InteractionFilter, type InteractionSort, type InteractionStatus, type Priority, UpdateViewDocument, type ViewPartsFragment } from "../../gql/graphql";
import { newClientId } from "../../live/ids";
import { useAct } from "../../session/act";
import { useChannelNames, useSkills, useTags } from "../../session/catalog";
import { useViewer } from "../../session/context";
import { Button, Checkbox, Dialog, Select, Switch, TextField } from "../../ui";

const STATUSES: readonly InteractionStatus[] = ["NEW", "OPEN", "PENDING", "ESCALATED", "SNOOZED", "RESOLVED", "CLOSED", "TRASHED"];
const PRIORITIES: readonly Priority[] = ["URGENT", "HIGH", "NORMAL", "LOW"];
const SORTS: readonly InteractionSort[] = ["NEWEST_ACTIVITY", "OLDEST_WAITING", "PRIORITY"];
const ASSIGNMENTS: readonly Assignment[] = ["MINE", "UNASSIGNED", "ASSIGNED"];

/** Creates a view or changes one. Nothing ticked in a group means that the group does not filter. */
export function ViewDialog({ view, onClose }: { view: ViewPartsFragment | null; onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const viewer = useViewer();
  const channels = useChannelNames();
  const tags = useTags();
  const skills = useSkills();
  const [clientId] = useState(newClientId);
  const [name, setName] = useState(view?.name ?? "");
  const [sort, setSort] = useState<InteractionSort>(view?.sort ?? "NEWEST_ACTIVITY");
  const [isShared, setShared] = useState(view?.isShared ?? false);
  const [filter, setFilter] = useState<InteractionFilter>(() => {
    if (!view) return { statuses: ["NEW", "OPEN", "PENDING", "ESCALATED"] };
    const { __typename: _, ...kept } = view.filter;
    return kept;
  });

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = view
      ? await act(UpdateViewDocument, { input: { viewId: view.id, name, sort, isShared, filter, expectedVersion: view.version } })
      : await act(CreateViewDocument, { input: { clientId, name, sort, isShared, filter } });
    if (result.ok) onClose();
  };

  const group = <K extends "statuses" | "priorities" | "channelIds" | "tagIds" | "skillIds">(key: K, label: string, options: readonly { id: string; label: string }[]) => {
    const chosen: readonly string[] = filter[key] ?? [];
    if (options.length === 0) return null;
    return (
      <fieldset>
        <legend className="mb-1 text-sm font-medium text-ink-2">{label}</legend>
        <div className="flex flex-wrap gap-x-4 gap-y-1.5">
          {options.map((option) => (
            <Checkbox
              key={option.id}
              isSelected={chosen.includes(option.id)}
              onChange={(isOn) => {
                const next = isOn ? [...chosen, option.id] : chosen.filter((id) => id !== option.id);
                setFilter({ ...filter, [key]: next.length > 0 ? next : null });
              }}
            >
              {option.label}
            </Checkbox>
          ))}
        </div>
      </fieldset>
    );
  };
  const named = (items: readonly { id: string; name: string }[]) => items.map((item) => ({ id: item.id, label: item.name }));

  return (
    <Dialog
      title={view ? t("inbox.editView") : t("inbox.newView")}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
          <Button look="primary" type="submit" form="view-form" isDisabled={name.trim() === ""}>
            {t("ui.save")}
          </Button>
        </>
      }
    >
      <form id="view-form" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        <TextField label={t("inbox.viewName")} value={name} onChange={setName} isRequired autoFocus />
        <div className="grid grid-cols-2 gap-3">
          <Select label={t("inbox.sort")} value={sort} onChange={(id) => setSort(id as InteractionSort)} options={SORTS.map((id) => ({ id, label: t(`inbox.sorts.${id}`) }))} />
          <Select
            label={t("inbox.assignment")}
            value={filter.assignment ?? "ANY"}
            onChange={(id) => setFilter({ ...filter, assignment: id === "ANY" ? null : (id as Assignment) })}
            options={[{ id: "ANY", label: t("inbox.assignments.ANY") }, ...ASSIGNMENTS.map((id) => ({ id, label: t(`inbox.assignments.${id}`) }))]}
          />
        </div>
        {group(
          "statuses",
          t("inbox.status"),
          STATUSES.map((id) => ({ id, label: t(`status.${id}`) })),
        )}
        {group(
          "priorities",
          t("inbox.priority"),
          PRIORITIES.map((id) => ({ id, label: t(`priority.${id}`) })),
        )}
        {group("channelIds", t("inbox.channels"), named(channels))}
        {group("tagIds", t("inbox.tags"), named(tags))}
        {group("skillIds", t("inbox.skills"), named(skills))}
        <Switch isSelected={filter.isUnread === true} onChange={(isOn) => setFilter({ ...filter, isUnread: isOn ? true : null })}>
          {t("inbox.onlyUnread")}
        </Switch>
        <Switch isSelected={filter.hasFailed === true} onChange={(isOn) => setFilter({ ...filter, hasFailed: isOn ? true : null })}>
          {t("inbox.onlyFailed")}
        </Switch>
        {viewer.role !== "AGENT" && (
          <Switch isSelected={isShared} onChange={setShared}>
            {t("inbox.shared")}
          </Switch>
        )}
      </form>
    </Dialog>
  );
}
