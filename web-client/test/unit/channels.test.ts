import { describe, expect, test } from "vitest";
import { byField } from "../../src/features/channels/errors";
import { changedSettings, defaultsOf, type Field, missing } from "../../src/features/channels/fields";

const field = (key: string, part: Partial<Field> = {}): Field => ({ __typename: "SettingField", key, label: key, help: "", type: "TEXT", choices: [], isSecret: false, isRequired: false, default: null, ...part });
const fields = [field("host", { isRequired: true }), field("port", { default: "993" }), field("password", { isSecret: true, isRequired: true })];

describe("settings of a channel", () => {
  test("start with their defaults", () => {
    expect(defaultsOf(fields)).toEqual({ port: "993" });
  });

  test("know what is missing; a stored secret is not", () => {
    expect(missing(fields, { host: " " }, new Set())).toEqual(["host", "password"]);
    expect(missing(fields, { host: "a" }, new Set(["password"]))).toEqual([]);
  });

  test("send only what changed, and never an empty secret", () => {
    expect(changedSettings(fields, { host: "b", port: "", password: "" }, { host: "a", port: "993" })).toEqual([
      { key: "host", value: "b" },
      { key: "port", value: null },
    ]);
    expect(changedSettings(fields, { host: "a", port: "993", password: "x" }, { host: "a", port: "993" })).toEqual([{ key: "password", value: "x" }]);
  });

  test("show each refusal at its field", () => {
    const { at, rest } = byField(
      [
        { code: "INVALID", field: ["settings", "host"] },
        { code: "EMPTY", field: ["defaultSkillId"] },
        { code: "CONFLICT", field: [] },
      ],
      fields,
      (error) => error.code.toLowerCase(),
    );
    expect(at).toEqual({ host: "invalid", defaultSkillId: "empty" });
    expect(rest).toEqual(["conflict"]);
  });
});
