/** @jsxImportSource preact */
// Entry of the second script: everything that is only needed once the chat is open. It gets the chat handed in and
// shares no code with the first script but the types.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Panel as PanelModule } from "./host";
import type { Message } from "./protocol";
import { ChatContext, type Chat } from "./ui/context";
import { Panel } from "./ui/Panel";
import { useUploads } from "./ui/uploads";

export const show: PanelModule["show"] = (box, chat, close, onToggle) => {
  render(
    <ChatContext.Provider value={chat}>
      <App chat={chat} close={close} onToggle={onToggle} />
    </ChatContext.Provider>,
    box,
  );
};

/** Stays when the panel closes, with the files and the quotation of the message being written. */
function App({ chat, close, onToggle }: { chat: Chat; close: () => void; onToggle: Parameters<PanelModule["show"]>[3] }) {
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
    <Panel state={state} config={state.config} close={close} uploads={uploads} quoting={quoting} setQuoting={setQuoting} />
  ) : null;
}
