import type { FilterPartsFragment, InteractionRowFragment, InteractionSort } from "../../gql/graphql";

/** What a view's rule needs to know of an interaction; its filter is the server's, evaluated on what the log brings. */
export interface Filterable {
  readonly status: InteractionRowFragment["status"];
  readonly priority: InteractionRowFragment["priority"];
  readonly unreadCount: number;
  readonly hasFailedMessage: boolean;
  readonly waitingSince: string | null;
  readonly channel: Pick<InteractionRowFragment["channel"], "id" | "kind">;
  readonly inbox: { readonly id: string };
  readonly skill: { readonly id: string } | null;
  readonly assignee: { readonly id: string } | null;
  readonly tags: readonly { readonly id: string }[];
}

export type Filter = Omit<FilterPartsFragment, "__typename">;

const holds = <T>(wanted: readonly T[] | null, value: T | undefined): boolean => wanted === null || (value !== undefined && wanted.includes(value));

export interface Rule {
  readonly filter: Filter;
  readonly scopeInboxId: string | null;
  readonly sort: InteractionSort;
}

/** Whether an interaction belongs into a view for this viewer. Absent parts of the filter say nothing; lists mean "one of". */
export function matches({ filter, scopeInboxId, sort }: Rule, row: Filterable, viewerId: string): boolean {
  // A list by waiting time leaves out who does not wait.
  if (sort === "OLDEST_WAITING" && row.waitingSince === null) return false;
  if (scopeInboxId !== null && row.inbox.id !== scopeInboxId) return false;
  if (filter.assignment === "MINE" && row.assignee?.id !== viewerId) return false;
  if (filter.assignment === "UNASSIGNED" && row.assignee !== null) return false;
  if (filter.assignment === "ASSIGNED" && row.assignee === null) return false;
  if (filter.isUnread !== null && row.unreadCount > 0 !== filter.isUnread) return false;
  if (filter.hasFailed !== null && row.hasFailedMessage !== filter.hasFailed) return false;
  return (
    holds(filter.statuses, row.status) &&
    holds(filter.assigneeIds, row.assignee?.id) &&
    holds(filter.channelIds, row.channel.id) &&
    holds(filter.channelKinds, row.channel.kind) &&
    holds(filter.inboxIds, row.inbox.id) &&
    holds(filter.skillIds, row.skill?.id) &&
    holds(filter.priorities, row.priority) &&
    (filter.tagIds === null || row.tags.some((tag) => filter.tagIds?.includes(tag.id)))
  );
}

const RANK: Record<InteractionRowFragment["priority"], number> = { URGENT: 0, HIGH: 1, NORMAL: 2, LOW: 3 };

type Sortable = Pick<InteractionRowFragment, "id" | "lastActivityAt" | "waitingSince" | "priority">;

/** The order of a view; ties fall to the id, as on the server. */
export function comparator(sort: InteractionSort): (a: Sortable, b: Sortable) => number {
  const newest = (a: Sortable, b: Sortable) => b.lastActivityAt.localeCompare(a.lastActivityAt) || b.id.localeCompare(a.id);
  if (sort === "NEWEST_ACTIVITY") return newest;
  if (sort === "PRIORITY") return (a, b) => RANK[a.priority] - RANK[b.priority] || newest(a, b);
  return (a, b) => {
    if (a.waitingSince === null || b.waitingSince === null) return Number(a.waitingSince === null) - Number(b.waitingSince === null) || newest(a, b);
    return a.waitingSince.localeCompare(b.waitingSince) || a.id.localeCompare(b.id);
  };
}
