//! The event log's vocabulary: what happened to what, who may hear of it, and where it stands in the log.
//!
//! Events are thin: they name an entity and its version, and whoever follows the log loads the entity. They are written
//! by [`crate::store::Tx::commit`] and nowhere else, read through [`log`], followed through [`tail`].

pub mod actor;
pub mod audience;
pub mod cursor;
pub mod log;
pub mod tail;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use sea_orm::{DeriveActiveEnum, EnumIter, prelude::Uuid, sea_query::StringLen};
use serde::{Deserialize, Serialize};

pub use self::{actor::ActorRef, audience::Audience};
use crate::{
    ids::{InboxId, InteractionId, PersonId},
    state::InteractionStatus,
};

/// A place in a workspace's log. Also the version of an entity: the place of its last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, sea_orm::DeriveValueType)]
#[serde(transparent)]
pub struct Seq(pub i64);

impl Seq {
    /// Of an entity whose transaction has not been committed; also the place before the first event.
    pub const UNNUMBERED: Self = Self(0);

    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A place together with the epoch in which it is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// Raised when the log no longer continues what clients have seen (a restore).
    pub epoch: i64,
    /// The place.
    pub seq: Seq,
}

/// What kind of thing an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(24))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntityType {
    /// The workspace's own settings.
    Workspace,
    /// A person.
    Person,
    /// A signed-in browser.
    Session,
    /// A team.
    Team,
    /// An API client or bot.
    ApiClient,
    /// A skill.
    Skill,
    /// A script.
    Script,
    /// A channel.
    Channel,
    /// A contact.
    Contact,
    /// An inbox.
    Inbox,
    /// A saved view.
    View,
    /// A tag.
    Tag,
    /// An interaction.
    Interaction,
    /// A message, note or system line.
    Message,
    /// A file.
    Attachment,
    /// A dead letter.
    DeadLetter,
}

impl EntityType {
    /// The table whose `version` follows the log; `None` for things that have no version.
    #[must_use]
    pub const fn versioned_table(self) -> Option<&'static str> {
        match self {
            Self::Session | Self::Attachment => None,
            Self::Workspace => Some(WORKSPACE_TABLE),
            Self::Person => Some("person"),
            Self::Team => Some("team"),
            Self::ApiClient => Some("api_client"),
            Self::Skill => Some("skill"),
            Self::Script => Some("script"),
            Self::Channel => Some("channel"),
            Self::Contact => Some("contact"),
            Self::Inbox => Some("inbox"),
            Self::View => Some("view"),
            Self::Tag => Some("tag"),
            Self::Interaction => Some("interaction"),
            Self::Message => Some("message"),
            Self::DeadLetter => Some("dead_letter"),
        }
    }
}

/// Table of the workspaces themselves, whose rows belong to no other one.
pub(crate) const WORKSPACE_TABLE: &str = "workspace";

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    /// A new interaction.
    InteractionOpened,
    /// Status, assignee, inbox, tags, priority or counters of an interaction.
    InteractionChanged,
    /// A message came in.
    MessageReceived,
    /// A message was accepted for sending.
    MessageQueued,
    /// Body, attachments or reactions of a message.
    MessageChanged,
    /// A message of ours came further or failed.
    DeliveryChanged,
    /// An internal note.
    NoteAdded,
    /// A line about something that happened in the interaction.
    SystemLineAdded,
    /// Somebody has read or unread an interaction; the interaction itself is unchanged.
    ReadChanged,
    /// A new contact.
    ContactCreated,
    /// A contact's data or identities.
    ContactChanged,
    /// Two contacts became one; the event is about the one that remains.
    ContactsMerged,
    /// A merge was undone.
    ContactsUnmerged,
    /// A channel's settings.
    ChannelChanged,
    /// A channel's health.
    ChannelHealthChanged,
    /// A person was added, changed or removed.
    PersonChanged,
    /// A session was revoked: its access tokens and sockets end.
    SessionRevoked,
    /// A team or its members.
    TeamChanged,
    /// An API client.
    ApiClientChanged,
    /// A skill.
    SkillChanged,
    /// A script.
    ScriptChanged,
    /// An inbox.
    InboxChanged,
    /// A saved view.
    ViewChanged,
    /// A tag.
    TagChanged,
    /// A dead letter was added or resolved.
    DeadLetterChanged,
    /// The workspace's settings.
    SettingsChanged,
}

impl EventKind {
    /// Whether the entity's row changed, so that its version must follow. A read mark belongs to its reader.
    #[must_use]
    pub const fn changes_entity(self) -> bool {
        !matches!(self, Self::ReadChanged)
    }
}

/// What somebody who keeps a list needs to know about a change besides the entity's new state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Patch {
    /// Names of the fields that changed, as in the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Cow<'static, str>>,
    /// The inbox that an interaction has left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_before: Option<InboxId>,
    /// The assignee that an interaction had before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee_before: Option<PersonId>,
    /// The status it had before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_before: Option<InteractionStatus>,
    /// Whose read mark it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<PersonId>,
    /// The entity is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_removed: bool,
}

/// An event without its number, as a command emits it.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDraft {
    /// What happened.
    pub kind: EventKind,
    /// To what.
    pub entity_type: EntityType,
    /// To which one.
    pub entity_id: Uuid,
    /// The interaction it belongs to.
    pub interaction_id: Option<InteractionId>,
    /// Who may hear of it at most; rights on the entity are checked besides.
    pub audience: Audience,
    /// Who did it.
    pub actor: ActorRef,
    /// More about it.
    pub patch: Option<Patch>,
    /// Further entities that changed with it: they get the same version, but no event of their own.
    pub also_changed: Vec<(EntityType, Uuid)>,
}

impl EventDraft {
    /// An event for all who may hear of such an entity, done by the system itself.
    pub fn new(kind: EventKind, entity_type: EntityType, entity_id: impl Into<Uuid>) -> Self {
        Self {
            kind,
            entity_type,
            entity_id: entity_id.into(),
            interaction_id: None,
            audience: Audience::of(entity_type),
            actor: ActorRef::System,
            patch: None,
            also_changed: Vec::new(),
        }
    }

    /// Done by `actor`.
    #[must_use]
    pub fn by(mut self, actor: ActorRef) -> Self {
        self.actor = actor;
        self
    }

    /// Belonging to an interaction.
    #[must_use]
    pub fn within(mut self, interaction: InteractionId) -> Self {
        self.interaction_id = Some(interaction);
        self
    }

    /// For `audience` only.
    #[must_use]
    pub fn to(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// With more about the change.
    #[must_use]
    pub fn with(mut self, patch: Patch) -> Self {
        self.patch = Some(patch);
        self
    }

    /// Another entity changed with it and needs a new version too.
    #[must_use]
    pub fn also(mut self, entity_type: EntityType, entity_id: impl Into<Uuid>) -> Self {
        self.also_changed.push((entity_type, entity_id.into()));
        self
    }
}

/// An event with its number, as it stands in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its place.
    pub seq: Seq,
    /// When the transaction began.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: EventKind,
    /// To what.
    pub entity_type: EntityType,
    /// To which one.
    pub entity_id: Uuid,
    /// The entity's version after it; a loaded entity is never older. `None`: the entity did not change.
    pub entity_version: Option<Seq>,
    /// The interaction it belongs to.
    pub interaction_id: Option<InteractionId>,
    /// Who may hear of it at most.
    pub audience: Audience,
    /// Who did it.
    pub actor: ActorRef,
    /// More about it.
    pub patch: Option<Patch>,
}
