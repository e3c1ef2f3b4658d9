//! Rows that several groups of subscribers show for the same events: loaded once for all of them.
//!
//! They are asked for after the events that tell of them are known, so they are never older than these. For events that are
//! read again later, by somebody who catches up, newer rows than they need are right as well.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_graphql::{
    dataloader::{DataLoader, HashMapCache},
    runtime::{TokioSpawner, TokioTimer},
};
use tokio::time::Instant;
use tributary_domain::{actor::Actor, event::Seq, ids::WorkspaceId, store::Store};

use super::loader::Asking;

/// Longest time that rows are kept: who catches up must not fill the memory.
const LONGEST: Duration = Duration::from_secs(2);

/// Loads rows that do not depend on who asks, each once.
pub type CommonRows = DataLoader<Asking, HashMapCache>;

/// For each workspace the rows that were shown last.
#[derive(Default)]
pub struct Latest(Mutex<HashMap<WorkspaceId, Kept>>);

struct Kept {
    /// None of the rows is older than this place in the log.
    since: Seq,
    made: Instant,
    rows: Arc<CommonRows>,
}

impl Latest {
    /// Rows for events up to a place in the log.
    pub fn up_to(&self, store: &Store, actor: &Arc<Actor>, seq: Seq) -> Arc<CommonRows> {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = all.get(&actor.workspace).filter(|kept| kept.since >= seq && now - kept.made < LONGEST) {
            return Arc::clone(&kept.rows);
        }
        all.retain(|_, kept| now - kept.made < LONGEST);
        let asking = Asking::new(store.clone(), Arc::clone(actor));
        let rows = Arc::new(DataLoader::with_cache(asking, TokioSpawner::current(), TokioTimer::default(), HashMapCache::default()));
        all.insert(actor.workspace, Kept { since: seq, made: now, rows: Arc::clone(&rows) });
        rows
    }
}
