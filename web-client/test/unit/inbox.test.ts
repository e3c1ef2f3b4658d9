import { describe, expect, test } from "vitest";
import { comparator, type Filter, type Filterable, matches } from "../../src/features/inbox/filter";
import { heirOf, heldOrder } from "../../src/features/inbox/held";
import { answers, group } from "../../src/features/interaction/group";
import { snoozeChoices } from "../../src/features/interaction/snooze";
import { marked } from "../../src/features/search/marked";
import type { MessagePartsFragment } from "../../src/gql/graphql";
import { shortDuration } from "../../src/ui/format";

const any: Filter = { statuses: null, assignment: null, assigneeIds: null, channelIds: null, channelKinds: null, inboxIds: null, tagIds: null, skillIds: null, priorities: null, isUnread: null, hasFailed: null };
const row: Filterable = { status: "OPEN", priority: "NORMAL", unreadCount: 1, hasFailedMessage: false, waitingSince: null, channel: { id: "chn_1", kind: "EMAIL" }, inbox: { id: "inb_1" }, skill: null, assignee: { id: "me" }, tags: [{ id: "tag_1" }, { id: "tag_2" }] };

describe("which view an interaction belongs to", () => {
  const cases: readonly [string, Partial<Filter>, boolean][] = [
    ["no rule", {}, true],
    ["its status", { statuses: ["NEW", "OPEN"] }, true],
    ["another status", { statuses: ["RESOLVED"] }, false],
    ["mine", { assignment: "MINE" }, true],
    ["nobody's", { assignment: "UNASSIGNED" }, false],
    ["somebody's", { assignment: "ASSIGNED" }, true],
    ["one of the tags", { tagIds: ["tag_2", "tag_9"] }, true],
    ["another tag", { tagIds: ["tag_9"] }, false],
    ["a skill it does not have", { skillIds: ["skl_1"] }, false],
    ["unread", { isUnread: true }, true],
    ["read", { isUnread: false }, false],
    ["failed", { hasFailed: true }, false],
    ["kind and status", { channelKinds: ["EMAIL"], statuses: ["OPEN"] }, true],
    ["kind but not status", { channelKinds: ["EMAIL"], statuses: ["NEW"] }, false],
  ];
  test.each(cases)("%s", (_name, part, expected) => {
    expect(matches({ filter: { ...any, ...part }, scopeInboxId: null, sort: "PRIORITY" }, row, "me")).toBe(expected);
  });

  test("the view's inbox", () => {
    expect(matches({ filter: any, scopeInboxId: "inb_1", sort: "PRIORITY" }, row, "me")).toBe(true);
    expect(matches({ filter: any, scopeInboxId: "inb_2", sort: "PRIORITY" }, row, "me")).toBe(false);
  });

  test("a list by waiting time has only who waits", () => {
    const rule = { filter: any, scopeInboxId: null, sort: "OLDEST_WAITING" as const };
    expect(matches(rule, row, "me")).toBe(false);
    expect(matches(rule, { ...row, waitingSince: "2026-01-01T00:00:00Z" }, "me")).toBe(true);
  });

  test("an empty list in a filter matches nothing", () => {
    expect(matches({ filter: { ...any, statuses: [] }, scopeInboxId: null, sort: "PRIORITY" }, row, "me")).toBe(false);
  });
});

test("views are ordered as the server orders them", () => {
  const rows = [
    { id: "1", lastActivityAt: "2026-01-01T10:00:00Z", waitingSince: null, priority: "LOW" as const },
    { id: "2", lastActivityAt: "2026-01-01T12:00:00Z", waitingSince: "2026-01-01T11:00:00Z", priority: "NORMAL" as const },
    { id: "3", lastActivityAt: "2026-01-01T11:00:00Z", waitingSince: "2026-01-01T09:00:00Z", priority: "URGENT" as const },
  ];
  const order = (sort: Parameters<typeof comparator>[0]) => [...rows].sort(comparator(sort)).map((item) => item.id).join("");
  expect(order("NEWEST_ACTIVITY")).toBe("231");
  expect(order("OLDEST_WAITING")).toBe("321");
  expect(order("PRIORITY")).toBe("321");
});

