//! Messages and internal notes of an interaction, with their delivery.

use super::prelude::*;
use crate::{
    content::{Rendered, RichContent},
    inbound::Recipient,
    message::{LastChange, SystemLine},
    state::DeliveryState,
};

/// One entry of an interaction: a message, a note or a system line.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub interaction_id: InteractionId,
    pub channel_id: ChannelId,
    pub direction: Direction,
    pub entry: EntryKind,
    pub author_kind: AuthorKind,
    pub author_id: Option<Uuid>,
    pub author_name: Option<String>,
    pub content: Stored<RichContent>,
    /// Readable text of `content`, also what is searched.
    pub text: String,
    pub external_id: Option<ExternalMessageId>,
    /// Position when the platform packs several messages under one id.
    pub part: i32,
    pub quoted_id: Option<MessageId>,
    pub mentions: Stored<Vec<PersonId>>,
    pub client_id: Option<String>,
    pub subject: Option<String>,
    pub is_automatic: bool,
    /// Where its writer wants the answer, where that is not simply the contact's identity.
    pub reply_to: Option<ExternalUserId>,
    /// To whom it was sent, where the platform says so.
    pub recipients: Option<Stored<Vec<Recipient>>>,
    /// By the platform's clock; the order in which messages are shown.
    pub at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    /// `None`: not sent by us.
    pub delivery: Option<DeliveryState>,
    pub error_code: Option<String>,
    pub error_detail: Option<String>,
    pub queued_at: Option<DateTimeUtc>,
    pub sending_at: Option<DateTimeUtc>,
    pub sent_at: Option<DateTimeUtc>,
    pub delivered_at: Option<DateTimeUtc>,
    pub read_at: Option<DateTimeUtc>,
    pub failed_at: Option<DateTimeUtc>,
    /// What the contact really got, where it differs from `content`.
    pub rendered_as: Option<Stored<Rendered>>,
    pub edited_at: Option<DateTimeUtc>,
    /// An edit or a deletion that the platform has not carried out, or has refused.
    pub last_change: Option<Stored<LastChange>>,
    pub deleted_at: Option<DateTimeUtc>,
    /// What a system line says, typed.
    pub system: Option<Stored<SystemLine>>,
    /// The message as it came, before anything was read from it, left out or made harmless.
    pub raw_attachment_id: Option<AttachmentId>,
    pub version: Seq,
}

scoped!(MessageId);

/// The entries of an interaction.
#[must_use]
pub fn of_interaction(workspace: WorkspaceId, interaction: InteractionId) -> Select<Entity> {
    in_workspace(workspace).filter(Column::InteractionId.eq(interaction))
}

/// The message with this id on a channel.
#[must_use]
pub fn by_external_id(workspace: WorkspaceId, channel: ChannelId, id: &ExternalMessageId, part: i32) -> Select<Entity> {
    in_workspace(workspace).filter(Column::ChannelId.eq(channel)).filter(Column::ExternalId.eq(id.clone())).filter(Column::Part.eq(part))
}

/// Which way it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// From the contact.
    In,
    /// From us.
    Out,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryKind {
    /// The contact sees it.
    Message,
    /// Only we see it.
    Note,
    /// Something that happened.
    System,
}

/// Who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorKind {
    /// The contact.
    Contact,
    /// One of us.
    Person,
    /// A program.
    ApiClient,
    /// A bot.
    Bot,
    /// A script.
    Script,
    /// The server.
    System,
    /// Our side, but through another application.
    External,
}
