import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Channel, ChannelScreen, DeleteDialog } from "../../src/features/channels/page";
import { SettingsForm } from "../../src/features/channels/settings-form";
import { NewChannelScreen } from "../../src/features/channels/wizard";
import { EditContactDialog } from "../../src/features/contact/edit";
import { EditDialog } from "../../src/features/interaction/edit-dialog";
import type { ChannelKindsQuery, ContactPartsFragment, MessagePartsFragment } from "../../src/gql/graphql";
import { mount } from "../mount";
import { batch, event, type FakeServer, fakeServer, message } from "../workspace";

let server: FakeServer;
beforeEach(() => {
  localStorage.clear();
  server = fakeServer();
});
afterEach(() => server.stop());

const health = { __typename: "ChannelHealth", state: "OK", cause: null, reason: null, since: null, firstEventAt: "2026-01-01T10:00:00Z", lastEventAt: null, queued: 0, openDeadLetters: 0 };
const channel = (version: number, settings: Record<string, string>, part: object = {}) =>
  ({
    __typename: "Channel",
    id: "chn_1",
    version,
    kind: "EMAIL",
    name: "Mail",
    isEnabled: true,
    inbox: { __typename: "Inbox", id: "inb_1", name: "Inbox" },
    defaultSkill: null,
    defaultScript: null,
    health,
    createdAt: "2026-01-01T10:00:00Z",
    webhookUrl: null,
    widget: null,
    settings: Object.entries(settings).map(([key, value]) => ({ __typename: "ChannelSetting", key, value, isSecret: false, isSet: true })),
    ...part,
  }) as unknown as Channel;
const setting = (key: string) => ({ __typename: "SettingField", key, label: key, help: "", type: "TEXT", choices: [], isSecret: false, isRequired: false, default: null });
const kind = { __typename: "ChannelKindInfo", kind: "EMAIL", class: "EMAIL", displayName: "E-mail", documentationUrl: "https://a.example", isAvailable: true, isPublic: false, needsRoutingDefaults: false, settings: [setting("host"), setting("port")] } as unknown as ChannelKindsQuery["channelKinds"][number];
const refused = (code: string, field: string[] = []) => [{ __typename: "UserError", code, field, message: "an English sentence", limit: null }];
const field = (name: string) => screen.getByRole("textbox", { name }) as HTMLInputElement;

function routed(part: ReactNode) {
  const root = createRootRoute();
  const page = createRoute({ getParentRoute: () => root, path: "/channels/$id", component: () => part });
  const router = createRouter({ routeTree: root.addChildren([page]), history: createMemoryHistory({ initialEntries: ["/channels/chn_1"] }) });
  return <RouterProvider router={router as never} />;
}

describe("settings of a channel", () => {
  test("what is typed stays when the channel changes; untouched fields follow", async () => {
    const user = userEvent.setup();
    const { show } = await mount(server, <SettingsForm channel={channel(1, { host: "a.example", port: "1" })} kind={kind} />);
    await user.clear(field("host"));
    await user.type(field("host"), "mine.example");
    show(<SettingsForm channel={channel(2, { host: "other.example", port: "2" }, { health: { ...health, state: "DOWN" } })} kind={kind} />);
    expect(field("host").value).toBe("mine.example");
    expect(field("port").value).toBe("2");
  });

  test("after saving it shows what is stored now, and sends only what was touched", async () => {
    const user = userEvent.setup();
    let stored = { host: "a.example", port: "1" };
    const inputs: unknown[] = [];
    server.answer = ({ operationName, variables }) => {
      if (operationName === "ChannelPage") return { node: channel(inputs.length + 1, stored) };
      if (operationName === "ChannelKinds") return { channelKinds: [kind] };
      if (operationName === "UpdateChannel") {
        inputs.push(variables["input"]);
        // The server has a spelling of its own.
        stored = { host: "b.example", port: "1" };
        return { updateChannel: { __typename: "ChannelPayload", channel: { __typename: "Channel", id: "chn_1" }, errors: [] } };
      }
      return new Promise(() => {});
    };
    function Screen() {
      return <ChannelScreen />;
    }
    await mount(server, routed(<Screen />));
    await screen.findByRole("textbox", { name: "host" });
    await user.clear(field("host"));
    await user.type(field("host"), "B.example");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(field("host").value).toBe("b.example"));
    expect(inputs).toEqual([{ channelId: "chn_1", settings: [{ key: "host", value: "B.example" }], expectedVersion: 1 }]);
    expect(screen.getByRole("button", { name: "Save" }).hasAttribute("disabled")).toBe(true);

    // Somebody else saves: the log tells, the settings are asked for.
    stored = { host: "c.example", port: "7" };
    act(() => server.push(batch(0, [event("CHANNEL_CHANGED", channel(9, {}) as never)])));
    await waitFor(() => expect(field("port").value).toBe("7"));
    expect(field("host").value).toBe("c.example");
  });
});

