//! Signing in and out. Wrong credentials are refusals in the payload; who asks something else without being signed in
//! gets the error of the field.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tributary_domain::{
    Error, ErrorCode, Result,
    actor::Role,
    agent::{self, NewSession, OpenedSession, Rotated},
    entity::person,
    ids::WorkspaceId,
    random,
};

use crate::{
    app::App,
    auth::{Refusal, jwt::Subject, password::PasswordError},
    gatekeeper::{Admitted, Gate, houses::NotVouched},
    graphql::{
        context::Cx,
        error::{OrFieldError, UserError, UserErrorCode, refusals},
        guard::Needs,
        stream::InNameOf,
        types::person::Person,
    },
    http::graphql::RequestInfo,
};

/// What refresh tokens begin with, so that scanners find leaked ones.
const REFRESH_PREFIX: &str = "trb_ref_";
/// Longest address that is looked up, in bytes (RFC 5321, 4.5.3.1.3, without the brackets).
const MAX_EMAIL_BYTES: usize = 254;
/// Longest token of another house that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// What a person signs in with.
#[derive(InputObject)]
pub struct SignInInput {
    /// E-mail address; upper and lower case are the same.
    email: String,
    /// Password.
    password: String,
}

/// A signed-in browser.
#[derive(SimpleObject)]
pub struct Session {
    /// Goes into the header `Authorization` after the word `Bearer`, and into `connection_init`.
    access_token: String,
    /// Until when the access token is good.
    access_expires_at: DateTime<Utc>,
    /// Is exchanged for the next pair of tokens, once.
    refresh_token: String,
    /// Until when the refresh token is good.
    refresh_expires_at: DateTime<Utc>,
    /// Who signed in.
    person: InNameOf<Person>,
}

/// A session that was to be opened or continued.
#[derive(SimpleObject)]
pub struct SessionPayload {
    /// The session; null when it was refused.
    session: Option<Session>,
    /// Why it was refused; empty when it was not.
    errors: Vec<UserError>,
}

/// A session that was to be ended.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// Why it was refused; empty when it was done.
    errors: Vec<UserError>,
}

/// Why there is no session.
enum NoSession {
    Refused(Error),
    Failed(async_graphql::Error),
}

impl From<Error> for NoSession {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Signing in and out.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Opens a session with e-mail address and password. At most 10 wrong ones per minute for one address from one network.
    async fn sign_in(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "What a person signs in with.")] input: SignInInput,
    ) -> async_graphql::Result<SessionPayload> {
        payload(sign_in(cx, input).await, "The address or the password is wrong.")
    }

    /// Exchanges a refresh token for its successor. Used once more within 30 s it has the same one, so that tabs can share
    /// it; used later it ends the session.
    async fn refresh_session(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "The refresh token that was handed out last.")] refresh_token: String,
    ) -> async_graphql::Result<SessionPayload> {
        payload(refresh(cx, &refresh_token).await, "The session has ended.")
    }

    /// Ends the session: its access tokens and sockets end with it.
    #[graphql(guard = "Needs::sign_in()")]
    async fn sign_out(&self, cx: &Context<'_>) -> async_graphql::Result<SignOutPayload> {
        cx.actor().or_field_error()?;
        let errors = match sign_out(cx).await {
            Ok(()) => Vec::new(),
            Err(error) => refusals(error)?,
        };
        Ok(SignOutPayload { errors })
    }

    /// Exchanges a token of a configured external identity provider for a session.
    async fn sign_in_with_token(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "A JSON Web Token of the identity provider.")] token: String,
    ) -> async_graphql::Result<SessionPayload> {
        payload(sign_in_with_token(cx, &token).await, "The token is not valid here.")
    }
}

async fn sign_in(cx: &Context<'_>, input: SignInInput) -> Result<Session, NoSession> {
    let app = cx.app();
    let email = input.email.trim().to_lowercase();
    let is_possible = (1..=MAX_EMAIL_BYTES).contains(&email.len());
    let attempt = gate(cx).attempts().begin(is_possible.then_some(email.as_str()), info(cx).address)?;
    let known = if is_possible { agent::login(&app.store, &email).await? } else { None };
    // Also for nobody: the answer must take as long as for somebody.
    let hash = known.as_ref().and_then(|person| person.password_hash.clone());
    let is_right = match app.passwords.verify(SecretString::from(input.password), hash).await {
        Ok(is_right) => is_right,
        Err(PasswordError::TooLong) => false,
        Err(error) => return Err(NoSession::Failed(unforeseen(error))),
    };
    match known {
        Some(person) if is_right => {
            attempt.succeeded();
            open(cx, person).await
        }
        _ => Err(Error::Unauthenticated.into()),
    }
}

