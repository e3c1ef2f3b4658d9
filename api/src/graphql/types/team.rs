//! Teams and their members.

use async_graphql::{Context, ID, Object};
use tributary_domain::entity::team;

use super::{
    page::connection,
    person::{Person, PersonConnection},
};
use crate::graphql::{
    context::Cx,
    error::OrFieldError,
    query::list::{self, paged},
    scalars::{Long, node_id},
};

/// People who work in the same inboxes.
#[derive(async_graphql::Description)]
pub struct Team(pub team::Model);

connection!(TeamConnection, TeamEdge, Team, "teams");

#[Object(use_type_description, crate = "crate::graphql::walk")]
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
    async fn members(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 200.")] first: i32,
        #[graphql(desc = "Cursor of the row before: the page begins behind it.")] after: Option<String>,
    ) -> async_graphql::Result<PersonConnection> {
        paged!(cx, self.0.id, list::request(first, after), PersonConnection, Person)
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }
}
