import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AttachmentPartsFragment, ContentFragment } from "../gql/graphql";
import { Badge, cx, Icon, type IconName, lazily, useFormats } from "../ui";
import type { LoadPictures } from "./html";
import { Markdown } from "./markdown";
import { PlainText } from "./plain";

const Html = lazily(() => import("./html").then((module) => module.Html));
const Card = lazily(() => import("./card").then((module) => module.Card));

interface ContentProps {
  content: ContentFragment;
  /** Files of the message, for pictures inside its text. */
  attachments?: readonly AttachmentPartsFragment[];
  /** Fetches pictures from elsewhere once the reader agrees; without it they stay away. */
  onLoadPictures?: LoadPictures | undefined;
  /** Ids chosen in answer to it. */
  chosen?: ReadonlySet<string> | undefined;
  /** Scrolls to the message that asked. */
  onShowQuestion?: ((id: string) => void) | undefined;
}

/** Shows any body a message can have. One branch per member of the union; the compiler knows when one is missing. */
export function RichContentView({ content, attachments = [], onLoadPictures, chosen, onShowQuestion }: ContentProps): ReactNode {
  const { t } = useTranslation();
  const formats = useFormats();
  switch (content.__typename) {
    case "TextContent":
      return <PlainText text={content.text} />;
    case "FormattedContent":
      if (content.markup === "MARKDOWN") return <Markdown source={content.source} />;
      return <Html room="line" fallback={<span className="skeleton block h-4 w-48" />} source={content.source} attachments={attachments} onLoadPictures={onLoadPictures} />;
    case "AttachmentContent":
      return content.caption ? <PlainText text={content.caption} /> : null;
    case "LocationContent":
      return (
        <Block icon="pin" title={content.placeName ?? t("content.location")}>
          {content.address && <p>{content.address}</p>}
          <a className="text-accent-text underline" target="_blank" rel="noopener noreferrer" href={`https://www.openstreetmap.org/?mlat=${content.latitude}&mlon=${content.longitude}#map=16/${content.latitude}/${content.longitude}`}>
            {formats.number(content.latitude)}, {formats.number(content.longitude)}
          </a>
        </Block>
      );
    case "RichLinkContent":
      return (
        <a href={content.url} target="_blank" rel="noopener noreferrer" className="block w-72 max-w-full overflow-hidden rounded-lg border border-line bg-raised text-ink hover:border-line-strong">
          {content.image?.url && isOwn(content.image.url) && <img src={content.image.url} alt="" className="h-32 w-full object-cover" />}
          <span className="block px-3 py-2">
            <span className="block font-semibold">{content.title}</span>
            {content.about && <span className="block text-sm text-ink-2">{content.about}</span>}
            <span className="mt-1 flex items-center gap-1 text-xs text-ink-3">
              <Icon name="link" size={12} />
              <span className="truncate">{host(content.url)}</span>
            </span>
          </span>
        </a>
      );
    case "QuickRepliesContent":
      return (
        <div>
          <PlainText text={content.text} />
          <ul className="mt-2 flex flex-wrap gap-1.5" aria-label={t("content.quickReplies")}>
            {content.replies.map((reply) => (
              <li key={reply.id} className={cx("inline-flex items-center gap-1 rounded-full border px-2.5 py-0.5 text-sm", chosen?.has(reply.id) ? "border-accent bg-accent text-accent-ink" : "border-accent/60 bg-raised text-accent-text")}>
                {chosen?.has(reply.id) && <Icon name="check" size={12} />}
                {reply.title}
              </li>
            ))}
          </ul>
        </div>
      );
    case "ListPickerContent":
      return (
        <Block icon="list" title={content.title} {...(content.hint ? { text: content.hint } : {})} badge={content.multiple ? t("content.several") : undefined}>
          {content.sections.map((section, index) => (
            <div key={`${section.title ?? ""}-${index}`}>
              {section.title && <p className="mt-1 text-xs font-semibold text-ink-3">{section.title}</p>}
              <ul>
                {section.items.map((item) => (
                  <li key={item.id} className={cx("flex items-center gap-2 rounded-md px-1.5 py-1", chosen?.has(item.id) && "bg-accent-soft text-accent-text")}>
                    <Icon name={chosen?.has(item.id) ? "check" : "dot"} size={14} className="text-ink-3" />
                    <span>
                      {item.title}
                      {item.description && <span className="block text-xs text-ink-3">{item.description}</span>}
                    </span>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </Block>
      );
    case "TimePickerContent":
      return (
        <Block icon="clock" title={content.title} {...(content.hint ? { text: content.hint } : {})}>
          <Slots slots={content.slots} timeZone={content.timeZone} chosen={chosen} />
        </Block>
      );
    case "FormContent":
      return (
        <Block icon="form" title={content.title} {...(content.hint ? { text: content.hint } : {})}>
          <ul className="space-y-1">
            {content.fields.map((field) => (
              <li key={field.id} className="text-sm">
                <span className="font-medium">{field.label}</span>
                {field.required && <span className="text-danger"> *</span>}
                <span className="text-ink-3"> · {t(`content.fieldTypes.${field.type}`)}</span>
                {field.options.length > 0 && <span className="block text-xs text-ink-3">{field.options.map((option) => option.title).join(" · ")}</span>}
              </li>
            ))}
          </ul>
        </Block>
      );
    case "AdaptiveCardContent":
      return <Card room="line" fallback={<span className="skeleton block h-24 w-64" />} card={content.card} />;
    case "TemplateContent":
      return (
        <div>
          <PlainText text={content.text} />
          <p className="mt-1 text-xs text-ink-3">{t("content.template", { name: content.name, language: content.language })}</p>
        </div>
      );
    case "PaymentRequestContent":
      return (
        <Block icon="card" title={content.description}>
          <p className="text-lg font-semibold">{formats.money(content.amountMinor, content.currency)}</p>
          {content.reference && <p className="text-xs text-ink-3">{content.reference}</p>}
          <a className="text-accent-text underline" href={content.url} target="_blank" rel="noopener noreferrer">
            {host(content.url)}
          </a>
        </Block>
      );
    case "AppointmentRequestContent":
      return (
        <Block icon="calendar" title={content.title} {...(content.hint ? { text: content.hint } : {})}>
          {content.place && <p className="text-sm">{content.place}</p>}
          <Slots slots={content.slots} timeZone={content.timeZone} chosen={chosen} />
          {content.bookingUrl && (
            <a className="text-accent-text underline" href={content.bookingUrl} target="_blank" rel="noopener noreferrer">
              {host(content.bookingUrl)}
            </a>
          )}
        </Block>
      );
    case "SelectionContent":
      return (
        <Answer label={t("content.chose")} questionId={content.question?.id} onShowQuestion={onShowQuestion}>
          <span className="flex flex-wrap gap-1.5">
            {content.items.map((item) => (
              <Badge key={item.id} tone="accent" icon="check">
                {item.title}
              </Badge>
            ))}
          </span>
        </Answer>
      );
    case "TimeChosenContent":
      return (
        <Answer label={t("content.choseTime")} questionId={content.question?.id} onShowQuestion={onShowQuestion}>
          <Badge tone="accent" icon="clock">
            {slotText(content.slot, undefined, formats.language)}
          </Badge>
        </Answer>
      );
    case "FormAnswersContent":
      return (
        <Answer label={t("content.answered")} questionId={content.question?.id} onShowQuestion={onShowQuestion}>
          <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-sm">
            {content.answers.map((answer) => (
              <div key={answer.fieldId} className="contents">
                <dt className="text-ink-3">{answer.label}</dt>
                <dd className="font-medium">{answer.values.join(", ")}</dd>
              </div>
            ))}
          </dl>
        </Answer>
      );
    case "UnsupportedContent":
      return (
        <Block icon="warning" title={t("content.unsupported")}>
          {content.hint && <PlainText text={content.hint} />}
          <p className="font-mono text-xs text-ink-3">{content.platformType}</p>
        </Block>
      );
  }
}

function Block({ icon, title, text, badge, children }: { icon: IconName; title: string; text?: string; badge?: string | undefined; children: ReactNode }) {
  return (
    <div className="w-72 max-w-full rounded-lg border border-line bg-raised p-3 text-ink">
      <p className="flex items-center gap-2 font-semibold">
        <Icon name={icon} className="text-ink-3" />
        <span className="min-w-0 flex-1">{title}</span>
        {badge && <Badge>{badge}</Badge>}
      </p>
      {text && <p className="mt-0.5 text-sm text-ink-2">{text}</p>}
      <div className="mt-2">{children}</div>
    </div>
  );
}

function Answer({ label, questionId, onShowQuestion, children }: { label: string; questionId: string | undefined; onShowQuestion: ((id: string) => void) | undefined; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div>
      <p className="mb-1 flex items-center gap-2 text-xs text-ink-2">
        {label}
        {questionId && onShowQuestion && (
          <button type="button" className="rounded-sm underline" onClick={() => onShowQuestion(questionId)}>
            {t("content.showQuestion")}
          </button>
        )}
      </p>
      {children}
    </div>
  );
}

interface Slot {
  readonly id: string;
  readonly start: string;
  readonly durationMin: number;
}

function slotText(slot: Slot, timeZone: string | undefined, language: string): string {
  const format = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", ...(timeZone ? { timeZone } : {}) });
  const start = new Date(slot.start);
  return format.formatRange(start, new Date(start.getTime() + slot.durationMin * 60_000));
}

function Slots({ slots, timeZone, chosen }: { slots: readonly Slot[]; timeZone: string; chosen: ReadonlySet<string> | undefined }) {
  const { language } = useFormats();
  return (
    <>
      <ul className="space-y-0.5 text-sm">
        {slots.map((slot) => (
          <li key={slot.id} className={cx("rounded-md px-1.5 py-1", chosen?.has(slot.id) && "bg-accent-soft font-medium text-accent-text")}>
            {slotText(slot, timeZone, language)}
          </li>
        ))}
      </ul>
      <p className="mt-1 text-xs text-ink-3">{timeZone}</p>
    </>
  );
}

function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** Pictures from elsewhere would tell their host that the message is being read. */
function isOwn(url: string): boolean {
  return URL.canParse(url, location.href) && new URL(url, location.href).origin === location.origin;
}
