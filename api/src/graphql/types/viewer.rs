//! Who is asking.

use async_graphql::{Context, Object};
use tributary_domain::{
    actor::{Actor, Identity},
    ids::{ApiClientId, PersonId},
};

use std::sync::Arc;

use super::{
    api_client::ApiClient,
    enums::{Role, Scope},
    load_error,
    person::Person,
};
use crate::graphql::context::Cx;

/// Everything a token can be allowed; people are limited by their role alone.
const ALL_SCOPES: [Scope; 7] = [
    Scope::ReadInteractions,
    Scope::SendMessages,
    Scope::ManageInteractions,
    Scope::ManageContacts,
    Scope::ManageChannels,
    Scope::ManageWorkspace,
    Scope::ReadEvents,
];

/// Who is asking.
#[derive(async_graphql::Description)]
pub struct Viewer(pub Arc<Actor>);

#[Object(use_type_description)]
impl Viewer {
    /// The person; null for API clients and bots.
    async fn person(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Person>> {
        let Identity::Person { id, .. } = self.0.identity else { return Ok(None) };
        Ok(cx.rows().load_one::<PersonId>(id).await.map_err(load_error)?.map(Person))
    }

    /// The API client or bot; null for people.
    async fn api_client(&self, cx: &Context<'_>) -> async_graphql::Result<Option<ApiClient>> {
        let Identity::ApiClient { id, .. } = self.0.identity else { return Ok(None) };
        Ok(cx.rows().load_one::<ApiClientId>(id).await.map_err(load_error)?.map(ApiClient))
    }

    /// Rank.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// What the token allows, within the role; all scopes for people.
    async fn scopes(&self) -> Vec<Scope> {
        match &self.0.scopes {
            Some(scopes) => scopes.iter().copied().map(Into::into).collect(),
            None => ALL_SCOPES.to_vec(),
        }
    }
}
