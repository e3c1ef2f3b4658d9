//! Rows by id, batched: one statement per kind of row and step of the execution, whatever a query selects.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::dataloader::Loader;
use sea_orm::{ColumnTrait, QueryFilter};
use tributary_domain::{
    self as rules, Error,
    actor::Actor,
    delivery::OutboundAction,
    entity::{
        api_client, attachment, channel, contact, contact_identity, contact_merge, dead_letter, inbox, interaction, interaction_relation,
        interaction_tag, message, outbound, person, person_skill, raw_inbound, reaction, read_mark, script, skill, tag, team, team_member,
        view,
    },
    event::Position,
    ids::*,
    inbox::{InteractionFilter, InteractionSort},
    interaction::rows,
    store::{
        Store,
        page::{Page, PageRequest},
    },
};

/// What rows are asked for by.
pub trait RowKey: Send + Sync + Hash + Eq + Clone + 'static {
    /// Whether the rows are the same for whoever asks, within a workspace.
    const IS_COMMON: bool;
}

/// Asks the database for rows of one workspace.
pub struct Asking {
    store: Store,
    actor: Arc<Actor>,
}

impl Asking {
    /// Rows as this actor's workspace has them.
    #[must_use]
    pub fn new(store: Store, actor: Arc<Actor>) -> Self {
        Self { store, actor }
    }
}

/// What a list of rows belongs to; keeps lists of different rows by the same id apart.
macro_rules! lists {
    ($($(#[$doc:meta])* $key:ident($id:ty) => $entity:ident . $column:ident by $field:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub struct $key(pub $id);

            impl RowKey for $key {
                const IS_COMMON: bool = true;
            }

            impl Loader<$key> for Asking {
                type Value = Vec<$entity::Model>;
                type Error = Arc<Error>;

                async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Self::Value>, Self::Error> {
                    let read = self.store.read(self.actor.workspace).await?;
                    let rows = $entity::in_workspace(self.actor.workspace)
                        .filter($entity::Column::$column.is_in(keys.iter().map(|key| key.0)))
                        .all(read.conn())
                        .await
                        .map_err(Error::from)?;
                    let mut lists: HashMap<$key, Vec<$entity::Model>> = keys.iter().map(|key| (*key, Vec::new())).collect();
                    for row in rows {
                        lists.entry($key(row.$field.into())).or_default().push(row);
                    }
                    Ok(lists)
                }
            }
        )*
    };
}

macro_rules! by_id {
    ($($id:ident => $entity:ident;)*) => {
        $(
            impl RowKey for $id {
                const IS_COMMON: bool = true;
            }

            impl Loader<$id> for Asking {
                type Value = $entity::Model;
                type Error = Arc<Error>;

                async fn load(&self, keys: &[$id]) -> Result<HashMap<$id, Self::Value>, Self::Error> {
                    let read = self.store.read(self.actor.workspace).await?;
                    let rows = $entity::in_workspace(self.actor.workspace)
                        .filter($entity::Column::Id.is_in(keys.iter().copied()))
                        .all(read.conn())
                        .await
                        .map_err(Error::from)?;
                    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
                }
            }
        )*
    };
}

by_id! {
    ApiClientId => api_client;
    AttachmentId => attachment;
    ChannelId => channel;
    ContactId => contact;
    DeadLetterId => dead_letter;
    IdentityId => contact_identity;
    InboxId => inbox;
    InteractionId => interaction;
    MessageId => message;
    OutboundId => outbound;
    PersonId => person;
    RawInboundId => raw_inbound;
    ScriptId => script;
    SkillId => skill;
    TagId => tag;
    TeamId => team;
    ViewId => view;
}

lists! {
    /// Reactions on a message.
    ReactionsOn(MessageId) => reaction.MessageId by message_id;
    /// Identities of a contact.
    IdentitiesOf(ContactId) => contact_identity.ContactId by contact_id;
    /// Merges into a contact, also those that were undone.
    MergesInto(ContactId) => contact_merge.WinnerId by winner_id;
    /// Skills of a person.
    SkillsOf(PersonId) => person_skill.PersonId by person_id;
    /// Teams of a person.
    TeamsOf(PersonId) => team_member.PersonId by person_id;
    /// Tags on an interaction.
    TagsOn(InteractionId) => interaction_tag.InteractionId by interaction_id;
    /// Relations of an interaction.
    RelatedTo(InteractionId) => interaction_relation.InteractionId by interaction_id;
}

/// Files of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FilesOf(pub MessageId);

impl RowKey for FilesOf {
    const IS_COMMON: bool = true;
}

impl Loader<FilesOf> for Asking {
    type Value = Vec<attachment::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[FilesOf]) -> Result<HashMap<FilesOf, Self::Value>, Self::Error> {
        let read = self.store.read(self.actor.workspace).await?;
        let messages: Vec<MessageId> = keys.iter().map(|key| key.0).collect();
        let rows = attachment::of_messages(self.actor.workspace, &messages).all(read.conn()).await.map_err(Error::from)?;
        let mut lists: HashMap<FilesOf, Self::Value> = HashMap::new();
        for row in rows {
            if let Some(message) = row.message_id {
                lists.entry(FilesOf(message)).or_default().push(row);
            }
        }
        Ok(lists)
    }
}

