//! Teams: who works in which inboxes. Rights follow membership, so every change tells of the people too.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Order},
};

use crate::{
    actor::Actor,
    entity::{inbox, person, team, team_member},
    error::{Error, Result},
    event::{Audience, EntityType, EventDraft, EventKind, Seq},
    idempotency,
    ids::{PersonId, TeamId},
    input,
    record::Noun,
    store::{
        Scope, Tx, must_be_version,
        page::{Page, PageRequest, Sort},
    },
};

/// Most members of a team: they are replaced in one statement.
const MAX_MEMBERS: usize = 500;

const TEAM: Noun = Noun { name: "team", kind: EventKind::TeamChanged, entity: EntityType::Team };

/// A team to be added.
#[derive(Debug, Clone)]
pub struct NewTeam {
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// Unique name.
    pub name: String,
    /// Who belongs to it.
    pub members: BTreeSet<PersonId>,
}

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct TeamChange {
    /// Unique name.
    pub name: Option<String>,
    /// Who belongs to it from now on.
    pub members: Option<BTreeSet<PersonId>>,
}

/// Adds a team.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` with the path of the field, also for a name that is taken.
pub async fn create(tx: &mut Tx, actor: &Actor, new: NewTeam) -> Result<TeamId> {
    actor.must_manage_workspace()?;
    if let Some(known) = idempotency::find(tx, actor, &new.client_id, "create_team").await? {
        return Ok(known.into());
    }
    let id: TeamId = crate::random::id();
    team::ActiveModel { id: Set(id), workspace_id: Set(tx.workspace()), name: Set(input::name(&new.name)?), version: Set(Seq::UNNUMBERED) }
        .insert(tx.conn())
        .await
        .map_err(|error| input::taken(error, "name"))?;
    idempotency::keep(tx, actor, &new.client_id, "create_team", id.uuid()).await?;
    set_members(tx, actor, id, new.members).await?;
    TEAM.changed(tx, actor, "create", id).await?;
    Ok(id)
}

/// Changes a team.
///
/// # Errors
/// As [`create`]; `NotFound`; `Conflict` on another version.
pub async fn update(tx: &mut Tx, actor: &Actor, id: TeamId, change: TeamChange, expected: Option<Seq>) -> Result<()> {
    let found = manageable(tx, actor, id, expected).await?;
    if let Some(name) = &change.name {
        let mut row = found.into_active_model();
        row.name = Set(input::name(name)?);
        row.update(tx.conn()).await.map_err(|error| input::taken(error, "name"))?;
    }
    if let Some(members) = change.members {
        set_members(tx, actor, id, members).await?;
    }
    TEAM.changed(tx, actor, "update", id).await
}

/// Removes a team that no inbox belongs to.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Conflict` on another version or while an inbox belongs to it.
pub async fn delete(tx: &mut Tx, actor: &Actor, id: TeamId, expected: Option<Seq>) -> Result<()> {
    manageable(tx, actor, id, expected).await?;
    if inbox::in_workspace(tx.workspace()).filter(inbox::Column::TeamId.eq(id)).one(tx.conn()).await?.is_some() {
        return Err(Error::Conflict("inboxes belong to the team".into()));
    }
    set_members(tx, actor, id, BTreeSet::new()).await?;
    team::Entity::delete_by_id((tx.workspace(), id)).exec(tx.conn()).await?;
    TEAM.removed(tx, actor, id, Audience::Everyone).await
}

/// A page of the teams, by name.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn page(scope: &impl Scope, request: &PageRequest) -> Result<Page<team::Model>> {
    let by_name = Sort::new("teams", [(team::Column::Name, Order::Asc), (team::Column::Id, Order::Asc)]);
    by_name.page(team::in_workspace(scope.workspace()), request, scope.conn()).await
}

