//! Making an [`Actor`] from the database: role, scopes and visible inboxes in a fixed number of statements.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    actor::{Actor, Identity, Role, VisibleInboxes},
    entity::{api_client, inbox, person, session, team_member, workspace_head},
    error::{Error, Result},
    event::Seq,
    ids::{InboxId, PersonId, SessionId, WorkspaceId},
    store::{Scope, Store, bundle::Bundle, directory::DirectoryKind},
};

/// How often the use of a token is written down.
const USE_NOTED_EVERY: chrono::Duration = chrono::Duration::minutes(1);

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
    Ok(actor_with(person, inboxes))
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
    Ok(client_with(client, inboxes))
}

fn client_with(client: &api_client::Model, inboxes: VisibleInboxes) -> Actor {
    Actor {
        workspace: client.workspace_id,
        identity: Identity::ApiClient { id: client.id, name: client.name.clone(), is_bot: client.kind == api_client::ApiClientKind::Bot },
        role: client.role,
        scopes: Some(client.scopes.0.iter().copied().collect()),
        inboxes,
    }
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

/// A person who wants to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Acting {
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub person: PersonId,
    /// In which session; `None`: whichever.
    pub session: Option<SessionId>,
}

/// The actors behind sessions and people of one workspace, of those that still stand, and the place in the log as of which
/// they are. Takes one statement however many they are: a node that dies sends thousands to the next one, and whoever asks for a page pays for this too.
///
/// # Errors
/// `Storage`.
pub async fn acting(scope: &impl Scope, now: DateTime<Utc>, wanted: &[Acting]) -> Result<(HashMap<Acting, Actor>, Seq)> {
    let (workspace, mut bundle) = (scope.workspace(), Bundle::default());
    let ids = padded(wanted.iter().map(|one| one.person).collect());
    let active = person::in_workspace(workspace).filter(person::Column::Id.is_in(ids)).filter(person::Column::IsActive.eq(true));
    let people = bundle.add("active", active);
    let ids = padded(wanted.iter().filter_map(|one| one.session).collect());
    let sessions = bundle.add(
        "open",
        session::in_workspace(workspace)
            .filter(session::Column::Id.is_in(ids))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now)),
    );
    // Who sees all needs no list.
    let agents = people.column_where(person::Column::Id, Expr::col(person::Column::Role).eq(Role::Agent));
    let memberships =
        bundle.add("membership", team_member::in_workspace(workspace).filter(team_member::Column::PersonId.in_subquery(agents.clone())));
    let teams = memberships.column(team_member::Column::TeamId);
    let of_all = Condition::all().add(inbox::Column::TeamId.is_null()).add(Expr::exists(agents));
    let seen = Condition::any().add(of_all).add(inbox::Column::TeamId.in_subquery(teams));
    let inboxes = bundle.add("seen", inbox::in_workspace(workspace).filter(seen));
    let heads = bundle.add("head", workspace_head::in_workspace(workspace));

    let mut bundled = bundle.read(scope.conn()).await?;
    let head = bundled.take(heads)?.first().ok_or(Error::NotFound("workspace"))?.head;
    let open: HashSet<_> = bundled.take(sessions)?.into_iter().map(|row| (row.id, row.person_id)).collect();
    let memberships: HashSet<_> = bundled.take(memberships)?.into_iter().map(|row| (row.person_id, row.team_id)).collect();
    let inboxes = bundled.take(inboxes)?;
    let actors = bundled.take(people)?.into_iter().map(|person| {
        let sees = |inbox: &&inbox::Model| inbox.team_id.is_none_or(|team| memberships.contains(&(person.id, team)));
        let seen = match person.role {
            Role::Supervisor | Role::Admin => VisibleInboxes::All,
            Role::Agent => VisibleInboxes::Only(inboxes.iter().filter(sees).map(|inbox| inbox.id).collect()),
        };
        (person.id, actor_with(&person, seen))
    });
    let actors: HashMap<_, _> = actors.collect();
    let stands = |one: &&Acting| one.session.is_none_or(|session| open.contains(&(session, one.person)));
    Ok((wanted.iter().filter(stands).filter_map(|one| Some((*one, actors.get(&one.person)?.clone()))).collect(), head))
}

/// As many values as a power of two, the last one several times: the database plans a statement for each length of its lists.
fn padded<T: Copy>(values: BTreeSet<T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    if let Some(last) = values.last().copied() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

fn actor_with(person: &person::Model, inboxes: VisibleInboxes) -> Actor {
    Actor {
        workspace: person.workspace_id,
        identity: Identity::Person { id: person.id, name: person.name.clone() },
        role: person.role,
        scopes: None,
        inboxes,
    }
}

/// The actor behind an API token, if it still stands. Notes that the token was used, at most once a minute.
///
/// # Errors
/// `Unauthenticated`; `Storage`.
pub async fn viewer_of_token(store: &Store, token: &str) -> Result<Actor> {
    let found = store.directory().find(DirectoryKind::ApiToken, token).await?.ok_or(Error::Unauthenticated)?;
    let read = store.read(found.workspace).await?;
    let mut bundle = Bundle::default();
    let clients = bundle.add("client", api_client::by_id(found.workspace, found.target.into()));
    // Who sees all needs no list.
    let agents = clients.column_where(api_client::Column::Id, Expr::col(api_client::Column::Role).eq(Role::Agent));
    let seen = Condition::all().add(inbox::Column::TeamId.is_null()).add(Expr::exists(agents));
    let inboxes = bundle.add("seen", inbox::in_workspace(found.workspace).filter(seen));
    let mut bundled = bundle.read(read.conn()).await?;
    drop(read);
    let client = bundled.take(clients)?.into_iter().next().ok_or(Error::Unauthenticated)?;
    let now = store.clock().now();
    if client.revoked_at.is_some() || client.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::Unauthenticated);
    }
    let seen = match client.role {
        Role::Supervisor | Role::Admin => VisibleInboxes::All,
        Role::Agent => VisibleInboxes::Only(bundled.take(inboxes)?.into_iter().map(|inbox| inbox.id).collect()),
    };
    let actor = client_with(&client, seen);
    if client.last_used_at.is_none_or(|last| now - last >= USE_NOTED_EVERY)
        && let Err(error) = note_use(store, &client).await
    {
        // The token is good all the same.
        tracing::warn!(api_client.id = %client.id, error = ?error, "the use of a token could not be noted");
    }
    Ok(actor)
}

async fn note_use(store: &Store, client: &api_client::Model) -> Result<()> {
    let tx = store.write(client.workspace_id).await?;
    api_client::updates(client.workspace_id)
        .col_expr(api_client::Column::LastUsedAt, Expr::value(Some(tx.now())))
        .filter(api_client::Column::Id.eq(client.id))
        .exec(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(())
}
