// What may be entered into the fields of forms and cards, and how it is said in the answer.

import type { Answer, Field } from "./protocol";
import type { Key } from "./strings";

/** Cards have one type more than forms. */
export type AnyField = Omit<Field, "field_type"> & { field_type: Field["field_type"] | "TIME"; initial?: string[] };

export type Values = Record<string, string[]>;

const RULES: Partial<Record<AnyField["field_type"], [RegExp, Key]>> = {
  EMAIL: [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "error_email"],
  PHONE: [/^\+?[\d\s()/.-]{4,24}$/, "error_phone"],
  NUMBER: [/^-?\d{1,15}([.,]\d{1,10})?$/, "error_number"],
  DATE: [/^\d{4}-\d\d-\d\d$/, "error_date"],
};

/** What is wrong with a field, or null. */
export function wrong(field: AnyField, values: readonly string[] | undefined): Key | null {
  const filled = (values ?? []).map((value) => value.trim()).filter(Boolean);
  if (filled.length === 0) return field.required ? "error_required" : null;
  const rule = RULES[field.field_type];
  return rule && !rule[0].test(filled[0] ?? "") ? rule[1] : null;
}

/** One entry per filled field, in words: options by their titles, a check box as yes or no. */
export function answers(fields: readonly AnyField[], values: Values, yes: string, no: string): Answer[] {
  return fields.flatMap((field) => {
    const entered = (values[field.id] ?? []).map((value) => value.trim()).filter(Boolean);
    const isCheckbox = field.field_type === "CHECKBOX";
    if (entered.length === 0 && !isCheckbox) return [];
    const title = (value: string) => field.options?.find((option) => option.id === value)?.title ?? value;
    return [{ field_id: field.id, label: field.label, values: isCheckbox ? [entered.length > 0 ? yes : no] : entered.map(title) }];
  });
}
