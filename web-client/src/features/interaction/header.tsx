import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  AssignDocument,
  CreateTagDocument,
  type InteractionRowFragment,
  type InteractionStatus,
  type Priority,
  SetPriorityDocument,
  SetSkillDocument,
  SetStatusDocument,
  SetTagsDocument,
  SnoozeDocument,
} from "../../gql/graphql";
import { newClientId } from "../../live/ids";
import { useAct } from "../../session/act";
import { usePeople, useSkills, useTags } from "../../session/catalog";
import { useKindLook, useViewer } from "../../session/context";
import type { Presence } from "../../session/presence";
import { Avatar, Badge, Button, cx, Icon, IconButton, lazily, Menu, MenuItem, Picker, toast, useCommandList, useFormats } from "../../ui";
import { snoozeChoices } from "./snooze";

const SnoozeDialog = lazily(() => import("./snooze-dialog").then((module) => module.SnoozeDialog));

const PRIORITIES: readonly Priority[] = ["URGENT", "HIGH", "NORMAL", "LOW"];
/** States a person may choose from each state, as the server's state machine has it. */
const NEXT: Record<InteractionStatus, readonly InteractionStatus[]> = {
  NEW: ["OPEN", "PENDING", "ESCALATED", "RESOLVED", "CLOSED", "TRASHED"],
  OPEN: ["PENDING", "ESCALATED", "RESOLVED", "CLOSED", "TRASHED"],
  PENDING: ["OPEN", "ESCALATED", "RESOLVED", "CLOSED", "TRASHED"],
  ESCALATED: ["OPEN", "PENDING", "RESOLVED", "CLOSED", "TRASHED"],
  SNOOZED: ["OPEN", "PENDING", "ESCALATED", "RESOLVED", "CLOSED", "TRASHED"],
  RESOLVED: ["OPEN", "PENDING", "CLOSED", "TRASHED"],
  CLOSED: ["TRASHED"],
  TRASHED: ["OPEN"],
};

type Open = "assign" | "tags" | "snooze" | "snoozeAt" | "skill" | null;