describe("a list that a person points at", () => {
  test("shows everything when nobody does", () => {
    expect(heldOrder(["c", "a", "b"], null)).toEqual({ shown: ["c", "a", "b"], waiting: 0 });
  });
  test("keeps its order and counts what waits", () => {
    expect(heldOrder(["c", "b", "a"], ["a", "b"])).toEqual({ shown: ["a", "b"], waiting: 1 });
  });
  test("lets go what left and appends what was loaded further down", () => {
    expect(heldOrder(["a", "b", "x", "y"], ["a", "gone", "b"])).toEqual({ shown: ["a", "b", "x", "y"], waiting: 0 });
  });
});

const message = (id: string, at: string, part: Partial<MessagePartsFragment> = {}) =>
  ({ id, at, createdAt: at, direction: "INBOUND", entry: "MESSAGE", author: { kind: "CONTACT", name: "Mara" }, content: { __typename: "TextContent", text: id }, ...part }) as unknown as MessagePartsFragment;

test("bubbles of one person within minutes belong together; a new day starts anew", () => {
  const items = group([
    message("a", "2026-03-01T10:00:00Z"),
    message("b", "2026-03-01T10:04:00Z"),
    message("c", "2026-03-01T10:05:00Z", { direction: "OUTBOUND" }),
    message("d", "2026-03-01T10:30:00Z", { direction: "OUTBOUND" }),
    message("e", "2026-03-03T10:30:00Z", { direction: "OUTBOUND" }),
  ]);
  expect(items.map((item) => item.isContinued)).toEqual([false, true, false, false, false]);
  expect(items.map((item) => item.opensDay)).toEqual([true, false, false, false, true]);
});

test("answers are found for their questions", () => {
  const found = answers([
    message("a", "2026-03-01T10:00:00Z", { content: { __typename: "SelectionContent", question: { __typename: "Message", id: "q1" }, items: [{ __typename: "SelectedItem", id: "r2", title: "Two" }] } }),
    message("b", "2026-03-01T10:01:00Z", { content: { __typename: "SelectionContent", question: null, items: [] } }),
  ]);
  expect([...found].map(([id, set]) => [id, [...set]])).toEqual([["q1", ["r2"]]]);
});

test("snoozing offers mornings that are still to come", () => {
  const friday = new Date(2026, 10, 20, 16, 0);
  expect(snoozeChoices(friday).map((choice) => [choice.id, choice.until.getDate(), choice.until.getHours()])).toEqual([
    ["hour", 20, 17],
    ["threeHours", 20, 19],
    ["tomorrow", 21, 9],
    ["nextWeek", 23, 9],
  ]);
  expect(snoozeChoices(new Date(2026, 10, 22, 16, 0)).map((choice) => choice.id)).not.toContain("nextWeek");
});

test("hits of a search are cut out of their excerpt", () => {
  expect(marked("a \u2068b\u2069 c")).toEqual([
    { text: "a ", isHit: false },
    { text: "b", isHit: true },
    { text: " c", isHit: false },
  ]);
});

test("waiting times are short and in the person's language", () => {
  expect(shortDuration(5 * 60_000, "de")).toBe("5 Min.");
  expect(shortDuration(3 * 3_600_000, "en")).toBe("3 hr");
  expect(shortDuration(72 * 3_600_000, "de")).toBe("3 Tg.");
});

test("the focus of a row that leaves goes to its neighbour", () => {
  expect(heirOf("b", ["a", "b", "c"], ["a", "b", "c"])).toBe("b");
  expect(heirOf("b", ["a", "b", "c"], ["a", "c"])).toBe("c");
  expect(heirOf("c", ["a", "b", "c"], ["a", "b"])).toBe("b");
  expect(heirOf("b", ["a", "b", "c"], ["a"])).toBe("a");
  expect(heirOf("a", ["a"], [])).toBeUndefined();
});
