//! Which interaction carries which tag.

use super::prelude::*;

/// One tag on one interaction.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "interaction_tag")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub interaction_id: InteractionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag_id: TagId,
}

scoped!();
