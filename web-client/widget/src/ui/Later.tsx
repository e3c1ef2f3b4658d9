/** @jsxImportSource preact */
import { useEffect, useReducer, useState } from "preact/hooks";
import { adopt } from "../adopt";
import type { ContentView } from "./ContentView";
import { useChat } from "./context";
import type { Leave } from "./Leave";
import { Rich } from "./Rich";

type More = typeof import("../more");
type Props<C> = C extends (props: infer P) => unknown ? P : never;

let more: More | null = null;

/** The rest of the chat, fetched when it is first needed; `again` tries once more when that failed. */
function useMore(): { more: More | null; isFailed: boolean; again: () => void } {
  const { root } = useChat();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    if (more || isFailed) return;
    let isThere = true;
    import("../more").then(
      (found) => {
        if (!more) adopt(root, found.STYLE);
        more = found;
        if (isThere) redraw(0);
      },
      () => isThere && setFailed(true),
    );
    return () => {
      isThere = false;
    };
  }, [isFailed]);
  return { more, isFailed, again: () => setFailed(false) };
}

function Failed({ again }: { again: () => void }) {
  const { t } = useChat();
  return (
    <button type="button" class="text" onClick={again}>
      {t("retry")}
    </button>
  );
}

/** A body that is more than words; its readable text until it is there. */
export function MoreView(props: Props<typeof ContentView>) {
  const { more, isFailed, again } = useMore();
  if (more) return <more.RareView {...props} />;
  return (
    <>
      <Rich source={props.message.text} />
      {isFailed && <Failed again={again} />}
    </>
  );
}

/** The form for a message left behind. */
export function LeaveLater(props: Props<typeof Leave>) {
  const { more, isFailed, again } = useMore();
  if (more) return <more.Leave {...props} />;
  return <div class="middle">{isFailed && <Failed again={again} />}</div>;
}
