//! Read marks: how far an agent has read an interaction.

use super::prelude::*;

/// How far one person has read one interaction.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "read_mark")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub interaction_id: InteractionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: PersonId,
    /// Number of inbound messages seen; unread is the interaction's `inbound_count` less this.
    pub inbound_seen: i32,
    /// The last of them, in the order in which they came.
    pub up_to: Option<MessageId>,
    pub at: DateTimeUtc,
}

scoped!();
