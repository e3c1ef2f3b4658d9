//! Skills: what interactions need and people have. Matching the two is routing's work.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, sea_query::Order,
};

use crate::{
    actor::Actor,
    entity::{channel, interaction, script, skill},
    error::{Error, Result},
    event::{Audience, EntityType, EventKind, Seq},
    idempotency,
    ids::SkillId,
    input,
    record::Noun,
    script::ScriptStep,
    store::{
        Scope, Tx, must_be_version,
        page::{Page, PageRequest, Sort},
    },
};

/// Longest description, characters.
const MAX_DESCRIPTION: usize = 500;

const SKILL: Noun = Noun { name: "skill", kind: EventKind::SkillChanged, entity: EntityType::Skill };

/// A skill to be added.
#[derive(Debug, Clone)]
pub struct NewSkill {
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// Unique name.
    pub name: String,
    /// What it takes.
    pub description: Option<String>,
}

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct SkillChange {
    /// Unique name.
    pub name: Option<String>,
    /// What it takes; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
}

/// Adds a skill.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` with the path of the field, also for a name that is taken.
pub async fn create(tx: &mut Tx, actor: &Actor, new: NewSkill) -> Result<SkillId> {
    actor.must_manage_workspace()?;
    if let Some(known) = idempotency::find(tx, actor, &new.client_id, "create_skill").await? {
        return Ok(known.into());
    }
    let id: SkillId = crate::random::id();
    skill::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        name: Set(input::name(&new.name)?),
        description: Set(input::optional("description", new.description.as_deref(), MAX_DESCRIPTION)?),
        version: Set(Seq::UNNUMBERED),
    }
    .insert(tx.conn())
    .await
    .map_err(|error| input::taken(error, "name"))?;
    idempotency::keep(tx, actor, &new.client_id, "create_skill", id.uuid()).await?;
    SKILL.changed(tx, actor, "create", id).await?;
    Ok(id)
}

/// Changes a skill.
///
/// # Errors
/// As [`create`]; `NotFound`; `Conflict` on another version.
pub async fn update(tx: &mut Tx, actor: &Actor, id: SkillId, change: SkillChange, expected: Option<Seq>) -> Result<()> {
    let mut row = manageable(tx, actor, id, expected).await?.into_active_model();
    if let Some(name) = &change.name {
        row.name = Set(input::name(name)?);
    }
    if let Some(description) = &change.description {
        row.description = Set(input::optional("description", description.as_deref(), MAX_DESCRIPTION)?);
    }
    row.update(tx.conn()).await.map_err(|error| input::taken(error, "name"))?;
    SKILL.changed(tx, actor, "update", id).await
}

/// Removes a skill that nothing needs; people who have it lose it.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` on another version or while a channel, an interaction or a script needs it.
pub async fn delete(tx: &mut Tx, actor: &Actor, id: SkillId, expected: Option<Seq>) -> Result<()> {
    manageable(tx, actor, id, expected).await?;
    let workspace = tx.workspace();
    if channel::in_workspace(workspace).filter(channel::Column::DefaultSkillId.eq(id)).count(tx.conn()).await? > 0 {
        return Err(Error::Conflict("the skill is the default of a channel".into()));
    }
    if interaction::in_workspace(workspace).filter(interaction::Column::SkillId.eq(id)).one(tx.conn()).await?.is_some() {
        return Err(Error::Conflict("interactions need the skill".into()));
    }
    let scripts = script::in_workspace(workspace).all(tx.conn()).await?;
    if scripts.iter().flat_map(|script| script.steps.iter()).any(|step| matches!(step, ScriptStep::SetSkill { skill } if *skill == id)) {
        return Err(Error::Conflict("a script sets the skill".into()));
    }
    skill::Entity::delete_by_id((workspace, id)).exec(tx.conn()).await?;
    SKILL.removed(tx, actor, id, Audience::Everyone).await
}

/// A page of the skills, by name.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn page(scope: &impl Scope, request: &PageRequest) -> Result<Page<skill::Model>> {
    let by_name = Sort::new("skills", [(skill::Column::Name, Order::Asc), (skill::Column::Id, Order::Asc)]);
    by_name.page(skill::in_workspace(scope.workspace()), request, scope.conn()).await
}

async fn manageable(tx: &Tx, actor: &Actor, id: SkillId, expected: Option<Seq>) -> Result<skill::Model> {
    actor.must_manage_workspace()?;
    let found = skill::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("skill"))?;
    must_be_version(found.version, expected)?;
    Ok(found)
}
