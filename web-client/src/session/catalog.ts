import { useEffect, useRef } from "react";
import { useQuery } from "urql";
import { ChannelNamesDocument, type EventKind, InboxesDocument, PeopleDocument, ScriptsDocument, SkillsDocument, TagsDocument } from "../gql/graphql";
import { onKinds } from "../live/handlers";

/** Asks again, at most once a second, when one of these things happened in the log. */
export function useRefetchOn(kinds: readonly EventKind[], refetch: () => void, everyMs = 1_000): void {
  const list = kinds.join(" ");
  const latest = useRef(refetch);
  useEffect(() => {
    latest.current = refetch;
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onKinds(list.split(" ") as EventKind[], () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        latest.current();
      }, everyMs);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [list, everyMs]);
}

const TAG_CHANGES: readonly EventKind[] = ["TAG_CHANGED"];
const PERSON_CHANGES: readonly EventKind[] = ["PERSON_CHANGED"];

export function useTags() {
  const [{ data }, refetch] = useQuery({ query: TagsDocument, requestPolicy: "cache-first" });
  useRefetchOn(TAG_CHANGES, () => refetch({ requestPolicy: "network-only" }));
  return data?.tags.nodes ?? [];
}

export function useSkills() {
  const [{ data }] = useQuery({ query: SkillsDocument });
  return data?.skills.nodes ?? [];
}

export function useScripts() {
  const [{ data }] = useQuery({ query: ScriptsDocument });
  return data?.scripts.nodes ?? [];
}

export function useInboxes() {
  const [{ data }] = useQuery({ query: InboxesDocument });
  return data?.inboxes.nodes ?? [];
}

export function usePeople() {
  const [{ data }, refetch] = useQuery({ query: PeopleDocument, requestPolicy: "cache-first" });
  useRefetchOn(PERSON_CHANGES, () => refetch({ requestPolicy: "network-only" }));
  return data?.people.nodes ?? [];
}

export function useChannelNames() {
  const [{ data }] = useQuery({ query: ChannelNamesDocument });
  return data?.channels.nodes ?? [];
}
