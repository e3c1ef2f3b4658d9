import { useCallback, useEffect, useMemo, useState } from "react";
import { useQuery } from "urql";
import { type MessagePartsFragment, ThreadDocument } from "../../gql/graphql";

const PAGE = 50;

interface PageState {
  readonly messages: readonly MessagePartsFragment[];
  /** Cursor for what is older; null at the beginning of the thread. */
  readonly older: string | null;
}

export interface ThreadData {
  readonly messages: readonly MessagePartsFragment[];
  readonly isLoading: boolean;
  readonly isMissing: boolean;
  readonly error: string | null;
  readonly hasOlder: boolean;
  readonly loadOlder: () => void;
  readonly loaders: readonly React.ReactNode[];
}

/** Show order: the platform's time, then the order in which they came to us. */
export function inOrder(a: MessagePartsFragment, b: MessagePartsFragment): number {
  return a.at.localeCompare(b.at) || a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id);
}

/** The messages of an interaction, newest page first, older ones on demand. */
export function useThread(id: string): ThreadData {
  const [befores, setBefores] = useState<readonly (string | null)[]>([null]);
  const [pages, setPages] = useState<ReadonlyMap<string | null, PageState>>(new Map());
  const [status, setStatus] = useState({ isLoading: true, isMissing: false, error: null as string | null });

  const report = useCallback((before: string | null, page: PageState | null, next: typeof status) => {
    setStatus(next);
    if (page) setPages((known) => new Map(known).set(before, page));
  }, []);

  const messages = useMemo(() => {
    const byId = new Map<string, MessagePartsFragment>();
    for (const before of befores) for (const message of pages.get(before)?.messages ?? []) byId.set(message.id, message);
    return [...byId.values()].sort(inOrder);
  }, [befores, pages]);

  const older = pages.get(befores.at(-1) ?? null)?.older ?? null;
  return {
    messages,
    ...status,
    hasOlder: older !== null,
    loadOlder: () => {
      if (older !== null && !befores.includes(older)) setBefores([...befores, older]);
    },
    loaders: befores.map((before) => <PageLoader key={before ?? "newest"} id={id} before={before} report={report} />),
  };
}

interface LoaderProps {
  id: string;
  before: string | null;
  report: (before: string | null, page: PageState | null, status: { isLoading: boolean; isMissing: boolean; error: string | null }) => void;
}

function PageLoader({ id, before, report }: LoaderProps) {
  const [{ data, error, fetching }] = useQuery({ query: ThreadDocument, variables: { id, last: PAGE, before } });
  useEffect(() => {
    const found = data?.node?.__typename === "Interaction" ? data.node.messages : null;
    report(before, found ? { messages: found.nodes, older: found.pageInfo.hasPreviousPage ? found.pageInfo.startCursor : null } : null, {
      isLoading: fetching && !found,
      isMissing: !fetching && data?.node === null,
      error: error && !found ? error.message : null,
    });
  }, [before, data, error, fetching, report]);
  return null;
}
