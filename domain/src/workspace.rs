//! The workspace's own settings. Making a workspace is [`crate::store::create_workspace`].

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel, QuerySelect, sea_query::LockType};

use crate::{
    actor::Actor,
    entity::workspace,
    error::{Error, Result},
    event::{EntityType, EventKind, Seq},
    input,
    record::Noun,
    store::{Scope, Tx, must_be_version},
};

/// Most days in which a resolved interaction opens again: a year.
const MAX_REOPEN_DAYS: i32 = 365;

const WORKSPACE: Noun = Noun { name: "workspace", kind: EventKind::SettingsChanged, entity: EntityType::Workspace };

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceChange {
    /// Name for people.
    pub name: Option<String>,
    /// BCP 47.
    pub default_language: Option<String>,
    /// Days in which a new message opens a resolved interaction again; 0 to 365.
    pub reopen_days: Option<i32>,
}

/// The workspace as it is.
///
/// # Errors
/// `Storage`; `NotFound` when it was removed.
pub async fn get(scope: &impl Scope) -> Result<workspace::Model> {
    workspace::by_id(scope.workspace()).one(scope.conn()).await?.ok_or(Error::NotFound("workspace"))
}

/// Changes the workspace's settings.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` with the path of the field; `Conflict` on another version; `Storage`.
pub async fn update(tx: &mut Tx, actor: &Actor, change: WorkspaceChange, expected: Option<Seq>) -> Result<()> {
    actor.must_manage_workspace()?;
    let found = workspace::by_id(tx.workspace()).lock(LockType::NoKeyUpdate).one(tx.conn()).await?.ok_or(Error::NotFound("workspace"))?;
    must_be_version(found.version, expected)?;
    let mut row = found.into_active_model();
    if let Some(name) = &change.name {
        row.name = Set(input::name(name)?);
    }
    if let Some(language) = &change.default_language {
        row.default_language = Set(input::language("defaultLanguage", language)?);
    }
    if let Some(days) = change.reopen_days {
        if !(0..=MAX_REOPEN_DAYS).contains(&days) {
            return Err(Error::invalid("reopenDays", format!("0 to {MAX_REOPEN_DAYS}")));
        }
        row.reopen_days = Set(days);
    }
    row.update(tx.conn()).await?;
    let id = tx.workspace();
    WORKSPACE.changed(tx, actor, "update", id.uuid()).await
}
