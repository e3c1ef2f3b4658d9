//! Reactions to messages, one row per person and emoji.

pub use super::message::AuthorKind;
use super::prelude::*;

/// One reaction of one author to one message.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "reaction")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: MessageId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub author_kind: AuthorKind,
    /// Our id where we have one, otherwise the platform's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub author_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub emoji: String,
    pub at: DateTimeUtc,
}

scoped!();
