//! Following logs: one tailer per workspace that has followers, per node.
//!
//! A tailer reads each event from the database once and keeps the newest in a ring, from which any number of followers
//! are served; who is further behind reads the log itself. A follower is a place in the log and no queue, so a slow one
//! costs nothing. Wake-ups come from the bus; the fallback poll is slow while the bus reaches everyone and fast while it
//! does not, and a bus that comes back wakes at once. A tailer starts with its first follower and stops with its last.

mod run;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Event, Position, Seq, log};
use crate::{Error, Result, ids::WorkspaceId, store::Store};

/// Events kept for followers that are nearly at the head.
const RING: usize = 4096;

/// How often a tailer looks without being woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollIntervals {
    /// While the bus reaches everyone who writes.
    pub reached: Duration,
    /// While it does not.
    pub unreached: Duration,
}

impl Default for PollIntervals {
    fn default() -> Self {
        Self { reached: Duration::from_secs(5), unreached: Duration::from_millis(250) }
    }
}

/// The tailers of this node. Clones are the same.
#[derive(Clone)]
pub struct Tailers(Arc<Shared>);

struct Shared {
    store: Store,
    polls: PollIntervals,
    running: Mutex<HashMap<WorkspaceId, Weak<Tailer>>>,
}

/// One workspace's log, as far as this node knows it.
struct Tailer {
    store: Store,
    workspace: WorkspaceId,
    ring: Mutex<Ring>,
    state: watch::Sender<TailState>,
    _stop: DropGuard,
}

/// Where a tailer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TailState {
    /// The newest event known.
    pub position: Position,
    /// The database does not answer: there may be more.
    pub is_stale: bool,
    /// How often the log turned out to be another one than before (a restore).
    restarts: u64,
}

/// The newest events without a gap; `start` is the place before the first of them.
struct Ring {
    start: Seq,
    events: VecDeque<Arc<Event>>,
}

/// One follower of a workspace's log.
pub struct Tail {
    tailer: Arc<Tailer>,
    state: watch::Receiver<TailState>,
    position: Position,
    restarts: u64,
}

impl Tailers {
    /// Tailers over a store, woken by its bus.
    #[must_use]
    pub fn new(store: Store, polls: PollIntervals) -> Self {
        Self(Arc::new(Shared { store, polls, running: Mutex::default() }))
    }

    /// Follows a workspace's log from `after` on, or from now on.
    ///
    /// # Errors
    /// [`Error::StreamReset`] when the log no longer continues from there, otherwise storage.
    pub async fn follow(&self, workspace: WorkspaceId, after: Option<Position>) -> Result<Tail> {
        let read = self.0.store.read(workspace).await?;
        let head = log::head(&read).await?;
        let position = match after {
            Some(position) => {
                log::check(&read, position).await?;
                position
            }
            None => head,
        };
        drop(read);
        let tailer = self.tailer(workspace, head);
        let state = tailer.state.subscribe();
        let seen = *state.borrow();
        // The tailer may not have noticed yet that the log is another one: then this follower is one restart ahead.
        let restarts = if seen.position.epoch == head.epoch { seen.restarts } else { seen.restarts + 1 };
        Ok(Tail { tailer, state, position, restarts })
    }

    /// Number of tailers that run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.lock().values().filter(|tailer| tailer.strong_count() > 0).count()
    }

    fn tailer(&self, workspace: WorkspaceId, head: Position) -> Arc<Tailer> {
        let mut running = self.lock();
        if let Some(tailer) = running.get(&workspace).and_then(Weak::upgrade) {
            return tailer;
        }
        running.retain(|_, tailer| tailer.strong_count() > 0);
        let stop = CancellationToken::new();
        let tailer = Arc::new(Tailer {
            store: self.0.store.clone(),
            workspace,
            ring: Mutex::new(Ring { start: head.seq, events: VecDeque::new() }),
            state: watch::Sender::new(TailState { position: head, is_stale: false, restarts: 0 }),
            _stop: stop.clone().drop_guard(),
        });
        running.insert(workspace, Arc::downgrade(&tailer));
        tokio::spawn(stop.run_until_cancelled_owned(run::tail(Arc::downgrade(&tailer), self.0.store.clone(), workspace, self.0.polls)));
        tailer
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<WorkspaceId, Weak<Tailer>>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    /// The place up to which this follower has been served.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Where the tailer stands; for showing that the view may be stale.
    #[must_use]
    pub fn state(&self) -> TailState {
        *self.state.borrow()
    }

    /// The next events, at least one and at most `limit`; waits until there are some. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`Error::StreamReset`] when the log no longer continues (a restore, or this follower slept past the retention);
    /// storage, after which it may be called again.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<Arc<Event>>> {
        let (position, restarts) = (self.position, self.restarts);
        let state = self
            .state
            .wait_for(|state| state.restarts > restarts || (state.restarts == restarts && state.position.seq > position.seq))
            .await
            .map(|state| *state)
            .expect("the tailer, and with it the sender, lives as long as this follower");
        if state.restarts != restarts {
            return Err(Error::StreamReset);
        }
        let events = match self.tailer.recent(position.seq, limit) {
            Some(events) => events,
            None => self.tailer.read(position, limit).await?,
        };
        let last = events.last().ok_or(Error::StreamReset)?;
        self.position.seq = last.seq;
        Ok(events)
    }

    /// Tells of every change of the tailer's state.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<TailState> {
        self.state.clone()
    }
}

impl Tailer {
    /// Events after a place out of the ring; `None` when the place lies before it.
    fn recent(&self, after: Seq, limit: usize) -> Option<Vec<Arc<Event>>> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = usize::try_from(after.0.checked_sub(ring.start.0)?).ok()?;
        Some(ring.events.iter().skip(skip).take(limit).cloned().collect())
    }

    /// Events after a place out of the log.
    async fn read(&self, position: Position, limit: usize) -> Result<Vec<Arc<Event>>> {
        let read = self.store.read(self.workspace).await?;
        let events = log::after(&read, position.seq, limit as u64).await?;
        // What was deleted in the meantime must not be passed over in silence.
        if events.first().is_some_and(|event| event.seq != position.seq.next()) {
            return Err(Error::StreamReset);
        }
        Ok(events.into_iter().map(Arc::new).collect())
    }

    /// Adds events that follow directly on what the ring has.
    fn push(&self, events: Vec<Event>) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.events.extend(events.into_iter().map(Arc::new));
        let surplus = ring.events.len().saturating_sub(RING);
        if surplus > 0 {
            ring.events.drain(..surplus);
            ring.start.0 += i64::try_from(surplus).expect("a ring fits into memory");
        }
    }

    /// Starts over at a place: the log before it is no longer the one we know.
    fn restart(&self, at: Seq) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        *ring = Ring { start: at, events: VecDeque::new() };
    }
}
