//! Dead letters: what came in and could not be understood, kept for a replay.

pub use super::message::Direction;
use super::prelude::*;

/// An item that could not be processed, inbound or outbound.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dead_letter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeadLetterId,
    pub channel_id: ChannelId,
    pub direction: Direction,
    pub raw_id: Option<RawInboundId>,
    /// Position within the raw request.
    pub item: i32,
    pub outbound_id: Option<OutboundId>,
    /// Why, for programs; empty in rows of before it was noted.
    pub cause: Option<DeadLetterCause>,
    pub error: String,
    pub state: DeadLetterState,
    pub created_at: DateTimeUtc,
    pub resolved_at: Option<DateTimeUtc>,
    pub version: Seq,
}

scoped!(DeadLetterId);

/// The letters with these ids.
#[must_use]
pub fn of_ids(workspace: WorkspaceId, ids: &[DeadLetterId]) -> Select<Entity> {
    in_workspace(workspace).filter(Column::Id.is_in(ids.iter().copied()))
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeadLetterState {
    /// Waits for a person.
    Open,
    /// Tried again with success.
    Replayed,
    /// Thrown away.
    Dropped,
}

/// Why it could not be processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeadLetterCause {
    /// What came in cannot be read.
    Unreadable,
    /// What came in can be read, but not be accepted.
    Refused,
    /// What should go out was not delivered.
    NotDelivered,
}
