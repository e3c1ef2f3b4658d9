import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Input, SearchField } from "react-aria-components";
import { SearchDocument, type SearchKind, type SearchQuery } from "../../gql/graphql";
import { useKindLook } from "../../session/context";
import { usePages } from "../../session/pages";
import { Failed, MorePages } from "../../session/paging";
import { ANY_VIEW } from "../../session/views";
import { Avatar, Badge, EmptyState, Icon, shortTime, Skeleton, TabPanel, Tabs, useFormats, useNow } from "../../ui";
import { marked } from "./marked";

type Hit = SearchQuery["search"]["nodes"][number];
const KINDS: readonly ("ALL" | SearchKind)[] = ["ALL", "MESSAGE", "INTERACTION", "CONTACT"];
const PAGE = 30;
const PAUSE_MS = 250;

/** Full-text search over messages, interactions and contacts. */
export function SearchScreen() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { q = "" } = useSearch({ strict: false }) as { q?: string };
  const [text, setText] = useState(q);
  const [kind, setKind] = useState<(typeof KINDS)[number]>("ALL");

  useEffect(() => {
    const timer = setTimeout(() => {
      if (text.trim() !== q) void navigate({ to: "/search", search: text.trim() === "" ? {} : { q: text.trim() }, replace: true });
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, q, navigate]);

  return (
    <div className="flex h-full flex-col bg-surface">
      <div className="mx-auto w-full max-w-3xl px-6 pt-6">
        <h1 className="sr-only">{t("search.title")}</h1>
        <SearchField aria-label={t("search.title")} value={text} onChange={setText} autoFocus className="flex h-11 items-center gap-3 rounded-xl border border-line-strong/60 bg-raised px-4 shadow-card focus-within:border-accent">
          <Icon name="search" className="text-ink-3" />
          <Input placeholder={t("search.placeholder")} className="h-full flex-1 bg-transparent text-lg outline-none [&::-webkit-search-cancel-button]:hidden" />
        </SearchField>
      </div>
      <Tabs className="mx-auto mt-2 w-full max-w-3xl flex-1 px-6" label={t("search.kinds")} tabs={KINDS.map((id) => ({ id, label: t(`search.kind.${id}`) }))} selected={kind} onChange={(id) => setKind(id as typeof kind)}>
        <TabPanel id={kind}>
          <div className="py-4">
            {q === "" ? (
              <EmptyState icon="search" title={t("search.start")} text={t("search.startText")} />
            ) : (
              <Hits key={`${kind} ${q}`} text={q} kind={kind} />
            )}
          </div>
        </TabPanel>
      </Tabs>
    </div>
  );
}

const read = ({ search: { nodes, pageInfo } }: SearchQuery) => ({ page: nodes, next: pageInfo.hasNextPage ? pageInfo.endCursor : null });

function Hits({ text, kind }: { text: string; kind: (typeof KINDS)[number] }) {
  const { t } = useTranslation();
  const list = usePages({ document: SearchDocument, variables: (after) => ({ text, kinds: kind === "ALL" ? null : [kind], first: PAGE, after }), read, requestPolicy: "network-only" });
  const hits = list.pages.flat();
  return (
    <>
      {list.loaders}
      {list.error && <Failed error={list.error} onRetry={list.retry} />}
      {list.isLoading && !list.error && <Skeleton lines={5} />}
      {!list.isLoading && !list.error && hits.length === 0 && <EmptyState icon="search" title={t("ui.nothingFound")} text={t("search.nothingText")} />}
      <ul className="space-y-1">
        {hits.map((hit, index) => (
          <li key={index}>
            <HitRow hit={hit} />
          </li>
        ))}
      </ul>
      <MorePages list={list} />
    </>
  );
}

const rowLook = "flex items-start gap-3 rounded-lg px-3 py-2 hover:bg-hover";

function HitRow({ hit }: { hit: Hit }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const now = useNow();
  const lookOf = useKindLook();
  if (hit.__typename === "MessageHit") {
    const { message } = hit;
    return (
      <Link to="/inbox/{-$view}/{-$id}" params={{ view: ANY_VIEW, id: message.interaction.id }} className={rowLook}>
        <Avatar name={message.interaction.contact.name} size={30} />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className="truncate font-medium">{message.interaction.contact.name}</span>
            <span className="text-xs text-ink-3">{message.interaction.reference}</span>
            <span className="flex-1" />
            <span className="text-xs text-ink-3">{shortTime(message.at, now, formats.language)}</span>
          </span>
          <span className="line-clamp-2 text-sm text-ink-2">
            {message.author.name !== "" && <span className="block text-xs text-ink-3">{message.author.name}</span>}
            {marked(hit.excerpt).map((part, index) => (part.isHit ? <mark key={index} className="rounded-sm bg-accent-soft text-accent-text">{part.text}</mark> : part.text))}
          </span>
        </span>
      </Link>
    );
  }
  if (hit.__typename === "InteractionHit") {
    const { interaction } = hit;
    return (
      <Link to="/inbox/{-$view}/{-$id}" params={{ view: ANY_VIEW, id: interaction.id }} className={rowLook}>
        <span className="flex size-7.5 items-center justify-center rounded-full bg-sunken text-ink-2">
          <Icon name={lookOf(interaction.channel.kind).icon} />
        </span>
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className="truncate font-medium">{interaction.subject ?? interaction.contact.name}</span>
            <span className="text-xs text-ink-3">{interaction.reference}</span>
          </span>
          <span className="text-sm text-ink-3">{interaction.contact.name}</span>
        </span>
        <Badge>{t(`status.${interaction.status}`)}</Badge>
      </Link>
    );
  }
  const { contact } = hit;
  const last = contact.interactions.nodes[0];
  const body = (
    <>
      <Avatar name={contact.name} size={30} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{contact.name}</span>
        <span className="block truncate text-sm text-ink-3">{[contact.email, contact.phone].filter(Boolean).join(" · ")}</span>
      </span>
    </>
  );
  return last ? (
    <Link to="/inbox/{-$view}/{-$id}" params={{ view: ANY_VIEW, id: last.id }} className={rowLook}>
      {body}
    </Link>
  ) : (
    <div className={rowLook}>{body}</div>
  );
}
