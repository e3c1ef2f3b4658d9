//! Raw inbound requests.

use std::collections::{BTreeMap, BTreeSet};

use super::prelude::*;

/// A request of a platform as it came, stored before anything was understood; kept for 7 days.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "raw_inbound")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RawInboundId,
    pub channel_id: ChannelId,
    /// Unique per channel: the same request again is the same row.
    pub dedupe_key: String,
    pub form: String,
    pub headers: Stored<BTreeMap<String, String>>,
    pub body: Vec<u8>,
    pub body_hash: String,
    pub received_at: DateTimeUtc,
    pub state: RawInboundState,
    pub owner: Option<String>,
    pub lease_until: Option<DateTimeUtc>,
    pub items: i32,
    /// Positions of the only items to be worked on: of those that an administrator replays.
    pub only_items: Option<Stored<BTreeSet<i32>>>,
    /// It was read before and an administrator wants it read again: what is new comes first, and nothing has its effect twice.
    pub is_replay: bool,
    pub error: Option<String>,
}

scoped!(RawInboundId);

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RawInboundState {
    /// To be worked on.
    Received,
    /// Every item had its effect or is a dead letter.
    Done,
    /// Could not be read at all.
    Dead,
}
