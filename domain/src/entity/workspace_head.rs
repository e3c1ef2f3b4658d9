//! Heads of the event logs; written only by [`crate::store`] and the restore command.

use super::prelude::*;

/// The event log's counter: its row lock orders all changes of a workspace.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "workspace_head")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    pub head: Seq,
    /// Raised after a restore from a backup, so that every cursor handed out before is void.
    pub epoch: i64,
}

scoped!();
