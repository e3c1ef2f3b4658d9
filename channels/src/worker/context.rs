//! What all loops of the worker share.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};
use tributary_domain::{
    Result,
    entity::channel,
    ids::{ChannelId, InteractionId},
    outbound::OpenChannel,
    seal::Vault,
    spec::ChannelSpec,
    store::{Scope, Store},
};

use super::{breaker::Breaker, loops::Loops, wakes::Wakes};
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
    /// Most of them that belong to one channel: a slow platform leaves places to the others.
    pub lanes_per_channel: usize,
    /// Most channels whose stored requests this process works on at once.
    pub ingests: usize,
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
            lanes: 64,
            lanes_per_channel: 16,
            ingests: 8,
            max_file_bytes: 50 * 1024 * 1024,
        }
    }
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
    /// How its loops are doing.
    pub loops: Loops,
    pub(super) lanes: Arc<Semaphore>,
    /// The lanes being worked on.
    pub(super) tasks: Mutex<JoinSet<()>>,
    /// The channels whose stored requests are being worked on.
    pub(super) ingesting: Mutex<HashSet<ChannelId>>,
    /// When a platform was told last that somebody writes.
    pub(super) typing: Mutex<HashMap<InteractionId, Instant>>,
    accounts: Mutex<HashMap<ChannelId, Arc<Account>>>,
}

/// What this process remembers of one channel's account.
pub(super) struct Account {
    pub breaker: Mutex<Breaker>,
    /// One for each of its lanes that may be worked on.
    pub places: Arc<Semaphore>,
    bucket: OnceLock<DefaultDirectRateLimiter>,
}

impl Account {
    /// How many calls it takes.
    pub(super) fn bucket(&self, spec: &ChannelSpec) -> &DefaultDirectRateLimiter {
        self.bucket.get_or_init(|| {
            let per_second = NonZeroU32::new(spec.per_second).unwrap_or(NonZeroU32::MIN);
            RateLimiter::direct(Quota::per_second(per_second))
        })
    }
}

impl Worker {
    /// A worker over a store. `owner` must differ between processes.
    #[must_use]
    pub fn new(store: Store, registry: Registry, cx: Cx, vault: Arc<Vault>, timing: Timing, owner: String, wakes: Arc<Wakes>) -> Self {
        let lanes = Arc::new(Semaphore::new(timing.lanes));
        Self {
            store,
            registry,
            cx,
            vault,
            timing,
            owner,
            wakes,
            loops: Loops::default(),
            lanes,
            tasks: Mutex::default(),
            ingesting: Mutex::default(),
            typing: Mutex::default(),
            accounts: Mutex::default(),
        }
    }

    /// The adapter of a channel and the channel opened for it; `None` while there is no adapter.
    ///
    /// # Errors
    /// `Sealed` when a secret cannot be opened; `Storage`.
    pub async fn open(&self, channel: &channel::Model) -> Result<Option<(Arc<dyn Channel>, OpenChannel)>> {
        self.open_in(&self.store.read(channel.workspace_id).await?, channel).await
    }

    /// As [`Self::open`], within a transaction that is open anyway.
    ///
    /// # Errors
    /// `Sealed` when a secret cannot be opened; `Storage`.
    pub async fn open_in(&self, scope: &impl Scope, channel: &channel::Model) -> Result<Option<(Arc<dyn Channel>, OpenChannel)>> {
        let Some(adapter) = self.registry.get(channel.kind) else { return Ok(None) };
        let open = tributary_domain::channel::open(scope, &self.vault, channel).await?;
        Ok(Some((adapter.clone(), open)))
    }

    /// What this process remembers of a channel's account.
    pub(super) fn account(&self, id: ChannelId) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let places = || Arc::new(Semaphore::new(self.timing.lanes_per_channel));
        let fresh = || Arc::new(Account { breaker: Mutex::default(), places: places(), bucket: OnceLock::new() });
        accounts.entry(id).or_insert_with(fresh).clone()
    }
}
