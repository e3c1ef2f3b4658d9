//! Skills, as they are read.

use async_graphql::{ID, Object};
use tributary_domain::entity::skill;

use super::page::connection;
use crate::graphql::scalars::{Long, node_id};

/// What an interaction needs and people have.
#[derive(async_graphql::Description)]
pub struct Skill(pub skill::Model);

connection!(SkillConnection, SkillEdge, Skill, "skills");

#[Object(use_type_description, crate = "crate::graphql::walk")]
impl Skill {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        node_id(self.0.id)
    }

    /// Unique name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it takes.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Number of its last change in the event log.
    async fn version(&self) -> Long {
        Long(self.0.version.0)
    }
}
