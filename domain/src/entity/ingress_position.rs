//! Positions of pollers and listeners.

use super::prelude::*;

/// How far a poller or listener has read, and who holds it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ingress_position")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel_id: ChannelId,
    /// What the adapter needs to go on; `None`: from the beginning.
    pub cursor: Option<Json>,
    pub owner: Option<String>,
    pub fence: i64,
    pub lease_until: Option<DateTimeUtc>,
    pub next_at: DateTimeUtc,
}

scoped!();
