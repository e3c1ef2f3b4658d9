//! The workspace, as it is read.

use async_graphql::{ID, Object};
use tributary_domain::entity::workspace;

use crate::graphql::scalars::{LanguageTag, Long, node_id};

/// The tenant: everything else belongs to it.
#[derive(async_graphql::Description)]
pub struct Workspace(pub workspace::Model);

#[Object(use_type_description)]
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
    async fn default_language(&self) -> LanguageTag {
        LanguageTag(self.0.default_language.clone())
    }

    /// Days after resolving in which a new message opens the same interaction again.
    async fn reopen_days(&self) -> i32 {
        self.0.reopen_days
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }
}
