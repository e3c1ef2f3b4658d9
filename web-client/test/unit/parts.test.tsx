import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConnectionBanner } from "../../src/app/banner";
import { useThread } from "../../src/features/interaction/thread-data";
import { Unreachable } from "../../src/live/errors";
import { useFailureText } from "../../src/session/failure";
import { lazily, Pane } from "../../src/ui";
import { mount } from "../mount";
import { batch, type FakeServer, fakeServer, message } from "../workspace";

let server: FakeServer;
beforeEach(() => {
  localStorage.clear();
  server = fakeServer();
});
afterEach(() => server.stop());

test("a part that cannot be fetched breaks alone and can be tried again", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const user = userEvent.setup();
  let tries = 0;
  const Late = lazily(() => {
    tries += 1;
    return tries === 1 ? Promise.reject(new TypeError("Failed to fetch dynamically imported module: /assets/x.js")) : Promise.resolve(() => <p>here</p>);
  });
  await mount(
    server,
    <>
      <p>beside</p>
      <Late />
    </>,
  );
  expect((await screen.findByTestId("broken")).textContent).toContain("could not be fetched");
  expect(screen.getByText("beside")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Reload page" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("here")).toBeTruthy();
});

test("one broken message leaves its neighbours", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  function Bad(): never {
    throw new Error("no such kind");
  }
  await mount(
    server,
    <>
      <Pane room="line">
        <Bad />
      </Pane>
      <Pane room="line">
        <p>neighbour</p>
      </Pane>
    </>,
  );
  expect(screen.getByRole("alert").textContent).toContain("Something broke here");
  expect(screen.getByRole("alert").textContent).not.toContain("no such kind");
  expect(screen.getByText("neighbour")).toBeTruthy();
});

function Thread() {
  const { messages, error, moreError, isLoadingMore, loadMore, retry, loaders } = useThread("int_1");
  const failureText = useFailureText();
  const failure = error ?? moreError;
  return (
    <>
      {loaders}
      <p data-testid="ids">{messages.map((item) => item.id).join(" ")}</p>
      <p data-testid="state">{failure ? failureText(failure) : isLoadingMore ? "loading" : "fine"}</p>
      <button type="button" onClick={loadMore}>
        older
      </button>
      <button type="button" onClick={retry}>
        again
      </button>
    </>
  );
}

test("an older page that does not come keeps what is there and can be asked for again", async () => {
  const user = userEvent.setup();
  let isReachable = true;
  server.answer = ({ variables }) => {
    if (!isReachable) throw new Error("nobody there");
    const isOlder = variables["before"] !== null;
    const pageInfo = { __typename: "PageInfo", hasPreviousPage: !isOlder, startCursor: isOlder ? null : "p1" };
    return { node: { __typename: "Interaction", id: "int_1", messages: { __typename: "MessageConnection", logCursor: "c0", pageInfo, nodes: [message(isOlder ? "msg_1" : "msg_2", isOlder ? 1 : 2)] } } };
  };
  await mount(server, <Thread />);
  await waitFor(() => expect(screen.getByTestId("ids").textContent).toBe("msg_2"));
  isReachable = false;
  await user.click(screen.getByRole("button", { name: "older" }));
  await waitFor(() => expect(screen.getByTestId("state").textContent).toContain("No connection"));
  expect(screen.getByTestId("ids").textContent).toBe("msg_2");
  isReachable = true;
  await user.click(screen.getByRole("button", { name: "again" }));
  await waitFor(() => expect(screen.getByTestId("ids").textContent).toBe("msg_1 msg_2"));
  expect(screen.getByTestId("state").textContent).toBe("fine");
});

test("the banner says since when the connection is gone, and that it is back", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  try {
    await mount(server, <ConnectionBanner />);
    act(() => server.push(batch(0, [])));
    act(() => server.cut(new Unreachable()));
    await act(() => vi.advanceTimersByTimeAsync(1_600));
    expect(screen.getByTestId("offline").textContent).toContain("last news at");
    act(() => {
      server.live.hurry();
      server.push(batch(1, []));
    });
    expect(screen.getByTestId("back-online").textContent).toBe("The connection is back.");
    await act(() => vi.advanceTimersByTimeAsync(4_100));
    expect(screen.queryByTestId("back-online")).toBeNull();
  } finally {
    vi.useRealTimers();
  }
});
