//! Skills, by which work finds the agents that can do it.

use super::prelude::*;

/// A skill that agents have and interactions need.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "skill")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SkillId,
    pub name: String,
    pub description: Option<String>,
    pub version: Seq,
}

scoped!(SkillId);
