//! Who did something, as a reader sees it.

use async_graphql::{Context, Object};
use tributary_domain::{
    entity::{message, reaction},
    event,
    ids::{ApiClientId, PersonId},
};
use uuid::Uuid;

use super::{contact::Contact, enums::ActorKind, load_error, person::Person};
use crate::graphql::{context::Cx, node};

/// Someone who did something.
#[derive(async_graphql::Description)]
pub struct ActorRef {
    kind: ActorKind,
    id: Option<Uuid>,
    name: Option<String>,
}

impl ActorRef {
    /// The author of a message.
    pub fn author(row: &message::Model) -> Self {
        Self { kind: row.author_kind.into(), id: row.author_id, name: row.author_name.clone() }
    }

    /// Who put a reaction.
    pub fn reactor(row: &reaction::Model) -> Self {
        Self { kind: row.author_kind.into(), id: Uuid::parse_str(&row.author_id).ok(), name: None }
    }

    /// Who caused an event or an entry of the audit trail.
    pub fn of(actor: event::ActorRef) -> Self {
        let (kind, id) = match actor {
            event::ActorRef::System => (ActorKind::System, None),
            event::ActorRef::Person(id) => (ActorKind::Person, Some(id.uuid())),
            event::ActorRef::ApiClient(id) => (ActorKind::ApiClient, Some(id.uuid())),
            event::ActorRef::Contact(id) => (ActorKind::Contact, Some(id.uuid())),
            event::ActorRef::Script(id) => (ActorKind::Script, Some(id.uuid())),
        };
        Self { kind, id, name: None }
    }

    async fn loaded_person(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Person>> {
        match (self.kind, self.id) {
            (ActorKind::Person, Some(id)) => Ok(cx.rows().load_one(PersonId::from(id)).await.map_err(load_error)?.map(Person)),
            _ => Ok(None),
        }
    }
}

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl ActorRef {
    /// What kind of someone.
    async fn kind(&self) -> ActorKind {
        self.kind
    }

    /// Name to show; empty for scripts, the server, and contacts that the viewer may not see.
    async fn name(&self, cx: &Context<'_>) -> async_graphql::Result<String> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        Ok(match (self.kind, self.id) {
            (ActorKind::Person, _) => self.loaded_person(cx).await?.map(|person| person.0.name),
            (ActorKind::Contact, Some(id)) => node::contact(cx, id.into()).await?.map(|contact| contact.0.name),
            (ActorKind::ApiClient | ActorKind::Bot, Some(id)) => {
                cx.rows().load_one(ApiClientId::from(id)).await.map_err(load_error)?.map(|client| client.name)
            }
            _ => None,
        }
        .unwrap_or_default())
    }

    /// The person, when it was one.
    async fn person(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Person>> {
        self.loaded_person(cx).await
    }

    /// The contact, when it was one that the viewer may see.
    async fn contact(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Contact>> {
        match (self.kind, self.id) {
            (ActorKind::Contact, Some(id)) => node::contact(cx, id.into()).await,
            _ => Ok(None),
        }
    }
}
