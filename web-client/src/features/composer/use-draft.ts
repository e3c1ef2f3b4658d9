import { useCallback, useRef, useState } from "react";
import { type ComposeKind, type Draft, loadDraft, saveDraft } from "./draft";

const kindKey = (channelId: string) => `tributary.kind.${channelId}`;

/** Text or formatted text, whichever the person wrote last on this channel. */
export function rememberKind(channelId: string, kind: ComposeKind): void {
  if (kind === "TEXT" || kind === "FORMATTED") localStorage.setItem(kindKey(channelId), kind);
}

/** The draft of a person for an interaction, kept with every change. */
export function useDraft(personId: string, interactionId: string, channelId: string): readonly [Draft, (change: Draft | ((known: Draft) => Draft)) => void] {
  const [draft, setShown] = useState<Draft>(() => loadDraft(personId, interactionId, (localStorage.getItem(kindKey(channelId)) as ComposeKind | null) ?? "TEXT"));
  const latest = useRef(draft);
  const setDraft = useCallback(
    (change: Draft | ((known: Draft) => Draft)) => {
      latest.current = typeof change === "function" ? change(latest.current) : change;
      saveDraft(personId, interactionId, latest.current);
      setShown(latest.current);
    },
    [personId, interactionId],
  );
  return [draft, setDraft];
}
