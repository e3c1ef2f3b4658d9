//! Finds the workspace of something that arrives without one. Not scoped, so it holds hashes and ids only.

use super::prelude::*;

/// Where something that only its bearer knows leads to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "directory")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: DirectoryKind,
    /// See [`crate::store::directory::key_hash`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_hash: String,
    pub workspace_id: WorkspaceId,
    /// The person, client, session or channel.
    pub target_id: Uuid,
    /// After this the entry counts as absent.
    pub expires_at: Option<DateTimeUtc>,
}

/// None: relations are not used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What kind of key an entry is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
pub enum DirectoryKind {
    /// Folded e-mail address of a person.
    Email,
    /// Token of an API client.
    ApiToken,
    /// Refresh token of a session.
    RefreshToken,
    /// Public token of a channel.
    ChannelToken,
    /// Issuer of an external identity.
    Issuer,
    /// Slug of a workspace.
    Slug,
}
