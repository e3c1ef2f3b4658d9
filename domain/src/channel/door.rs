//! The way in for requests of platforms: those that come at the same time for one workspace are stored by one transaction.
//!
//! Nobody waits for company: the first request is stored at once, and what comes while it is being stored is stored together
//! afterwards. Each is answered when it is committed itself. A task for each workspace with requests under way; it ends with
//! the last of them.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::DbErr;
use tokio::sync::oneshot;

use super::raw::{NewRaw, StoredRaw, store_raws};
use crate::{
    error::{Error, ErrorCode, Result},
    ids::{ChannelId, WorkspaceId},
    store::Store,
};

/// Most requests of one transaction.
const MAX_BATCH: usize = 100;
/// Bytes of bodies after which a transaction takes no further request.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Most requests of one workspace that wait; more are sent away.
const MAX_WAITING: usize = 2_000;

/// Stores requests, together where they come together. Cheap to clone.
#[derive(Clone)]
pub struct RawDoor(Arc<Inner>);

struct Inner {
    store: Store,
    /// Of each workspace that is being served those that wait.
    lines: Mutex<HashMap<WorkspaceId, VecDeque<Waiting>>>,
}

struct Waiting {
    raw: (ChannelId, NewRaw),
    answer: oneshot::Sender<Answer>,
}

/// An error is that of all that were stored together.
type Answer = Result<StoredRaw, Arc<Error>>;

impl std::fmt::Debug for RawDoor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawDoor").finish_non_exhaustive()
    }
}

impl RawDoor {
    /// A door to this database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Inner { store, lines: Mutex::default() }))
    }

    /// Stores a request; returns when it is committed. Whoever stops waiting does not take it back.
    ///
    /// # Errors
    /// `RateLimited` when too many wait; `Storage`. It may have been stored only where the connection broke during the commit.
    pub async fn store(&self, workspace: WorkspaceId, channel: ChannelId, raw: NewRaw) -> Answer {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { raw: (channel, raw), answer };
        let is_served = match self.0.lines().entry(workspace) {
            Entry::Occupied(line) if line.get().len() >= MAX_WAITING => {
                return Err(Arc::new(Error::RateLimited { retry_after: Duration::from_secs(1) }));
            }
            Entry::Occupied(mut line) => {
                line.get_mut().push_back(waiting);
                true
            }
            Entry::Vacant(line) => {
                line.insert(VecDeque::from([waiting]));
                false
            }
        };
        if !is_served {
            // A task, because whoever came first may leave while others wait.
            let inner = self.0.clone();
            tokio::spawn(async move { Serving { inner, workspace }.run().await });
        }
        answered.await.unwrap_or_else(|_| Err(Arc::new(Error::Storage(DbErr::Custom("the request was not stored".to_owned())))))
    }
}

impl Inner {
    fn lines(&self) -> MutexGuard<'_, HashMap<WorkspaceId, VecDeque<Waiting>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn store(&self, workspace: WorkspaceId, raws: Vec<(ChannelId, NewRaw)>) -> Vec<Answer> {
        let count = raws.len();
        let raws = Arc::new(raws);
        let error = match self.together(workspace, raws.clone()).await {
            Ok(stored) => return stored.into_iter().map(Ok).collect(),
            Err(error) if count == 1 || error.code() == ErrorCode::Unavailable => Arc::new(error),
            // One of them is refused. Which one is seen when each comes alone.
            Err(_) => {
                let mut answers = Vec::with_capacity(count);
                for raw in raws.iter() {
                    let alone = self.together(workspace, Arc::new(vec![raw.clone()])).await;
                    let stored = alone.and_then(|mut stored| stored.pop().ok_or(Error::NotFound("raw inbound request")));
                    answers.push(stored.map_err(Arc::new));
                }
                return answers;
            }
        };
        (0..count).map(|_| Err(error.clone())).collect()
    }

    async fn together(&self, workspace: WorkspaceId, raws: Arc<Vec<(ChannelId, NewRaw)>>) -> Result<Vec<StoredRaw>> {
        let stored = self.store.transact(workspace, move |tx| {
            let raws = raws.clone();
            Box::pin(async move { store_raws(tx, &raws).await })
        });
        stored.await.map(|(stored, _)| stored)
    }
}

/// Whoever serves the line of a workspace; when it goes, for whatever reason, the next request begins a new one.
struct Serving {
    inner: Arc<Inner>,
    workspace: WorkspaceId,
}

impl Serving {
    async fn run(self) {
        while let Some(batch) = self.next() {
            let (raws, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|one| (one.raw, one.answer)).unzip();
            for (answer, stored) in answers.into_iter().zip(self.inner.store(self.workspace, raws).await) {
                // Whoever has left is not told.
                let _ = answer.send(stored);
            }
        }
    }

    /// Those that are next; `None`, and the line is gone, when nobody waits.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut lines = self.inner.lines();
        let line = lines.get_mut(&self.workspace)?;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < MAX_BATCH
            && bytes < BATCH_BYTES
            && let Some(one) = line.pop_front()
        {
            bytes += one.raw.1.body.len();
            batch.push(one);
        }
        if batch.is_empty() {
            lines.remove(&self.workspace);
            return None;
        }
        Some(batch)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Those that wait are told so by the loss of their channel. After an orderly end there is no line, or that of another.
        if std::thread::panicking() {
            self.inner.lines().remove(&self.workspace);
        }
    }
}
