//! The audit trail.

use super::prelude::*;
use crate::event::EntityType;

/// One entry of the audit trail; never changed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditId,
    pub at: DateTimeUtc,
    pub actor: ActorRef,
    pub action: String,
    pub entity_type: EntityType,
    pub entity_id: Uuid,
    pub detail: Option<String>,
}

scoped!(AuditId);
