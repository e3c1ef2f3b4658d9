//! The demo's people, teams, skills, tags, scripts, inboxes and views.
//!
//! Rows are inserted through their entities: the commands for them ask for an admin, and there is none yet.

use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use tributary_domain::{
    Result,
    actor::{Actor, Role},
    agent,
    content::Text,
    entity::{directory::DirectoryKind, inbox, person, person_skill, script, skill, tag, team, team_member, view},
    event::{EntityType, EventDraft, EventKind, Seq},
    ids::{InboxId, PersonId, ScriptId, SkillId, TagId, TeamId},
    inbox::{Assignment, InteractionFilter, InteractionSort},
    interaction::Priority,
    random,
    script::ScriptStep,
    state::InteractionStatus,
    store::{Tx, directory, search::fold},
};

use super::rich;

/// Someone who can sign in.
pub(super) struct Member {
    pub name: &'static str,
    pub email: &'static str,
    pub role: Role,
    pub language: &'static str,
    /// Skill by position, proficiency from 1 to 5.
    skills: &'static [(usize, i16)],
    is_in_workshop: bool,
}

/// Admin and supervisor first, then the four agents.
pub(super) const MEMBERS: [Member; 6] = [
    Member { name: "Katrin Albers", email: "admin@example.org", role: Role::Admin, language: "de", skills: &[], is_in_workshop: false },
    Member { name: "Oliver Grant", email: "supervisor@example.org", role: Role::Supervisor, language: "en", skills: &[(2, 3), (5, 5)], is_in_workshop: false },
    Member { name: "Anna Petersen", email: "anna@example.org", role: Role::Agent, language: "de", skills: &[(0, 5), (1, 4), (4, 5), (5, 3)], is_in_workshop: false },
    Member { name: "Jonas Freese", email: "jonas@example.org", role: Role::Agent, language: "de", skills: &[(1, 3), (2, 5), (4, 5)], is_in_workshop: true },
    Member { name: "Emily Hart", email: "emily@example.org", role: Role::Agent, language: "en", skills: &[(0, 4), (3, 4), (5, 5)], is_in_workshop: true },
    Member { name: "Lukas Brandt", email: "lukas@example.org", role: Role::Agent, language: "de", skills: &[(0, 2), (3, 5), (4, 5), (5, 4)], is_in_workshop: false },
];

/// Names and descriptions; topics name them by position.
pub(super) const SKILLS: [(&str, &str); 6] = [
    ("Orders and delivery", "Where is it, when does it come, can it still be changed"),
    ("Returns and repairs", "Returns, refunds, damage, warranty"),
    ("Product advice", "Sizes, materials, stock"),
    ("Invoices and payment", "Invoices, vouchers, refunds of money"),
    ("German", "Answers in German"),
    ("English", "Answers in English"),
];

/// Names and colours; topics name them by position.
pub(super) const TAGS: [(&str, &str); 8] = [
    ("delivery", "#1d4ed8"),
    ("return", "#b45309"),
    ("advice", "#0f766e"),
    ("billing", "#6d28d9"),
    ("damage", "#b91c1c"),
    ("praise", "#15803d"),
    ("VIP", "#a16207"),
    ("call back", "#475569"),
];

/// What the channels and the stories need.
pub(super) struct House {
    /// In the order of [`MEMBERS`].
    pub people: Vec<Actor>,
    /// In the order of [`SKILLS`].
    pub skills: Vec<SkillId>,
    /// In the order of [`TAGS`].
    pub tags: Vec<TagId>,
    /// Open to everybody.
    pub inbox: InboxId,
    /// For the workshop's team only.
    pub workshop: InboxId,
    /// Greets and asks.
    pub greeting: ScriptId,
    /// Says nothing: for channels on which nobody listens in the demo.
    pub silent: ScriptId,
}

/// Adds everything; `password_hash` is everybody's.
pub(super) async fn house(tx: &mut Tx, password_hash: &str) -> Result<House> {
    let skills = skills(tx).await?;
    let people = people(tx, &skills, password_hash).await?;
    team(tx, "Customer service", &people).await?;
    let mechanics: Vec<PersonId> = people.iter().zip(&MEMBERS).filter(|(_, member)| member.is_in_workshop).map(|(id, _)| *id).collect();
    let workshop = team(tx, "Workshop", &mechanics).await?;
    let tags = tags(tx).await?;
    let everybody = inbox(tx, "Customer service", None, 0).await?;
    let workshop = inbox(tx, "Workshop", Some(workshop), 1).await?;
    let greeting = vec![
        ScriptStep::SendContent {
            content: Box::new(Text::content(
                "Moin und willkommen bei Nordlicht Outdoor! Gleich ist jemand für Sie da. / Welcome to Nordlicht Outdoor! Somebody will be with you shortly.",
            )),
        },
        ScriptStep::SendContent { content: Box::new(rich::script_question()) },
        ScriptStep::SetSkill { skill: skills[0] },
        ScriptStep::SetPriority { priority: Priority::High },
        ScriptStep::HandToHumans { inbox: None },
    ];
    let greeting = script(tx, "Greet and ask", greeting).await?;
    let silent = script(tx, "Straight to people", vec![ScriptStep::SetSkill { skill: skills[2] }, ScriptStep::HandToHumans { inbox: None }]).await?;
    views(tx).await?;
    let mut actors = Vec::new();
    for id in people {
        let row = person::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(tributary_domain::Error::NotFound("person"))?;
        actors.push(agent::actor_of(tx.conn(), &row).await?);
    }
    Ok(House { people: actors, skills, tags, inbox: everybody, workshop, greeting, silent })
}

fn tell(tx: &mut Tx, kind: EventKind, entity: EntityType, id: impl Into<sea_orm::prelude::Uuid>) {
    tx.emit(EventDraft::new(kind, entity, id));
}

