import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { DeadLettersDocument, DropDeadLettersDocument, ReplayDeadLettersDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useRefetchOn } from "../../session/catalog";
import { Badge, Button, Checkbox, Icon, Notice, Skeleton, useFormats } from "../../ui";

const CHANGES = ["DEAD_LETTER_CHANGED", "CHANNEL_HEALTH_CHANGED"] as const;

/** What could not be taken in or sent out, with the reason; it can be tried again or given up. */
export function DeadLetters({ channelId }: { channelId: string }) {
  const { t } = useTranslation();
  const act = useAct();
  const formats = useFormats();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [{ data, fetching, error }, refetch] = useQuery({ query: DeadLettersDocument, variables: { channelId, after: null } });
  const again = useCallback(() => refetch({ requestPolicy: "network-only" }), [refetch]);
  useRefetchOn(CHANGES, again, 300);
  const letters = (data?.deadLetters.nodes ?? []).filter((letter) => letter.state === "OPEN");
  const picked = letters.filter((letter) => chosen.has(letter.id)).map((letter) => letter.id);

  const run = async (document: typeof ReplayDeadLettersDocument | typeof DropDeadLettersDocument, ids: readonly string[]) => {
    const result = await act(document as typeof ReplayDeadLettersDocument, { input: { ids: [...ids] } });
    if (result.ok) {
      setChosen(new Set());
      again();
    }
  };

  if (error) return <Notice tone="danger">{error.message}</Notice>;
  if (fetching && !data) return <Skeleton lines={2} />;
  if (letters.length === 0) return <p className="text-sm text-ink-3">{t("channels.noDead")}</p>;
  return (
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
          <li key={letter.id} className="flex items-start gap-3 py-2">
            <Checkbox
              aria-label={letter.error}
              isSelected={chosen.has(letter.id)}
              onChange={(isOn) => {
                const next = new Set(chosen);
                if (isOn) next.add(letter.id);
                else next.delete(letter.id);
                setChosen(next);
              }}
            >
              {null}
            </Checkbox>
            <div className="min-w-0 flex-1 text-sm">
              <p className="flex items-center gap-2">
                <Badge icon={letter.direction === "INBOUND" ? "down" : "send"}>{t(`direction.${letter.direction}`)}</Badge>
                <span className="text-xs text-ink-3">{formats.full(letter.createdAt)}</span>
              </p>
              <p className="mt-1 text-danger wrap-anywhere">{letter.error}</p>
              {(letter.message?.text ?? letter.excerpt) && (
                <details className="mt-1 text-xs text-ink-2">
                  <summary className="rounded-sm">
                    <Icon name="code" size={12} className="mr-1 inline" />
                    {t("channels.raw")}
                  </summary>
                  <pre className="mt-1 max-h-40 overflow-auto rounded-md bg-sunken p-2 whitespace-pre-wrap">{letter.message?.text ?? letter.excerpt}</pre>
                </details>
              )}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}
