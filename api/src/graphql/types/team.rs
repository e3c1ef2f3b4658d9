//! Teams and their members.

use async_graphql::{Context, ID, Object};
use tributary_domain::{entity::team, team as rules};

use super::{
    page::connection,
    person::{Person, PersonConnection},
};
use crate::graphql::{context::Cx, error::OrFieldError, query::list, scalars::node_id};

/// People who work in the same inboxes.
pub struct Team(pub team::Model);

connection!(TeamConnection, TeamEdge, Team, "teams");

#[Object]
impl Team {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Unique name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Who belongs to it, by name.
    #[graphql(complexity = "list::cost(first, child_complexity)")]
    async fn members(&self, cx: &Context<'_>, first: i32, after: Option<String>) -> async_graphql::Result<PersonConnection> {
        let request = list::request(first, after).or_field_error()?;
        let read = cx.read().await.or_field_error()?;
        let page = rules::page_of_members(&read, self.0.id, &request).await.or_field_error()?;
        let position = read.position().await.or_field_error()?;
        Ok(PersonConnection::new(page, cx.cursor(position).or_field_error()?, Person))
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> i64 {
        self.0.version.0
    }
}
