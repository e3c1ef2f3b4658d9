import { beforeEach, describe, expect, test } from "vitest";
import { CommandRegistry } from "../../src/ui/commands";

let registry: CommandRegistry;
let ran: string[];

beforeEach(() => {
  document.body.innerHTML = '<textarea id="field"></textarea><button id="button"></button>';
  ran = [];
  registry = new CommandRegistry();
  const add = (id: string, keys: string[], guard?: () => boolean) => registry.add({ id, label: id, group: "app", keys, ...(guard ? { guard } : {}), run: () => ran.push(id) });
  add("next", ["j"]);
  add("help", ["?"]);
  add("go", ["g i"]);
  add("send", ["Mod+Enter"]);
  add("sendAndResolve", ["Mod+Shift+Enter"]);
  add("palette", ["Mod+k"]);
  add("never", ["z"], () => false);
});

function press(key: string, init: KeyboardEventInit = {}, on = "button"): boolean {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  document.getElementById(on)?.dispatchEvent(event);
  return registry.handle(event);
}

describe("keys", () => {
  test("single keys work outside of fields only", () => {
    expect(press("j")).toBe(true);
    expect(press("j", {}, "field")).toBe(false);
    expect(ran).toEqual(["next"]);
  });

  test("combinations work everywhere", () => {
    press("Enter", { ctrlKey: true }, "field");
    press("Enter", { ctrlKey: true, shiftKey: true }, "field");
    press("K", { metaKey: true });
    expect(ran).toEqual(["send", "sendAndResolve", "palette"]);
  });

  test("a letter after g goes there, any other does nothing", () => {
    press("g");
    press("i");
    expect(ran).toEqual(["go"]);
    press("g");
    press("j");
    expect(ran).toEqual(["go"]);
  });

  test("are matched by what they type, whatever the layout", () => {
    expect(press("?", { shiftKey: true, code: "Minus" })).toBe(true);
  });

  test("do nothing on repeat, while composing or with a modifier", () => {
    press("j", { repeat: true });
    press("j", { isComposing: true });
    press("j", { ctrlKey: true });
    press("j", { altKey: true });
    expect(ran).toEqual([]);
  });

  test("a guard holds", () => {
    expect(press("z")).toBe(false);
    expect(registry.available().map((command) => command.id)).not.toContain("never");
  });

  test("can be switched off and chosen anew", () => {
    registry.settings.set({ areSingleKeysOn: false, remapped: {} });
    expect(press("j")).toBe(false);
    expect(press("Enter", { ctrlKey: true })).toBe(true);
    registry.settings.set({ areSingleKeysOn: true, remapped: { next: ["ArrowDown"] } });
    expect(press("j")).toBe(false);
    expect(press("ArrowDown")).toBe(true);
  });
});

test("single keys leave controls that choose by letter alone, and parts that say so", () => {
  document.body.innerHTML = '<div data-keys="off"><button id="button"></button></div><div id="tab" role="tab"></div><button id="select" aria-haspopup="listbox"></button><input type="checkbox" id="check"><div role="toolbar"><button id="tool"></button></div>';
  for (const id of ["button", "tab", "select", "check"]) expect(press("j", {}, id), id).toBe(false);
  expect(press("j", {}, "tool")).toBe(true);
  expect(press("Enter", { ctrlKey: true })).toBe(true);
});
