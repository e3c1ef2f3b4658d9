//! Events of platforms that had their effect.

use super::prelude::*;

/// An event that is not worked on again, in whatever request it comes; kept for 7 days.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "seen_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel_id: ChannelId,
    /// SHA-256 of what makes two events the same one, hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_hash: String,
    pub at: DateTimeUtc,
}

scoped!();
