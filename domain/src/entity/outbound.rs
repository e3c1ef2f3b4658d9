//! Outbound work, see section 6 of the reliability design.

use super::prelude::*;
use crate::delivery::{OutboundAction, StepDone};

/// One piece of outbound work; `n` orders it within its interaction.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbound")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OutboundId,
    pub interaction_id: InteractionId,
    pub channel_id: ChannelId,
    pub n: i64,
    pub action: Stored<OutboundAction>,
    pub message_id: Option<MessageId>,
    pub state: OutboundState,
    pub idem_key: String,
    pub attempts: i32,
    pub not_before: DateTimeUtc,
    pub first_tried_at: Option<DateTimeUtc>,
    pub provider_id: Option<ExternalMessageId>,
    pub error_code: Option<String>,
    pub error_detail: Option<String>,
    /// Receipts of the steps already done, in order.
    pub done: Stored<Vec<StepDone>>,
    /// The lane's fence under which it was last written.
    pub fence: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// When it is given up.
    pub deadline: Option<DateTimeUtc>,
}

scoped!(OutboundId);

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OutboundState {
    /// Waiting.
    Queued,
    /// Being handed to the platform.
    Sending,
    /// The platform may or may not have it; a person decides.
    Unconfirmed,
    /// The platform has it.
    Sent,
    /// Refused.
    Failed,
    /// Taken back before it left.
    Cancelled,
}
