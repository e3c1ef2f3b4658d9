import { useEffect, useMemo, useState } from "react";
import { PresenceDocument, SetPresenceDocument, type PresenceSubscription } from "../gql/graphql";
import { backoffMs } from "../live/backoff";
import { wire } from "../live/client";
import { newClientId } from "../live/ids";
import { PresenceReporter } from "../live/presence";
import { useLive } from "./context";

export type Presence = PresenceSubscription["presence"];

const tabId = newClientId();
const query = wire(PresenceDocument);

/** Who is on an interaction; `null` while unknown. */
export function usePresence(interactionId: string): Presence | null {
  const live = useLive();
  const [presence, setPresence] = useState<Presence | null>(null);
  useEffect(() => {
    let isOver = false;
    let attempt = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let close: (() => void) | undefined;
    const open = () => {
      close = live.socket.subscribe<PresenceSubscription>(
        { query, operationName: "Presence", variables: { interactionId } },
        {
          next: (data) => {
            attempt = 0;
            setPresence(data.presence);
          },
          error: again,
          complete: again,
        },
      );
    };
    const again = () => {
      setPresence(null);
      if (isOver) return;
      timer = setTimeout(open, backoffMs(attempt, Math.random));
      attempt += 1;
    };
    open();
    return () => {
      isOver = true;
      clearTimeout(timer);
      close?.();
      setPresence(null);
    };
  }, [live, interactionId]);
  return presence;
}

/** Reports what this tab does on the interaction for as long as it is open. */
export function useOwnPresence(interactionId: string): PresenceReporter {
  const live = useLive();
  const reporter = useMemo(
    () =>
      // Best effort by contract: a lost word is repaired by the next sign of life.
      new PresenceReporter((state) => void live.client.mutation(SetPresenceDocument, { input: { interactionId, tabId, state } }).toPromise()),
    [live, interactionId],
  );
  useEffect(() => {
    const look = () => reporter.look(document.visibilityState === "visible");
    const leave = () => reporter.leave();
    look();
    document.addEventListener("visibilitychange", look);
    window.addEventListener("pagehide", leave);
    return () => {
      document.removeEventListener("visibilitychange", look);
      window.removeEventListener("pagehide", leave);
      reporter.leave();
    };
  }, [reporter]);
  return reporter;
}
