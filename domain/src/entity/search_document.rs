//! Documents of the full-text search, see [`crate::store::search`].

use super::prelude::*;
use crate::event::EntityType;

/// The searchable text of one thing. The database keeps the index on it by itself.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "search_document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub entity_type: EntityType,
    #[sea_orm(primary_key, auto_increment = false)]
    pub entity_id: Uuid,
    pub interaction_id: Option<InteractionId>,
    pub text: String,
    pub at: DateTimeUtc,
}

scoped!();
