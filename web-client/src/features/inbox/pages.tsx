import { useCallback, useEffect, useMemo, useState } from "react";
import { useQuery } from "urql";
import { InteractionPageDocument, type InteractionRowFragment, type InteractionSort } from "../../gql/graphql";
import { comparator } from "./filter";

const PAGE = 50;
/** More rows than this make live updates slow; a filter is the better tool then. */
const MOST = 1_000;

interface PageState {
  readonly rows: readonly InteractionRowFragment[];
  readonly end: string | null;
}

export interface Rows {
  readonly rows: readonly InteractionRowFragment[];
  readonly isLoading: boolean;
  readonly error: string | null;
  readonly hasMore: boolean;
  readonly loadMore: () => void;
  /** One element per page; they render nothing and must be mounted. */
  readonly loaders: readonly React.ReactNode[];
}

/** The rows of a view, page by page, in the view's order whatever the log did meanwhile. */
export function useRows(viewId: string, sort: InteractionSort): Rows {
  const [afters, setAfters] = useState<readonly (string | null)[]>([null]);
  const [pages, setPages] = useState<ReadonlyMap<string | null, PageState>>(new Map());
  const [error, setError] = useState<string | null>(null);
  const [isLoading, setLoading] = useState(true);

  const report = useCallback((after: string | null, page: PageState | null, failure: string | null, isBusy: boolean) => {
    setError(failure);
    setLoading(isBusy);
    if (page) setPages((known) => new Map(known).set(after, page));
  }, []);

  const rows = useMemo(() => {
    const byId = new Map<string, InteractionRowFragment>();
    for (const after of afters) for (const row of pages.get(after)?.rows ?? []) byId.set(row.id, row);
    return [...byId.values()].sort(comparator(sort)).slice(0, MOST);
  }, [afters, pages, sort]);

  const end = pages.get(afters.at(-1) ?? null)?.end ?? null;
  const hasMore = end !== null && rows.length < MOST;
  return {
    rows,
    isLoading,
    error,
    hasMore,
    loadMore: () => {
      if (hasMore && !afters.includes(end)) setAfters([...afters, end]);
    },
    loaders: afters.map((after) => <PageLoader key={after ?? "first"} viewId={viewId} after={after} report={report} />),
  };
}

function PageLoader({ viewId, after, report }: { viewId: string; after: string | null; report: (after: string | null, page: PageState | null, error: string | null, isBusy: boolean) => void }) {
  const [{ data, error, fetching }] = useQuery({ query: InteractionPageDocument, variables: { viewId, first: PAGE, after } });
  useEffect(() => {
    const found = data?.interactions;
    report(after, found ? { rows: found.nodes, end: found.pageInfo.hasNextPage ? found.pageInfo.endCursor : null } : null, error && !data ? error.message : null, fetching && !data);
  }, [after, data, error, fetching, report]);
  return null;
}
