import type { AnyVariables, CombinedError, RequestPolicy, TypedDocumentNode } from "@urql/core";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useQuery } from "urql";

/** One page as it was read, with the cursor of what follows it; null at the end. */
export interface ReadPage<P> {
  readonly page: P;
  readonly next: string | null;
}

interface Status {
  readonly isLoading: boolean;
  readonly isMissing: boolean;
  readonly error: CombinedError | null;
}

export interface Pages<P> {
  /** Those that are there, in the order of asking. */
  readonly pages: readonly P[];
  /** Nothing is there yet. */
  readonly isLoading: boolean;
  /** Asked and answered, but the thing itself does not exist. */
  readonly isMissing: boolean;
  /** Why there is nothing. */
  readonly error: CombinedError | null;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  /** Why the page asked for last did not come; what is there stays. */
  readonly moreError: CombinedError | null;
  readonly loadMore: () => void;
  /** Asks again for the pages that failed. */
  readonly retry: () => void;
  /** Asks again for all of them. */
  readonly refresh: () => void;
  /** One element per page; they render nothing and must be mounted. */
  readonly loaders: readonly ReactNode[];
}

interface Options<D, V extends AnyVariables, P> {
  readonly document: TypedDocumentNode<D, V>;
  readonly variables: (cursor: string | null) => V;
  /** The page in an answer; null when the thing does not exist. */
  readonly read: (data: D) => ReadPage<P> | null;
  readonly requestPolicy?: RequestPolicy;
}

const idle: Status = { isLoading: true, isMissing: false, error: null };

/** A list that is loaded page by page. Every page is a query of its own, so that the log keeps all of them in step. */
export function usePages<D, V extends AnyVariables, P>({ document, variables, read, requestPolicy }: Options<D, V, P>): Pages<P> {
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null]);
  const [known, setKnown] = useState<ReadonlyMap<string | null, ReadPage<P>>>(new Map());
  const [statuses, setStatuses] = useState<ReadonlyMap<string | null, Status>>(new Map());
  const executors = useRef(new Map<string | null, () => void>());

  const register = useCallback((cursor: string | null, execute: () => void) => {
    executors.current.set(cursor, execute);
    return () => void executors.current.delete(cursor);
  }, []);
  const report = useCallback((cursor: string | null, page: ReadPage<P> | null, status: Status) => {
    setStatuses((before) => new Map(before).set(cursor, status));
    if (page) setKnown((before) => new Map(before).set(cursor, page));
  }, []);

  const last = cursors.at(-1) ?? null;
  const first = statuses.get(null) ?? idle;
  const newest = statuses.get(last) ?? idle;
  const next = known.get(last)?.next ?? null;
  const pages = useMemo(() => {
    const there: P[] = [];
    for (const cursor of cursors) {
      const read = known.get(cursor);
      if (read) there.push(read.page);
    }
    return there;
  }, [cursors, known]);
  const run = (cursor: string | null) => executors.current.get(cursor)?.();
  const isFirstThere = known.has(null);
  return {
    pages,
    isLoading: first.isLoading && !isFirstThere,
    isMissing: first.isMissing,
    error: isFirstThere ? null : first.error,
    hasMore: next !== null,
    isLoadingMore: last !== null && newest.isLoading,
    moreError: last === null ? null : newest.error,
    loadMore: () => {
      if (next !== null && !cursors.includes(next)) setCursors([...cursors, next]);
    },
    retry: () => {
      for (const cursor of cursors) if (statuses.get(cursor)?.error) run(cursor);
    },
    refresh: () => {
      for (const cursor of cursors) run(cursor);
    },
    loaders: cursors.map((cursor) => (
      <Loader key={cursor ?? "first"} document={document} variables={variables(cursor)} read={read} requestPolicy={requestPolicy} cursor={cursor} report={report} register={register} />
    )),
  };
}

interface LoaderProps<D, V extends AnyVariables, P> {
  document: TypedDocumentNode<D, V>;
  variables: V;
  read: (data: D) => ReadPage<P> | null;
  requestPolicy: RequestPolicy | undefined;
  cursor: string | null;
  report: (cursor: string | null, page: ReadPage<P> | null, status: Status) => void;
  register: (cursor: string | null, execute: () => void) => () => void;
}

function Loader<D, V extends AnyVariables, P>({ document, variables, read, requestPolicy, cursor, report, register }: LoaderProps<D, V, P>) {
  const [{ data, error, fetching }, execute] = useQuery<D, AnyVariables>({ query: document, variables, ...(requestPolicy ? { requestPolicy } : {}) });
  useEffect(() => register(cursor, () => execute({ requestPolicy: "network-only" })), [cursor, execute, register]);
  const latest = useRef(read);
  useEffect(() => {
    latest.current = read;
  });
  useEffect(() => {
    const page = data ? latest.current(data) : null;
    report(cursor, page, { isLoading: fetching && !page, isMissing: !fetching && data !== undefined && page === null && !error, error: error && !page && !fetching ? error : null });
  }, [cursor, data, error, fetching, report]);
  return null;
}