/// The work that sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SendOf(pub MessageId);

impl RowKey for SendOf {
    const IS_COMMON: bool = true;
}

impl Loader<SendOf> for Asking {
    type Value = outbound::Model;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SendOf]) -> Result<HashMap<SendOf, Self::Value>, Self::Error> {
        let read = self.store.read(self.actor.workspace).await?;
        let rows = outbound::in_workspace(self.actor.workspace)
            .filter(outbound::Column::MessageId.is_in(keys.iter().map(|key| key.0)))
            .all(read.conn())
            .await
            .map_err(Error::from)?;
        let sends = rows.into_iter().filter(|row| row.action.0 == OutboundAction::Send);
        Ok(sends.filter_map(|row| row.message_id.map(|message| (SendOf(message), row))).collect())
    }
}

/// One page of the list that belongs to something, for all things of that kind at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageOf<I> {
    /// What the list belongs to.
    pub of: I,
    /// Which part of it.
    pub request: PageRequest,
}

macro_rules! pages {
    ($($id:ident => $entity:ident, $common:literal, by |$read:ident, $actor:ident, $ids:ident, $request:ident| $pages:expr;)*) => {
        $(
            impl RowKey for PageOf<$id> {
                const IS_COMMON: bool = $common;
            }

            impl Loader<PageOf<$id>> for Asking {
                /// With the end of the log as of the page.
                type Value = (Page<$entity::Model>, Position);
                type Error = Arc<Error>;

                async fn load(&self, keys: &[PageOf<$id>]) -> Result<HashMap<PageOf<$id>, Self::Value>, Self::Error> {
                    let $read = &self.store.read(self.actor.workspace).await?;
                    let $actor = &*self.actor;
                    let position = $read.position().await?;
                    // Usually all ask for the same part.
                    let mut alike: HashMap<&PageRequest, Vec<$id>> = HashMap::new();
                    for key in keys {
                        alike.entry(&key.request).or_default().push(key.of);
                    }
                    let mut found = HashMap::with_capacity(keys.len());
                    for ($request, ids) in alike {
                        let $ids = &ids;
                        let mut pages = $pages.await?;
                        for of in ids {
                            let page = pages.remove(&of).unwrap_or_else(|| Page::empty($request));
                            found.insert(PageOf { of, request: $request.clone() }, (page, position));
                        }
                    }
                    Ok(found)
                }
            }
        )*
    };
}

pages! {
    ContactId => interaction, false, by |read, actor, ids, request| rows::pages_of_contacts(read, actor, ids, request);
    InteractionId => message, true, by |read, _actor, ids, request| rules::message::pages(read, ids, request);
    TeamId => person, true, by |read, _actor, ids, request| rules::team::pages_of_members(read, ids, request);
}

/// The viewer's read mark on an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReadBy(pub InteractionId);

impl RowKey for ReadBy {
    const IS_COMMON: bool = false;
}

impl Loader<ReadBy> for Asking {
    type Value = read_mark::Model;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ReadBy]) -> Result<HashMap<ReadBy, Self::Value>, Self::Error> {
        let Some(person) = self.actor.person() else { return Ok(HashMap::new()) };
        let read = self.store.read(self.actor.workspace).await?;
        let rows = read_mark::in_workspace(self.actor.workspace)
            .filter(read_mark::Column::PersonId.eq(person))
            .filter(read_mark::Column::InteractionId.is_in(keys.iter().map(|key| key.0)))
            .all(read.conn())
            .await
            .map_err(Error::from)?;
        Ok(rows.into_iter().map(|row| (ReadBy(row.interaction_id), row)).collect())
    }
}

/// How many interactions stand in the list of a filter and an order for the viewer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CountOf(pub InteractionFilter, pub InteractionSort);

impl RowKey for CountOf {
    const IS_COMMON: bool = false;
}

impl Loader<CountOf> for Asking {
    type Value = u64;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[CountOf]) -> Result<HashMap<CountOf, Self::Value>, Self::Error> {
        let read = self.store.read(self.actor.workspace).await?;
        let lists: Vec<_> = keys.iter().map(|key| (&key.0, key.1)).collect();
        let counts = rows::counts(&read, &self.actor, &lists).await?;
        Ok(keys.iter().cloned().zip(counts).collect())
    }
}

/// How much per channel.
macro_rules! per_channel {
    ($($(#[$doc:meta])* $key:ident by $count:path;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub struct $key(pub ChannelId);

            impl RowKey for $key {
                const IS_COMMON: bool = true;
            }

            impl Loader<$key> for Asking {
                type Value = u64;
                type Error = Arc<Error>;

                async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Self::Value>, Self::Error> {
                    let read = self.store.read(self.actor.workspace).await?;
                    let channels: Vec<_> = keys.iter().map(|key| key.0).collect();
                    Ok($count(&read, &channels).await?.into_iter().map(|(channel, count)| ($key(channel), count)).collect())
                }
            }
        )*
    };
}

per_channel! {
    /// Pieces of outbound work of a channel that wait.
    QueuedOn by tributary_domain::channel::queued;
    /// Dead letters of a channel that wait for a person.
    OpenLettersOf by tributary_domain::channel::open_dead_letters;
}
