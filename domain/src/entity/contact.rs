//! Contacts: the people who write to us.

use std::collections::BTreeMap;

use super::prelude::*;

/// A person who writes to us.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactId,
    pub name: String,
    pub name_folded: String,
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    pub avatar_url: Option<String>,
    /// Further facts, by name.
    pub fields: Stored<BTreeMap<String, String>>,
    pub notes: Option<String>,
    /// The contact that this one was merged into; it is then shown nowhere else.
    pub merged_into: Option<ContactId>,
    pub is_blocked: bool,
    pub version: Seq,
    pub created_at: DateTimeUtc,
}

scoped!(ContactId);
