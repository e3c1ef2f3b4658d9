//! Channels: an account on a platform, set up by an administrator.

use std::collections::BTreeMap;

use super::prelude::*;
use crate::{seal::Sealed, spec::ChannelKind};

/// A configured connection to a platform.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "channel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChannelId,
    pub kind: ChannelKind,
    pub name: String,
    /// Random part of its public addresses.
    pub token: String,
    pub inbox_id: InboxId,
    pub default_skill_id: Option<SkillId>,
    pub default_script_id: Option<ScriptId>,
    /// Settings that are no secret, by key.
    pub settings: Stored<serde_json::Map<String, Json>>,
    /// Secrets, by key.
    pub sealed: Stored<BTreeMap<String, Sealed>>,
    pub is_enabled: bool,
    pub health: ChannelHealth,
    /// A sentence an administrator can act on.
    pub health_reason: Option<String>,
    /// What is behind it, for programs; whenever there is a reason.
    pub health_cause: Option<HealthCause>,
    pub health_at: Option<DateTimeUtc>,
    pub first_event_at: Option<DateTimeUtc>,
    pub last_event_at: Option<DateTimeUtc>,
    /// When the other side last said how it is doing.
    pub heartbeat_at: Option<DateTimeUtc>,
    /// Within how many seconds it promised then to say it again.
    pub heartbeat_s: Option<i32>,
    /// When the first call failed of those since which none has been answered.
    pub failing_since: Option<DateTimeUtc>,
    /// The platform asked us to wait (429).
    pub paused_until: Option<DateTimeUtc>,
    pub version: Seq,
    pub created_at: DateTimeUtc,
}

scoped!(ChannelId);

/// How a channel is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChannelHealth {
    /// Never checked.
    Unknown,
    /// Set up, nothing heard yet.
    Waiting,
    /// Works.
    Ok,
    /// Works, with errors.
    Degraded,
    /// The platform refuses our credentials; its queue is held.
    NeedsSignIn,
    /// Does not work.
    Down,
}

/// Why a channel is not well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HealthCause {
    /// The other side says so.
    Declared,
    /// The other side has not said how it is doing for three of the intervals that were agreed.
    HeartbeatMissed,
    /// For a day no call has been answered.
    DeliveriesFailing,
    /// The platform wants no more calls at the address.
    AddressGone,
    /// Credentials or settings are refused.
    Refused,
    /// The platform cannot be reached, or broke off.
    Unreachable,
    /// A check that an administrator asked for found something wrong.
    CheckFailed,
    /// The server has no adapter for this kind of channel.
    NoAdapter,
    /// It is an example, and was never meant to work.
    Example,
}
