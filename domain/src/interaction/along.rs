//! Interactions with what is shown beside them, in one statement: the list, and of each row the contact, the channel, the
//! last message and whatever else was asked for.
//!
//! Whether an interaction may be seen is decided by the list itself ([`super::rows`]); what belongs to it is seen with it.
//! People whom only the inside of a message names, such as those who are mentioned, take a second statement.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, SelectStatement, UnionType},
};
use uuid::Uuid;

use super::rows;
use crate::{
    actor::Actor,
    entity::{
        api_client, attachment, channel, contact, contact_identity, inbox, interaction, interaction_tag, message, outbound, person,
        reaction, read_mark, skill, tag, team, workspace_head,
    },
    error::{Error, Result},
    event::Position,
    ids::{InteractionId, PersonId, WorkspaceId},
    inbox::{InteractionFilter, InteractionSort},
    message::{AuthorKind, SystemLine, thread},
    store::{
        Scope,
        bundle::{Bundle, Bundled, Part},
        page::{Page, PageRequest},
    },
};

/// What is wanted of each interaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Along {
    /// Its contact.
    pub contact: bool,
    /// Its channel.
    pub channel: bool,
    /// The address that it runs over.
    pub identity: bool,
    /// Its inbox.
    pub inbox: bool,
    /// The team of its inbox.
    pub team: bool,
    /// Who has it.
    pub assignee: bool,
    /// The skill it needs.
    pub skill: bool,
    /// Its tags.
    pub tags: bool,
    /// How far the viewer has read it.
    pub read_mark: bool,
    /// The earlier one that it continues.
    pub continued: bool,
    /// Its newest message.
    pub last_message: bool,
    /// A page of its messages; not read when its cursor is broken.
    pub messages: Option<PageRequest>,
    /// What is wanted of each of these messages.
    pub of_messages: AlongMessages,
}

/// What is wanted of each message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlongMessages {
    /// The message that it quotes; of that one, the same.
    pub quoted: bool,
    /// Authors who are people of ours.
    pub people: bool,
    /// Authors who are contacts.
    pub contacts: bool,
    /// Authors that are programs.
    pub programs: bool,
    /// Its files.
    pub files: bool,
    /// The message as it came.
    pub originals: bool,
    /// The work that sends it.
    pub sends: bool,
    /// Reactions on it.
    pub reactions: bool,
    /// Those who reacted, of the kinds that are wanted of authors.
    pub reactors: bool,
    /// People whom a note mentions, and whom a system line names.
    pub named: bool,
    /// The message again by its id, and its interaction: what its body shows is asked for by way of them.
    pub surroundings: bool,
}

/// What was read along with interactions. Everything that was wanted and is not here does not exist.
#[derive(Debug)]
#[expect(missing_docs, reason = "a list's name says what it holds")]
pub struct Found {
    /// What was wanted.
    pub along: Along,
    /// The end of the log as of all this.
    pub position: Position,
    pub contacts: Vec<contact::Model>,
    pub channels: Vec<channel::Model>,
    pub identities: Vec<contact_identity::Model>,
    pub inboxes: Vec<inbox::Model>,
    pub teams: Vec<team::Model>,
    pub people: Vec<person::Model>,
    pub programs: Vec<api_client::Model>,
    pub skills: Vec<skill::Model>,
    /// Which interaction has which tag.
    pub tagged: Vec<interaction_tag::Model>,
    pub tags: Vec<tag::Model>,
    /// Read marks of the viewer.
    pub marks: Vec<read_mark::Model>,
    pub continued: Vec<interaction::Model>,
    /// Newest and quoted messages.
    pub messages: Vec<message::Model>,
    /// The page of messages of each interaction that has any.
    pub threads: HashMap<InteractionId, Page<message::Model>>,
    pub files: Vec<attachment::Model>,
    pub originals: Vec<attachment::Model>,
    pub sends: Vec<outbound::Model>,
    pub reactions: Vec<reaction::Model>,
}

impl Found {
    /// All messages, some perhaps twice.
    pub fn all_messages(&self) -> impl Iterator<Item = &message::Model> {
        self.messages.iter().chain(self.threads.values().flat_map(|page| &page.items))
    }
}