/// The same page of several teams' members, by name.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn pages_of_members(scope: &impl Scope, ids: &[TeamId], request: &PageRequest) -> Result<HashMap<TeamId, Page<person::Model>>> {
    let by_name = Sort::new("members", [(person::Column::Name, Order::Asc), (person::Column::Id, Order::Asc)]);
    let all = person::in_workspace(scope.workspace());
    let mut rows = all.clone();
    let column = |column| Expr::col((team_member::Entity, column));
    let is_member = Condition::all()
        .add(column(team_member::Column::WorkspaceId).eq(scope.workspace()))
        .add(column(team_member::Column::PersonId).equals((person::Entity, person::Column::Id)))
        .add(column(team_member::Column::TeamId).is_in(ids.iter().copied()));
    QuerySelect::query(&mut rows).join(JoinType::InnerJoin, team_member::Entity, is_member);
    let of = (team_member::Entity, team_member::Column::TeamId);
    let pages = by_name.pages(all, rows, of, request, scope.conn()).await?;
    Ok(pages.into_iter().map(|(id, page)| (id.into(), page)).collect())
}

/// Refuses teams that are not of this workspace.
pub(crate) async fn must_exist(tx: &Tx, ids: &BTreeSet<TeamId>) -> Result<()> {
    let known = team::in_workspace(tx.workspace()).filter(team::Column::Id.is_in(ids.iter().copied())).all(tx.conn()).await?;
    if known.len() == ids.len() { Ok(()) } else { Err(Error::invalid("teamIds", "no such team in this workspace")) }
}

/// Makes a person a member of exactly these teams, and tells of the teams that changed.
pub(crate) async fn set_teams_of(tx: &mut Tx, actor: &Actor, person: PersonId, to: BTreeSet<TeamId>) -> Result<()> {
    must_exist(tx, &to).await?;
    let before = team_member::in_workspace(tx.workspace()).filter(team_member::Column::PersonId.eq(person)).all(tx.conn()).await?;
    let before: BTreeSet<TeamId> = before.into_iter().map(|row| row.team_id).collect();
    replace(tx, before.difference(&to).map(|team| (*team, person)), to.difference(&before).map(|team| (*team, person))).await?;
    for team in before.symmetric_difference(&to) {
        tx.emit(EventDraft::new(EventKind::TeamChanged, EntityType::Team, team.uuid()).by(actor.reference()));
    }
    Ok(())
}

async fn set_members(tx: &mut Tx, actor: &Actor, id: TeamId, to: BTreeSet<PersonId>) -> Result<()> {
    if to.len() > MAX_MEMBERS {
        return Err(Error::invalid("memberIds", format!("at most {MAX_MEMBERS}")));
    }
    let known = person::in_workspace(tx.workspace()).filter(person::Column::Id.is_in(to.iter().copied())).all(tx.conn()).await?;
    if known.len() != to.len() {
        return Err(Error::invalid("memberIds", "no such person in this workspace"));
    }
    let before = team_member::in_workspace(tx.workspace()).filter(team_member::Column::TeamId.eq(id)).all(tx.conn()).await?;
    let before: BTreeSet<PersonId> = before.into_iter().map(|row| row.person_id).collect();
    replace(tx, before.difference(&to).map(|person| (id, *person)), to.difference(&before).map(|person| (id, *person))).await?;
    // What these people see may have changed.
    for person in before.symmetric_difference(&to) {
        tx.emit(EventDraft::new(EventKind::PersonChanged, EntityType::Person, person.uuid()).by(actor.reference()));
    }
    Ok(())
}

async fn replace(tx: &Tx, remove: impl Iterator<Item = (TeamId, PersonId)>, add: impl Iterator<Item = (TeamId, PersonId)>) -> Result<()> {
    for (team, person) in remove {
        team_member::Entity::delete_by_id((tx.workspace(), team, person)).exec(tx.conn()).await?;
    }
    for (team, person) in add {
        team_member::ActiveModel { workspace_id: Set(tx.workspace()), team_id: Set(team), person_id: Set(person) }
            .insert(tx.conn())
            .await?;
    }
    Ok(())
}

async fn manageable(tx: &Tx, actor: &Actor, id: TeamId, expected: Option<Seq>) -> Result<team::Model> {
    actor.must_manage_workspace()?;
    let found = team::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("team"))?;
    must_be_version(found.version, expected)?;
    Ok(found)
}
