//! Saved views: a filter over interactions with a name.

use super::prelude::*;
use crate::inbox::{InteractionFilter, InteractionSort};

/// A saved filter over inboxes.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "view")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ViewId,
    /// `None`: over all inboxes.
    pub inbox_id: Option<InboxId>,
    /// `None`: shared with everybody.
    pub owner_id: Option<PersonId>,
    pub name: String,
    pub filter: Stored<InteractionFilter>,
    pub sort: InteractionSort,
    pub position: i32,
    pub version: Seq,
    pub created_at: DateTimeUtc,
}

scoped!(ViewId);
