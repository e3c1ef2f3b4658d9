//! Making an [`Actor`] from the database: role, scopes and visible inboxes in a fixed number of statements.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter, QuerySelect, sea_query::Query};

use crate::{
    actor::{Actor, Identity, Role, VisibleInboxes},
    entity::{api_client, inbox, person, session, team_member},
    error::{Error, Result},
    ids::{InboxId, PersonId, SessionId, WorkspaceId},
    store::{Store, directory::DirectoryKind},
};

/// The actor that a person is.
///
/// Agents see the inboxes without a team and those of their teams; supervisors and admins see all.
///
/// # Errors
/// `Storage`.
pub async fn actor_of(conn: &impl ConnectionTrait, person: &person::Model) -> Result<Actor> {
    let inboxes = match person.role {
        Role::Supervisor | Role::Admin => VisibleInboxes::All,
        Role::Agent => VisibleInboxes::Only(inboxes_of(conn, person.workspace_id, Some(person.id)).await?),
    };
    Ok(Actor {
        workspace: person.workspace_id,
        identity: Identity::Person { id: person.id, name: person.name.clone() },
        role: person.role,
        scopes: None,
        inboxes,
    })
}

/// The actor that an API client or bot is. With the rank of an agent it sees the inboxes without a team.
///
/// # Errors
/// `Storage`.
pub async fn actor_of_client(conn: &impl ConnectionTrait, client: &api_client::Model) -> Result<Actor> {
    let inboxes = match client.role {
        Role::Supervisor | Role::Admin => VisibleInboxes::All,
        Role::Agent => VisibleInboxes::Only(inboxes_of(conn, client.workspace_id, None).await?),
    };
    Ok(Actor {
        workspace: client.workspace_id,
        identity: Identity::ApiClient { id: client.id, name: client.name.clone(), is_bot: client.kind == api_client::ApiClientKind::Bot },
        role: client.role,
        scopes: Some(client.scopes.0.iter().copied().collect()),
        inboxes,
    })
}

async fn inboxes_of(conn: &impl ConnectionTrait, workspace: WorkspaceId, person: Option<PersonId>) -> Result<BTreeSet<InboxId>> {
    let mut seen = Condition::any().add(inbox::Column::TeamId.is_null());
    if let Some(person) = person {
        let teams = Query::select()
            .column(team_member::Column::TeamId)
            .from(team_member::Entity)
            .and_where(team_member::Column::WorkspaceId.eq(workspace))
            .and_where(team_member::Column::PersonId.eq(person))
            .to_owned();
        seen = seen.add(inbox::Column::TeamId.in_subquery(teams));
    }
    let ids = inbox::in_workspace(workspace).filter(seen).select_only().column(inbox::Column::Id).into_tuple::<InboxId>().all(conn).await?;
    Ok(ids.into_iter().collect())
}

/// The actor behind an access token of a session, if the session and the person still stand.
///
/// `generation` is the person's token generation when the token was made.
///
/// # Errors
/// `Unauthenticated`; `Storage`.
pub async fn viewer_of_session(
    store: &Store,
    workspace: WorkspaceId,
    session: SessionId,
    person: PersonId,
    generation: i32,
) -> Result<Actor> {
    let read = store.read(workspace).await?;
    let now = store.clock().now();
    let open = session::by_id(workspace, session)
        .filter(session::Column::PersonId.eq(person))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .one(read.conn())
        .await?;
    let person = person::by_id(workspace, person).filter(person::Column::IsActive.eq(true)).one(read.conn()).await?;
    match (open, person) {
        (Some(_), Some(person)) if person.token_generation == generation => actor_of(read.conn(), &person).await,
        _ => Err(Error::Unauthenticated),
    }
}

/// The actor behind an API token, if it still stands.
///
/// # Errors
/// `Unauthenticated`; `Storage`.
pub async fn viewer_of_token(store: &Store, token: &str) -> Result<Actor> {
    let found = store.directory().find(DirectoryKind::ApiToken, token).await?.ok_or(Error::Unauthenticated)?;
    let read = store.read(found.workspace).await?;
    let client = api_client::by_id(found.workspace, found.target.into()).one(read.conn()).await?.ok_or(Error::Unauthenticated)?;
    let now = store.clock().now();
    if client.revoked_at.is_some() || client.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::Unauthenticated);
    }
    actor_of_client(read.conn(), &client).await
}
