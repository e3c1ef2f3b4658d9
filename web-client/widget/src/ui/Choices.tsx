/** @jsxImportSource preact */
import type { Attachment, ContentOf, Option, Slot } from "../protocol";
import { useChat, useKept, type Asking } from "./context";
import { PictureView } from "./Files";
import { Done } from "./Form";
import { Icon } from "./icons";
import { pick } from "./Replies";
import { Rich } from "./Rich";
import { clock, day, zoneName } from "./time";

type Given = { answer: Asking<ContentOf<"SELECTION">>["answer"] };

const isChosen = ({ answer }: Given, id: string) =>
  (answer?.kind === "SELECTION" && answer.items.some((item) => item.id === id)) || (answer?.kind === "TIME_CHOSEN" && answer.slot.id === id);

export function ListView({ content, question, answer, mayAnswer, files }: Asking<ContentOf<"LIST_PICKER">> & { files: readonly Attachment[] }) {
  const { client, t } = useChat();
  const [{ chosen = [] }, setKept] = useKept(question ?? "", () => ({}));
  const isOpen = mayAnswer && !answer;
  const send = (items: readonly Option[]) => client.send({ kind: "SELECTION", question, items: items.map(pick) });
  const toggle = ({ id }: Option) => setKept({ chosen: chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id] });
  const picked = () => content.sections.flatMap((section) => section.items.filter((item) => chosen.includes(item.id)));
  return (
    <div class="box">
      <b>{content.title}</b>
      {content.text && <Rich source={content.text} />}
      {content.sections.map((section, i) => (
        <div key={i} class="section" role="group" aria-label={section.title || content.title}>
          {section.title && <small class="head">{section.title}</small>}
          {section.items.map((item) => {
            const isOn = answer ? isChosen({ answer }, item.id) : chosen.includes(item.id);
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
        <button type="button" class="main" disabled={!isOpen || chosen.length === 0} onClick={() => send(picked())}>
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
