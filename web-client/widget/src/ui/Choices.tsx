/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import type { Attachment, ContentOf, Option, Slot } from "../protocol";
import { useChat, type Asking } from "./context";
import { PictureView } from "./Files";
import { Done } from "./Form";
import { Icon } from "./icons";
import { Rich } from "./Rich";
import { clock, day, zoneName } from "./time";

type Given = { answer: Asking<ContentOf<"SELECTION">>["answer"] };

const isChosen = ({ answer }: Given, id: string) =>
  (answer?.kind === "SELECTION" && answer.items.some((item) => item.id === id)) || (answer?.kind === "TIME_CHOSEN" && answer.slot.id === id);

const pick = ({ id, title }: Option): Option => ({ id, title });

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

export function ListView({ content, question, answer, mayAnswer, files }: Asking<ContentOf<"LIST_PICKER">> & { files: readonly Attachment[] }) {
  const { client, t } = useChat();
  const [chosen, setChosen] = useState<readonly Option[]>([]);
  const isOpen = mayAnswer && !answer;
  const send = (items: readonly Option[]) => client.send({ kind: "SELECTION", question, items: items.map(pick) });
  const toggle = (item: Option) =>
    setChosen(chosen.some((other) => other.id === item.id) ? chosen.filter((other) => other.id !== item.id) : [...chosen, item]);
  return (
    <div class="box">
      <b>{content.title}</b>
      {content.text && <Rich source={content.text} />}
      {content.sections.map((section, i) => (
        <div key={i} class="section" role="group" aria-label={section.title || content.title}>
          {section.title && <small class="head">{section.title}</small>}
          {section.items.map((item) => {
            const isOn = answer ? isChosen({ answer }, item.id) : chosen.some((other) => other.id === item.id);
            return (
              <button
                key={item.id}
                type="button"
                class="item"
                {...(content.multiple || answer ? { role: "checkbox", "aria-checked": isOn } : {})}
                disabled={!isOpen}
                onClick={() => (content.multiple ? toggle(item) : send([item]))}
              >
                <PictureView picture={item.image} files={files} />
                <span class="words">
                  {item.title}
                  {item.description && <small>{item.description}</small>}
                </span>
                {(content.multiple || isOn) && <span class={isOn ? "mark on" : "mark"}>{isOn && <Icon name="tick" size={14} />}</span>}
              </button>
            );
          })}
        </div>
      ))}
      {content.multiple && !answer && (
        <button type="button" class="main" disabled={!isOpen || chosen.length === 0} onClick={() => send(chosen)}>
          {t("choose")}
        </button>
      )}
      {answer && <Done word={t("chosen")} />}
    </div>
  );
}

export function Slots({
  slots,
  zone,
  question,
  answer,
  mayAnswer,
}: {
  slots: readonly Slot[];
  zone: string;
} & Omit<Asking<ContentOf<"TIME_PICKER">>, "content">) {
  const { client, t, locale } = useChat();
  const days = new Map<string, Slot[]>();
  for (const slot of slots) {
    const name = day(slot.start, locale, zone);
    days.set(name, [...(days.get(name) ?? []), slot]);
  }
  return (
    <>
      {[...days].map(([name, group]) => (
        <div key={name} class="section" role="group" aria-label={name}>
          <small class="head">{name}</small>
          <div class="chips">
            {group.map((slot) => (
              <button
                key={slot.id}
                type="button"
                class={isChosen({ answer }, slot.id) ? "chip on" : "chip"}
                disabled={!mayAnswer || Boolean(answer)}
                aria-label={`${name}, ${clock(slot.start, locale, zone)}, ${t("minutes", { n: slot.duration_min })}`}
                onClick={() => client.send({ kind: "TIME_CHOSEN", question, slot })}
              >
                {clock(slot.start, locale, zone)}
              </button>
            ))}
          </div>
        </div>
      ))}
      <small class="muted">{t("zone", { name: zoneName(zone, locale) })}</small>
      {answer && <Done word={t("chosen")} />}
    </>
  );
}