test("a channel with interactions is not deleted but can be switched off", async () => {
  const user = userEvent.setup();
  const asked: string[] = [];
  let isClosed = false;
  server.answer = ({ operationName, variables }) => {
    asked.push(`${operationName} ${JSON.stringify(variables)}`);
    if (operationName === "DeleteChannel") return { deleteChannel: { __typename: "DeletePayload", deletedId: null, errors: refused("CONFLICT") } };
    return { updateChannel: { __typename: "ChannelPayload", channel: { __typename: "Channel", id: "chn_1" }, errors: [] } };
  };
  await mount(server, routed(<DeleteDialog channel={channel(3, {})} onClose={() => (isClosed = true)} />));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("button", { name: "Delete channel" }));
  expect((await within(dialog).findByRole("alert")).textContent).toContain("cannot be deleted");
  await user.click(within(dialog).getByRole("button", { name: "Switch off" }));
  await waitFor(() => expect(isClosed).toBe(true));
  expect(asked).toEqual(['DeleteChannel {"input":{"id":"chn_1"}}', 'UpdateChannel {"input":{"channelId":"chn_1","isEnabled":false}}']);
});

test("a creation that nobody answered is repeated under its own id, a refused one is another", async () => {
  const user = userEvent.setup();
  const ids: unknown[] = [];
  let answer: () => unknown = () => {
    throw new Error("nobody there");
  };
  server.answer = ({ operationName, variables }) => {
    if (operationName === "ChannelKinds") return { channelKinds: [kind] };
    if (operationName === "Inboxes") return { inboxes: { __typename: "InboxConnection", logCursor: "c0", nodes: [{ __typename: "Inbox", id: "inb_1", version: 1, name: "Inbox" }] } };
    if (operationName !== "CreateChannel") return new Promise(() => {});
    ids.push((variables["input"] as { clientId: string }).clientId);
    return answer();
  };
  function Screen() {
    return <NewChannelScreen />;
  }
  await mount(server, routed(<Screen />));
  await user.click(await screen.findByRole("button", { name: /E-mail/u }));
  const create = screen.getByRole("button", { name: "Create channel" });
  await waitFor(() => expect(create.hasAttribute("disabled")).toBe(false));
  await user.click(create);
  expect((await screen.findByRole("alert")).textContent).toContain("No connection");
  answer = () => ({ createChannel: { __typename: "ChannelPayload", channel: null, errors: refused("INVALID", ["settings", "host"]) } });
  await user.click(create);
  await screen.findByText("This is not valid.");
  expect(screen.queryByText("an English sentence")).toBeNull();
  await user.click(create);
  await waitFor(() => expect(ids).toHaveLength(3));
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
});

describe("somebody else saves while a dialog is open", () => {
  const contact = (version: number, part: object = {}) => ({ __typename: "Contact", id: "con_1", version, name: "Mara", email: "mara@example.org", phone: null, language: null, notes: null, isBlocked: false, createdAt: "2026-01-01T10:00:00Z", fields: [], identities: [], mergedInto: null, merges: [], ...part }) as unknown as ContactPartsFragment;

  test("a contact: the newer values are shown and nothing is overwritten unseen", async () => {
    const user = userEvent.setup();
    const versions: unknown[] = [];
    let isDone = false;
    let stale = 0;
    server.answer = ({ variables }) => {
      const input = variables["input"] as { expectedVersion: number };
      versions.push(input.expectedVersion);
      return { updateContact: { __typename: "ContactPayload", contact: { __typename: "Contact", id: "con_1" }, errors: input.expectedVersion < 2 ? refused("CONFLICT") : [] } };
    };
    const dialog = (shown: ContactPartsFragment) => <EditContactDialog contact={shown} onStale={() => (stale += 1)} onClose={() => (isDone = true)} />;
    const { show } = await mount(server, dialog(contact(1)));
    await user.type(field("Telephone"), "+49 30 1");
    show(dialog(contact(2, { email: "new@example.org" })));
    expect(field("E-mail").value).toBe("mara@example.org");
    await user.click(screen.getByRole("button", { name: "Save" }));
    const newer = await screen.findByTestId("newer");
    expect(newer.textContent).toContain("new@example.org");
    expect(stale).toBe(1);
    await user.click(within(newer).getByRole("button", { name: "Use the newer" }));
    expect(field("E-mail").value).toBe("new@example.org");
    expect(field("Telephone").value).toBe("+49 30 1");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(isDone).toBe(true));
    expect(versions).toEqual([1, 2]);
  });

  test("a message: one's own words can be saved over the newer ones, knowingly", async () => {
    const user = userEvent.setup();
    const versions: unknown[] = [];
    let isDone = false;
    server.answer = ({ variables }) => {
      const input = variables["input"] as { expectedVersion: number };
      versions.push(input.expectedVersion);
      return { editMessage: { __typename: "MessagePayload", message: null, errors: input.expectedVersion < 6 ? refused("CONFLICT") : [] } };
    };
    const dialog = (version: number, text: string) => <EditDialog message={message("msg_1", version, { text, content: { __typename: "TextContent", text } }) as unknown as MessagePartsFragment} onClose={() => (isDone = true)} />;
    const { show } = await mount(server, dialog(5, "Helo"));
    await user.clear(field("Text"));
    await user.type(field("Text"), "Hello");
    show(dialog(6, "Hallo"));
    await user.click(screen.getByRole("button", { name: "Save" }));
    const newer = await screen.findByTestId("newer");
    expect(newer.textContent).toContain("Hallo");
    await user.click(within(newer).getByRole("button", { name: "Save mine anyway" }));
    await waitFor(() => expect(isDone).toBe(true));
    expect(versions).toEqual([5, 6]);
  });
});
