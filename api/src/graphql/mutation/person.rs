//! People, and what they change about themselves.

use async_graphql::{Context, ErrorExtensions, ID, InputObject, Object};
use secrecy::SecretString;
use tributary_domain::{
    Error, Result, actor,
    agent::person::{self as rules, NewPerson, PersonChange, Proficiencies, ProfileChange},
    entity::person,
    ids::PersonId,
};

use super::{
    interaction::or_refuse,
    payload::payload,
    run::{created, present, updated},
};
use crate::{
    auth::password::PasswordError,
    gatekeeper::Admitted,
    graphql::{
        context::{Cx, command, expected},
        error::OrFieldError,
        guard::{Needs, WORKSPACE},
        scalars::{LanguageTag, Long, decode, decode_all},
        types::{
            enums::Role,
            person::{Person, PersonStatus},
        },
    },
};

/// Shortest password, characters (above the 8 that NIST SP 800-63B asks for).
const MIN_PASSWORD: usize = 10;

payload! {
    /// A person who was to be added or changed.
    PersonPayload { person: Person }
}

/// A person to be added.
#[derive(InputObject)]
pub struct CreatePersonInput {
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result.
    client_id: String,
    /// Name to show.
    name: String,
    /// Address to sign in with; unique over the whole server.
    email: String,
    /// Rank.
    role: Role,
    /// Password of at least 10 characters; absent: signs in elsewhere.
    #[graphql(secret)]
    password: Option<String>,
    /// Language of their screens, BCP 47; absent: the workspace's.
    language: Option<LanguageTag>,
    /// Teams they belong to.
    #[graphql(default)]
    team_ids: Vec<ID>,
    /// What they can do.
    #[graphql(default)]
    skills: Vec<PersonSkillInput>,
}

/// What to change about a person; what is left out stays.
#[derive(InputObject)]
pub struct UpdatePersonInput {
    /// Which person.
    person_id: ID,
    /// Name to show.
    name: Option<String>,
    /// Rank; another one signs them out everywhere.
    role: Option<Role>,
    /// Whether they may sign in; disabling signs them out everywhere.
    status: Option<PersonStatus>,
    /// Password of at least 10 characters; a new one signs them out everywhere.
    #[graphql(secret)]
    password: Option<String>,
    /// Language of their screens, BCP 47.
    language: Option<LanguageTag>,
    /// Teams they belong to from now on.
    team_ids: Option<Vec<ID>>,
    /// What they can do from now on.
    skills: Option<Vec<PersonSkillInput>>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// How well a person knows something.
#[derive(InputObject)]
pub struct PersonSkillInput {
    /// What.
    skill_id: ID,
    /// 1 (knows a little) to 5 (expert).
    proficiency: i32,
}

/// What to change about oneself; what is left out stays.
#[derive(InputObject)]
pub struct UpdateProfileInput {
    /// Name to show.
    name: Option<String>,
    /// Language of the screens, BCP 47.
    language: Option<LanguageTag>,
    /// The present password; needed for a new one.
    #[graphql(secret)]
    current_password: Option<String>,
    /// The new password, at least 10 characters. All sessions end; sign in again with it.
    #[graphql(secret)]
    new_password: Option<String>,
    /// Refuse when it has changed since this version.
    expected_version: Option<Long>,
}

/// Mutations of people.
#[derive(Default)]
pub struct PersonMutation;

present!(person, PersonId, Person);

fn proficiencies(input: &[PersonSkillInput]) -> Result<Proficiencies> {
    let mut skills = Proficiencies::new();
    for (at, skill) in input.iter().enumerate() {
        let proficiency = i16::try_from(skill.proficiency).unwrap_or(i16::MAX);
        if skills.insert(decode(&skill.skill_id, &format!("skills.{at}.skillId"))?, proficiency).is_some() {
            return Err(Error::invalid(format!("skills.{at}.skillId"), "is used twice"));
        }
    }
    Ok(skills)
}

/// The hash to store; the inner error is the refusal of the password.
async fn hashed(cx: &Context<'_>, field: &str, password: Option<String>) -> async_graphql::Result<Result<Option<String>>> {
    let Some(password) = password else { return Ok(Ok(None)) };
    if password.chars().count() < MIN_PASSWORD {
        return Ok(Err(Error::invalid(field, format!("at least {MIN_PASSWORD} characters"))));
    }
    match cx.app().passwords.hash(SecretString::from(password)).await {
        Ok(hash) => Ok(Ok(Some(hash))),
        Err(error) => refused_or_failed(field, &error).map(Err),
    }
}

/// Refuses when the present password is not the one given.
async fn must_know_password(cx: &Context<'_>, given: Option<String>) -> async_graphql::Result<Result<()>> {
    let wrong = || Error::invalid("currentPassword", "is not the present password");
    let (Some(given), Some(id)) = (given, cx.actor().or_field_error()?.person()) else { return Ok(Err(wrong())) };
    let stored = present(cx, id).await?.and_then(|person| person.0.password_hash);
    match cx.app().passwords.verify(SecretString::from(given), stored).await {
        Ok(true) => Ok(Ok(())),
        Ok(false) => Ok(Err(wrong())),
        Err(error) => refused_or_failed("currentPassword", &error).map(Err),
    }
}

fn refused_or_failed(field: &str, error: &PasswordError) -> async_graphql::Result<Error> {
    if matches!(error, PasswordError::TooLong) {
        return Ok(Error::invalid(field, error.to_string()));
    }
    tracing::error!(error = ?error, "a password could not be hashed or checked");
    Err(async_graphql::Error::new("internal error").extend_with(|_, extensions| {
        extensions.set("code", tributary_domain::ErrorCode::Internal.as_str());
        extensions.set("retryable", false);
    }))
}

#[Object]
impl PersonMutation {
    /// Adds a person.
    #[graphql(guard = "Needs::role(actor::Role::Admin, WORKSPACE)")]
    async fn create_person(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A person to be added.")] input: CreatePersonInput,
    ) -> async_graphql::Result<PersonPayload> {
        let new = NewPerson {
            client_id: input.client_id,
            name: input.name,
            email: input.email,
            role: input.role.into(),
            language: input.language.map(|tag| tag.0),
            teams: or_refuse!(PersonPayload, decode_all(&input.team_ids, "teamIds")).into_iter().collect(),
            skills: or_refuse!(PersonPayload, proficiencies(&input.skills)),
            password_hash: or_refuse!(PersonPayload, hashed(cx, "password", input.password).await?),
        };
        created!(cx, PersonPayload, present, rules::create, new)
    }

