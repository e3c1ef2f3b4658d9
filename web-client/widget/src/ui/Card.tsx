/** @jsxImportSource preact */
import { useMemo } from "preact/hooks";
import { readCard, type Card, type CardAction, type CardNode } from "../card";
import { answers } from "../fields";
import type { ContentOf } from "../protocol";
import { useChat, type Asking } from "./context";
import { FieldView, useFields } from "./Fields";
import { Done } from "./Form";
import { Marked } from "./Marked";
import { Rich } from "./Rich";

export function CardView({ text, ...asking }: Asking<ContentOf<"ADAPTIVE_CARD">> & { text: string }) {
  const card = useMemo(() => readCard(asking.content.card), [asking.content.card]);
  return card ? <ReadCard card={card} {...asking} /> : <Rich source={text} />;
}

function ReadCard({ card, question, answer, mayAnswer }: Asking<ContentOf<"ADAPTIVE_CARD">> & { card: Card }) {
  const { client, t } = useChat();
  const state = useFields(question ?? "", card.fields);
  const submit = (action: CardAction & { does: "submit" }) => {
    if (!state.check()) return;
    client.send({
      kind: "FORM_ANSWERS",
      question,
      answers: [
        ...answers(card.fields, state.values, t("yes"), t("no")),
        ...Object.entries(action.data).map(([key, value]) => ({ field_id: key, label: key, values: [value] })),
        { field_id: action.id, label: t("chosen"), values: [action.title] },
      ],
    });
  };
  const show = (node: CardNode, i: number): preact.ComponentChild => {
    switch (node.is) {
      case "text":
        return (
          <div key={i} class={`c-text ${node.isStrong ? "strong" : ""} ${node.isSubtle ? "muted" : ""} s-${node.size} a-${node.align}`}>
            <Marked source={node.text} markup="MARKDOWN" />
          </div>
        );
      case "image":
        return <img key={i} class={`c-image w-${node.width}`} src={node.url} alt={node.alt} loading="lazy" referrerpolicy="no-referrer" />;
      case "group":
        return (
          <div key={i} class={`c-group ${node.tone && node.tone !== "default" ? "toned" : ""}`}>
            {node.nodes.map(show)}
          </div>
        );
      case "columns":
        return (
          <div key={i} class="c-columns">
            {node.columns.map((column, n) => (
              <div key={n} class={column.isStretched ? "stretch" : ""}>
                {column.nodes.map(show)}
              </div>
            ))}
          </div>
        );
      case "facts":
        return <Facts key={i} facts={node.facts} />;
      case "field":
        return <FieldView key={i} field={node.field} state={state} isDisabled={!mayAnswer || Boolean(answer)} />;
      case "actions":
        return (
          <div key={i} class="row">
            {node.actions.map((action, n) =>
              action.does === "open" ? (
                <a key={n} class="second" href={action.url} target="_blank" rel="noopener noreferrer nofollow">
                  {action.title}
                </a>
              ) : answer ? null : (
                <button
                  key={n}
                  type="button"
                  class={action.isPrimary || node.actions.length === 1 ? "main" : "second"}
                  disabled={!mayAnswer}
                  onClick={() => submit(action)}
                >
                  {action.title}
                </button>
              ),
            )}
          </div>
        );
    }
  };
  return (
    <div class="box card" ref={state.box}>
      {card.nodes.map(show)}
      {answer && <Done word={t("submitted")} />}
    </div>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [string, string])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value], i) => (
        <div key={i}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
