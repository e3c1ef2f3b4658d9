//! The workspace, and who is asking in it.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use tributary_domain::{
    actor::{Actor, Identity},
    entity::workspace,
};

use super::{
    api_client::ApiClient,
    enums::{Role, Scope},
    load_error,
    person::Person,
};
use crate::graphql::{context::Cx, scalars::node_id};

/// The tenant: everything else belongs to it.
pub struct Workspace(pub workspace::Model);

#[Object]
impl Workspace {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Name for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Language of what the server writes to contacts, where nothing else is known; BCP 47.
    async fn default_language(&self) -> &str {
        &self.0.default_language
    }

    /// Days after resolving in which a new message opens the same interaction again.
    async fn reopen_days(&self) -> i32 {
        self.0.reopen_days
    }
}

/// Who is asking.
pub struct Viewer(pub Arc<Actor>);

#[Object]
impl Viewer {
    /// The person; null for API clients and bots.
    async fn person(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Person>> {
        let Some(id) = self.0.person() else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Person))
    }

    /// The API client or bot; null for people.
    async fn api_client(&self, cx: &Context<'_>) -> async_graphql::Result<Option<ApiClient>> {
        let Identity::ApiClient { id, .. } = self.0.identity else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(ApiClient))
    }

    /// Rank.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// What the viewer may do: the token's scopes, or all of them for people, whom only their role limits.
    async fn scopes(&self) -> Vec<Scope> {
        match &self.0.scopes {
            Some(scopes) => scopes.iter().map(|scope| (*scope).into()).collect(),
            None => <Scope as async_graphql::resolver_utils::EnumType>::items().iter().map(|item| item.value).collect(),
        }
    }
}