    /// Changes a person. Somebody must remain admin.
    #[graphql(guard = "Needs::role(actor::Role::Admin, WORKSPACE)")]
    async fn update_person(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about a person; what is left out stays.")] input: UpdatePersonInput,
    ) -> async_graphql::Result<PersonPayload> {
        let id: PersonId = or_refuse!(PersonPayload, decode(&input.person_id, "personId"));
        let teams = or_refuse!(PersonPayload, input.team_ids.map(|ids| decode_all(&ids, "teamIds")).transpose());
        let to = PersonChange {
            name: input.name,
            role: input.role.map(Into::into),
            is_active: input.status.map(PersonStatus::is_active),
            language: input.language.map(|tag| tag.0),
            teams: teams.map(|ids| ids.into_iter().collect()),
            skills: or_refuse!(PersonPayload, input.skills.as_deref().map(proficiencies).transpose()),
            password_hash: or_refuse!(PersonPayload, hashed(cx, "password", input.password).await?),
        };
        updated!(cx, PersonPayload, present, rules::update, id, to, input.expected_version)
    }

    /// Changes what people may change about themselves.
    #[graphql(guard = "Needs::sign_in()")]
    async fn update_profile(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What to change about oneself; what is left out stays.")] input: UpdateProfileInput,
    ) -> async_graphql::Result<PersonPayload> {
        if input.new_password.is_some() {
            or_refuse!(PersonPayload, must_know_password(cx, input.current_password).await?);
        }
        let password_hash = or_refuse!(PersonPayload, hashed(cx, "newPassword", input.new_password).await?);
        let to = ProfileChange {
            name: input.name,
            language: input.language.map(|tag| tag.0),
            password_hash,
            keep_session: cx.data_opt::<Admitted>().and_then(|admitted| admitted.session),
            expected: expected(input.expected_version),
        };
        let run = command(cx, move |tx, actor| Box::pin(rules::update_profile(tx, actor, to.clone()))).await;
        let present = match cx.actor().or_field_error()?.person() {
            Some(id) => present(cx, id).await?,
            None => None,
        };
        PersonPayload::of(run.map(|(_, cursor)| cursor), present)
    }
}
