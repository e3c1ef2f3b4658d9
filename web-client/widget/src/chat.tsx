/** @jsxImportSource preact */
// The open chat. It gets the client handed in and shares no code with the first script but the types.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { adopt } from "./adopt";
import type { Given, Toggle } from "./host";
import { PANEL_STYLE } from "./panel-style";
import type { Message } from "./protocol";
import type { Translate } from "./strings";
import { ChatContext, type Chat } from "./ui/context";
import { Guard } from "./ui/Guard";
import { Panel } from "./ui/Panel";
import { useUploads } from "./ui/uploads";

/** Puts the chat into `box`, which stands in a shadow root. */
export function show(box: HTMLElement, given: Given, t: Translate, close: () => void, onToggle: (toggle: Toggle) => void): void {
  const root = box.getRootNode() as ShadowRoot;
  adopt(root, PANEL_STYLE);
  const chat: Chat = { ...given, t, root, kept: new Map() };
  render(
    <ChatContext.Provider value={chat}>
      <App chat={chat} close={close} onToggle={onToggle} />
    </ChatContext.Provider>,
    box,
  );
}

/** Stays when the panel closes, with the files and the quotation of the message being written. */
function App({ chat, close, onToggle }: { chat: Chat; close: () => void; onToggle: (toggle: Toggle) => void }) {
  const { store } = chat.client;
  const [state, setState] = useState(store.get());
  const [isOpen, setOpen] = useState(true);
  const [quoting, setQuoting] = useState<Message | null>(null);
  const uploads = useUploads(chat);
  useEffect(() => {
    onToggle(setOpen);
    setState(store.get());
    return store.subscribe(setState);
  }, [store]);
  return isOpen && state.config ? (
    <Guard
      fallback={(retry) => (
        <section class="panel" role="alert">
          <p class="bar">{chat.t("broken")}</p>
          <button type="button" class="second" onClick={retry}>
            {chat.t("retry")}
          </button>
        </section>
      )}
    >
      <Panel state={state} config={state.config} close={close} uploads={uploads} quoting={quoting} setQuoting={setQuoting} />
    </Guard>
  ) : null;
}
