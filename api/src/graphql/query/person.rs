//! Lists of people, teams and API clients.

use async_graphql::{Context, Object};
use tributary_domain::{
    actor::Role,
    agent::{client, person},
    team,
};

use super::list::{self, listed};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{RoleGuard, SignedIn},
    types::{
        api_client::{ApiClient, ApiClientConnection},
        person::{Person, PersonConnection, PersonFilter},
        team::{Team, TeamConnection},
    },
};

/// Queries of people, teams and API clients.
#[derive(Default)]
pub struct PersonQuery;

#[Object]
impl PersonQuery {
    /// People, by name.
    #[graphql(guard = "SignedIn", complexity = "list::cost(first, child_complexity)")]
    async fn people(
        &self,
        cx: &Context<'_>,
        filter: Option<PersonFilter>,
        first: i32,
        after: Option<String>,
    ) -> async_graphql::Result<PersonConnection> {
        let filter = filter.map(PersonFilter::into_filter).transpose().or_field_error()?.unwrap_or_default();
        listed!(cx, first, after, PersonConnection, Person, |read, request| person::page(&read, &filter, &request))
    }

    /// Teams, by name.
    #[graphql(guard = "SignedIn", complexity = "list::cost(first, child_complexity)")]
    async fn teams(&self, cx: &Context<'_>, first: i32, after: Option<String>) -> async_graphql::Result<TeamConnection> {
        listed!(cx, first, after, TeamConnection, Team, |read, request| team::page(&read, &request))
    }

    /// API clients and bots, by name. Admins only.
    #[graphql(guard = "RoleGuard(Role::Admin)", complexity = "list::cost(first, child_complexity)")]
    async fn api_clients(&self, cx: &Context<'_>, first: i32, after: Option<String>) -> async_graphql::Result<ApiClientConnection> {
        let actor = cx.actor().or_field_error()?;
        listed!(cx, first, after, ApiClientConnection, ApiClient, |read, request| client::page(&read, actor, &request))
    }
}
