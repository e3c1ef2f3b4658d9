//! Numbers of interactions.

use super::prelude::*;

/// The next interaction's number; the row is locked while a number is taken.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "interaction_counter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    pub next: i64,
}

scoped!();
