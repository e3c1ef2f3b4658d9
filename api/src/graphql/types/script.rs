//! Scripts and their steps.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject, Union};
use chrono::{DateTime, Utc};
use tributary_domain::{
    Error, Result,
    entity::script,
    ids::{InboxId, SkillId},
    script as rules,
};

use super::{
    content::RichContent, content_input::RichContentInput, enums::Priority, inbox::Inbox, load_error, page::connection, skill::Skill,
};
use crate::graphql::{
    context::Cx,
    node,
    scalars::{Long, decode, decode_opt, node_id},
};

/// What runs when an interaction starts on a channel.
#[derive(async_graphql::Description)]
pub struct Script(pub script::Model);

connection!(ScriptConnection, ScriptEdge, Script, "scripts");

#[Object(use_type_description)]
impl Script {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Name for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it does, in order.
    async fn steps(&self) -> Vec<ScriptStep> {
        self.0.steps.iter().cloned().map(ScriptStep::from).collect()
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// One step of a script.
#[expect(clippy::large_enum_variant, reason = "lives for one field of one answer; a box would cost more than it saves")]
#[derive(Union)]
pub enum ScriptStep {
    /// Sends something to the contact.
    SendContent(SendContentStep),
    /// Says which skill is needed.
    SetSkill(SetSkillStep),
    /// Says how urgent it is.
    SetPriority(SetPriorityStep),
    /// Lets people take over.
    HandToHumans(HandToHumansStep),
}

/// Sends something to the contact.
#[derive(SimpleObject)]
pub struct SendContentStep {
    /// What.
    content: RichContent,
}

/// Says which skill is needed.
#[derive(async_graphql::Description)]
pub struct SetSkillStep(SkillId);

#[Object(use_type_description)]
impl SetSkillStep {
    /// Which; null when it is gone, and then the step is skipped.
    async fn skill(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Skill>> {
        Ok(cx.rows().load_one(self.0).await.map_err(load_error)?.map(Skill))
    }
}

/// Says how urgent it is.
#[derive(SimpleObject)]
pub struct SetPriorityStep {
    /// How.
    priority: Priority,
}

/// Lets people take over; steps after it do not run.
#[derive(async_graphql::Description)]
pub struct HandToHumansStep(Option<InboxId>);

#[Object(use_type_description)]
impl HandToHumansStep {
    /// Inbox it moves to; null: it stays where it is, or the viewer does not see the inbox.
    async fn inbox(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Inbox>> {
        let Some(id) = self.0 else { return Ok(None) };
        node::inbox(cx, id).await
    }
}

impl From<rules::ScriptStep> for ScriptStep {
    fn from(step: rules::ScriptStep) -> Self {
        match step {
            rules::ScriptStep::SendContent { content } => Self::SendContent(SendContentStep { content: (*content).into() }),
            rules::ScriptStep::SetSkill { skill } => Self::SetSkill(SetSkillStep(skill)),
            rules::ScriptStep::SetPriority { priority } => Self::SetPriority(SetPriorityStep { priority: priority.into() }),
            rules::ScriptStep::HandToHumans { inbox } => Self::HandToHumans(HandToHumansStep(inbox)),
        }
    }
}

/// One step of a script: exactly one kind.
#[derive(OneofObject)]
pub enum ScriptStepInput {
    /// Sends this to the contact.
    SendContent(RichContentInput),
    /// Says that this skill is needed.
    SetSkill(ID),
    /// Says that it is this urgent.
    SetPriority(Priority),
    /// Lets people take over.
    HandToHumans(HandToHumansInput),
}

/// How people take over.
#[derive(InputObject)]
pub struct HandToHumansInput {
    /// Inbox to move to; stays where it is when absent.
    inbox_id: Option<ID>,
}

/// Steps as the domain reads them.
///
/// # Errors
/// `Invalid` with the step's number in the path.
pub fn steps(input: Vec<ScriptStepInput>) -> Result<Vec<rules::ScriptStep>> {
    let step = |(at, step): (usize, ScriptStepInput)| {
        Ok(match step {
            ScriptStepInput::SendContent(content) => {
                let content = content.into_content().map_err(|error| within_step(error, at))?;
                rules::ScriptStep::SendContent { content: Box::new(content) }
            }
            ScriptStepInput::SetSkill(id) => rules::ScriptStep::SetSkill { skill: decode(&id, &format!("steps.{at}.setSkill"))? },
            ScriptStepInput::SetPriority(priority) => rules::ScriptStep::SetPriority { priority: priority.into() },
            ScriptStepInput::HandToHumans(input) => {
                rules::ScriptStep::HandToHumans { inbox: decode_opt(input.inbox_id.as_ref(), &format!("steps.{at}.handToHumans.inboxId"))? }
            }
        })
    };
    input.into_iter().enumerate().map(step).collect()
}

/// Contents name their fields as in a message; here they stand inside a step.
fn within_step(error: Error, at: usize) -> Error {
    match error {
        Error::Invalid { field, reason } => {
            let field = field.strip_prefix("content.").unwrap_or(&field);
            Error::invalid(format!("steps.{at}.sendContent.{field}"), reason)
        }
        other => other,
    }
}
