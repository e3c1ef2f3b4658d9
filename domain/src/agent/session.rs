//! Sessions: a family of refresh tokens, each used once. A used one that comes again ends the family.

use std::time::Duration;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};

use crate::{
    actor::{Actor, Identity},
    audit,
    entity::{person, session},
    error::{Error, Result},
    event::{Audience, EntityType, EventDraft, EventKind},
    ids::{PersonId, SessionId, WorkspaceId},
    store::{
        Store, Tx,
        directory::{self, DirectoryKind},
    },
};

/// Seconds in which the token before the last still counts: the answer with the new one may have been lost.
const GRACE_S: i64 = 30;

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// For whom.
    pub person: PersonId,
    /// The first refresh token.
    pub refresh_token: String,
    /// How long it may rest unused.
    pub ttl: Duration,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
}

/// A session that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenedSession {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub person: person::Model,
    /// Until when its refresh token counts.
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

/// The person who signs in with this address, if there is one who may. The caller checks the password.
///
/// # Errors
/// `Storage`.
pub async fn login(store: &Store, email: &str) -> Result<Option<person::Model>> {
    let folded = email.trim().to_lowercase();
    let Some(found) = store.directory().find(DirectoryKind::Email, &folded).await? else { return Ok(None) };
    let read = store.read(found.workspace).await?;
    let person = person::by_id(found.workspace, found.target.into()).one(read.conn()).await?;
    Ok(person.filter(|person| person.is_active))
}

/// Opens a session.
///
/// # Errors
/// `Unauthenticated` when the person is gone; `Storage`.
pub async fn open_session(tx: &mut Tx, new: NewSession) -> Result<OpenedSession> {
    let person = active(tx, new.person).await?;
    let expires_at = tx.now() + chrono::Duration::from_std(new.ttl).unwrap_or(chrono::Duration::days(30));
    let row = session::ActiveModel {
        id: Set(crate::random::id()),
        workspace_id: Set(tx.workspace()),
        person_id: Set(new.person),
        refresh_hash: Set(directory::key_hash(DirectoryKind::RefreshToken, &new.refresh_token)),
        previous_hash: Set(None),
        rotated_at: Set(None),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
        user_agent: Set(new.user_agent),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    directory::add(tx, DirectoryKind::RefreshToken, &new.refresh_token, row.id.uuid(), Some(expires_at)).await?;
    let actor = Actor { identity: Identity::Person { id: person.id, name: person.name.clone() }, ..Actor::system(tx.workspace()) };
    audit::note(tx, &actor, "session.open", EntityType::Session, row.id.uuid(), None).await?;
    Ok(OpenedSession { id: row.id, person, expires_at })
}

/// What exchanging a refresh token came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Rotated {
    /// The new token counts.
    Renewed(Box<OpenedSession>),
    /// The old one had been used: the session is over. Commit, so that it stays over.
    Reused,
}

/// Exchanges a refresh token for its successor, which the caller makes such that the same token has always the same one:
/// tabs that share a token come at the same time and must go on with the same next one. The token before the last is
/// taken for 30 s after the exchange, and has no effect then.
///
/// # Errors
/// `Unauthenticated` for a token that leads nowhere; `Storage`.
pub async fn rotate_session(tx: &mut Tx, id: SessionId, used: &str, next: &str, ttl: Duration) -> Result<Rotated> {
    // Locked: two tabs come with the same token at the same moment.
    let found = session::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::Unauthenticated)?;
    if found.revoked_at.is_some() || found.expires_at <= tx.now() {
        return Err(Error::Unauthenticated);
    }
    let used_hash = directory::key_hash(DirectoryKind::RefreshToken, used);
    let in_grace = found.rotated_at.is_some_and(|at| (tx.now() - at).num_seconds() <= GRACE_S);
    let is_previous = found.previous_hash.as_deref() == Some(used_hash.as_str());
    let next_hash = directory::key_hash(DirectoryKind::RefreshToken, next);
    if is_previous && in_grace {
        // The same token again has the same successor, which the first answer handed out already: nothing changes, and above
        // all the time of grace does not begin anew. Another successor means that our key is another one meanwhile.
        if found.refresh_hash != next_hash {
            return Err(Error::Unauthenticated);
        }
        let person = active(tx, found.person_id).await?;
        return Ok(Rotated::Renewed(Box::new(OpenedSession { id, person, expires_at: found.expires_at })));
    }
    if found.refresh_hash != used_hash {
        end(tx, found).await?;
        return Ok(Rotated::Reused);
    }
    let person = active(tx, found.person_id).await?;
    let expires_at = tx.now() + chrono::Duration::from_std(ttl).unwrap_or(chrono::Duration::days(30));
    let mut change = found.into_active_model();
    change.previous_hash = Set(Some(used_hash));
    change.refresh_hash = Set(next_hash);
    change.rotated_at = Set(Some(tx.now()));
    change.expires_at = Set(expires_at);
    change.update(tx.conn()).await?;
    // Used tokens keep leading to their session, so that a stolen one is noticed.
    directory::add(tx, DirectoryKind::RefreshToken, next, id.uuid(), Some(expires_at)).await?;
    Ok(Rotated::Renewed(Box::new(OpenedSession { id, person, expires_at })))
}

/// Ends a session: its access tokens and sockets end with it. Idempotent.
///
/// # Errors
/// `Storage`.
pub async fn revoke_session(tx: &mut Tx, id: SessionId) -> Result<()> {
    match session::by_id(tx.workspace(), id).one(tx.conn()).await? {
        Some(found) if found.revoked_at.is_none() => end(tx, found).await,
        _ => Ok(()),
    }
}

async fn end(tx: &mut Tx, found: session::Model) -> Result<()> {
    let (id, person) = (found.id, found.person_id);
    let mut change = found.into_active_model();
    change.revoked_at = Set(Some(tx.now()));
    change.update(tx.conn()).await?;
    directory::remove_target(tx, DirectoryKind::RefreshToken, id.uuid()).await?;
    tx.emit(EventDraft::new(EventKind::SessionRevoked, EntityType::Session, id.uuid()).to(Audience::Person(person)));
    Ok(())
}

async fn active(tx: &Tx, id: PersonId) -> Result<person::Model> {
    let person = person::by_id(tx.workspace(), id).one(tx.conn()).await?;
    person.filter(|person| person.is_active).ok_or(Error::Unauthenticated)
}

/// The workspace and session that a refresh token leads to.
///
/// # Errors
/// `Unauthenticated`; `Storage`.
pub async fn session_of(store: &Store, token: &str) -> Result<(WorkspaceId, SessionId)> {
    let found = store.directory().find(DirectoryKind::RefreshToken, token).await?.ok_or(Error::Unauthenticated)?;
    Ok((found.workspace, found.target.into()))
}
