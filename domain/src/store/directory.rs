//! From a key that only its bearer knows (or an address) to a workspace and what it means there.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, prelude::Uuid, sea_query::OnConflict};
use sha2::{Digest, Sha256};

use super::{Store, Tx};
use crate::{
    Error, Result,
    entity::directory::{ActiveModel, Column, Entity},
    ids::WorkspaceId,
};

pub use crate::entity::directory::DirectoryKind;

/// What a key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The person, client, session or channel there.
    pub target: Uuid,
}

/// Look-ups across workspaces.
pub struct Directory<'a> {
    store: &'a Store,
}

/// How a key is stored: SHA-256 over kind and key, in hexadecimal. Keys are random tokens or addresses to be folded by
/// the caller; passwords do not belong here.
#[must_use]
pub fn key_hash(kind: DirectoryKind, key: &str) -> String {
    use sea_orm::ActiveEnum;
    let mut hash = Sha256::new();
    hash.update(kind.to_value());
    hash.update([0]);
    hash.update(key);
    hex::encode(hash.finalize())
}

impl<'a> Directory<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self { store }
    }

    /// What `key` leads to, unless it has expired.
    ///
    /// # Errors
    /// Storage.
    pub async fn find(&self, kind: DirectoryKind, key: &str) -> Result<Option<Found>> {
        let now = self.store.0.clock.now();
        let row = Entity::find_by_id((kind, key_hash(kind, key)))
            .filter(Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(now)))
            .one(&self.store.0.reader)
            .await?;
        Ok(row.map(|row| Found { workspace: row.workspace_id, target: row.target_id }))
    }

    /// Forgets what has expired; returns how many entries. Harmless to run twice.
    ///
    /// # Errors
    /// Storage.
    pub async fn prune(&self) -> Result<u64> {
        let now = self.store.0.clock.now();
        Ok(Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(&self.store.0.writer).await?.rows_affected)
    }
}

/// Makes `key` lead to `target` in the transaction's workspace.
///
/// # Errors
/// [`Error::Conflict`] when the key already leads elsewhere, unless it has expired; otherwise storage.
pub async fn add(tx: &Tx, kind: DirectoryKind, key: &str, target: impl Into<Uuid>, expires_at: Option<DateTime<Utc>>) -> Result<()> {
    let key_hash = key_hash(kind, key);
    Entity::delete_many()
        .filter(Column::Kind.eq(kind))
        .filter(Column::KeyHash.eq(&key_hash))
        .filter(Column::ExpiresAt.lte(tx.now()))
        .exec(tx.conn())
        .await?;
    let row = ActiveModel {
        kind: Set(kind),
        key_hash: Set(key_hash),
        workspace_id: Set(tx.workspace()),
        target_id: Set(target.into()),
        expires_at: Set(expires_at),
    };
    let insert = Entity::insert(row).on_conflict(OnConflict::columns([Column::Kind, Column::KeyHash]).do_nothing().to_owned());
    match insert.exec_without_returning(tx.conn()).await? {
        1 => Ok(()),
        _ => Err(Error::Conflict("already in use".to_owned())),
    }
}

/// Makes `key` lead nowhere, if it led into the transaction's workspace.
///
/// # Errors
/// Storage.
pub async fn remove(tx: &Tx, kind: DirectoryKind, key: &str) -> Result<()> {
    Entity::delete_many()
        .filter(Column::Kind.eq(kind))
        .filter(Column::KeyHash.eq(key_hash(kind, key)))
        .filter(Column::WorkspaceId.eq(tx.workspace()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Makes every key of `target` lead nowhere.
///
/// # Errors
/// Storage.
pub async fn remove_target(tx: &Tx, kind: DirectoryKind, target: impl Into<Uuid>) -> Result<()> {
    Entity::delete_many()
        .filter(Column::WorkspaceId.eq(tx.workspace()))
        .filter(Column::TargetId.eq(target.into()))
        .filter(Column::Kind.eq(kind))
        .exec(tx.conn())
        .await?;
    Ok(())
}