/// The page of [`rows::page`] with what is wanted along.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn page(
    scope: &impl Scope,
    actor: &Actor,
    list: (&InteractionFilter, InteractionSort),
    request: &PageRequest,
    along: Along,
) -> Result<(Page<interaction::Model>, Found)> {
    let (filter, sort) = list;
    let order = rows::order(sort);
    let mut bundle = Bundle::default();
    let listed = bundle.add(LISTED, order.of_page(rows::selected(actor, filter, sort), request)?);
    let messages = |ids| thread::Interactions::Of(Box::new(ids));
    let (found, interactions) = read(scope, actor, bundle, listed, messages, along).await?;
    Ok((order.put_in_order_and_cut(interactions, request), found))
}

/// One interaction with what is wanted along; `None` when there is none or the actor does not see it.
///
/// # Errors
/// `Storage`.
pub async fn one(scope: &impl Scope, actor: &Actor, id: InteractionId, along: Along) -> Result<Option<(interaction::Model, Found)>> {
    let mut bundle = Bundle::default();
    let listed = bundle.add(LISTED, rows::visible(actor).filter(interaction::Column::Id.eq(id)));
    let messages = |_| thread::Interactions::One(id);
    let (found, interactions) = read(scope, actor, bundle, listed, messages, along).await?;
    // Without the interaction, nothing of it goes any further.
    Ok(interactions.into_iter().next().map(|row| (row, found)))
}

/// The set of the interactions themselves.
const LISTED: &str = "listed";

/// The sets of a statement, as far as they are wanted.
struct Parts {
    head: Part<workspace_head::Entity>,
    contacts: Option<Part<contact::Entity>>,
    channels: Option<Part<channel::Entity>>,
    identities: Option<Part<contact_identity::Entity>>,
    inboxes: Option<Part<inbox::Entity>>,
    teams: Option<Part<team::Entity>>,
    people: Option<Part<person::Entity>>,
    programs: Option<Part<api_client::Entity>>,
    skills: Option<Part<skill::Entity>>,
    tagged: Option<Part<interaction_tag::Entity>>,
    tags: Option<Part<tag::Entity>>,
    marks: Option<Part<read_mark::Entity>>,
    continued: Option<Part<interaction::Entity>>,
    last: Option<Part<message::Entity>>,
    threads: Option<Part<message::Entity>>,
    quoted: Option<Part<message::Entity>>,
    files: Option<Part<attachment::Entity>>,
    originals: Option<Part<attachment::Entity>>,
    sends: Option<Part<outbound::Entity>>,
    reactions: Option<Part<reaction::Entity>>,
}

async fn read(
    scope: &impl Scope,
    actor: &Actor,
    mut bundle: Bundle,
    listed: Part<interaction::Entity>,
    messages: impl FnOnce(SelectStatement) -> thread::Interactions,
    mut along: Along,
) -> Result<(Found, Vec<interaction::Model>)> {
    let thread = along
        .messages
        .as_ref()
        .map(|request| thread::rows_of(scope.workspace(), messages(listed.column(interaction::Column::Id)), request));
    // A cursor that is not of a thread is refused by the list that it was given for, not by what stands around it.
    let thread = thread.and_then(Result::ok);
    along.messages = along.messages.filter(|_| thread.is_some());
    let parts = plan(&mut bundle, actor, listed, thread, &along);
    let mut bundled = bundle.read(scope.conn()).await?;
    let interactions = bundled.take(listed)?;
    let mut found = parts.take(&mut bundled, along)?;
    if found.along.of_messages.named || found.along.of_messages.reactors {
        add_named(scope, &mut found).await?;
    }
    Ok((found, interactions))
}

