/** @jsxImportSource preact */
import { answers, type AnyField } from "../fields";
import type { ContentOf } from "../protocol";
import { useChat, type Asking } from "./context";
import { FieldView, useFields } from "./Fields";
import { Icon } from "./icons";
import { Rich } from "./Rich";

export function FormView({ content, question, answer, mayAnswer }: Asking<ContentOf<"FORM">>) {
  const { client, t } = useChat();
  const fields: AnyField[] = content.fields;
  const state = useFields(question ?? "", fields);
  const submit = (event: Event) => {
    event.preventDefault();
    if (mayAnswer && state.check()) {
      client.send({ kind: "FORM_ANSWERS", question, answers: answers(fields, state.values, t("yes"), t("no")) });
    }
  };
  return (
    <form class="box" noValidate onSubmit={submit}>
      <b>{content.title}</b>
      {content.text && <Rich source={content.text} />}
      {answer ? (
        <Done word={t("submitted")} />
      ) : (
        <div ref={state.box}>
          {fields.map((field) => (
            <FieldView key={field.id} field={field} state={state} isDisabled={!mayAnswer} />
          ))}
          <button class="main" disabled={!mayAnswer}>
            {content.submit_label || t("submit")}
          </button>
        </div>
      )}
    </form>
  );
}

export function Done({ word }: { word: string }) {
  return (
    <span class="done">
      <Icon name="tick" size={16} /> {word}
    </span>
  );
}
