import { useState } from "react";
import { useTranslation } from "react-i18next";
import { DeleteMessageDocument, type MessagePartsFragment } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useFailCodeText } from "../../session/fail-code";
import { Button, Icon, lazily } from "../../ui";
import { PlatformWords } from "./delivery";

const EditDialog = lazily(() => import("./edit-dialog").then((module) => module.EditDialog));

/** An edit or a deletion that the contact does not see (yet), and what to do about one that was refused. */
export function Change({ message }: { message: MessagePartsFragment }) {
  const { t } = useTranslation();
  const act = useAct();
  const failCodeText = useFailCodeText();
  const [isEditing, setEditing] = useState(false);
  const { change } = message;
  if (!change) return null;
  if (change.state === "PENDING") {
    return (
      <p data-change={change.state} className="mt-0.5 flex items-center gap-1 px-1 text-xs text-ink-3">
        <Icon name="clock" size={13} />
        {t(`change.pending.${change.kind}`)}
      </p>
    );
  }
  // Nobody knows what the contact sees now; everything else was left as it was.
  const title = t(change.errorCode === "UNCONFIRMED" ? `change.unconfirmed.${change.kind}` : `change.refused.${change.kind}`);
  const again = () => {
    if (change.kind === "EDIT") setEditing(true);
    else void act(DeleteMessageDocument, { input: { messageId: message.id, expectedVersion: message.version } });
  };
  return (
    <div role="group" data-change={change.state} aria-label={title} className="mt-1 max-w-full rounded-md bg-danger-soft px-3 py-2 text-left text-sm text-danger">
      <p className="font-medium">{title}</p>
      {change.errorCode && change.errorCode !== "UNCONFIRMED" && <p className="text-xs">{failCodeText(change.errorCode)}</p>}
      <PlatformWords text={change.errorDetail} />
      <Button size="sm" icon={change.kind === "EDIT" ? "edit" : "refresh"} className="mt-1.5" onPress={again}>
        {t(`change.again.${change.kind}`)}
      </Button>
      {isEditing && <EditDialog room="corner" message={message} onClose={() => setEditing(false)} />}
    </div>
  );
}
