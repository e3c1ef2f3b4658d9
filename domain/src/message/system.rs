//! System lines: what happened to an interaction, told inside its thread.

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ContactId, MessageId, PersonId},
    state::InteractionStatus,
};

/// What a system line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum SystemLine {
    /// Somebody took it or was given it.
    Assigned {
        /// Who.
        person: PersonId,
    },
    /// Nobody has it any more.
    Unassigned,
    /// Its status changed.
    StatusChanged {
        /// To what.
        status: InteractionStatus,
    },
    /// It was put off.
    Snoozed {
        /// Until when.
        until: chrono::DateTime<chrono::Utc>,
    },
    /// Its priority changed.
    PriorityChanged {
        /// To what.
        priority: crate::interaction::Priority,
    },
    /// Another skill is needed.
    SkillChanged {
        /// Name of the skill; nothing when none is needed.
        skill: Option<String>,
    },
    /// It moved to another inbox.
    InboxChanged {
        /// Name of the inbox.
        inbox: String,
    },
    /// The contact was merged with another.
    ContactsMerged {
        /// Name of the contact that was merged in.
        name: String,
    },
    /// Somebody else wrote in the conversation for the first time.
    ParticipantJoined {
        /// Who.
        contact: ContactId,
        /// Their name or address.
        name: String,
    },
    /// The receiving server could not confirm that a message comes from whom it says.
    SenderDoubtful {
        /// Which message.
        message: MessageId,
        /// The proofs that failed, by their usual names.
        failed: Vec<String>,
    },
    /// A step of the script could not be run.
    ScriptFailed {
        /// Why.
        reason: String,
    },
}
