/** @jsxImportSource preact */
import type { AnyField } from "../fields";
import type { Config } from "../protocol";
import type { State } from "../store";
import { LEAVE, useChat } from "./context";
import { FieldView, useFields } from "./Fields";
import { Done } from "./Form";

/** What is shown instead of the writing field while nobody is there. */
export function Leave({ state, config, text }: { state: State; config: Config; text: string }) {
  const { client, t } = useChat();
  const fields: AnyField[] = [
    ...(config.offline_form.ask_name ? [{ id: "name", label: t("leave_name"), field_type: "TEXT" as const, required: false }] : []),
    { id: "email", label: t("leave_email"), field_type: "EMAIL", required: true },
    { id: "text", label: t("leave_message"), field_type: "MULTILINE", required: true },
  ];
  const form = useFields(LEAVE, fields);
  const isWaiting = state.outbox.some((item) => item.frame.type === "leave_message");
  const value = (id: string) => form.values[id]?.[0]?.trim() ?? "";
  const submit = (event: Event) => {
    event.preventDefault();
    if (!form.check()) return;
    client.leaveMessage(value("name") || null, value("email"), value("text"));
    form.reset();
  };
  return (
    <div class="leave">
      {isWaiting || state.hasLeftMessage ? (
        <div role="status">
          {isWaiting ? t("leave_waiting") : <Done word={t("leave_done")} />}
          {!isWaiting && (
            <button type="button" class="text" onClick={() => client.store.set({ hasLeftMessage: false })}>
              {t("leave_another")}
            </button>
          )}
        </div>
      ) : (
        <form noValidate onSubmit={submit}>
          <b>{t("leave_title")}</b>
          <p>{text}</p>
          <div ref={form.box}>
            {fields.map((field) => (
              <FieldView key={field.id} field={field} state={form} isDisabled={false} />
            ))}
          </div>
          <button class="main">{t("send")}</button>
        </form>
      )}
    </div>
  );
}
