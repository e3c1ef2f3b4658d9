//! API clients and bots.

pub use super::person::Role;
use super::prelude::*;
use crate::actor::Scope;

/// A program that uses the API with a token.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_client")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiClientId,
    pub name: String,
    pub kind: ApiClientKind,
    /// Names of what the token may be used for.
    pub scopes: Stored<Vec<Scope>>,
    pub token_hash: String,
    pub role: Role,
    pub created_by: Option<PersonId>,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    pub last_used_at: Option<DateTimeUtc>,
    pub version: Seq,
    pub created_at: DateTimeUtc,
}

scoped!(ApiClientId);

/// What kind of program it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApiClientKind {
    /// An integration.
    Client,
    /// It writes to contacts.
    Bot,
}
