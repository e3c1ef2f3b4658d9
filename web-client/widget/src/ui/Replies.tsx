/** @jsxImportSource preact */
import type { ContentOf, Option } from "../protocol";
import { useChat, type Asking } from "./context";

/** What of an option goes into the answer. */
export const pick = ({ id, title }: Option): Option => ({ id, title });

/** The answers below a question; once one is taken the others go. */
export function Replies({ content, question, answer, mayAnswer }: Asking<ContentOf<"QUICK_REPLIES">>) {
  const { client } = useChat();
  if (answer) return null;
  return (
    <div class="chips">
      {content.replies.map((reply) => (
        <button
          key={reply.id}
          type="button"
          class="chip"
          disabled={!mayAnswer}
          onClick={() => client.send({ kind: "SELECTION", question, items: [pick(reply)] })}
        >
          {reply.title}
        </button>
      ))}
    </div>
  );
}
