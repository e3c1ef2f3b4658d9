import { Link } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { Composer } from "../features/composer/composer";
import { ContactCard } from "../features/contact/card";
import { InteractionHeader } from "../features/interaction/header";
import { Thread } from "../features/interaction/thread";
import { AssignDocument, InteractionDocument, type InteractionRowFragment, MarkReadDocument, type MessagePartsFragment } from "../gql/graphql";
import type { OutboxEntry } from "../live/outbox";
import type { QuoteRef, Sending } from "../live/sending";
import { useAct } from "../session/act";
import { useCapabilities } from "../session/capabilities";
import { useViewer } from "../session/context";
import { useFailureText } from "../session/failure";
import { prefs } from "../session/prefs";
import { useOwnPresence, usePresence } from "../session/presence";
import { forgetUnread, isKeptUnread } from "../session/unread";
import { EmptyState, Pane, Skeleton } from "../ui";

const CARD_KEY = "tributary.card";
/** Whether the contact card stands beside the thread; in a narrower window it covers a part of it and is opened when needed. */
const hasRoomForCard = () => window.matchMedia("(min-width: 80rem)").matches;

/** One open interaction: header, thread, composer and the contact card. */
export function InteractionPane({ id, viewId }: { id: string; viewId: string }) {
  const { t } = useTranslation();
  const failureText = useFailureText();
  const [{ data, fetching, error }] = useQuery({ query: InteractionDocument, variables: { id } });
  const row = data?.node?.__typename === "Interaction" ? data.node : null;
  if (row) return <OpenInteraction row={row} continues={row.continues} viewId={viewId} />;
  return <div className="flex-1">{fetching ? <Skeleton lines={6} /> : <EmptyState icon="lock" title={t("interaction.missing")} text={error ? failureText(error) : t("interaction.missingText")} />}</div>;
}

function OpenInteraction({ row, continues, viewId }: { row: InteractionRowFragment; continues: { readonly id: string; readonly reference: string } | null; viewId: string }) {
  const { t } = useTranslation();
  const act = useAct();
  const viewer = useViewer();
  const presence = usePresence(row.id);
  const reporter = useOwnPresence(row.id);
  const capabilities = useCapabilities(row.channel.id);
  const [quoting, setQuoting] = useState<{ quote: QuoteRef } | null>(null);
  const [restoring, setRestoring] = useState<OutboxEntry<Sending> | null>(null);
  const [isCardOpen, setCardOpen] = useState(() => hasRoomForCard() && localStorage.getItem(CARD_KEY) !== "closed");

  // What is open in front of a person is read, until they say otherwise; what comes then is read again.
  useEffect(() => {
    forgetUnread(row.id);
  }, [row.id, row.lastMessage?.id]);
  useEffect(() => {
    if (row.unreadCount === 0) return;
    const read = () => {
      if (document.visibilityState === "visible" && !isKeptUnread(row.id)) void act(MarkReadDocument, { input: { interactionId: row.id } }, true);
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once per arrival, not per render.
  }, [row.id, row.unreadCount]);

  useEffect(() => {
    if (prefs.get().claim === "opening" && row.assignee === null) void act(AssignDocument, { input: { interactionId: row.id, assigneeId: viewer.id } }, true);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- on opening only.
  }, [row.id]);

  const quote = useCallback(({ id, text, author }: MessagePartsFragment) => setQuoting({ quote: { id, text, author: { name: author.name } } }), []);
  const toggleCard = () => {
    if (hasRoomForCard()) localStorage.setItem(CARD_KEY, isCardOpen ? "closed" : "open");
    setCardOpen(!isCardOpen);
  };

  return (
    <>
      <div className="flex min-w-0 flex-1 flex-col bg-surface">
        <Pane>
          <InteractionHeader row={row} presence={presence} isCardOpen={isCardOpen} onToggleCard={toggleCard} />
        </Pane>
        {continues && (
          <Link to="/inbox/{-$view}/{-$id}" params={{ view: viewId, id: continues.id }} className="border-b border-line bg-sunken px-4 py-1 text-xs text-accent-text underline">
            {t("interaction.continues", { reference: continues.reference })}
          </Link>
        )}
        <Pane>
          <Thread interactionId={row.id} contactName={row.contact.name} contactIsTyping={presence?.contactIsTyping ?? false} capabilities={capabilities} onQuote={quote} onEditPending={setRestoring} />
        </Pane>
        <Pane>
          <Composer row={row} capabilities={capabilities} quoting={quoting} restoring={restoring} onRestored={() => setRestoring(null)} onTyped={() => reporter.typed()} onRested={() => reporter.rested()} />
        </Pane>
      </div>
      {isCardOpen && (
        <Pane>
          <ContactCard contactId={row.contact.id} interactionId={row.id} viewId={viewId} />
        </Pane>
      )}
    </>
  );
}
