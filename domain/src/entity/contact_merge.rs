//! Merges of contacts.

use super::prelude::*;

/// One merge of two contacts; `moved` says what has to be moved back to undo it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_merge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MergeId,
    pub winner_id: ContactId,
    pub loser_id: ContactId,
    pub moved: Json,
    pub actor: ActorRef,
    pub created_at: DateTimeUtc,
    pub undone_at: Option<DateTimeUtc>,
}

scoped!(MergeId);
