//! Tags, as they are read.

use async_graphql::{ID, Object};
use tributary_domain::entity::tag;

use super::page::connection;
use crate::graphql::scalars::{Long, node_id};

/// A label on interactions.
#[derive(async_graphql::Description)]
pub struct Tag(pub tag::Model);

connection!(TagConnection, TagEdge, Tag, "tags");

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl Tag {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Name, unique without regard to case and accents.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Colour as `#rrggbb`.
    async fn colour(&self) -> &str {
        &self.0.colour
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }
}
