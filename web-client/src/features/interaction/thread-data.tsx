import { useEffect, useMemo } from "react";
import { type MessagePartsFragment, ThreadDocument, type ThreadQuery } from "../../gql/graphql";
import { type Pages, usePages } from "../../session/pages";
import { threadOpened } from "./live";

const PAGE = 50;

/** Show order: the platform's time, then the order in which they came to us. */
export function inOrder(a: MessagePartsFragment, b: MessagePartsFragment): number {
  return a.at.localeCompare(b.at) || a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id);
}

const read = (data: ThreadQuery) => {
  if (data.node?.__typename !== "Interaction") return null;
  const { nodes, pageInfo } = data.node.messages;
  return { page: nodes, next: pageInfo.hasPreviousPage ? pageInfo.startCursor : null };
};

export interface ThreadData extends Omit<Pages<unknown>, "pages"> {
  readonly messages: readonly MessagePartsFragment[];
}

/** The messages of an interaction, newest page first, older ones on demand. */
export function useThread(id: string): ThreadData {
  const { pages, ...rest } = usePages({ document: ThreadDocument, variables: (before) => ({ id, last: PAGE, before }), read });
  useEffect(() => threadOpened(id), [id]);
  const messages = useMemo(() => {
    const byId = new Map<string, MessagePartsFragment>();
    for (const page of pages) for (const message of page) byId.set(message.id, message);
    return [...byId.values()].sort(inOrder);
  }, [pages]);
  return { messages, ...rest };
}
