/** @jsxImportSource preact */
import { Facts, CardView } from "./Card";
import type { Shown } from "./ContentView";
import { ListView, Slots } from "./Choices";
import { useChat } from "./context";
import { PictureView } from "./Files";
import { FormView } from "./Form";
import { Icon } from "./icons";
import { Marked } from "./Marked";
import { Rich } from "./Rich";
import { clock, day } from "./time";

/** The body of a message that is more than plain words; of a kind that is not known, its readable text. */
export function RareView({ message, zone, ...ask }: Shown) {
  const { t, locale } = useChat();
  const { content, text, attachments } = message;
  switch (content.kind) {
    case "FORMATTED":
      return <Marked source={content.source} markup={content.markup} />;
    case "LOCATION": {
      const { latitude, longitude, name, address } = content;
      return (
        <div class="box">
          <span class="lead">
            <Icon name="pin" />
            <span>
              {name && <b>{name}</b>}
              <span>{address || `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`}</span>
            </span>
          </span>
          <Outside
            url={`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`}
            words={t("map")}
            kind="second"
          />
        </div>
      );
    }
    case "RICH_LINK":
      return (
        <a class="box link" {...safe(content.url)} target="_blank" rel="noopener noreferrer nofollow">
          <PictureView picture={content.image} files={attachments} />
          <span class="words">
            <b>{content.title}</b>
            {content.description && <span>{content.description}</span>}
            <small>{host(content.url)}</small>
          </span>
        </a>
      );
    case "LIST_PICKER":
      return <ListView content={content} files={attachments} {...ask} />;
    case "TIME_PICKER":
      return (
        <div class="box">
          <b>{content.title}</b>
          {content.text && <Rich source={content.text} />}
          <Slots slots={content.slots} zone={content.time_zone} {...ask} />
        </div>
      );
    case "FORM":
      return <FormView content={content} {...ask} />;
    case "ADAPTIVE_CARD":
      return <CardView content={content} text={text} {...ask} />;
    case "PAYMENT_REQUEST": {
      const amount = money(content.amount_minor, content.currency, locale);
      return (
        <div class="box">
          <span class="lead">
            <Icon name="card" />
            <span>
              <b>{amount}</b>
              <span>{content.description}</span>
              {content.reference && (
                <small>
                  {t("reference")}: {content.reference}
                </small>
              )}
            </span>
          </span>
          <Outside url={content.url} words={t("pay", { name: amount })} kind="main" />
        </div>
      );
    }
    case "APPOINTMENT_REQUEST":
      return (
        <div class="box">
          <span class="lead">
            <Icon name="date" />
            <span>
              <b>{content.title}</b>
              {content.location && <span>{content.location}</span>}
            </span>
          </span>
          {content.text && <Rich source={content.text} />}
          {content.slots.length > 0 && <Slots slots={content.slots} zone={content.time_zone} {...ask} />}
          {content.url && <Outside url={content.url} words={t("book")} kind="second" />}
        </div>
      );
    case "TIME_CHOSEN":
      return <Rich source={`${day(content.slot.start, locale, zone)}, ${clock(content.slot.start, locale, zone)}`} />;
    case "FORM_ANSWERS":
      return <Facts facts={content.answers.map(({ label, values }) => [label, values.join(", ")] as const)} />;
    default:
      return <Rich source={("text" in content && content.text) || text} />;
  }
}

function Outside({ url, words, kind }: { url: string; words: string; kind: "main" | "second" }) {
  return (
    <a class={kind} {...safe(url)} target="_blank" rel="noopener noreferrer nofollow">
      {words}
    </a>
  );
}

function safe(url: string): { href: string } | object {
  return /^https?:/i.test(url) ? { href: url } : {};
}

function host(url: string): string {
  try {
    return new URL(url).host.replace(/^www\./, "");
  } catch {
    return url;
  }
}

function money(minor: number, currency: string, locale: string): string {
  try {
    const format = new Intl.NumberFormat(locale, { style: "currency", currency });
    return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${minor / 100} ${currency}`;
  }
}
