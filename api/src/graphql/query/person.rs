//! Lists of people, teams and API clients.

use async_graphql::{Context, Object};
use tributary_domain::{
    actor::Role,
    agent::{client, person},
    team,
};

use super::list::listed;
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    guard::{Needs, REFERS, WORKSPACE},
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
    #[graphql(guard = "Needs::scope(REFERS)")]
    async fn people(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Which ones; absent: all that the viewer may see.")] filter: Option<PersonFilter>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<PersonConnection> {
        let filter = filter.map(PersonFilter::into_filter).transpose().or_field_error()?.unwrap_or_default();
        listed!(cx, first, after, PersonConnection, Person, |read, request| person::page(&read, &filter, &request))
    }

    /// Teams, by name.
    #[graphql(guard = "Needs::scope(REFERS)")]
    async fn teams(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<TeamConnection> {
        listed!(cx, first, after, TeamConnection, Team, |read, request| team::page(&read, &request))
    }

    /// API clients and bots, by name. Admins only.
    #[graphql(guard = "Needs::role(Role::Admin, WORKSPACE)")]
    async fn api_clients(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<ApiClientConnection> {
        let actor = cx.actor().or_field_error()?;
        listed!(cx, first, after, ApiClientConnection, ApiClient, |read, request| client::page(&read, actor, &request))
    }
}
