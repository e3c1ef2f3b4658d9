//! What all loops of the worker share.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
};
use tributary_domain::{Result, entity::channel, ids::ChannelId, outbound::OpenChannel, seal::Vault, spec::ChannelSpec, store::Store};

use super::breaker::Breaker;
use crate::{
    channel::{Channel, Cx},
    registry::Registry,
};

/// How often and how long.
#[derive(Debug, Clone)]
pub struct Timing {
    /// How long a claim holds without a sign of life.
    pub lease: Duration,
    /// How often a holder gives one.
    pub heartbeat: Duration,
    /// How often due work is looked for without being woken.
    pub poll: Duration,
    /// How long a class B send waits for its echo.
    pub echo_wait: Duration,
    /// Most lanes that this process works on at once.
    pub lanes: usize,
    /// Largest file that is taken in.
    pub max_file_bytes: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            heartbeat: Duration::from_secs(5),
            poll: Duration::from_millis(500),
            echo_wait: Duration::from_mins(2),
            lanes: 32,
            max_file_bytes: 50 * 1024 * 1024,
        }
    }
}

/// Wakes the loops of this process when there is something new for them.
#[derive(Debug, Default)]
pub struct Wakes {
    /// A raw request was stored.
    pub ingest: Notify,
    /// Something was queued for sending.
    pub dispatch: Notify,
    /// A channel was set up or changed.
    pub listen: Notify,
    /// A file waits to be fetched.
    pub fetch: Notify,
}

/// The worker of this process.
pub struct Worker {
    /// The database.
    pub store: Store,
    /// The adapters.
    pub registry: Registry,
    /// Time, HTTP and files for adapters.
    pub cx: Cx,
    /// Opens sealed settings.
    pub vault: Arc<Vault>,
    /// How often and how long.
    pub timing: Timing,
    /// Name of this process in leases.
    pub owner: String,
    /// Wakes for the loops.
    pub wakes: Arc<Wakes>,
    pub(super) lanes: Arc<Semaphore>,
    /// The lanes being worked on.
    pub(super) tasks: Mutex<JoinSet<()>>,
    accounts: Mutex<HashMap<ChannelId, Arc<Account>>>,
}

/// What this process remembers of one channel's account.
pub(super) struct Account {
    pub breaker: Mutex<Breaker>,
    pub bucket: DefaultDirectRateLimiter,
}

impl Worker {
    /// A worker over a store. `owner` must differ between processes.
    #[must_use]
    pub fn new(store: Store, registry: Registry, cx: Cx, vault: Arc<Vault>, timing: Timing, owner: String, wakes: Arc<Wakes>) -> Self {
        let lanes = Arc::new(Semaphore::new(timing.lanes));
        Self { store, registry, cx, vault, timing, owner, wakes, lanes, tasks: Mutex::default(), accounts: Mutex::default() }
    }

    /// The adapter of a channel and the channel opened for it; `None` while there is no adapter.
    ///
    /// # Errors
    /// `Sealed` when a secret cannot be opened; `Storage`.
    pub async fn open(&self, channel: &channel::Model) -> Result<Option<(Arc<dyn Channel>, OpenChannel)>> {
        let Some(adapter) = self.registry.get(channel.kind) else { return Ok(None) };
        let read = self.store.read(channel.workspace_id).await?;
        let open = tributary_domain::channel::open(&read, &self.vault, channel).await?;
        Ok(Some((adapter.clone(), open)))
    }

    /// What this process remembers of a channel's account.
    pub(super) fn account(&self, id: ChannelId, spec: &ChannelSpec) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || {
            let per_second = NonZeroU32::new(spec.per_second).unwrap_or(NonZeroU32::MIN);
            Arc::new(Account { breaker: Mutex::default(), bucket: RateLimiter::direct(Quota::per_second(per_second)) })
        };
        accounts.entry(id).or_insert_with(fresh).clone()
    }
}