/** Who it is about, where it stands, and everything that can be done with the case as a whole. */
export function InteractionHeader({ row, presence, isCardOpen, onToggleCard }: { row: InteractionRowFragment; presence: Presence | null; isCardOpen: boolean; onToggleCard: () => void }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const act = useAct();
  const viewer = useViewer();
  const look = useKindLook()(row.channel.kind);
  const [open, setOpen] = useState<Open>(null);

  const interactionId = row.id;
  const setStatus = (status: InteractionStatus) => void act(SetStatusDocument, { input: { interactionId, status } });
  const assign = (assigneeId: string | null) => void act(AssignDocument, { input: { interactionId, assigneeId } });
  const snooze = async (until: Date) => {
    const result = await act(SnoozeDocument, { input: { interactionId, until: until.toISOString() } });
    if (result.ok) toast(t("interaction.snoozedUntil", { time: formats.full(until.toISOString()) }));
  };
  const resolve = async () => {
    const before = row.status;
    const result = await act(SetStatusDocument, { input: { interactionId, status: "RESOLVED" } });
    if (result.ok) toast(t("interaction.resolved"), { label: t("ui.undo"), run: () => setStatus(before === "NEW" ? "OPEN" : before) });
  };
  const isMine = row.assignee?.id === viewer.id;
  const mayResolve = NEXT[row.status].includes("RESOLVED");

  useCommandList([
    { id: "interaction.resolve", label: "commands.resolve", group: "interaction", keys: ["e"], guard: () => mayResolve, run: () => void resolve() },
    { id: "interaction.snooze", label: "commands.snooze", group: "interaction", keys: ["h"], run: () => setOpen("snooze") },
    { id: "interaction.assign", label: "commands.assign", group: "interaction", keys: ["a"], run: () => setOpen("assign") },
    { id: "interaction.toMe", label: "commands.toMe", group: "interaction", keys: ["i"], guard: () => !isMine, run: () => assign(viewer.id) },
    { id: "interaction.tag", label: "commands.tag", group: "interaction", keys: ["t"], run: () => setOpen("tags") },
    { id: "interaction.skill", label: "commands.skill", group: "interaction", run: () => setOpen("skill") },
    ...PRIORITIES.map((priority) => ({
      id: `interaction.priority.${priority}`,
      label: `commands.priority${priority}`,
      group: "interaction" as const,
      run: () => void act(SetPriorityDocument, { input: { interactionId, priority } }),
    })),
  ]);

  const others = presence?.people.filter((item) => item.person.id !== viewer.id && item.state !== "LEFT") ?? [];
  return (
    <header className="shrink-0 border-b border-line bg-surface">
      <div className="flex h-12 items-center gap-2 px-4">
        <div className="min-w-0 flex-1">
          <h2 className="flex items-center gap-2 text-base font-semibold">
            <span className="truncate">{row.contact.name}</span>
            <span className="shrink-0 text-xs font-normal text-ink-3">{row.reference}</span>
          </h2>
          <p className="flex items-center gap-1.5 text-xs text-ink-3">
            <Icon name={look.icon} size={12} />
            <span className="truncate">{row.channel.name}</span>
            <span className={cx("flex items-center gap-0.5", look.isPublic && "text-warn")}>
              <Icon name={look.isPublic ? "globe" : "lock"} size={11} />
              {t(look.isPublic ? "interaction.public" : "interaction.private")}
            </span>
            {row.subject && <span className="truncate">· {row.subject}</span>}
          </p>
        </div>
        <PresenceDots people={others} />
        <Button size="sm" look="primary" icon="check" isDisabled={!mayResolve} onPress={() => void resolve()}>
          {t("interaction.resolve")}
        </Button>
        <IconButton icon="contact" label={t(isCardOpen ? "interaction.hideCard" : "interaction.showCard")} size="sm" aria-expanded={isCardOpen} onPress={onToggleCard} />
      </div>
      <div role="toolbar" aria-label={t("interaction.more")} className="flex flex-wrap items-center gap-1.5 px-4 pb-2">
        <Button size="sm" icon="person" onPress={() => setOpen("assign")} className="max-w-44">
          <span className="truncate">{row.assignee?.name ?? t("interaction.unassigned")}</span>
        </Button>
        <Menu
          label={t("interaction.status")}
          trigger={
            <Button size="sm">
              {t(`status.${row.status}`)}
              <Icon name="chevron" size={12} />
            </Button>
          }
          onAction={(key) => setStatus(key as InteractionStatus)}
        >
          {NEXT[row.status].map((status) => (
            <MenuItem key={status} id={status}>
              {t(`status.${status}`)}
            </MenuItem>
          ))}
        </Menu>
        <Menu
          label={t("inbox.priority")}
          trigger={
            <Button size="sm" icon="flag" className={row.priority === "URGENT" ? "text-danger" : row.priority === "HIGH" ? "text-warn" : ""}>
              {t(`priority.${row.priority}`)}
            </Button>
          }
          onAction={(priority) => void act(SetPriorityDocument, { input: { interactionId, priority: priority as Priority } })}
        >
          {PRIORITIES.map((priority) => (
            <MenuItem key={priority} id={priority} icon={priority === row.priority ? "check" : "flag"}>
              {t(`priority.${priority}`)}
            </MenuItem>
          ))}
        </Menu>
        <IconButton icon="snooze" label={t("commands.snooze")} keys="H" size="sm" onPress={() => setOpen("snooze")} />
        <IconButton icon="tag" label={t("commands.tag")} keys="T" size="sm" onPress={() => setOpen("tags")} />
        <IconButton icon="skill" label={t("commands.skill")} size="sm" onPress={() => setOpen("skill")} />
        {row.snoozedUntil && row.status === "SNOOZED" && (
          <Badge icon="snooze" tone="accent">
            {t("interaction.until", { time: formats.full(row.snoozedUntil) })}
          </Badge>
        )}
        {row.skill && <Badge icon="skill">{row.skill.name}</Badge>}
        {row.tags.map((tag) => (
          <span key={tag.id} className="inline-flex h-5 items-center gap-1 rounded-full bg-sunken pr-0.5 pl-2 text-xs font-medium text-ink-2">
            <span aria-hidden="true" className="size-2 rounded-full" style={{ background: tag.colour }} />
            {tag.name}
            <button type="button" aria-label={t("interaction.removeTag", { name: tag.name })} className="flex size-6 items-center justify-center rounded-full hover:bg-hover" onClick={() => void act(SetTagsDocument, { input: { interactionId, remove: [tag.id] } })}>
              <Icon name="close" size={11} />
            </button>
          </span>
        ))}
      </div>
      {open === "assign" && <AssignPicker row={row} onPick={assign} onClose={() => setOpen(null)} />}
      {open === "tags" && <TagPicker row={row} onClose={() => setOpen(null)} />}
      {open === "skill" && <SkillPicker row={row} onClose={() => setOpen(null)} />}
      {open === "snooze" && (
        <Picker
          label={t("commands.snooze")}
          placeholder={t("interaction.snoozePlaceholder")}
          items={[
            ...snoozeChoices(new Date()).map((choice) => ({ id: choice.id, label: t(`snooze.${choice.id}`), hint: formats.full(choice.until.toISOString()), icon: "snooze" as const })),
            { id: "at", label: t("snooze.at"), icon: "calendar" as const },
          ]}
          onClose={() => setOpen(null)}
          onPick={(id) => {
            const choice = snoozeChoices(new Date()).find((item) => item.id === id);
            if (choice) void snooze(choice.until);
            else setOpen("snoozeAt");
          }}
        />
      )}
      {open === "snoozeAt" && <SnoozeDialog room="corner" onPick={(until) => void snooze(until)} onClose={() => setOpen(null)} />}
    </header>
  );
}