/// Adds to the list what is wanted along with it.
fn plan(bundle: &mut Bundle, actor: &Actor, listed: Part<interaction::Entity>, thread: Option<SelectStatement>, along: &Along) -> Parts {
    use interaction::Column;
    let (workspace, of) = (actor.workspace, &along.of_messages);
    let head = bundle.add("head", workspace_head::in_workspace(workspace));
    let last = along.last_message.then(|| {
        let ids = listed.column(Column::LastMessageId);
        bundle.add("last_message", message::in_workspace(workspace).filter(message::Column::Id.in_subquery(ids)))
    });
    let threads = thread.map(|rows| bundle.add_statement("thread", rows));
    let mut sets: Vec<_> = last.into_iter().chain(threads).collect();
    let quoted = all(&sets, |set| set.column(message::Column::QuotedId))
        .filter(|_| of.quoted)
        .map(|ids| bundle.add("quoted", message::in_workspace(workspace).filter(message::Column::Id.in_subquery(ids))));
    sets.extend(quoted);
    let ids = all(&sets, |set| set.column(message::Column::Id));
    let authors = |kinds: &'static [AuthorKind]| {
        let of_kind = Expr::col(message::Column::AuthorKind).is_in(kinds.iter().copied());
        all(&sets, |set| set.column_where(message::Column::AuthorId, of_kind.clone()))
    };
    let identities = along.identity.then(|| {
        let ids = listed.column(Column::IdentityId);
        bundle.add("identity", contact_identity::in_workspace(workspace).filter(contact_identity::Column::Id.in_subquery(ids)))
    });
    let inboxes = along.inbox.then(|| {
        let ids = listed.column(Column::InboxId);
        bundle.add("box", inbox::in_workspace(workspace).filter(inbox::Column::Id.in_subquery(ids)))
    });
    let tagged = along.tags.then(|| {
        let ids = listed.column(Column::Id);
        let on = interaction_tag::in_workspace(workspace).filter(interaction_tag::Column::InteractionId.in_subquery(ids));
        bundle.add("tagged", on)
    });
    let channels = joined([
        along.channel.then(|| listed.column(Column::ChannelId)),
        identities.filter(|_| along.channel).map(|of| of.column(contact_identity::Column::ChannelId)),
    ]);
    let contacts =
        joined([along.contact.then(|| listed.column(Column::ContactId)), authors(&[AuthorKind::Contact]).filter(|_| of.contacts)]);
    let people = joined([along.assignee.then(|| listed.column(Column::AssigneeId)), authors(&[AuthorKind::Person]).filter(|_| of.people)]);
    let programs = authors(&[AuthorKind::ApiClient, AuthorKind::Bot]).filter(|_| of.programs);
    let originals = all(&sets, |set| set.column(message::Column::RawAttachmentId)).filter(|_| of.originals);
    Parts {
        head,
        contacts: contacts.map(|ids| bundle.add("person_outside", by_ids(contact::in_workspace(workspace), contact::Column::Id, ids))),
        channels: channels.map(|ids| bundle.add("line", by_ids(channel::in_workspace(workspace), channel::Column::Id, ids))),
        teams: inboxes.filter(|_| along.team).map(|of| {
            let ids = of.column(inbox::Column::TeamId);
            bundle.add("of_inbox", by_ids(team::in_workspace(workspace), team::Column::Id, ids))
        }),
        people: people.map(|ids| bundle.add("person_inside", by_ids(person::in_workspace(workspace), person::Column::Id, ids))),
        programs: programs.map(|ids| bundle.add("program", by_ids(api_client::in_workspace(workspace), api_client::Column::Id, ids))),
        skills: along.skill.then(|| {
            let ids = listed.column(Column::SkillId);
            bundle.add("needed", by_ids(skill::in_workspace(workspace), skill::Column::Id, ids))
        }),
        tags: tagged.map(|of| {
            let ids = of.column(interaction_tag::Column::TagId);
            bundle.add("label", by_ids(tag::in_workspace(workspace), tag::Column::Id, ids))
        }),
        marks: actor.person().filter(|_| along.read_mark).map(|person| {
            let ids = listed.column(Column::Id);
            let own = read_mark::in_workspace(workspace).filter(read_mark::Column::PersonId.eq(person));
            bundle.add("mark", by_ids(own, read_mark::Column::InteractionId, ids))
        }),
        continued: along.continued.then(|| {
            let ids = listed.column(Column::LinkedTo);
            bundle.add("continued", by_ids(interaction::in_workspace(workspace), Column::Id, ids))
        }),
        files: ids.clone().filter(|_| of.files).map(|ids| bundle.add("file", attachment::of_selected_messages(workspace, ids))),
        originals: originals.map(|ids| bundle.add("original", by_ids(attachment::in_workspace(workspace), attachment::Column::Id, ids))),
        sends: ids
            .clone()
            .filter(|_| of.sends)
            .map(|ids| bundle.add("send", by_ids(outbound::in_workspace(workspace), outbound::Column::MessageId, ids))),
        reactions: ids
            .filter(|_| of.reactions)
            .map(|ids| bundle.add("reacted", by_ids(reaction::in_workspace(workspace), reaction::Column::MessageId, ids))),
        identities,
        inboxes,
        tagged,
        last,
        threads,
        quoted,
    }
}

