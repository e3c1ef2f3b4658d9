//! People: adding them, changing them, and what they change about themselves. Passwords come as hashes; making and
//! checking them is the caller's work.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, sea_query::Order,
};

use crate::{
    actor::{Actor, Role},
    entity::{person, person_skill, search_document, session, skill, team_member},
    error::{Error, Result},
    event::{EntityType, EventKind, Seq},
    idempotency,
    ids::{PersonId, SessionId, SkillId, TeamId},
    input,
    record::Noun,
    search,
    store::{
        Scope, Tx,
        directory::{self, DirectoryKind},
        must_be_version,
        page::{Page, PageRequest, Sort},
        search::matching,
    },
    team, workspace,
};

const PERSON: Noun = Noun { name: "person", kind: EventKind::PersonChanged, entity: EntityType::Person };

/// Skills with how well they are known: 1 (knows a little) to 5 (expert).
pub type Proficiencies = BTreeMap<SkillId, i16>;

/// A person to be added.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Made by the client; the same one again returns the first result.
    pub client_id: String,
    /// Name to show.
    pub name: String,
    /// What they sign in with; unique over the whole server.
    pub email: String,
    /// Rank.
    pub role: Role,
    /// Argon2 in PHC form; `None`: signs in elsewhere.
    pub password_hash: Option<String>,
    /// BCP 47; the workspace's when absent.
    pub language: Option<String>,
    /// Teams they belong to.
    pub teams: BTreeSet<TeamId>,
    /// What they can do.
    pub skills: Proficiencies,
}

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct PersonChange {
    /// Name to show.
    pub name: Option<String>,
    /// Rank.
    pub role: Option<Role>,
    /// Whether they may sign in.
    pub is_active: Option<bool>,
    /// Argon2 in PHC form.
    pub password_hash: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Teams they belong to from now on.
    pub teams: Option<BTreeSet<TeamId>>,
    /// What they can do from now on.
    pub skills: Option<Proficiencies>,
}

/// What people change about themselves; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// Name to show.
    pub name: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Argon2 in PHC form. The caller has checked the present password.
    pub password_hash: Option<String>,
    /// The session that stays signed in when the password changes.
    pub keep_session: Option<SessionId>,
    /// The version that the person has seen of themselves.
    pub expected: Option<Seq>,
}

/// Which people; an absent part does not narrow.
#[derive(Debug, Clone, Default)]
pub struct PersonFilter {
    /// Of this rank.
    pub role: Option<Role>,
    /// Who may (or may not) sign in.
    pub is_active: Option<bool>,
    /// Of this team.
    pub team: Option<TeamId>,
    /// With these words, or beginnings of them, in name or address.
    pub text: Option<String>,
}

/// Adds a person.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` with the path of the field, also for an address that is taken.
pub async fn create(tx: &mut Tx, actor: &Actor, new: NewPerson) -> Result<PersonId> {
    actor.must_manage_workspace()?;
    if let Some(known) = idempotency::find(tx, actor, &new.client_id, "create_person").await? {
        return Ok(known.into());
    }
    let email = input::email("email", &new.email)?;
    let folded = email.to_lowercase();
    let language = match &new.language {
        Some(language) => input::language("language", language)?,
        None => workspace::get(tx).await?.default_language,
    };
    let id: PersonId = crate::random::id();
    directory::add(tx, DirectoryKind::Email, &folded, id.uuid(), None).await.map_err(|error| match error {
        Error::Conflict(_) => Error::invalid("email", "is taken"),
        other => other,
    })?;
    let row = person::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        email: Set(email),
        email_folded: Set(folded),
        name: Set(input::name(&new.name)?),
        role: Set(new.role),
        password_hash: Set(new.password_hash),
        is_active: Set(true),
        language: Set(language),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await
    .map_err(|error| input::taken(error, "email"))?;
    set_skills(tx, id, new.skills).await?;
    team::set_teams_of(tx, actor, id, new.teams).await?;
    index(tx, &row).await?;
    idempotency::keep(tx, actor, &new.client_id, "create_person", id.uuid()).await?;
    PERSON.changed(tx, actor, "create", id).await?;
    Ok(id)
}

/// Changes a person. Who is disabled, or gets another role or password, is signed out everywhere.
///
/// # Errors
/// As [`create`]; `NotFound`; `Conflict` on another version, and when no active admin would be left.
pub async fn update(tx: &mut Tx, actor: &Actor, id: PersonId, change: PersonChange, expected: Option<Seq>) -> Result<()> {
    actor.must_manage_workspace()?;
    let found = person::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("person"))?;
    must_be_version(found.version, expected)?;
    let (role, is_active) = (change.role.unwrap_or(found.role), change.is_active.unwrap_or(found.is_active));
    if found.role == Role::Admin && found.is_active && (role != Role::Admin || !is_active) {
        must_not_be_last_admin(tx, id).await?;
    }
    let signs_out = role != found.role || (found.is_active && !is_active) || change.password_hash.is_some();
    let mut row = found.into_active_model();
    if let Some(name) = &change.name {
        row.name = Set(input::name(name)?);
    }
    if let Some(language) = &change.language {
        row.language = Set(input::language("language", language)?);
    }
    if let Some(hash) = change.password_hash {
        row.password_hash = Set(Some(hash));
    }
    row.role = Set(role);
    row.is_active = Set(is_active);
    let changed = row.update(tx.conn()).await?;
    if let Some(skills) = change.skills {
        set_skills(tx, id, skills).await?;
    }
    if let Some(teams) = change.teams {
        team::set_teams_of(tx, actor, id, teams).await?;
    }
    if signs_out {
        sign_out(tx, id, None).await?;
    }
    index(tx, &changed).await?;
    PERSON.changed(tx, actor, "update", id).await
}

