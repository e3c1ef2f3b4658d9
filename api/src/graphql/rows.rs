//! Rows by id for one request: those that a list has brought along, and the loader for all others.
//!
//! What is brought along is only a shortcut: whatever is not there is loaded, in batches, so no field depends on what was
//! foreseen. Queries bring rows along and mutations do not, because what they have changed must be read after the change.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use async_graphql::{
    dataloader::{DataLoader, Loader},
    runtime::{TokioSpawner, TokioTimer},
};
use tributary_domain::{Error, actor::Actor, store::Store};

use super::{
    common::CommonRows,
    loader::{Asking, RowKey},
};

/// See the module.
pub struct Rows {
    /// By type of key, a [`Known`] of it.
    known: RwLock<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
    loader: DataLoader<Asking>,
    /// Where to ask for rows that are the same for whoever asks.
    common: Option<Arc<CommonRows>>,
}

/// By key, what is there; `None`: it is known that there is nothing.
type Known<K, V> = HashMap<K, Option<V>>;

impl Rows {
    /// Rows as this actor's workspace has them.
    #[must_use]
    pub fn new(store: Store, actor: Arc<Actor>) -> Self {
        let loader = DataLoader::new(Asking::new(store, actor), TokioSpawner::current(), TokioTimer::default());
        Self { known: RwLock::default(), loader, common: None }
    }

    /// The same, but what is the same for whoever asks is loaded together with others.
    #[must_use]
    pub fn with_common(self, common: Arc<CommonRows>) -> Self {
        Self { common: Some(common), ..self }
    }

    /// Keeps what was read already, for as long as the request takes.
    pub fn bring<K>(&self, rows: impl IntoIterator<Item = (K, Option<<Asking as Loader<K>>::Value>)>)
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Asking: Loader<K>,
    {
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(TypeId::of::<K>()).or_insert_with(|| Box::new(Known::<K, <Asking as Loader<K>>::Value>::new()));
        if let Some(known) = known.downcast_mut::<Known<K, <Asking as Loader<K>>::Value>>() {
            known.extend(rows);
        }
    }

    /// The row of a key.
    ///
    /// # Errors
    /// Storage, shared by all keys of the batch.
    pub async fn load_one<K>(&self, key: K) -> Result<Option<<Asking as Loader<K>>::Value>, Arc<Error>>
    where
        K: RowKey,
        Asking: Loader<K, Error = Arc<Error>>,
    {
        let known = find::<K>(&self.known(), &key);
        match known {
            Some(known) => Ok(known),
            None => self.load(key).await,
        }
    }

    /// As [`Rows::load_one`], for what is asked for once as a rule: what was brought along is handed over and not copied.
    ///
    /// # Errors
    /// As [`Rows::load_one`].
    pub async fn load_once<K>(&self, key: K) -> Result<Option<<Asking as Loader<K>>::Value>, Arc<Error>>
    where
        K: RowKey,
        Asking: Loader<K, Error = Arc<Error>>,
    {
        let known = {
            let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
            let known = all.get_mut(&TypeId::of::<K>()).and_then(|known| known.downcast_mut::<Known<K, <Asking as Loader<K>>::Value>>());
            known.and_then(|known| known.remove(&key))
        };
        match known {
            Some(known) => Ok(known),
            None => self.load(key).await,
        }
    }

    /// The rows of several keys.
    ///
    /// # Errors
    /// As [`Rows::load_one`].
    pub async fn load_many<K>(&self, keys: impl IntoIterator<Item = K>) -> Result<HashMap<K, <Asking as Loader<K>>::Value>, Arc<Error>>
    where
        K: RowKey,
        Asking: Loader<K, Error = Arc<Error>>,
    {
        let (mut found, mut missing) = (HashMap::new(), Vec::new());
        {
            let known = self.known();
            for key in keys {
                match find::<K>(&known, &key) {
                    Some(Some(row)) => drop(found.insert(key, row)),
                    Some(None) => {}
                    None => missing.push(key),
                }
            }
        }
        if !missing.is_empty() {
            found.extend(match &self.common {
                Some(common) if K::IS_COMMON => common.load_many(missing).await?,
                _ => self.loader.load_many(missing).await?,
            });
        }
        Ok(found)
    }

    async fn load<K>(&self, key: K) -> Result<Option<<Asking as Loader<K>>::Value>, Arc<Error>>
    where
        K: RowKey,
        Asking: Loader<K, Error = Arc<Error>>,
    {
        match &self.common {
            Some(common) if K::IS_COMMON => common.load_one(key).await,
            _ => self.loader.load_one(key).await,
        }
    }

    fn known(&self) -> RwLockReadGuard<'_, HashMap<TypeId, Box<dyn Any + Send + Sync>>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find<K>(all: &HashMap<TypeId, Box<dyn Any + Send + Sync>>, key: &K) -> Option<Option<<Asking as Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Asking: Loader<K>,
{
    all.get(&TypeId::of::<K>())?.downcast_ref::<Known<K, <Asking as Loader<K>>::Value>>()?.get(key).cloned()
}