impl Parts {
    fn take(self, from: &mut Bundled, along: Along) -> Result<Found> {
        let head = from.take(self.head)?.into_iter().next().ok_or(Error::NotFound("workspace"))?;
        let mut messages = from.take_any(self.last)?;
        messages.append(&mut from.take_any(self.quoted)?);
        let threads = match &along.messages {
            Some(request) => thread::cut(from.take_any(self.threads)?, request),
            None => HashMap::new(),
        };
        Ok(Found {
            along,
            position: Position { epoch: head.epoch, seq: head.head },
            contacts: from.take_any(self.contacts)?,
            channels: from.take_any(self.channels)?,
            identities: from.take_any(self.identities)?,
            inboxes: from.take_any(self.inboxes)?,
            teams: from.take_any(self.teams)?,
            people: from.take_any(self.people)?,
            programs: from.take_any(self.programs)?,
            skills: from.take_any(self.skills)?,
            tagged: from.take_any(self.tagged)?,
            tags: from.take_any(self.tags)?,
            marks: from.take_any(self.marks)?,
            continued: from.take_any(self.continued)?,
            messages,
            threads,
            files: from.take_any(self.files)?,
            originals: from.take_any(self.originals)?,
            sends: from.take_any(self.sends)?,
            reactions: from.take_any(self.reactions)?,
        })
    }
}

/// Reads whom only reactions, mentions and system lines name, unless they are there already.
async fn add_named(scope: &impl Scope, found: &mut Found) -> Result<()> {
    let of = &found.along.of_messages;
    let (mut people, mut contacts, mut programs) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    if of.named {
        for message in found.all_messages() {
            people.extend(message.mentions.0.iter().map(|id: &PersonId| id.uuid()));
            if let Some(SystemLine::Assigned { person }) = message.system.as_ref().map(|line| &line.0) {
                people.insert(person.uuid());
            }
        }
    }
    if of.reactors {
        for reaction in &found.reactions {
            let Ok(id) = Uuid::parse_str(&reaction.author_id) else { continue };
            match reaction.author_kind {
                AuthorKind::Person => people.insert(id),
                AuthorKind::Contact if of.contacts => contacts.insert(id),
                AuthorKind::ApiClient | AuthorKind::Bot if of.programs => programs.insert(id),
                _ => false,
            };
        }
    }
    people.retain(|id| !found.people.iter().any(|known| known.id.uuid() == *id));
    contacts.retain(|id| !found.contacts.iter().any(|known| known.id.uuid() == *id));
    programs.retain(|id| !found.programs.iter().any(|known| known.id.uuid() == *id));
    if people.is_empty() && contacts.is_empty() && programs.is_empty() {
        return Ok(());
    }
    let (workspace, mut bundle): (WorkspaceId, _) = (scope.workspace(), Bundle::default());
    let people = bundle.add("person_inside", person::in_workspace(workspace).filter(person::Column::Id.is_in(people)));
    let contacts = bundle.add("person_outside", contact::in_workspace(workspace).filter(contact::Column::Id.is_in(contacts)));
    let programs = bundle.add("program", api_client::in_workspace(workspace).filter(api_client::Column::Id.is_in(programs)));
    let mut bundled = bundle.read(scope.conn()).await?;
    found.people.append(&mut bundled.take(people)?);
    found.contacts.append(&mut bundled.take(contacts)?);
    found.programs.append(&mut bundled.take(programs)?);
    Ok(())
}

fn by_ids<E: EntityTrait>(rows: sea_orm::Select<E>, column: E::Column, ids: SelectStatement) -> sea_orm::Select<E> {
    rows.filter(column.in_subquery(ids))
}

/// The values of a column in several sets; `None` when there is no set.
fn all(sets: &[Part<message::Entity>], column: impl Fn(&Part<message::Entity>) -> SelectStatement) -> Option<SelectStatement> {
    joined(sets.iter().map(|set| Some(column(set))))
}

/// Several selections as one; `None` when there is none.
fn joined(selections: impl IntoIterator<Item = Option<SelectStatement>>) -> Option<SelectStatement> {
    let mut selections = selections.into_iter().flatten();
    let mut first = selections.next()?;
    first.unions(selections.map(|selection| (UnionType::All, selection)));
    Some(first)
}
