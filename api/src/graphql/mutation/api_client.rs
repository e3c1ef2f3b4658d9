//! API clients and bots.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use tributary_domain::{
    actor,
    agent::client::{self as rules, NewApiClient},
    entity::api_client,
    ids::ApiClientId,
};

use super::{channel::DeleteInput, interaction::or_refuse, payload::payload, run::present};
use crate::graphql::{
    context::{Cx, command, expected},
    error::{OrFieldError, UserError, refusals},
    guard::{Needs, WORKSPACE},
    scalars::{LogCursor, decode},
    types::{
        api_client::{ApiClient, ApiClientKind},
        enums::{Role, Scope},
    },
};

payload! {
    /// An API client whose token was to be revoked.
    ApiClientPayload { api_client: ApiClient }
}

/// An API client that was to be added, with its token.
#[derive(SimpleObject)]
pub struct ApiClientSecretPayload {
    /// The API client as it is now; null when it was refused.
    api_client: Option<ApiClient>,
    /// The token. Shown this once: null when the same request is repeated.
    token: Option<String>,
    /// Why it was refused; empty when it was done.
    errors: Vec<UserError>,
    /// End of the change in the event log; null when nothing changed.
    cursor: Option<LogCursor>,
}

/// An API client or bot to be added.
#[derive(InputObject)]
pub struct CreateApiClientInput {
    /// Any text up to 64 characters, unique per writer; the same one again returns the first result, without the token.
    client_id: String,
    /// Name for people.
    name: String,
    /// Integration or bot.
    kind: ApiClientKind,
    /// Rank.
    #[graphql(default_with = "Role::Agent")]
    role: Role,
    /// What the token allows.
    scopes: Vec<Scope>,
    /// When the token ends; absent: when it is revoked.
    expires_at: Option<DateTime<Utc>>,
}

/// Mutations of API clients.
#[derive(Default)]
pub struct ApiClientMutation;

present!(api_client, ApiClientId, ApiClient);

#[Object]
impl ApiClientMutation {
    /// Adds an API client or bot; its token is shown once.
    #[graphql(guard = "Needs::role(actor::Role::Admin, WORKSPACE)")]
    async fn create_api_client(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "An API client or bot to be added.")] input: CreateApiClientInput,
    ) -> async_graphql::Result<ApiClientSecretPayload> {
        let new = NewApiClient {
            client_id: input.client_id,
            name: input.name,
            kind: input.kind.into(),
            role: input.role.into(),
            scopes: input.scopes.into_iter().map(Into::into).collect(),
            expires_at: input.expires_at,
        };
        match command(cx, move |tx, actor| Box::pin(rules::create(tx, actor, new.clone()))).await {
            Ok(((id, token), cursor)) => Ok(ApiClientSecretPayload {
                api_client: present(cx, id).await?,
                token: token.map(|token| token.expose_secret().to_owned()),
                errors: Vec::new(),
                cursor,
            }),
            Err(error) => Ok(ApiClientSecretPayload { api_client: None, token: None, errors: refusals(error)?, cursor: None }),
        }
    }

    /// Ends a token; requests and sockets that use it end with it.
    #[graphql(guard = "Needs::role(actor::Role::Admin, WORKSPACE)")]
    async fn revoke_api_client(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Something to be deleted.")] input: DeleteInput,
    ) -> async_graphql::Result<ApiClientPayload> {
        let id: ApiClientId = or_refuse!(ApiClientPayload, decode(&input.id, "id"));
        let version = expected(input.expected_version);
        let run = command(cx, move |tx, actor| Box::pin(rules::revoke(tx, actor, id, version))).await;
        ApiClientPayload::of(run.map(|((), cursor)| cursor), present(cx, id).await?)
    }
}
