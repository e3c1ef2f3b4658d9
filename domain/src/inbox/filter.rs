//! Filters of views and lists, as stored and as asked.

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ChannelId, InboxId, PersonId, SkillId, TagId},
    interaction::Priority,
    spec::ChannelKind,
    state::InteractionStatus,
};

/// Whose interactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Assignment {
    /// Of the person who looks.
    Mine,
    /// Of nobody.
    Unassigned,
    /// Of anybody.
    Assigned,
}

/// Which interactions; an absent part does not narrow, an empty list matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default, deny_unknown_fields)]
pub struct InteractionFilter {
    /// In one of these states.
    pub statuses: Option<Vec<InteractionStatus>>,
    /// Whose.
    pub assignment: Option<Assignment>,
    /// Of one of these people.
    pub assignees: Option<Vec<PersonId>>,
    /// On one of these channels.
    pub channels: Option<Vec<ChannelId>>,
    /// On a channel of one of these kinds.
    pub channel_kinds: Option<Vec<ChannelKind>>,
    /// In one of these inboxes.
    pub inboxes: Option<Vec<InboxId>>,
    /// With at least one of these tags.
    pub tags: Option<Vec<TagId>>,
    /// Needing one of these skills.
    pub skills: Option<Vec<SkillId>>,
    /// Of one of these priorities.
    pub priorities: Option<Vec<Priority>>,
    /// With (or without) messages that the person has not seen.
    pub is_unread: Option<bool>,
    /// With (or without) a message that could not be sent.
    pub has_failed: Option<bool>,
}

/// Order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, sea_orm::EnumIter, sea_orm::DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(sea_orm::sea_query::StringLen::N(24))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InteractionSort {
    /// What moved last comes first.
    #[default]
    NewestActivity,
    /// Who waits longest comes first; who does not wait is left out.
    OldestWaiting,
    /// What is most urgent comes first, then what moved last.
    Priority,
}
