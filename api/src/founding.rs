//! Makes a workspace that people can work in at once: an admin, an inbox, a skill, a script and the usual views.
//!
//! Everything goes through the commands that an admin would use, in one transaction, so a half-made workspace never
//! exists. Channels are added by the admin in the browser.

use anyhow::Context;
use secrecy::SecretString;
use tributary_domain::{
    Error, Result,
    actor::{Actor, Role},
    agent::person::{self, NewPerson},
    ids::WorkspaceId,
    inbox::{self, Assignment, InteractionFilter, InteractionSort, NewInbox, view},
    random,
    script::{self, NewScript, ScriptStep},
    skill::{self, NewSkill},
    state::InteractionStatus,
    store::{
        NewWorkspace, Tx, create_workspace,
        directory::{self, DirectoryKind},
    },
};

use crate::app::App;

/// Days in which a new message opens a resolved interaction again, until an admin says otherwise.
const REOPEN_DAYS: i32 = 14;

/// A workspace to be made.
#[derive(Debug, Clone)]
pub struct Founding {
    /// Name for people.
    pub name: String,
    /// Name in commands and addresses: lower-case letters, digits and hyphens.
    pub slug: String,
    /// Language of what is made here and of people who have not chosen.
    pub language: Language,
    /// The first admin's name.
    pub admin_name: String,
    /// What the first admin signs in with.
    pub admin_email: String,
    /// The first admin's password.
    pub admin_password: SecretString,
}

/// A language that names come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// German.
    De,
    /// English.
    En,
}

impl Language {
    fn tag(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }

    fn choose<T>(self, de: T, en: T) -> T {
        match self {
            Self::De => de,
            Self::En => en,
        }
    }
}

/// Makes the workspace.
///
/// # Errors
/// When the slug or the address is taken or has no such form, and when the database fails. Nothing is left then.
pub async fn found(app: &App, founding: Founding) -> anyhow::Result<WorkspaceId> {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    anyhow::ensure!(
        (1..=63).contains(&founding.slug.len()) && founding.slug.chars().all(is_plain),
        "the slug {:?} may only hold lower-case letters, digits and hyphens, at most 63",
        founding.slug
    );
    let hash = app.passwords.hash(founding.admin_password.clone()).await.context("the password cannot be used")?;
    let id = random::id();
    let mut tx = app.store.write(id).await?;
    furnish(&mut tx, founding, hash).await.context("the workspace cannot be made")?;
    tx.commit().await?;
    Ok(id)
}

async fn furnish(tx: &mut Tx, founding: Founding, password_hash: String) -> Result<()> {
    let (language, by) = (founding.language, Actor::system(tx.workspace()));
    let slug = founding.slug.clone();
    let new = NewWorkspace {
        id: tx.workspace(),
        name: founding.name,
        slug: founding.slug,
        default_language: language.tag().to_owned(),
        reopen_days: REOPEN_DAYS,
    };
    create_workspace(tx, new).await.map_err(|error| match error {
        Error::Conflict(_) => Error::Conflict(format!("there is a workspace {slug} already")),
        other => other,
    })?;
    directory::add(tx, DirectoryKind::Slug, &slug, tx.workspace(), None).await?;
    let admin = NewPerson {
        client_id: "founding admin".to_owned(),
        name: founding.admin_name,
        email: founding.admin_email,
        role: Role::Admin,
        password_hash: Some(password_hash),
        language: None,
        teams: Default::default(),
        skills: Default::default(),
    };
    person::create(tx, &by, admin).await?;
    let name = language.choose("Kundenservice", "Customer service").to_owned();
    inbox::create(tx, &by, NewInbox { client_id: "founding inbox".to_owned(), name, team: None }).await?;
    let name = language.choose("Allgemein", "General").to_owned();
    skill::create(tx, &by, NewSkill { client_id: "founding skill".to_owned(), name, description: None }).await?;
    let name = language.choose("Gleich an Menschen", "Straight to people").to_owned();
    let steps = vec![ScriptStep::HandToHumans { inbox: None }];
    script::create(tx, &by, NewScript { client_id: "founding script".to_owned(), name, steps }).await?;
    views(tx, &by, language).await
}

/// The shared views that every workspace begins with.
pub(crate) async fn views(tx: &mut Tx, by: &Actor, language: Language) -> Result<()> {
    use InteractionStatus::{Escalated, New, Open, Pending, Resolved, Snoozed};
    let active = [New, Open, Pending, Escalated];
    let of = |statuses: &[InteractionStatus]| InteractionFilter { statuses: Some(statuses.to_vec()), ..Default::default() };
    let assigned = |assignment| InteractionFilter { assignment: Some(assignment), ..of(&active) };
    let newest = InteractionSort::NewestActivity;
    let views = [
        ("Meine offenen", "My open", assigned(Assignment::Mine), newest),
        ("Nicht zugewiesen", "Unassigned", assigned(Assignment::Unassigned), newest),
        ("Alle offenen", "All open", of(&active), newest),
        ("Am längsten wartend", "Waiting longest", of(&active), InteractionSort::OldestWaiting),
        ("Fehlgeschlagen", "Failed", InteractionFilter { has_failed: Some(true), ..Default::default() }, newest),
        ("Schlummernd", "Snoozed", of(&[Snoozed]), newest),
        ("Gelöst", "Resolved", of(&[Resolved]), newest),
    ];
    for (de, en, filter, sort) in views {
        let name = language.choose(de, en).to_owned();
        let new = view::NewView { client_id: format!("founding {en}"), name, inbox: None, is_shared: true, filter, sort };
        view::create(tx, by, new).await?;
    }
    Ok(())
}
