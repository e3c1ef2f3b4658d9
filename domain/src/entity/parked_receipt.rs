//! Receipts that came too early.

use super::prelude::*;
use crate::inbound::Receipt;

/// A receipt for a message that we do not know yet; applied when the reply to the send is stored, dropped after 24 hours.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "parked_receipt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub channel_id: ChannelId,
    pub external_id: ExternalMessageId,
    pub receipt: Stored<Receipt>,
    pub received_at: DateTimeUtc,
}

scoped!(Uuid);
