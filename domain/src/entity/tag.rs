//! Tags that interactions can carry.

use super::prelude::*;

/// A label on interactions.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tag")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TagId,
    pub name: String,
    pub name_folded: String,
    pub colour: String,
    pub version: Seq,
}

scoped!(TagId);
