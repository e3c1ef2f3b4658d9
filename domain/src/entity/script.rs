//! Scripts: the steps that run when an interaction opens.

use super::prelude::*;
use crate::script::ScriptStep;

/// An ordered list of steps that runs when an interaction starts.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "script")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScriptId,
    pub name: String,
    pub steps: Stored<Vec<ScriptStep>>,
    pub version: Seq,
    pub created_at: DateTimeUtc,
}

scoped!(ScriptId);
