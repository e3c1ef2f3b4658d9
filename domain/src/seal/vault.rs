//! Data keys of workspaces: made on first use, kept in memory, re-wrapped on rotation.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use secrecy::SecretString;
use uuid::{Builder, Uuid};

use super::{DataKey, MasterKeys, Place, Sealed};
use crate::{
    Error, Result,
    entity::{Stored, channel, data_key},
    ids::{ChannelId, DataKeyId, WorkspaceId},
    random,
    store::{Scope, Tx},
};

/// Seals and opens the secrets of channels.
pub struct Vault {
    ring: MasterKeys,
    opened: RwLock<HashMap<(WorkspaceId, DataKeyId), Arc<DataKey>>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("ring", &self.ring).finish_non_exhaustive()
    }
}

impl Vault {
    /// A vault over a ring of master keys.
    #[must_use]
    pub fn new(ring: MasterKeys) -> Self {
        Self { ring, opened: RwLock::default() }
    }

    /// Seals the secrets of a channel with the workspace's newest data key; makes one if there is none.
    ///
    /// # Errors
    /// [`Error::Sealed`] when the master key of the data key is missing, otherwise storage.
    pub async fn seal(&self, tx: &Tx, channel: ChannelId, secrets: &BTreeMap<String, SecretString>) -> Result<BTreeMap<String, Sealed>> {
        let key = match newest(tx).await? {
            Some(row) => self.opened(row)?,
            None => self.add_data_key(tx).await?,
        };
        let place = |field| Place { workspace: tx.workspace(), channel, field };
        Ok(secrets.iter().map(|(field, secret)| (field.clone(), key.seal(place(field), secret))).collect())
    }

    /// Opens the secrets of a channel.
    ///
    /// # Errors
    /// [`Error::Sealed`] when one was tampered with or its key is missing, otherwise storage.
    pub async fn open(
        &self,
        scope: &impl Scope,
        channel: ChannelId,
        sealed: &BTreeMap<String, Sealed>,
    ) -> Result<BTreeMap<String, SecretString>> {
        let mut opened = BTreeMap::new();
        for (field, value) in sealed {
            let key = self.data_key(scope, value.key_id).await?;
            opened.insert(field.clone(), key.open(Place { workspace: scope.workspace(), channel, field }, value)?);
        }
        Ok(opened)
    }

    /// Wraps every data key of the workspace that is not yet under the current master key; returns how many. After this
    /// has run for all workspaces, the old master key can go. Harmless to run twice.
    ///
    /// # Errors
    /// [`Error::Sealed`] when a master key is missing, otherwise storage.
    pub async fn rewrap(&self, tx: &Tx) -> Result<usize> {
        let old =
            data_key::in_workspace(tx.workspace()).filter(data_key::Column::MasterKeyId.ne(self.ring.current())).all(tx.conn()).await?;
        for row in &old {
            let key = self.ring.unwrap_row(row)?;
            data_key::updates(tx.workspace())
                .filter(data_key::Column::Id.eq(row.id))
                .set(data_key::ActiveModel {
                    master_key_id: Set(self.ring.current().to_owned()),
                    wrapped: Set(self.ring.wrap(tx.workspace(), &key)),
                    ..Default::default()
                })
                .exec(tx.conn())
                .await?;
        }
        Ok(old.len())
    }

    /// Adds a data key that seals from now on. Values sealed before still open; [`Vault::reseal`] moves them.
    ///
    /// # Errors
    /// Storage.
    pub async fn add_data_key(&self, tx: &Tx) -> Result<Arc<DataKey>> {
        let millis = u64::try_from(tx.now().timestamp_millis()).unwrap_or_default();
        let id: Uuid = Builder::from_unix_timestamp_millis(millis, &random::bytes()).into_uuid();
        let key = DataKey::generate(DataKeyId::from(id));
        let row = data_key::ActiveModel {
            workspace_id: Set(tx.workspace()),
            id: Set(key.id),
            master_key_id: Set(self.ring.current().to_owned()),
            wrapped: Set(self.ring.wrap(tx.workspace(), &key)),
            created_at: Set(tx.now()),
        };
        data_key::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        // Not remembered yet: the transaction may still be undone.
        Ok(Arc::new(key))
    }

    /// Seals a channel's secrets again with the newest data key; false when they already were. Harmless to run twice.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the channel is gone, [`Error::Sealed`], otherwise storage.
    pub async fn reseal(&self, tx: &Tx, id: ChannelId) -> Result<bool> {
        let row = channel::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("channel"))?;
        let newest = newest(tx).await?.map(|key| key.id);
        if row.sealed.values().all(|sealed| Some(sealed.key_id) == newest) {
            return Ok(false);
        }
        let secrets = self.open(tx, id, &row.sealed).await?;
        let sealed = self.seal(tx, id, &secrets).await?;
        channel::updates(tx.workspace())
            .filter(channel::Column::Id.eq(id))
            .set(channel::ActiveModel { sealed: Set(Stored(sealed)), ..Default::default() })
            .exec(tx.conn())
            .await?;
        Ok(true)
    }

    async fn data_key(&self, scope: &impl Scope, id: DataKeyId) -> Result<Arc<DataKey>> {
        let known = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(&(scope.workspace(), id)).cloned();
        if let Some(key) = known {
            return Ok(key);
        }
        let row = data_key::by_id(scope.workspace(), id).one(scope.conn()).await?.ok_or(Error::Sealed)?;
        self.opened(row)
    }

    fn opened(&self, row: data_key::Model) -> Result<Arc<DataKey>> {
        let key = Arc::new(self.ring.unwrap_row(&row)?);
        self.opened.write().unwrap_or_else(PoisonError::into_inner).insert((row.workspace_id, row.id), key.clone());
        Ok(key)
    }
}

async fn newest(scope: &impl Scope) -> Result<Option<data_key::Model>> {
    let keys = data_key::in_workspace(scope.workspace()).order_by_desc(data_key::Column::CreatedAt).order_by_desc(data_key::Column::Id);
    Ok(keys.one(scope.conn()).await?)
}
