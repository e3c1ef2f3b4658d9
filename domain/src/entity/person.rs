//! People who work here.

use super::prelude::*;

/// An agent, supervisor or admin.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PersonId,
    pub email: String,
    pub email_folded: String,
    pub name: String,
    pub role: Role,
    /// Argon2 in PHC form; `None`: signs in elsewhere.
    pub password_hash: Option<String>,
    pub is_active: bool,
    /// BCP 47.
    pub language: String,
    pub version: Seq,
    pub created_at: DateTimeUtc,
}

scoped!(PersonId);

/// What a person may do, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Answers.
    Agent,
    /// Sees and moves everything.
    Supervisor,
    /// Sets everything up.
    Admin,
}
