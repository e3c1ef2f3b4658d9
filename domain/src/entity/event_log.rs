//! The event log; written only by [`crate::event::log`].

use super::prelude::*;
use crate::event::{Audience, EntityType, EventKind, Patch};

/// One change, as everybody who follows the log sees it. On PostgreSQL the table is cut by `at` and its key ends with it; the
/// workspace and the number alone are unique there too.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "event_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: Seq,
    pub at: DateTimeUtc,
    pub kind: EventKind,
    pub entity_type: EntityType,
    pub entity_id: Uuid,
    /// `None`: the entity itself did not change.
    pub entity_version: Option<Seq>,
    pub interaction_id: Option<InteractionId>,
    pub audience: Audience,
    pub actor: ActorRef,
    pub patch: Option<Stored<Patch>>,
}

scoped!();
