import { Link } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { ContactCardDocument, type ContactPartsFragment, UnmergeContactsDocument, UpdateContactDocument } from "../../gql/graphql";
import { useAct } from "../../session/act";
import { useRefetchOn } from "../../session/catalog";
import { useKindLook } from "../../session/context";
import { Failed } from "../../session/paging";
import { Avatar, Badge, Button, Icon, IconButton, languageName, lazily, Menu, MenuItem, Newer, shortTime, Skeleton, TextField, toast, useFormats, useNow } from "../../ui";

const MergeDialog = lazily(() => import("./merge").then((module) => module.MergeDialog));
const EditContactDialog = lazily(() => import("./edit").then((module) => module.EditContactDialog));

const CHANGES = ["CONTACTS_MERGED", "CONTACTS_UNMERGED", "INTERACTION_OPENED"] as const;

/** Beside the thread, or over it below the header's first line where the window has no room for both. */
const frame = "h-full w-72 shrink-0 overflow-auto border-l border-line bg-surface max-xl:absolute max-xl:top-12 max-xl:right-0 max-xl:bottom-0 max-xl:z-20 max-xl:h-auto max-xl:shadow-pop";

/** Who the contact is: identities, fields, notes, history over all channels, merges. */
export function ContactCard({ contactId, interactionId, viewId }: { contactId: string; interactionId: string; viewId: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const now = useNow();
  const act = useAct();
  const lookOf = useKindLook();
  const [open, setOpen] = useState<"merge" | "edit" | null>(null);
  const [{ data, error, fetching }, refetch] = useQuery({ query: ContactCardDocument, variables: { id: contactId } });
  const again = useCallback(() => refetch({ requestPolicy: "network-only" }), [refetch]);
  useRefetchOn(CHANGES, again);
  const contact = data?.node?.__typename === "Contact" ? data.node : null;
  if (!contact) {
    return (
      <aside aria-label={t("contact.card")} aria-busy={fetching} className={frame}>
        {fetching ? <Skeleton lines={4} /> : error && <Failed error={error} onRetry={again} className="p-4" />}
      </aside>
    );
  }
  const facts = [
    { icon: "mail" as const, label: t("contact.email"), value: contact.email },
    { icon: "phone" as const, label: t("contact.phone"), value: contact.phone },
    { icon: "language" as const, label: t("contact.language"), value: contact.language && languageName(contact.language, formats.language) },
  ].filter((fact) => fact.value);
  return (
    <aside aria-label={t("contact.card")} className={frame} data-testid="contact-card">
      <div className="flex flex-col items-center gap-1 px-4 pt-5 pb-4 text-center">
        <Avatar name={contact.name} size={56} />
        <h2 className="mt-1 max-w-full text-lg font-semibold wrap-anywhere">{contact.name}</h2>
        {contact.isBlocked && (
          <Badge tone="danger" icon="shield">
            {t("contact.blocked")}
          </Badge>
        )}
        <p className="text-xs text-ink-3">{t("contact.since", { date: shortTime(contact.createdAt, now, formats.language) })}</p>
        <div className="mt-2 flex flex-wrap justify-center gap-1.5">
          <IconButton icon="edit" look="plain" size="sm" label={t("contact.edit")} onPress={() => setOpen("edit")} />
          <Button size="sm" icon="merge" onPress={() => setOpen("merge")}>
            {t("contact.merge")}
          </Button>
          <Menu label={t("contact.more")} trigger={<IconButton icon="more" size="sm" label={t("contact.more")} />}>
            <MenuItem icon="shield" isDanger={!contact.isBlocked} onAction={() => void act(UpdateContactDocument, { input: { contactId, isBlocked: !contact.isBlocked } })}>
              {t(contact.isBlocked ? "contact.unblock" : "contact.block")}
            </MenuItem>
          </Menu>
        </div>
      </div>
      {facts.length > 0 && (
        <Section title={t("contact.about")}>
          <dl className="space-y-1.5">
            {facts.map((fact) => (
              <div key={fact.label} className="flex items-center gap-2 text-sm">
                <dt>
                  <Icon name={fact.icon} size={14} className="text-ink-3" />
                  <span className="sr-only">{fact.label}</span>
                </dt>
                <dd className="min-w-0 wrap-anywhere">{fact.value}</dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      <Section title={t("contact.identities")}>
        <ul className="space-y-1.5">
          {contact.identities.map((identity) => {
            const look = lookOf(identity.channel.kind);
            return (
              <li key={identity.id} className="flex items-start gap-2 text-sm">
                <Icon name={look.icon} size={14} className="mt-0.5 text-ink-3" />
                <span className="min-w-0 flex-1">
                  <span className="block wrap-anywhere">{identity.displayName ?? identity.externalId}</span>
                  <span className="block text-xs text-ink-3">{identity.channel.name}</span>
                </span>
                {identity.isVerified && (
                  <Badge tone="ok" icon="check">
                    {t("contact.verified")}
                  </Badge>
                )}
              </li>
            );
          })}
        </ul>
      </Section>
      {contact.fields.length > 0 && (
        <Section title={t("contact.fields")}>
          <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-sm">
            {contact.fields.map((field) => (
              <div key={field.key} className="contents">
                <dt className="text-ink-3">{t(`contact.knownFields.${field.key}`, { defaultValue: field.key })}</dt>
                <dd className="wrap-anywhere">{field.value}</dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      <Section title={t("contact.notes")}>
        <Notes key={contact.id} contact={contact} />
      </Section>
      <Section title={t("contact.history")}>
        <ul className="-mx-2">
          {contact.interactions.nodes.map((item) => (
            <li key={item.id}>
              <Link
                to="/inbox/{-$view}/{-$id}"
                params={{ view: viewId, id: item.id }}
                aria-current={item.id === interactionId ? "true" : undefined}
                className={item.id === interactionId ? "block rounded-md bg-accent-soft px-2 py-1.5" : "block rounded-md px-2 py-1.5 hover:bg-hover"}
              >
                <span className="flex items-center gap-1.5 text-sm">
                  <Icon name={lookOf(item.channel.kind).icon} size={13} className="text-ink-3" />
                  <span className="min-w-0 flex-1 truncate font-medium">{item.subject ?? item.reference}</span>
                  <span className="text-xs text-ink-3">{shortTime(item.lastActivityAt, now, formats.language)}</span>
                </span>
                <span className="flex gap-2 text-xs text-ink-3">
                  <span className="min-w-0 flex-1 truncate">{item.lastMessage?.text}</span>
                  {t(`status.${item.status}`)}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </Section>
      {contact.merges.length > 0 && (
        <Section title={t("contact.merges")}>
          <ul className="space-y-2">
            {contact.merges.map((merge) => (
              <li key={merge.id} className="text-sm">
                <p>{t("contact.mergedLine", { name: merge.loser.name, by: merge.mergedBy.name, time: formats.full(merge.mergedAt) })}</p>
                <Button
                  size="sm"
                  look="quiet"
                  onPress={() =>
                    void act(UnmergeContactsDocument, { input: { mergeId: merge.id } }).then((result) => {
                      if (result.ok) toast(t("contact.unmerged"));
                    })
                  }
                >
                  {t("contact.unmerge")}
                </Button>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {open === "merge" && <MergeDialog room="corner" contact={contact} onClose={() => setOpen(null)} />}
      {open === "edit" && <EditContactDialog room="corner" contact={contact} onStale={again} onClose={() => setOpen(null)} />}
    </aside>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="border-t border-line px-4 py-3">
      <h3 className="mb-2 text-xs font-semibold text-ink-3">{title}</h3>
      {children}
    </section>
  );
}

function Notes({ contact }: { contact: ContactPartsFragment }) {
  const { t } = useTranslation();
  const act = useAct();
  const stored = contact.notes ?? "";
  // What was typed, and the notes as they were when the typing began.
  const [typed, setTyped] = useState<{ text: string; on: string } | null>(null);
  const [isStale, setStale] = useState(false);
  const reset = () => {
    setTyped(null);
    setStale(false);
  };
  const save = async (text: string) => {
    const result = await act(UpdateContactDocument, { input: { contactId: contact.id, notes: text, expectedVersion: contact.version } });
    if (result.ok) reset();
  };
  return (
    <div className="flex flex-col gap-2">
      {isStale && typed && <Newer changes={[{ label: t("contact.notes"), value: stored }]} onTake={reset} onKeep={() => void save(typed.text)} />}
      <TextField label={t("contact.notes")} isLabelHidden rows={3} value={typed?.text ?? stored} onChange={(text) => setTyped(text === stored ? null : { text, on: typed?.on ?? stored })} placeholder={t("contact.notesPlaceholder")} />
      {typed && !isStale && (
        <Button size="sm" className="self-end" onPress={() => (typed.on === stored ? void save(typed.text) : setStale(true))}>
          {t("ui.save")}
        </Button>
      )}
    </div>
  );
}
