/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import type { Author } from "../protocol";
import { useChat } from "./context";
import { Icon } from "./icons";

/** Picture of somebody, or their initials, or a chat bubble for nobody in particular. */
export function Face({ author }: { author: Author | null }) {
  const { client } = useChat();
  const [isBroken, setBroken] = useState(false);
  const initials = (author?.name ?? "")
    .split(/\s+/)
    .map((word) => [...word][0] ?? "")
    .join("")
    .slice(0, 2);
  return (
    <span class="face" aria-hidden="true">
      {author?.avatar && !isBroken ? (
        <img src={client.absolute(author.avatar)} alt="" referrerpolicy="no-referrer" onError={() => setBroken(true)} />
      ) : (
        initials || <Icon name="chat" size={18} />
      )}
    </span>
  );
}
