//! The demo's people, teams, skills, tags, scripts, inboxes and views, made by the server itself through the commands that
//! an admin would use.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, QueryFilter};
use tributary_domain::{
    Error, Result,
    actor::{Actor, Role, Scope},
    agent::{self, client, person as people_commands},
    content::Text,
    entity::{api_client, person},
    ids::{InboxId, PersonId, ScriptId, SkillId, TagId},
    inbox::{self, NewInbox},
    interaction::Priority,
    script::{self, NewScript, ScriptStep},
    skill,
    store::Tx,
    tag, team,
};

use super::rich;
use crate::founding::{self, Language};

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
    Member {
        name: "Oliver Grant",
        email: "supervisor@example.org",
        role: Role::Supervisor,
        language: "en",
        skills: &[(2, 3), (5, 5)],
        is_in_workshop: false,
    },
    Member {
        name: "Anna Petersen",
        email: "anna@example.org",
        role: Role::Agent,
        language: "de",
        skills: &[(0, 5), (1, 4), (4, 5), (5, 3)],
        is_in_workshop: false,
    },
    Member {
        name: "Jonas Freese",
        email: "jonas@example.org",
        role: Role::Agent,
        language: "de",
        skills: &[(1, 3), (2, 5), (4, 5)],
        is_in_workshop: true,
    },
    Member {
        name: "Emily Hart",
        email: "emily@example.org",
        role: Role::Agent,
        language: "en",
        skills: &[(0, 4), (3, 4), (5, 5)],
        is_in_workshop: true,
    },
    Member {
        name: "Lukas Brandt",
        email: "lukas@example.org",
        role: Role::Agent,
        language: "de",
        skills: &[(0, 2), (3, 5), (4, 5), (5, 4)],
        is_in_workshop: false,
    },
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
    /// In the order of [`MEMBERS`], and then the bot.
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

/// Position of the bot behind the people.
pub(super) const BOT: usize = MEMBERS.len();

/// Makes everything; `password_hash` is everybody's.
pub(super) async fn house(tx: &mut Tx, password_hash: &str) -> Result<House> {
    let by = Actor::system(tx.workspace());
    let mut skills = Vec::new();
    for (name, description) in SKILLS {
        let new = skill::NewSkill { client_id: format!("demo {name}"), name: name.to_owned(), description: Some(description.to_owned()) };
        skills.push(skill::create(tx, &by, new).await?);
    }
    let mut tags = Vec::new();
    for (name, colour) in TAGS {
        let new = tag::NewTag { client_id: format!("demo {name}"), name: name.to_owned(), colour: colour.to_owned() };
        tags.push(tag::create(tx, &by, new).await?);
    }
    let people = people(tx, &by, &skills, password_hash).await?;
    let mechanics = people.iter().zip(&MEMBERS).filter(|(_, member)| member.is_in_workshop).map(|(id, _)| *id);
    let mechanics: BTreeSet<PersonId> = mechanics.collect();
    let service = team::NewTeam {
        client_id: "demo service".to_owned(),
        name: "Customer service".to_owned(),
        members: people.iter().copied().collect(),
    };
    team::create(tx, &by, service).await?;
    let workshop = team::NewTeam { client_id: "demo workshop".to_owned(), name: "Workshop".to_owned(), members: mechanics };
    let workshop = team::create(tx, &by, workshop).await?;
    let open = NewInbox { client_id: "demo everybody".to_owned(), name: "Customer service".to_owned(), team: None };
    let everybody = inbox::create(tx, &by, open).await?;
    let closed = NewInbox { client_id: "demo repairs".to_owned(), name: "Workshop".to_owned(), team: Some(workshop) };
    let workshop = inbox::create(tx, &by, closed).await?;
    let (greeting, silent) = scripts(tx, &by, &skills).await?;
    founding::views(tx, &by, Language::En).await?;
    let mut actors = Vec::new();
    for id in people {
        let row = person::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("person"))?;
        actors.push(agent::actor_of(tx.conn(), &row).await?);
    }
    actors.push(bot(tx, &by).await?);
    Ok(House { people: actors, skills, tags, inbox: everybody, workshop, greeting, silent })
}

async fn people(tx: &mut Tx, by: &Actor, skills: &[SkillId], password_hash: &str) -> Result<Vec<PersonId>> {
    let mut ids = Vec::new();
    for member in &MEMBERS {
        let new = people_commands::NewPerson {
            client_id: format!("demo {}", member.email),
            name: member.name.to_owned(),
            email: member.email.to_owned(),
            role: member.role,
            password_hash: Some(password_hash.to_owned()),
            language: Some(member.language.to_owned()),
            teams: BTreeSet::new(),
            skills: member.skills.iter().map(|(position, proficiency)| (skills[*position], *proficiency)).collect(),
        };
        ids.push(people_commands::create(tx, by, new).await?);
    }
    Ok(ids)
}

/// A bot that tells contacts about their orders. Nobody gets its token: it only appears as an author.
async fn bot(tx: &mut Tx, by: &Actor) -> Result<Actor> {
    let new = client::NewApiClient {
        client_id: "demo bot".to_owned(),
        name: "Order bot".to_owned(),
        kind: api_client::ApiClientKind::Bot,
        role: Role::Agent,
        scopes: [Scope::ReadInteractions, Scope::SendMessages].into(),
        expires_at: None,
    };
    let (id, _token) = client::create(tx, by, new).await?;
    let row = api_client::in_workspace(tx.workspace()).filter(api_client::Column::Id.eq(id)).one(tx.conn()).await?;
    agent::actor_of_client(tx.conn(), &row.ok_or(Error::NotFound("API client"))?).await
}

async fn scripts(tx: &mut Tx, by: &Actor, skills: &[SkillId]) -> Result<(ScriptId, ScriptId)> {
    let welcome = "Moin und willkommen bei Nordlicht Outdoor! Gleich ist jemand für Sie da. / Welcome! Somebody will be with you shortly.";
    let steps = vec![
        ScriptStep::SendContent { content: Box::new(Text::content(welcome)) },
        ScriptStep::SendContent { content: Box::new(rich::script_question()) },
        ScriptStep::SetSkill { skill: skills[2] },
        ScriptStep::SetPriority { priority: Priority::High },
        ScriptStep::HandToHumans { inbox: None },
    ];
    let greeting = NewScript { client_id: "demo greeting".to_owned(), name: "Greet and ask".to_owned(), steps };
    let greeting = script::create(tx, by, greeting).await?;
    let steps = vec![ScriptStep::SetSkill { skill: skills[2] }, ScriptStep::HandToHumans { inbox: None }];
    let silent = NewScript { client_id: "demo silent".to_owned(), name: "Straight to people".to_owned(), steps };
    Ok((greeting, script::create(tx, by, silent).await?))
}