async fn skills(tx: &mut Tx) -> Result<Vec<SkillId>> {
    let mut ids = Vec::new();
    for (name, description) in SKILLS {
        let id: SkillId = random::id();
        skill::ActiveModel {
            workspace_id: Set(tx.workspace()),
            id: Set(id),
            name: Set(name.to_owned()),
            description: Set(Some(description.to_owned())),
            version: Set(Seq::UNNUMBERED),
        }
        .insert(tx.conn())
        .await?;
        tell(tx, EventKind::SkillChanged, EntityType::Skill, id);
        ids.push(id);
    }
    Ok(ids)
}

async fn people(tx: &mut Tx, skills: &[SkillId], password_hash: &str) -> Result<Vec<PersonId>> {
    let mut ids = Vec::new();
    for member in &MEMBERS {
        let id: PersonId = random::id();
        person::ActiveModel {
            workspace_id: Set(tx.workspace()),
            id: Set(id),
            email: Set(member.email.to_owned()),
            email_folded: Set(fold(member.email)),
            name: Set(member.name.to_owned()),
            role: Set(member.role),
            password_hash: Set(Some(password_hash.to_owned())),
            is_active: Set(true),
            language: Set(member.language.to_owned()),
            token_generation: Set(0),
            version: Set(Seq::UNNUMBERED),
            created_at: Set(tx.now()),
        }
        .insert(tx.conn())
        .await?;
        directory::add(tx, DirectoryKind::Email, &fold(member.email), id, None).await?;
        for (position, proficiency) in member.skills {
            person_skill::ActiveModel {
                workspace_id: Set(tx.workspace()),
                person_id: Set(id),
                skill_id: Set(skills[*position]),
                proficiency: Set(*proficiency),
            }
            .insert(tx.conn())
            .await?;
        }
        tell(tx, EventKind::PersonChanged, EntityType::Person, id);
        ids.push(id);
    }
    Ok(ids)
}

async fn team(tx: &mut Tx, name: &str, people: &[PersonId]) -> Result<TeamId> {
    let id: TeamId = random::id();
    team::ActiveModel { workspace_id: Set(tx.workspace()), id: Set(id), name: Set(name.to_owned()), version: Set(Seq::UNNUMBERED) }
        .insert(tx.conn())
        .await?;
    for person in people {
        team_member::ActiveModel { workspace_id: Set(tx.workspace()), team_id: Set(id), person_id: Set(*person) }.insert(tx.conn()).await?;
    }
    tell(tx, EventKind::TeamChanged, EntityType::Team, id);
    Ok(id)
}

async fn tags(tx: &mut Tx) -> Result<Vec<TagId>> {
    let mut ids = Vec::new();
    for (name, colour) in TAGS {
        let id: TagId = random::id();
        tag::ActiveModel {
            workspace_id: Set(tx.workspace()),
            id: Set(id),
            name: Set(name.to_owned()),
            name_folded: Set(fold(name)),
            colour: Set(colour.to_owned()),
            version: Set(Seq::UNNUMBERED),
        }
        .insert(tx.conn())
        .await?;
        tell(tx, EventKind::TagChanged, EntityType::Tag, id);
        ids.push(id);
    }
    Ok(ids)
}

async fn inbox(tx: &mut Tx, name: &str, team: Option<TeamId>, position: i32) -> Result<InboxId> {
    let id: InboxId = random::id();
    inbox::ActiveModel {
        workspace_id: Set(tx.workspace()),
        id: Set(id),
        name: Set(name.to_owned()),
        team_id: Set(team),
        position: Set(position),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    tell(tx, EventKind::InboxChanged, EntityType::Inbox, id);
    Ok(id)
}

async fn script(tx: &mut Tx, name: &str, steps: Vec<ScriptStep>) -> Result<ScriptId> {
    let id: ScriptId = random::id();
    script::ActiveModel {
        workspace_id: Set(tx.workspace()),
        id: Set(id),
        name: Set(name.to_owned()),
        steps: Set(steps.into()),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    tell(tx, EventKind::ScriptChanged, EntityType::Script, id);
    Ok(id)
}

async fn views(tx: &mut Tx) -> Result<()> {
    use InteractionStatus::{Escalated, New, Open, Pending, Resolved, Snoozed};
    let active = vec![New, Open, Pending, Escalated];
    let of = |statuses: &[InteractionStatus]| InteractionFilter { statuses: Some(statuses.to_vec()), ..Default::default() };
    let newest = InteractionSort::NewestActivity;
    let views = [
        ("My open", InteractionFilter { assignment: Some(Assignment::Mine), ..of(&active) }, newest),
        ("Unassigned", InteractionFilter { assignment: Some(Assignment::Unassigned), ..of(&active) }, newest),
        ("All open", of(&active), newest),
        ("Waiting longest", of(&active), InteractionSort::OldestWaiting),
        ("Failed", InteractionFilter { has_failed: Some(true), ..Default::default() }, newest),
        ("Snoozed", of(&[Snoozed]), newest),
        ("Resolved", of(&[Resolved]), newest),
    ];
    for (position, (name, filter, sort)) in (0..).zip(views) {
        let id: tributary_domain::ids::ViewId = random::id();
        view::ActiveModel {
            workspace_id: Set(tx.workspace()),
            id: Set(id),
            inbox_id: Set(None),
            owner_id: Set(None),
            name: Set(name.to_owned()),
            filter: Set(filter.into()),
            sort: Set(sort),
            position: Set(position),
            version: Set(Seq::UNNUMBERED),
            created_at: Set(tx.now()),
        }
        .insert(tx.conn())
        .await?;
        tell(tx, EventKind::ViewChanged, EntityType::View, id);
    }
    Ok(())
}
