//! Lanes, see section 6 of the reliability design.

use super::prelude::*;

/// The outbound queue of one interaction, and who works on it. Every write of its work needs the current `fence`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "lane")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub interaction_id: InteractionId,
    pub channel_id: ChannelId,
    pub pending: i32,
    pub owner: Option<String>,
    pub fence: i64,
    pub lease_until: Option<DateTimeUtc>,
    pub next_at: DateTimeUtc,
}

scoped!();
