//! Writing scripts down, changing and removing them.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, sea_query::Order};

use super::ScriptStep;
use crate::{
    actor::Actor,
    content,
    entity::{attachment, channel, inbox, script, skill},
    error::{Error, Result},
    event::{ActorRef, Audience, EntityType, EventKind, Seq},
    idempotency,
    ids::ScriptId,
    input,
    message::own_images,
    record::Noun,
    store::{
        Scope, Tx, must_be_version,
        page::{Page, PageRequest, Sort},
    },
};

/// Most steps of a script: all of them run in the transaction that opens the interaction.
const MAX_STEPS: usize = 50;

const SCRIPT: Noun = Noun { name: "script", kind: EventKind::ScriptChanged, entity: EntityType::Script };

/// A script to be added.
#[derive(Debug, Clone)]
pub struct NewScript {
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// Name for people.
    pub name: String,
    /// What it does, in order.
    pub steps: Vec<ScriptStep>,
}

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct ScriptChange {
    /// Name for people.
    pub name: Option<String>,
    /// What it does from now on, in order.
    pub steps: Option<Vec<ScriptStep>>,
}

/// Adds a script.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` with the path of the field, such as `steps.1.setSkill`.
pub async fn create(tx: &mut Tx, actor: &Actor, new: NewScript) -> Result<ScriptId> {
    actor.must_manage_workspace()?;
    if let Some(known) = idempotency::find(tx, actor, &new.client_id, "create_script").await? {
        return Ok(known.into());
    }
    let name = input::name(&new.name)?;
    let id: ScriptId = crate::random::id();
    let steps = checked(tx, actor, id, new.steps).await?;
    script::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        name: Set(name),
        steps: Set(steps.into()),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    idempotency::keep(tx, actor, &new.client_id, "create_script", id.uuid()).await?;
    SCRIPT.changed(tx, actor, "create", id).await?;
    Ok(id)
}

/// Changes a script. Interactions in which it has run are not touched.
///
/// # Errors
/// As [`create`]; `NotFound`; `Conflict` on another version.
pub async fn update(tx: &mut Tx, actor: &Actor, id: ScriptId, change: ScriptChange, expected: Option<Seq>) -> Result<()> {
    let mut row = manageable(tx, actor, id, expected).await?.into_active_model();
    if let Some(name) = &change.name {
        row.name = Set(input::name(name)?);
    }
    if let Some(steps) = change.steps {
        row.steps = Set(checked(tx, actor, id, steps).await?.into());
    }
    row.update(tx.conn()).await?;
    SCRIPT.changed(tx, actor, "update", id).await
}

/// Removes a script that no channel uses.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` on another version or while it is the default of a channel.
pub async fn delete(tx: &mut Tx, actor: &Actor, id: ScriptId, expected: Option<Seq>) -> Result<()> {
    manageable(tx, actor, id, expected).await?;
    if channel::in_workspace(tx.workspace()).filter(channel::Column::DefaultScriptId.eq(id)).one(tx.conn()).await?.is_some() {
        return Err(Error::Conflict("the script is the default of a channel".into()));
    }
    script::Entity::delete_by_id((tx.workspace(), id)).exec(tx.conn()).await?;
    SCRIPT.removed(tx, actor, id, Audience::Everyone).await
}

/// A page of the scripts, by name.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn page(scope: &impl Scope, request: &PageRequest) -> Result<Page<script::Model>> {
    let by_name = Sort::new("scripts", [(script::Column::Name, Order::Asc), (script::Column::Id, Order::Asc)]);
    by_name.page(script::in_workspace(scope.workspace()), request, scope.conn()).await
}

/// The steps as they may be stored: ids of this workspace, contents valid and sanitised. Whether a channel takes a
/// content is known only when the script runs there.
async fn checked(tx: &Tx, actor: &Actor, id: ScriptId, steps: Vec<ScriptStep>) -> Result<Vec<ScriptStep>> {
    if steps.len() > MAX_STEPS {
        return Err(Error::invalid("steps", format!("at most {MAX_STEPS}")));
    }
    let mut stored = Vec::with_capacity(steps.len());
    for (position, step) in steps.into_iter().enumerate() {
        stored.push(checked_step(tx, actor, id, position, step).await?);
    }
    Ok(stored)
}

async fn checked_step(tx: &Tx, actor: &Actor, id: ScriptId, position: usize, step: ScriptStep) -> Result<ScriptStep> {
    match step {
        ScriptStep::SendContent { content } => {
            // Answers come from contacts, and what we do not understand cannot be said.
            if content.kind().is_none() && !matches!(*content, content::RichContent::Text(_)) {
                return Err(Error::invalid(format!("steps.{position}.sendContent"), "a kind that only contacts send"));
            }
            if let Some(first) = content::validate(&content).err().and_then(|violations| violations.into_iter().next()) {
                return Err(Error::invalid(format!("steps.{position}.sendContent.{}", first.field), first.message));
            }
            adopt_images(tx, actor, id, &content, &format!("steps.{position}.sendContent")).await?;
            crate::media::keep_shown(tx, &content).await?;
            Ok(ScriptStep::SendContent { content: Box::new(content.sanitised()) })
        }
        ScriptStep::SetSkill { skill } => match skill::by_id(tx.workspace(), skill).one(tx.conn()).await? {
            Some(_) => Ok(step),
            None => Err(Error::invalid(format!("steps.{position}.setSkill"), "no skill of this workspace")),
        },
        ScriptStep::HandToHumans { inbox: Some(inbox) } => match inbox::by_id(tx.workspace(), inbox).one(tx.conn()).await? {
            Some(_) => Ok(step),
            None => Err(Error::invalid(format!("steps.{position}.handToHumans.inboxId"), "no inbox of this workspace")),
        },
        ScriptStep::SetPriority { .. } | ScriptStep::HandToHumans { inbox: None } => Ok(step),
    }
}

/// The images of a script belong to it, and are seen by whoever sees scripts: it shows them in many messages.
async fn adopt_images(tx: &Tx, actor: &Actor, id: ScriptId, content: &content::RichContent, path: &str) -> Result<()> {
    let own = Condition::all().add(attachment::Column::Uploader.eq(ActorRef::Script(id)));
    for image in own_images(tx, actor, content, path, Some(own)).await? {
        let mut change = image.into_active_model();
        change.uploader = Set(ActorRef::Script(id));
        change.update(tx.conn()).await?;
    }
    Ok(())
}

async fn manageable(tx: &Tx, actor: &Actor, id: ScriptId, expected: Option<Seq>) -> Result<script::Model> {
    actor.must_manage_workspace()?;
    let found = script::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("script"))?;
    must_be_version(found.version, expected)?;
    Ok(found)
}
