import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { DeadLettersDocument, type DeadLettersQuery, DropDeadLettersDocument, ReplayDeadLettersDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useRefetchOn } from "../../session/catalog";
import { useFailCodeText } from "../../session/fail-code";
import { usePages } from "../../session/pages";
import { Failed, MorePages } from "../../session/paging";
import { ANY_VIEW } from "../../session/views";
import { Badge, Button, Checkbox, Icon, Skeleton, useFormats } from "../../ui";

const CHANGES = ["DEAD_LETTER_CHANGED", "CHANNEL_HEALTH_CHANGED"] as const;

type Letter = DeadLettersQuery["deadLetters"]["nodes"][number];

const read = ({ deadLetters: { nodes, pageInfo } }: DeadLettersQuery) => ({ page: nodes, next: pageInfo.hasNextPage ? pageInfo.endCursor : null });

/** What could not be taken in or sent out, with the reason; it can be tried again or given up. */
export function DeadLetters({ channelId }: { channelId: string }) {
  const { t } = useTranslation();
  const act = useAct();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const list = usePages({ document: DeadLettersDocument, variables: (after) => ({ channelId, after }), read });
  const { pages, isLoading, error, hasMore, refresh, loaders } = list;
  useRefetchOn(CHANGES, refresh, 300);
  const letters = [...new Map(pages.flat().map((letter) => [letter.id, letter])).values()].filter((letter) => letter.state === "OPEN");
  const picked = letters.filter((letter) => chosen.has(letter.id)).map((letter) => letter.id);

  const run = async (document: typeof ReplayDeadLettersDocument | typeof DropDeadLettersDocument, ids: readonly string[]) => {
    const result = await act(document as typeof ReplayDeadLettersDocument, { input: { ids: [...ids] } });
    if (result.ok) {
      setChosen(new Set());
      refresh();
    }
  };
  const toggle = (id: string, isOn: boolean) => {
    const next = new Set(chosen);
    if (isOn) next.add(id);
    else next.delete(id);
    setChosen(next);
  };

  return (
    <>
      {loaders}
      {isLoading && <Skeleton lines={2} />}
      {error && <Failed error={error} onRetry={list.retry} />}
      {!isLoading && !error && letters.length === 0 && !hasMore && <p className="text-sm text-ink-3">{t("channels.noDead")}</p>}
      {letters.length > 0 && (
        <>
          <div className="mb-2 flex items-center gap-2">
            <Checkbox isSelected={picked.length === letters.length} isIndeterminate={picked.length > 0 && picked.length < letters.length} onChange={(isOn) => setChosen(new Set(isOn ? letters.map((letter) => letter.id) : []))}>
              {t("channels.all")}
            </Checkbox>
            <span className="flex-1" />
            <Button size="sm" icon="refresh" isDisabled={picked.length === 0} onPress={() => void run(ReplayDeadLettersDocument, picked)}>
              {t("channels.replay")}
            </Button>
            <Button size="sm" look="quiet" icon="trash" isDisabled={picked.length === 0} onPress={() => void run(DropDeadLettersDocument, picked)}>
              {t("channels.drop")}
            </Button>
          </div>
          <ul className="divide-y divide-line" data-testid="dead-letters">
            {letters.map((letter) => (
              <LetterItem key={letter.id} letter={letter} isChosen={chosen.has(letter.id)} onToggle={toggle} />
            ))}
          </ul>
        </>
      )}
      <MorePages list={list} lines={1} />
    </>
  );
}

function LetterItem({ letter, isChosen, onToggle }: { letter: Letter; isChosen: boolean; onToggle: (id: string, isOn: boolean) => void }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const failCodeText = useFailCodeText();
  const code = letter.message?.change?.errorCode ?? letter.message?.delivery?.errorCode;
  const inbound = letter.cause === "REFUSED" || letter.cause === "UNREADABLE" ? t(`letterCause.${letter.cause}`) : t("channels.deadInbound");
  const words = letter.direction === "INBOUND" ? inbound : code ? failCodeText(code) : t("channels.deadOutbound");
  const raw = letter.message?.text ?? letter.excerpt;
  const name = `${t(`direction.${letter.direction}`)}, ${formats.full(letter.createdAt)}`;
  return (
    <li className="flex items-start gap-3 py-2">
      <Checkbox aria-label={name} isSelected={isChosen} onChange={(isOn) => onToggle(letter.id, isOn)}>
        {null}
      </Checkbox>
      <div className="min-w-0 flex-1 text-sm">
        <p className="flex items-center gap-2">
          <Badge icon={letter.direction === "INBOUND" ? "down" : "send"}>{t(`direction.${letter.direction}`)}</Badge>
          <span className="text-xs text-ink-3">{formats.full(letter.createdAt)}</span>
          {letter.message && (
            <Link to="/inbox/{-$view}/{-$id}" params={{ view: ANY_VIEW, id: letter.message.interaction.id }} className="rounded-sm text-xs text-accent-text underline">
              {t("channels.toInteraction", { reference: letter.message.interaction.reference })}
            </Link>
          )}
        </p>
        <p className="mt-1 text-danger">{words}</p>
        <details className="mt-1 text-xs text-ink-2">
          <summary className="rounded-sm">
            <Icon name="code" size={12} className="mr-1 inline" />
            {t("ui.technical")}
          </summary>
          <p className="mt-1 wrap-anywhere" lang="en">
            {letter.error}
          </p>
          {raw && (
            <>
              <p className="mt-2 font-medium">{t("channels.raw")}</p>
              <pre tabIndex={0} aria-label={t("channels.raw")} className="mt-1 max-h-40 overflow-auto rounded-md bg-sunken p-2 whitespace-pre-wrap">
                {raw}
              </pre>
            </>
          )}
        </details>
      </div>
    </li>
  );
}
