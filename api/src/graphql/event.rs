//! Which events of the log a reader hears of.
//!
//! Two questions, answered per event: whether the reader is in its audience ([`may_hear`]), and whether the reader
//! wants it ([`Wanted`]). What of the event's entity may be seen is a third one, asked when it is resolved.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use tributary_domain::{
    Result,
    actor::{Actor, Role, Scope},
    entity::interaction,
    event::{Audience, EntityType, Event, EventKind},
    ids::{ChannelId, ContactId, InteractionId},
    store::{self, Store},
};

/// Whether the reader belongs to those who may hear of an event.
#[must_use]
pub fn may_hear(actor: &Actor, audience: &Audience) -> bool {
    match audience {
        Audience::Everyone => true,
        Audience::Contacts => actor.must_have(Scope::ReadInteractions).is_ok(),
        Audience::Inbox(inbox) => actor.may_see_inbox(*inbox),
        Audience::Person(person) => actor.is(*person),
        Audience::Supervisors => actor.role >= Role::Supervisor,
        Audience::Admins => actor.role >= Role::Admin,
    }
}

/// Which events a reader wants; an absent part does not narrow, and all parts must agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of these kinds.
    pub kinds: Option<HashSet<EventKind>>,
    /// About these interactions and what is in them.
    pub interactions: Option<HashSet<InteractionId>>,
    /// About these channels and the interactions on them.
    pub channels: Option<HashSet<ChannelId>>,
    /// About these contacts and their interactions.
    pub contacts: Option<HashSet<ContactId>>,
}

/// Where interactions belong, as far as a filter asks.
pub type Belongings = HashMap<InteractionId, (ChannelId, ContactId)>;

impl Wanted {
    /// Only what is about one interaction.
    #[must_use]
    pub fn of_interaction(id: InteractionId) -> Self {
        Self { interactions: Some([id].into()), ..Self::default() }
    }

    /// Whether the event is among them.
    #[must_use]
    pub fn admits(&self, event: &Event, belongings: &Belongings) -> bool {
        let at = event.interaction_id.and_then(|id| belongings.get(&id));
        self.may_admit(event)
            && self.channels.as_ref().is_none_or(|wanted| {
                is_one_of(event, EntityType::Channel, wanted) || at.is_some_and(|(channel, _)| wanted.contains(channel))
            })
            && self.contacts.as_ref().is_none_or(|wanted| {
                is_one_of(event, EntityType::Contact, wanted) || at.is_some_and(|(_, contact)| wanted.contains(contact))
            })
    }

    /// Whether the event can be among them, as far as that is seen without looking where its interaction belongs.
    #[must_use]
    pub fn may_admit(&self, event: &Event) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.kind))
            && self.interactions.as_ref().is_none_or(|wanted| event.interaction_id.is_some_and(|id| wanted.contains(&id)))
    }

    /// The events that the reader may hear of and wants. Reads only when the filter speaks of channels or contacts.
    ///
    /// # Errors
    /// Storage.
    pub async fn select(&self, store: &Store, actor: &Actor, events: Vec<Arc<Event>>) -> Result<Vec<Arc<Event>>> {
        let heard = audible(actor, events);
        if !self.asks_where() || heard.is_empty() {
            return Ok(self.admitted(heard, &Belongings::new()));
        }
        let read = store.read(actor.workspace).await?;
        let belongings = belongings(&read, &heard).await?;
        Ok(self.admitted(heard, &belongings))
    }

    /// As [`Wanted::select`], within a snapshot.
    ///
    /// # Errors
    /// Storage.
    pub async fn select_in(&self, scope: &impl store::Scope, actor: &Actor, events: Vec<Arc<Event>>) -> Result<Vec<Arc<Event>>> {
        let heard = audible(actor, events);
        let belongings = if self.asks_where() { belongings(scope, &heard).await? } else { Belongings::new() };
        Ok(self.admitted(heard, &belongings))
    }

    fn asks_where(&self) -> bool {
        self.channels.is_some() || self.contacts.is_some()
    }

    fn admitted(&self, events: Vec<Arc<Event>>, belongings: &Belongings) -> Vec<Arc<Event>> {
        events.into_iter().filter(|event| self.admits(event, belongings)).collect()
    }
}

fn audible(actor: &Actor, events: Vec<Arc<Event>>) -> Vec<Arc<Event>> {
    events.into_iter().filter(|event| may_hear(actor, &event.audience)).collect()
}

/// Where the interactions of these events belong, in one statement.
async fn belongings(scope: &impl store::Scope, events: &[Arc<Event>]) -> Result<Belongings> {
    let ids: HashSet<_> = events.iter().filter_map(|event| event.interaction_id).collect();
    if ids.is_empty() {
        return Ok(Belongings::new());
    }
    let rows = interaction::in_workspace(scope.workspace())
        .filter(interaction::Column::Id.is_in(ids))
        .select_only()
        .columns([interaction::Column::Id, interaction::Column::ChannelId, interaction::Column::ContactId])
        .into_tuple::<(InteractionId, ChannelId, ContactId)>()
        .all(scope.conn())
        .await?;
    Ok(rows.into_iter().map(|(id, channel, contact)| (id, (channel, contact))).collect())
}

fn is_one_of<I: From<uuid::Uuid> + std::hash::Hash + Eq>(event: &Event, entity_type: EntityType, wanted: &HashSet<I>) -> bool {
    event.entity_type == entity_type && wanted.contains(&event.entity_id.into())
}

#[cfg(test)]
mod tests;
