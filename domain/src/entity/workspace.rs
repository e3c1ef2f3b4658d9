//! Workspaces. Not scoped: this is where scopes come from.

use super::prelude::*;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspace")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkspaceId,
    pub name: String,
    /// In addresses; unique over all workspaces.
    pub slug: String,
    /// BCP 47.
    pub default_language: String,
    /// Days after resolving in which a new message opens the same interaction again.
    pub reopen_days: i32,
    pub version: Seq,
    pub created_at: DateTimeUtc,
}

/// None: relations are not used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Every workspace of the server, for workers that serve all of them.
#[must_use]
pub fn all() -> Select<Entity> {
    Entity::find()
}

/// The workspace itself.
#[must_use]
pub fn by_id(workspace: WorkspaceId) -> Select<Entity> {
    Entity::find_by_id(workspace)
}
