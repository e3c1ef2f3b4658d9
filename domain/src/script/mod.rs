//! Scripts: what runs when an interaction starts on a channel.
//!
//! Today a script is an ordered list of steps that all finish at once, so it runs inside the transaction that opens the
//! interaction ([`run`]): either both are stored or neither. A step is a tagged value and the run keeps its position
//! on the interaction, so that waiting and branching steps can be added without changing what is stored.

mod manage;
mod run;

pub use manage::{NewScript, ScriptChange, create, delete, page, update};
pub(crate) use run::start;

use serde::{Deserialize, Serialize};

use crate::{
    content::RichContent,
    ids::{InboxId, SkillId},
    interaction::Priority,
};

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ScriptStep {
    /// Send something to the contact.
    SendContent {
        /// What.
        content: Box<RichContent>,
    },
    /// Say which skill is needed.
    SetSkill {
        /// Which.
        skill: SkillId,
    },
    /// Say how urgent it is.
    SetPriority {
        /// How.
        priority: Priority,
    },
    /// Let people take over; steps after it do not run.
    HandToHumans {
        /// Inbox to move to; stays where it is if absent.
        inbox: Option<InboxId>,
    },
}

/// How far the script of an interaction has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptState {
    /// Which script.
    pub script: crate::ids::ScriptId,
    /// Next step, counted from 0.
    pub next_step: usize,
    /// Whether people have taken over.
    pub is_handed_over: bool,
}
