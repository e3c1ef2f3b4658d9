import { useMemo } from "react";
import { InteractionPageDocument, type InteractionPageQuery, type InteractionRowFragment, type InteractionSort } from "../../gql/graphql";
import { type Pages, usePages } from "../../session/pages";
import { comparator } from "./filter";
import { MOST } from "./live";

const PAGE = 50;

const read = ({ interactions: { nodes, pageInfo } }: InteractionPageQuery) => ({ page: nodes, next: pageInfo.hasNextPage ? pageInfo.endCursor : null });

export interface Rows extends Omit<Pages<unknown>, "pages"> {
  readonly rows: readonly InteractionRowFragment[];
}

/** The rows of a view, page by page, in the view's order whatever the log did meanwhile. */
export function useRows(viewId: string, sort: InteractionSort): Rows {
  const { pages, ...rest } = usePages({ document: InteractionPageDocument, variables: (after) => ({ viewId, first: PAGE, after }), read });
  const rows = useMemo(() => {
    const byId = new Map<string, InteractionRowFragment>();
    for (const page of pages) for (const row of page) byId.set(row.id, row);
    return [...byId.values()].sort(comparator(sort)).slice(0, MOST);
  }, [pages, sort]);
  return { rows, ...rest, hasMore: rest.hasMore && rows.length < MOST };
}
