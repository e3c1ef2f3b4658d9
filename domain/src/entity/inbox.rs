//! Inboxes: which interactions an agent is shown.

use super::prelude::*;

/// A place where interactions appear.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InboxId,
    pub name: String,
    /// Who works here; `None`: everybody.
    pub team_id: Option<TeamId>,
    pub position: i32,
    pub version: Seq,
    pub created_at: DateTimeUtc,
}

scoped!(InboxId);
