//! Running a script when an interaction opens, inside the transaction that opens it.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};

use super::{ScriptState, ScriptStep};
use crate::{
    actor::{Actor, Identity},
    content,
    entity::{channel, inbox, interaction as interaction_row, script, skill},
    error::{Error, Result},
    interaction,
    message::{self, NewMessage, SystemLine},
    spec::{Audience, Capabilities},
    store::Tx,
};

/// Runs the channel's default script on a new interaction.
///
/// A step that cannot be run (its skill or inbox is gone, its content is not taken) is told in the thread and skipped:
/// the contact must reach people whatever the script does.
///
/// # Errors
/// `Storage`.
pub(crate) async fn start(
    tx: &mut Tx,
    capabilities: &Capabilities,
    channel: &channel::Model,
    opened: &interaction_row::Model,
) -> Result<()> {
    let Some(id) = channel.default_script_id else { return Ok(()) };
    let Some(script) = script::by_id(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    let actor = Actor { identity: Identity::Script(id), ..Actor::system(tx.workspace()) };
    let mut state = ScriptState { script: id, next_step: 0, is_handed_over: false };
    for step in &script.steps.0 {
        let current = interaction::must_see(tx.conn(), &actor, opened.id).await?;
        if let Some(reason) = run_step(tx, &actor, capabilities, &current, step).await? {
            message::add_system_line(tx, &actor, &current, SystemLine::ScriptFailed { reason }).await?;
        }
        state.next_step += 1;
        if matches!(step, ScriptStep::HandToHumans { .. }) {
            state.is_handed_over = true;
            break;
        }
    }
    let mut change = interaction::must_see(tx.conn(), &actor, opened.id).await?.into_active_model();
    change.script_state = Set(Some(state.into()));
    change.update(tx.conn()).await?;
    Ok(())
}

/// Runs one step; `Some` says why it could not be run.
async fn run_step(
    tx: &mut Tx,
    actor: &Actor,
    capabilities: &Capabilities,
    on: &interaction_row::Model,
    step: &ScriptStep,
) -> Result<Option<String>> {
    match step {
        ScriptStep::SendContent { content } => {
            if let Err(violations) = content::check(content, &[], capabilities, Audience::Machine) {
                return Ok(violations.into_iter().next().map(|violation| format!("{}: {}", violation.field, violation.message)));
            }
            let new = NewMessage::of_script(on.id, (**content).clone());
            match message::enqueue(tx, actor, on, capabilities, (**content).clone(), &new).await {
                Err(Error::RateLimited { .. }) => return Ok(Some("too many automatic messages to this sender within an hour".to_owned())),
                sent => drop(sent?),
            }
        }
        ScriptStep::SetSkill { skill } => {
            if skill::by_id(tx.workspace(), *skill).one(tx.conn()).await?.is_none() {
                return Ok(Some("the skill no longer exists".to_owned()));
            }
            interaction::set_skill(tx, actor, on.id, Some(*skill), None).await?;
        }
        ScriptStep::SetPriority { priority } => interaction::set_priority(tx, actor, on.id, *priority, None).await?,
        ScriptStep::HandToHumans { inbox: Some(inbox) } => {
            if inbox::by_id(tx.workspace(), *inbox).one(tx.conn()).await?.is_none() {
                return Ok(Some("the inbox no longer exists".to_owned()));
            }
            interaction::move_to_inbox(tx, actor, on.id, *inbox, None).await?;
        }
        ScriptStep::HandToHumans { inbox: None } => {}
    }
    Ok(None)
}
