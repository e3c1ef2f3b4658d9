import { useTranslation } from "react-i18next";
import type { ChannelKindsQuery } from "../../gql/graphql";
import { Select, Switch, TextField } from "../../ui";

export type Field = ChannelKindsQuery["channelKinds"][number]["settings"][number];
export type Values = Readonly<Record<string, string>>;

/** Values a new channel starts with. */
export function defaultsOf(fields: readonly Field[]): Values {
  return Object.fromEntries(fields.flatMap((field) => (field.default ? [[field.key, field.default]] : [])));
}

/** Required fields without a value; a stored secret counts as one. */
export function missing(fields: readonly Field[], values: Values, stored: ReadonlySet<string>): readonly string[] {
  return fields.filter((field) => field.isRequired && (values[field.key] ?? "").trim() === "" && !(field.isSecret && stored.has(field.key))).map((field) => field.key);
}

/** What to send: only what differs from what is stored; an empty secret field means "leave it". */
export function changedSettings(fields: readonly Field[], values: Values, before: Values): { key: string; value: string | null }[] {
  return fields.flatMap((field) => {
    const value = values[field.key] ?? "";
    if (field.isSecret) return value === "" ? [] : [{ key: field.key, value }];
    if (value === (before[field.key] ?? "")) return [];
    return [{ key: field.key, value: value === "" ? null : value }];
  });
}

interface FieldsProps {
  fields: readonly Field[];
  values: Values;
  errors: Values;
  /** Secrets that have a value already. */
  stored: ReadonlySet<string>;
  /** Called with what has changed. */
  onChange: (change: Values) => void;
}

/** The settings of a kind of channel, drawn from what the server says about them. */
export function SettingFields({ fields, values, errors, stored, onChange }: FieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      {fields.map((field) => {
        const value = values[field.key] ?? "";
        const set = (next: string) => onChange({ [field.key]: next });
        const error = errors[field.key];
        if (field.type === "BOOLEAN") {
          return (
            <Switch key={field.key} isSelected={value === "true"} onChange={(isOn) => set(isOn ? "true" : "false")} hint={field.help}>
              {field.label}
            </Switch>
          );
        }
        if (field.type === "CHOICE") {
          return <Select key={field.key} label={field.label} hint={field.help} value={value === "" ? null : value} onChange={set} isRequired={field.isRequired} error={error} options={field.choices.map((choice) => ({ id: choice, label: choice }))} />;
        }
        const isLong = field.type === "LINES" || field.type === "JSON";
        return (
          <TextField
            key={field.key}
            name={field.key}
            label={field.label}
            hint={field.help}
            value={value}
            onChange={set}
            isRequired={field.isRequired && !stored.has(field.key)}
            error={error}
            rows={isLong ? 4 : 1}
            isMono={field.type === "JSON"}
            type={field.isSecret ? "password" : field.type === "URL" ? "url" : "text"}
            autoComplete={field.isSecret ? "new-password" : "off"}
            {...(field.type === "NUMBER" ? { inputMode: "numeric" as const } : {})}
            {...(field.isSecret && stored.has(field.key) ? { placeholder: t("channels.secretStored") } : {})}
          />
        );
      })}
    </>
  );
}
