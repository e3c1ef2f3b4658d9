//! Results of requests that carry a client's id, kept for 7 days.

use super::prelude::*;

/// What a create or send with a client's id led to; the same request again returns the first result.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    /// Compact form of [`ActorRef`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor: ActorRef,
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: String,
    pub operation: String,
    pub result_id: Uuid,
    pub at: DateTimeUtc,
}

scoped!();
