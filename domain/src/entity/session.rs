//! Sessions of people who signed in, with their refresh tokens.

use super::prelude::*;

/// A signed-in browser. `previous_hash` is the token before the last rotation: seeing it again means theft.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub person_id: PersonId,
    pub refresh_hash: String,
    pub previous_hash: Option<String>,
    pub rotated_at: Option<DateTimeUtc>,
    pub expires_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
    pub user_agent: Option<String>,
    pub created_at: DateTimeUtc,
}

scoped!(SessionId);