/** Who else is here, and what they are doing. */
function PresenceDots({ people }: { people: NonNullable<Presence>["people"] }) {
  const { t } = useTranslation();
  if (people.length === 0) return null;
  return (
    <ul aria-label={t("interaction.presence")} className="flex -space-x-1.5" data-testid="presence">
      {people.slice(0, 4).map(({ person, state }) => {
        const words = t(`presence.${state}`, { name: person.name });
        return (
          <li key={person.id} title={words}>
            <Avatar
              name={person.name}
              size={26}
              badge={<span className={cx("block size-2.5 rounded-full border-2 border-surface", state === "REPLYING" ? "bg-warn" : state === "AWAY" ? "bg-line-strong" : "bg-ok")} />}
            />
            <span className="sr-only">{words}</span>
          </li>
        );
      })}
    </ul>
  );
}

function AssignPicker({ row, onPick, onClose }: { row: InteractionRowFragment; onPick: (id: string | null) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const people = usePeople();
  const sorted = [...people].sort((a, b) => Number(b.id === viewer.id) - Number(a.id === viewer.id) || a.name.localeCompare(b.name));
  return (
    <Picker
      label={t("commands.assign")}
      placeholder={t("interaction.assignPlaceholder")}
      items={[
        ...sorted.map((person) => ({ id: person.id, label: person.name, hint: person.id === viewer.id ? t("interaction.me") : t(`role.${person.role}`), icon: "person" as const, isOn: person.id === row.assignee?.id })),
        ...(row.assignee ? [{ id: "nobody", label: t("interaction.nobody"), icon: "close" as const }] : []),
      ]}
      onPick={(id) => onPick(id === "nobody" ? null : id)}
      onClose={onClose}
    />
  );
}

const TAG_COLOURS = ["#0b6b80", "#7a4fb5", "#b3261b", "#a15c00", "#17653a", "#2456c4"];

function TagPicker({ row, onClose }: { row: InteractionRowFragment; onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const tags = useTags();
  const own = new Set(row.tags.map((tag) => tag.id));
  const create = async (name: string) => {
    const made = await act(CreateTagDocument, { input: { clientId: newClientId(), name, colour: TAG_COLOURS[name.length % TAG_COLOURS.length] ?? "#0b6b80" } });
    const id = made.ok ? made.reply.tag?.id : undefined;
    if (id) await act(SetTagsDocument, { input: { interactionId: row.id, add: [id] } });
  };
  return (
    <Picker
      label={t("commands.tag")}
      placeholder={t("interaction.tagPlaceholder")}
      isMultiple
      items={tags.map((tag) => ({ id: tag.id, label: tag.name, icon: "tag" as const, isOn: own.has(tag.id) }))}
      onPick={(id) => void act(SetTagsDocument, { input: { interactionId: row.id, ...(own.has(id) ? { remove: [id] } : { add: [id] }) } })}
      onCreate={(name) => void create(name)}
      onClose={onClose}
    />
  );
}

function SkillPicker({ row, onClose }: { row: InteractionRowFragment; onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const skills = useSkills();
  return (
    <Picker
      label={t("commands.skill")}
      placeholder={t("interaction.skillPlaceholder")}
      items={skills.map((skill) => ({ id: skill.id, label: skill.name, icon: "skill" as const, isOn: skill.id === row.skill?.id }))}
      onPick={(skillId) => void act(SetSkillDocument, { input: { interactionId: row.id, skillId } })}
      onClose={onClose}
    />
  );
}
