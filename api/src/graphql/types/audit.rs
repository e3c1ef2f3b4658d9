//! The audit trail.

use async_graphql::{ID, InputObject, Object};
use chrono::{DateTime, Utc};
use tributary_domain::{Error, Result, audit as rules, entity::audit, event::EntityType, ids};
use uuid::Uuid;

use super::{actor::ActorRef, page::connection};
use crate::graphql::scalars::{decode_opt, node_id};

/// One entry of the audit trail.
#[derive(async_graphql::Description)]
pub struct AuditEntry(pub audit::Model);

connection!(AuditEntryConnection, AuditEntryEdge, AuditEntry, "the audit trail");

#[Object(use_type_description)]
impl AuditEntry {
    /// Opaque id.
    async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// Who.
    async fn actor(&self) -> ActorRef {
        ActorRef::of(self.0.actor)
    }

    /// Did what, such as `channel.create`.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// To what; it may be gone.
    async fn entity_id(&self) -> ID {
        entity_id(self.0.entity_type, self.0.entity_id)
    }

    /// More about it; never a message's text and never a secret.
    async fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }
}

/// The id of a thing that is known by its type and number.
#[must_use]
pub fn entity_id(entity_type: EntityType, id: Uuid) -> ID {
    match entity_type {
        EntityType::Workspace => node_id(ids::WorkspaceId::from(id)),
        EntityType::Person => node_id(ids::PersonId::from(id)),
        EntityType::Session => node_id(ids::SessionId::from(id)),
        EntityType::Team => node_id(ids::TeamId::from(id)),
        EntityType::ApiClient => node_id(ids::ApiClientId::from(id)),
        EntityType::Skill => node_id(ids::SkillId::from(id)),
        EntityType::Script => node_id(ids::ScriptId::from(id)),
        EntityType::Channel => node_id(ids::ChannelId::from(id)),
        EntityType::Contact => node_id(ids::ContactId::from(id)),
        EntityType::Inbox => node_id(ids::InboxId::from(id)),
        EntityType::View => node_id(ids::ViewId::from(id)),
        EntityType::Tag => node_id(ids::TagId::from(id)),
        EntityType::Interaction => node_id(ids::InteractionId::from(id)),
        EntityType::Message => node_id(ids::MessageId::from(id)),
        EntityType::Attachment => node_id(ids::AttachmentId::from(id)),
        EntityType::DeadLetter => node_id(ids::DeadLetterId::from(id)),
    }
}

/// Which entries; an absent part does not narrow.
#[derive(InputObject)]
pub struct AuditFilter {
    /// About this thing, whatever its type.
    entity_id: Option<ID>,
    /// Done by this person.
    person_id: Option<ID>,
    /// Of this action, such as `channel.create`.
    action: Option<String>,
}

impl AuditFilter {
    /// As the domain reads it.
    ///
    /// # Errors
    /// `Invalid` for what is no id, and for an id of another type.
    pub fn into_filter(self) -> Result<rules::AuditFilter> {
        Ok(rules::AuditFilter {
            entity: self.entity_id.as_ref().map(any_id).transpose()?,
            person: decode_opt(self.person_id.as_ref(), "filter.personId")?,
            action: self.action,
        })
    }
}

fn any_id(id: &ID) -> Result<Uuid> {
    let number = id.split_once('_').map(|(_, number)| number).filter(|number| number.len() == 32);
    number.and_then(|number| Uuid::try_parse(number).ok()).ok_or_else(|| Error::invalid("filter.entityId", "not an id"))
}
