//! Interactions: the conversations that agents work on.

use super::prelude::*;
use crate::{script::ScriptState, state::InteractionStatus};

/// The whole conversation of a contact with us on one channel.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "interaction")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InteractionId,
    /// Counts up within the workspace; the short reference is made of it.
    pub number: i64,
    pub inbox_id: InboxId,
    pub channel_id: ChannelId,
    pub contact_id: ContactId,
    pub identity_id: IdentityId,
    pub external_thread: Option<ExternalThreadId>,
    pub subject: Option<String>,
    pub status: InteractionStatus,
    pub priority: Priority,
    pub assignee_id: Option<PersonId>,
    pub skill_id: Option<SkillId>,
    pub snoozed_until: Option<DateTimeUtc>,
    /// A script or bot has it.
    pub is_automatic: bool,
    pub inbound_count: i32,
    pub message_count: i32,
    pub last_message_id: Option<MessageId>,
    pub last_inbound_at: Option<DateTimeUtc>,
    pub last_activity_at: DateTimeUtc,
    /// Since when the contact waits for an answer.
    pub waiting_since: Option<DateTimeUtc>,
    /// The interaction that this one continues.
    pub linked_to: Option<InteractionId>,
    /// One of its messages could not be sent.
    pub has_failed: bool,
    pub script_state: Option<Stored<ScriptState>>,
    pub version: Seq,
    pub created_at: DateTimeUtc,
    pub resolved_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
}

scoped!(InteractionId);

/// How urgent it is, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Priority {
    /// Can wait.
    #[sea_orm(num_value = 1)]
    Low,
    /// As most.
    #[sea_orm(num_value = 2)]
    Normal,
    /// Before others.
    #[sea_orm(num_value = 3)]
    High,
    /// Before everything.
    #[sea_orm(num_value = 4)]
    Urgent,
}
