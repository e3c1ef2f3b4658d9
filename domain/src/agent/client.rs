//! API clients and bots: their tokens are shown once and kept as hashes only.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel, sea_query::Order};
use secrecy::SecretString;

pub use crate::entity::api_client::ApiClientKind;
use crate::{
    actor::{Actor, Role, Scope as TokenScope},
    entity::api_client,
    error::{Error, Result},
    event::{Audience, EntityType, EventKind, Seq},
    idempotency,
    ids::ApiClientId,
    input, random,
    record::Noun,
    store::{
        Scope, Tx,
        directory::{self, DirectoryKind},
        must_be_version,
        page::{Page, PageRequest, Sort},
    },
};

/// What every token begins with, so that people and scanners recognise one that leaked.
pub const TOKEN_PREFIX: &str = "trb_";

const API_CLIENT: Noun = Noun { name: "api_client", kind: EventKind::ApiClientChanged, entity: EntityType::ApiClient };

/// An API client or bot to be added.
#[derive(Debug, Clone)]
pub struct NewApiClient {
    /// Made by the client; the same one again returns the first result, without the token.
    pub client_id: String,
    /// Name for people.
    pub name: String,
    /// Integration or bot.
    pub kind: ApiClientKind,
    /// Rank.
    pub role: Role,
    /// What the token allows.
    pub scopes: BTreeSet<TokenScope>,
    /// When the token ends; `None`: when it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Adds an API client. The token is returned this once, and not when the request is repeated.
///
/// # Errors
/// `Forbidden` for anyone but admins, and for a program that would give more than it has; `Invalid` with the path of the
/// field.
pub async fn create(tx: &mut Tx, actor: &Actor, new: NewApiClient) -> Result<(ApiClientId, Option<SecretString>)> {
    actor.must_manage_workspace()?;
    if let Some(known) = idempotency::find(tx, actor, &new.client_id, "create_api_client").await? {
        return Ok((known.into(), None));
    }
    if new.role > actor.role || actor.scopes.as_ref().is_some_and(|own| !new.scopes.is_subset(own)) {
        return Err(Error::Forbidden("a token cannot give more than it has"));
    }
    if new.scopes.is_empty() {
        return Err(Error::invalid("scopes", "at least one"));
    }
    if new.expires_at.is_some_and(|end| end <= tx.now()) {
        return Err(Error::invalid("expiresAt", "must be in the future"));
    }
    let token = format!("{TOKEN_PREFIX}{}", random::token());
    let id: ApiClientId = random::id();
    api_client::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        name: Set(input::name(&new.name)?),
        kind: Set(new.kind),
        scopes: Set(new.scopes.into_iter().collect::<Vec<_>>().into()),
        token_hash: Set(directory::key_hash(DirectoryKind::ApiToken, &token)),
        role: Set(new.role),
        created_by: Set(actor.person()),
        expires_at: Set(new.expires_at),
        revoked_at: Set(None),
        last_used_at: Set(None),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    directory::add(tx, DirectoryKind::ApiToken, &token, id.uuid(), new.expires_at).await?;
    idempotency::keep(tx, actor, &new.client_id, "create_api_client", id.uuid()).await?;
    API_CLIENT.changed_for(tx, actor, "create", id, Audience::Admins).await?;
    Ok((id, Some(token.into())))
}

/// Ends a token: requests and sockets that use it end with it. Idempotent.
///
/// # Errors
/// `Forbidden` for anyone but admins; `NotFound`; `Conflict` on another version.
pub async fn revoke(tx: &mut Tx, actor: &Actor, id: ApiClientId, expected: Option<Seq>) -> Result<()> {
    actor.must_manage_workspace()?;
    let found = api_client::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("API client"))?;
    if found.revoked_at.is_some() {
        return Ok(());
    }
    must_be_version(found.version, expected)?;
    let mut row = found.into_active_model();
    row.revoked_at = Set(Some(tx.now()));
    row.update(tx.conn()).await?;
    directory::remove_target(tx, DirectoryKind::ApiToken, id.uuid()).await?;
    API_CLIENT.changed_for(tx, actor, "revoke", id, Audience::Admins).await
}

/// A page of the API clients and bots, by name.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` for a broken page cursor; `Storage`.
pub async fn page(scope: &impl Scope, actor: &Actor, request: &PageRequest) -> Result<Page<api_client::Model>> {
    actor.must_manage_workspace()?;
    let by_name = Sort::new("api_clients", [(api_client::Column::Name, Order::Asc), (api_client::Column::Id, Order::Asc)]);
    by_name.page(api_client::in_workspace(scope.workspace()), request, scope.conn()).await
}
