//! Which interactions hold the same message as an interaction of another channel.

use super::prelude::*;

/// One direction of a relation; the other one is a row of its own.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "interaction_relation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub interaction_id: InteractionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub related_id: InteractionId,
}

scoped!();