async fn sign_in_with_token(cx: &Context<'_>, token: &str) -> Result<Session, NoSession> {
    let attempt = gate(cx).attempts().begin(None, info(cx).address)?;
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Error::Unauthenticated.into());
    }
    let person = gate(cx).houses().person(&cx.app().store, token).await.map_err(|why| match why {
        NotVouched::Failed(error) => NoSession::Refused(error),
        NotVouched::Refused(Refusal::Invalid | Refusal::Expired) => NoSession::Refused(Error::Unauthenticated),
        NotVouched::Refused(Refusal::Unavailable) => NoSession::Failed(away()),
    })?;
    attempt.succeeded();
    open(cx, person).await
}

async fn open(cx: &Context<'_>, person: person::Model) -> Result<Session, NoSession> {
    let app = cx.app();
    let token = new_refresh_token();
    let new =
        NewSession { person: person.id, refresh_token: token.clone(), ttl: refresh_ttl(app), user_agent: info(cx).user_agent.clone() };
    let workspace = person.workspace_id;
    let opening = app.store.transact(workspace, |tx| {
        let new = new.clone();
        Box::pin(async move { agent::open_session(tx, new).await })
    });
    let (opened, _) = opening.await?;
    session(app, workspace, opened, token).await
}

async fn refresh(cx: &Context<'_>, used: &str) -> Result<Session, NoSession> {
    let app = cx.app();
    let (workspace, id) = agent::session_of(&app.store, used).await?;
    let (token, ttl) = (next_refresh_token(app, used), refresh_ttl(app));
    let rotating = app.store.transact(workspace, |tx| {
        let (used, next) = (used.to_owned(), token.clone());
        Box::pin(async move { agent::rotate_session(tx, id, &used, &next, ttl).await })
    });
    match rotating.await?.0 {
        Rotated::Renewed(opened) => session(app, workspace, *opened, token).await,
        // Committed all the same: the family is over, and stays over.
        Rotated::Reused => {
            tracing::warn!(session.id = %id, "a used refresh token came again; its session was ended");
            Err(Error::Unauthenticated.into())
        }
    }
}

async fn sign_out(cx: &Context<'_>) -> Result<()> {
    let admitted = cx.data_opt::<Admitted>().ok_or(Error::Unauthenticated)?;
    let session = admitted.session.ok_or(Error::Forbidden("API tokens are revoked by an admin"))?;
    let revoking = cx.app().store.transact(admitted.actor.workspace, |tx| Box::pin(agent::revoke_session(tx, session)));
    revoking.await.map(|_| ())
}

async fn session(app: &App, workspace: WorkspaceId, opened: OpenedSession, refresh_token: String) -> Result<Session, NoSession> {
    let subject = Subject { person: opened.person.id, workspace, session: opened.id, role: role(opened.person.role).to_owned() };
    let access = app.tokens.issue(&subject).map_err(|error| NoSession::Failed(unforeseen(error)))?;
    let read = app.store.read(workspace).await?;
    let actor = agent::actor_of(read.conn(), &opened.person).await?;
    drop(read);
    Ok(Session {
        access_token: access.token,
        access_expires_at: access.expires_at,
        refresh_token,
        refresh_expires_at: opened.expires_at,
        person: InNameOf::new(app, actor.into(), Person(opened.person)),
    })
}

fn payload(outcome: Result<Session, NoSession>, wrong: &str) -> async_graphql::Result<SessionPayload> {
    let errors = match outcome {
        Ok(session) => return Ok(SessionPayload { session: Some(session), errors: Vec::new() }),
        Err(NoSession::Failed(error)) => return Err(error),
        Err(NoSession::Refused(error)) if error.code() == ErrorCode::Unauthenticated => {
            vec![UserError::of(UserErrorCode::Unauthenticated, wrong)]
        }
        Err(NoSession::Refused(error)) => refusals(error)?,
    };
    Ok(SessionPayload { session: None, errors })
}

fn refresh_ttl(app: &App) -> Duration {
    Duration::from_secs(app.config.auth.refresh_ttl_s)
}

/// The successor of a refresh token: nobody else can make it, and the same token has always the same one.
fn next_refresh_token(app: &App, used: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let key = app.key.derive("refresh tokens");
    let mut next = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    next.update(used.as_bytes());
    format!("{REFRESH_PREFIX}{}", hex::encode(next.finalize().into_bytes()))
}

fn new_refresh_token() -> String {
    format!("{REFRESH_PREFIX}{}", random::token())
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Supervisor => "supervisor",
        Role::Admin => "admin",
    }
}

fn gate<'a>(cx: &Context<'a>) -> &'a Gate {
    cx.data_unchecked::<Arc<Gate>>()
}

fn info<'a>(cx: &Context<'a>) -> &'a RequestInfo {
    cx.data_unchecked::<RequestInfo>()
}

fn away() -> async_graphql::Error {
    use async_graphql::ErrorExtensions;
    async_graphql::Error::new("the identity provider cannot be reached at the moment").extend_with(|_, extensions| {
        extensions.set("code", ErrorCode::Unavailable.as_str());
        extensions.set("retryable", true);
    })
}

/// Without a code: the transport logs it under an id and shows the id.
fn unforeseen(error: impl std::error::Error) -> async_graphql::Error {
    async_graphql::Error::new(format!("signing in failed: {error}"))
}
