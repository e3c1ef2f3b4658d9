//! Data keys, see [`crate::seal`].

use super::prelude::*;

/// The key that seals a workspace's secrets, itself wrapped by a master key. The newest one seals; the others still open.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "data_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DataKeyId,
    pub master_key_id: String,
    /// Nonce and ciphertext.
    pub wrapped: Vec<u8>,
    pub created_at: DateTimeUtc,
}

scoped!(DataKeyId);