/// Changes what a person may change about themselves. With another password all other sessions end.
///
/// # Errors
/// `Forbidden` for anyone but a person; `Invalid` with the path of the field.
pub async fn update_profile(tx: &mut Tx, actor: &Actor, change: ProfileChange) -> Result<PersonId> {
    let id = actor.person().ok_or(Error::Forbidden("only people have a profile"))?;
    let found = person::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("person"))?;
    must_be_version(found.version, change.expected)?;
    let mut row = found.into_active_model();
    if let Some(name) = &change.name {
        row.name = Set(input::name(name)?);
    }
    if let Some(language) = &change.language {
        row.language = Set(input::language("language", language)?);
    }
    let signs_out = change.password_hash.is_some();
    if let Some(hash) = change.password_hash {
        row.password_hash = Set(Some(hash));
    }
    let changed = row.update(tx.conn()).await?;
    if signs_out {
        sign_out(tx, id, change.keep_session).await?;
    }
    index(tx, &changed).await?;
    PERSON.changed(tx, actor, "update_profile", id).await?;
    Ok(id)
}

/// A page of the people, by name.
///
/// # Errors
/// `Invalid` for a broken page cursor; `Storage`.
pub async fn page(scope: &impl Scope, filter: &PersonFilter, request: &PageRequest) -> Result<Page<person::Model>> {
    let mut all = Condition::all();
    if let Some(role) = filter.role {
        all = all.add(person::Column::Role.eq(role));
    }
    if let Some(is_active) = filter.is_active {
        all = all.add(person::Column::IsActive.eq(is_active));
    }
    if let Some(team) = filter.team {
        let members = team_member::in_workspace(scope.workspace())
            .filter(team_member::Column::TeamId.eq(team))
            .select_only()
            .column(team_member::Column::PersonId)
            .into_query();
        all = all.add(person::Column::Id.in_subquery(members));
    }
    if let Some(found) = filter.text.as_deref().and_then(|text| matching(scope, text)) {
        let ids = found
            .filter(search_document::Column::EntityType.eq(EntityType::Person))
            .select_only()
            .column(search_document::Column::EntityId)
            .into_query();
        all = all.add(person::Column::Id.in_subquery(ids));
    }
    let by_name = Sort::new("people", [(person::Column::Name, Order::Asc), (person::Column::Id, Order::Asc)]);
    by_name.page(person::in_workspace(scope.workspace()).filter(all), request, scope.conn()).await
}

/// Refuses to take the last active admin away. The rows are locked, so that two admins cannot remove each other at once.
async fn must_not_be_last_admin(tx: &Tx, id: PersonId) -> Result<()> {
    let admins = person::in_workspace(tx.workspace())
        .filter(person::Column::Role.eq(Role::Admin))
        .filter(person::Column::IsActive.eq(true))
        .order_by_asc(person::Column::Id)
        .lock_exclusive()
        .all(tx.conn())
        .await?;
    if admins.iter().any(|admin| admin.id != id) { Ok(()) } else { Err(Error::Conflict("somebody must remain admin".into())) }
}

async fn sign_out(tx: &mut Tx, id: PersonId, except: Option<SessionId>) -> Result<()> {
    let open = session::in_workspace(tx.workspace())
        .filter(session::Column::PersonId.eq(id))
        .filter(session::Column::RevokedAt.is_null())
        .all(tx.conn())
        .await?;
    for found in open.into_iter().filter(|found| Some(found.id) != except) {
        super::revoke_session(tx, found.id).await?;
    }
    Ok(())
}

async fn set_skills(tx: &Tx, id: PersonId, skills: Proficiencies) -> Result<()> {
    if skills.values().any(|proficiency| !(1..=5).contains(proficiency)) {
        return Err(Error::invalid("skills", "proficiency is from 1 to 5"));
    }
    let known = skill::in_workspace(tx.workspace()).filter(skill::Column::Id.is_in(skills.keys().copied())).all(tx.conn()).await?;
    if known.len() != skills.len() {
        return Err(Error::invalid("skills", "no such skill in this workspace"));
    }
    person_skill::deletes(tx.workspace()).filter(person_skill::Column::PersonId.eq(id)).exec(tx.conn()).await?;
    let rows = skills.into_iter().map(|(skill, proficiency)| person_skill::ActiveModel {
        workspace_id: Set(tx.workspace()),
        person_id: Set(id),
        skill_id: Set(skill),
        proficiency: Set(proficiency),
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        person_skill::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Lets lists of people find them by name and address.
async fn index(tx: &Tx, row: &person::Model) -> Result<()> {
    search::put(tx, EntityType::Person, row.id.uuid(), None, &format!("{} {}", row.name, row.email)).await
}
