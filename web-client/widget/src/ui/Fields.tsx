/** @jsxImportSource preact */
import { useId, useRef, useState } from "preact/hooks";
import { wrong, type AnyField } from "../fields";
import { useChat, useKept } from "./context";

/** Values and errors of a set of fields; `check` moves the focus to the first that is wrong. */
export function useFields(key: string, fields: readonly AnyField[]) {
  const [values, setValues] = useKept(key, () => Object.fromEntries(fields.map((field) => [field.id, field.initial ?? []])));
  const [isChecked, setChecked] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  return {
    values,
    box,
    set: (id: string, value: string[]) => setValues({ ...values, [id]: value }),
    error: (field: AnyField) => (isChecked ? wrong(field, values[field.id]) : null),
    check: () => {
      setChecked(true);
      const first = fields.find((field) => wrong(field, values[field.id]));
      if (first) {
        const at = fields.indexOf(first);
        box.current?.querySelectorAll("[data-field]")[at]?.querySelector<HTMLElement>("input,select,textarea")?.focus();
      }
      return !first;
    },
    reset: () => {
      setValues({});
      setChecked(false);
    },
  };
}

const INPUTS: Partial<Record<AnyField["field_type"], object>> = {
  EMAIL: { type: "email", autocomplete: "email" },
  PHONE: { type: "tel", autocomplete: "tel" },
  NUMBER: { inputMode: "decimal" },
  DATE: { type: "date" },
  TIME: { type: "time" },
};

/** More options than this become a drop-down list. */
const RADIOS = 6;

export function FieldView({
  field,
  state,
  isDisabled,
}: {
  field: AnyField;
  state: ReturnType<typeof useFields>;
  isDisabled: boolean;
}) {
  const { t } = useChat();
  const id = useId();
  const values = state.values[field.id] ?? [];
  const error = state.error(field);
  const options = field.options ?? [];
  const common = {
    id,
    disabled: isDisabled,
    "aria-required": field.required,
    "aria-invalid": Boolean(error),
    "aria-describedby": `${id}h ${id}e`,
  } as const;
  const take = (event: Event) => state.set(field.id, [(event.currentTarget as HTMLInputElement).value]);
  const isMany = field.field_type === "MULTIPLE_CHOICE";
  const isGroup = isMany || (field.field_type === "CHOICE" && options.length <= RADIOS);
  const label = (
    <>
      {field.label}
      {!field.required && field.field_type !== "CHECKBOX" && <small> ({t("optional")})</small>}
    </>
  );
  const help = (
    <>
      {field.hint && <small id={`${id}h`}>{field.hint}</small>}
      {error && (
        <small id={`${id}e`} class="wrong">
          {t(error)}
        </small>
      )}
    </>
  );
  const choose = (option: string, isOn: boolean) =>
    state.set(field.id, isMany ? [...values.filter((value) => value !== option), ...(isOn ? [option] : [])] : [option]);
  if (isGroup) {
    return (
      <fieldset class="field" data-field aria-describedby={`${id}h ${id}e`}>
        <legend>{label}</legend>
        {options.map((option) => (
          <label key={option.id} class="check">
            <input
              type={isMany ? "checkbox" : "radio"}
              name={id}
              disabled={isDisabled}
              checked={values.includes(option.id)}
              onChange={(event) => choose(option.id, event.currentTarget.checked)}
            />
            <span>{option.title}</span>
          </label>
        ))}
        {help}
      </fieldset>
    );
  }
  if (field.field_type === "CHECKBOX") {
    return (
      <div class="field" data-field>
        <label class="check">
          <input
            type="checkbox"
            {...common}
            checked={values.length > 0}
            onChange={(event) => state.set(field.id, event.currentTarget.checked ? ["on"] : [])}
          />
          <span>{label}</span>
        </label>
        {help}
      </div>
    );
  }
  return (
    <div class="field" data-field>
      <label for={id}>{label}</label>
      {field.field_type === "CHOICE" ? (
        <select {...common} value={values[0] ?? ""} onChange={take}>
          <option value="">{t("select")}</option>
          {options.map((option) => (
            <option key={option.id} value={option.id}>
              {option.title}
            </option>
          ))}
        </select>
      ) : field.field_type === "MULTILINE" ? (
        <textarea {...common} rows={3} value={values[0] ?? ""} onInput={take} />
      ) : (
        <input type="text" {...INPUTS[field.field_type]} {...common} value={values[0] ?? ""} onInput={take} />
      )}
      {help}
    </div>
  );
}
