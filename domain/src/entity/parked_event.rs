//! What was heard of a message too early.

use super::prelude::*;
use crate::inbound::InboundEvent;

/// A receipt, an edit, a deletion or a reaction for a message that we do not know yet; applied when the message gets its
/// id, dropped after 24 hours.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "parked_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub channel_id: ChannelId,
    /// The platform's id of the message.
    pub external_id: ExternalMessageId,
    pub event: Stored<InboundEvent>,
    pub received_at: DateTimeUtc,
}

scoped!(Uuid);
