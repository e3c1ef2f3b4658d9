//! Inboxes, as they are read.

use async_graphql::{Context, ID, Object};
use tributary_domain::entity::inbox;

use super::{load_error, page::connection, team::Team};
use crate::graphql::{
    context::Cx,
    scalars::{Long, node_id},
};

/// A place where interactions appear, whatever channel they come from.
#[derive(async_graphql::Description)]
pub struct Inbox(pub inbox::Model);

connection!(InboxConnection, InboxEdge, Inbox, "inboxes");

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl Inbox {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Name for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Agents of this team see it; null: all agents do. Supervisors and admins see every inbox.
    async fn team(&self, cx: &Context<'_>) -> async_graphql::Result<Option<Team>> {
        let Some(id) = self.0.team_id else { return Ok(None) };
        Ok(cx.rows().load_one(id).await.map_err(load_error)?.map(Team))
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }
}
