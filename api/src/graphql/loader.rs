//! Rows by id, batched: one statement per kind of row and step of the execution, whatever a query selects.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use sea_orm::{ColumnTrait, QueryFilter};
use tributary_domain::{
    Error,
    actor::Actor,
    delivery::OutboundAction,
    entity::{
        api_client, attachment, channel, contact, contact_identity, contact_merge, dead_letter, inbox, interaction, interaction_tag,
        message, outbound, person, person_skill, raw_inbound, reaction, read_mark, script, skill, tag, team, team_member, view,
    },
    ids::*,
    store::Store,
};

/// Loads rows of one workspace for one request.
pub struct Rows {
    store: Store,
    actor: Arc<Actor>,
}

impl Rows {
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

            impl Loader<$key> for Rows {
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
            impl Loader<$id> for Rows {
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
}

/// Files of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FilesOf(pub MessageId);

impl Loader<FilesOf> for Rows {
    type Value = Vec<attachment::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[FilesOf]) -> Result<HashMap<FilesOf, Self::Value>, Self::Error> {
        let read = self.store.read(self.actor.workspace).await?;
        let rows = attachment::in_workspace(self.actor.workspace)
            .filter(attachment::Column::MessageId.is_in(keys.iter().map(|key| key.0)))
            .all(read.conn())
            .await
            .map_err(Error::from)?;
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

impl Loader<SendOf> for Rows {
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

/// The viewer's read mark on an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReadBy(pub InteractionId);

impl Loader<ReadBy> for Rows {
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
