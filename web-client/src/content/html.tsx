import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AttachmentPartsFragment } from "../gql/graphql";
import { Button, Icon } from "../ui";
import { sanitise } from "./sanitise";
import { isSimple } from "./simple";

const CLOSED_PX = 420;

/** Asks our server to fetch the pictures of a message: from their address elsewhere to ours. */
export type LoadPictures = () => Promise<ReadonlyMap<string, string>>;

interface HtmlProps {
  source: string;
  attachments: readonly AttachmentPartsFragment[];
  onLoadPictures?: LoadPictures | undefined;
}

/** HTML of a message: simple text in place, a whole mail in a frame that can neither run scripts nor reach the app. */
export function Html(props: HtmlProps) {
  return isSimple(props.source) ? <InPlace source={props.source} /> : <Framed {...props} />;
}

const nothing: ReadonlyMap<string, string> = new Map();

function InPlace({ source }: { source: string }) {
  const html = useMemo(() => sanitise(source, nothing, nothing).html, [source]);
  // oxlint-disable-next-line react/no-danger -- sanitised right above.
  return <div className="prose-message" dangerouslySetInnerHTML={{ __html: html }} />;
}

function Framed({ source, attachments, onLoadPictures }: HtmlProps) {
  const { t } = useTranslation();
  const [pictures, setPictures] = useState(nothing);
  const [isLoading, setLoading] = useState(false);
  const [isWhole, setWhole] = useState(false);
  const [height, setHeight] = useState(160);
  const holder = useRef<HTMLDivElement>(null);
  const safe = useMemo(() => {
    const cid = new Map(attachments.flatMap((file) => (file.contentId && file.url ? [[file.contentId, file.url] as const] : [])));
    return sanitise(source, cid, pictures);
  }, [source, attachments, pictures]);

  const load = async () => {
    if (!onLoadPictures) return;
    setLoading(true);
    setPictures(await onLoadPictures());
    setLoading(false);
  };

  // Pictures come from our own server alone, also those from elsewhere.
  const images = ["data:", ...new Set([location.origin, ...[...attachments.map((file) => file.url), ...pictures.values()].flatMap(originOf)])].join(" ");
  const page = `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src ${images}; style-src 'unsafe-inline'"><base target="_blank"><style>body{margin:12px;font:14px/1.45 system-ui,sans-serif;color:#14191d;background:#fff;overflow-wrap:anywhere}img{max-width:100%;height:auto}table{max-width:100%}</style></head><body>${safe.html}</body></html>`;

  // The frame may not tell its height (no scripts, another origin), so the text is measured beside it: without
  // pictures and styles of its own, which is close enough for a first height; the rest scrolls.
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const probe = document.createElement("div");
    probe.setAttribute("aria-hidden", "true");
    probe.style.cssText = `position:absolute;visibility:hidden;pointer-events:none;left:0;top:0;width:${Math.max(200, element.clientWidth - 24)}px;font:14px/1.45 system-ui,sans-serif;contain:content`;
    const shadow = probe.attachShadow({ mode: "closed" });
    const text = document.createElement("div");
    // Outer margins of the text count too.
    text.style.display = "flow-root";
    text.innerHTML = safe.html;
    for (const node of text.querySelectorAll("style,img,picture,source")) {
      if (node.tagName === "IMG") {
        const space = document.createElement("div");
        space.style.height = `${Math.min(400, Number(node.getAttribute("height")) || 40)}px`;
        node.replaceWith(space);
      } else node.remove();
    }
    for (const node of text.querySelectorAll("[style],[background]")) {
      node.removeAttribute("style");
      node.removeAttribute("background");
    }
    shadow.append(text);
    element.append(probe);
    setHeight(Math.min(4_000, text.offsetHeight + 40));
    probe.remove();
  }, [safe]);

  const isLong = height > CLOSED_PX;
  return (
    <div ref={holder} className="relative w-[min(640px,100%)] overflow-hidden rounded-md border border-line bg-white">
      {safe.hasRemote && pictures.size === 0 && onLoadPictures && (
        <div className="flex items-center gap-2 border-b border-line bg-raised px-2 py-1 text-xs text-ink-2">
          <Icon name="image" size={14} />
          <span className="flex-1">{t("content.imagesOff")}</span>
          <Button size="sm" isDisabled={isLoading} onPress={() => void load()}>
            {t("content.showImages")}
          </Button>
        </div>
      )}
      <iframe
        title={t("content.mail")}
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        referrerPolicy="no-referrer"
        srcDoc={page}
        className="block w-full border-0"
        style={{ height: isLong && !isWhole ? CLOSED_PX : height, colorScheme: "light" }}
      />
      {isLong && (
        <button type="button" onClick={() => setWhole(!isWhole)} className="w-full border-t border-line bg-raised py-1 text-xs font-medium text-accent-text">
          {isWhole ? t("content.showLess") : t("content.showAll")}
        </button>
      )}
    </div>
  );
}

function originOf(url: string | null): string[] {
  return url !== null && URL.canParse(url) ? [new URL(url).origin] : [];
}
