//! Following logs: one tailer per workspace that has followers, per node.
//!
//! A tailer reads each event from the database once and keeps the newest in a ring, from which any number of followers
//! are served; who is further behind reads the log itself. A follower is a place in the log and no queue, so a slow one
//! costs nothing. Wake-ups come from the bus; the fallback poll is slow while the bus reaches everyone and fast while it
//! does not, and a bus that comes back wakes at once. A tailer starts with its first follower and stops with its last.
//!
//! A follower that says what concerns it ([`Tail::only`]) sleeps through the rest: what a busy inbox costs does not grow with
//! the followers of other ones.

mod run;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::{Notify, watch};
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
    sleepers: HashMap<u64, Sleeper>,
    /// Sleepers that there have been.
    slept: u64,
}

/// Whether an event concerns a follower.
pub type Interest = Arc<dyn Fn(&Event) -> bool + Send + Sync>;

/// A follower that is woken only for what concerns it.
struct Sleeper {
    interest: Interest,
    /// Nothing between where it was served last and here concerns it.
    clear: Seq,
    wake: Arc<Notify>,
}

/// One follower of a workspace's log.
pub struct Tail {
    tailer: Arc<Tailer>,
    state: watch::Receiver<TailState>,
    position: Position,
    restarts: u64,
    /// Its number among those who sleep, and what wakes it.
    sleeper: Option<(u64, Arc<Notify>)>,
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
        Ok(Tail { tailer, state, position, restarts, sleeper: None })
    }

    /// Whether this node has seen the log of a workspace come to a place, so that a cursor of it need not be looked up.
    #[must_use]
    pub fn has_seen(&self, workspace: WorkspaceId, position: Position) -> bool {
        let tailer = self.lock().get(&workspace).and_then(Weak::upgrade);
        tailer.is_some_and(|tailer| {
            let seen = tailer.state.borrow().position;
            seen.epoch == position.epoch && tailer.ring().start <= position.seq && position.seq <= seen.seq
        })
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
            ring: Mutex::new(Ring { start: head.seq, events: VecDeque::new(), sleepers: HashMap::new(), slept: 0 }),
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
    /// The place up to which this follower has been served, or nothing has concerned it.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { seq: self.passed(), ..self.position }
    }

    /// From now on it is woken only for what concerns it. It still gets everything else that comes with it.
    pub fn only(&mut self, interest: Interest) {
        let mut ring = self.tailer.ring();
        let (number, wake) = (ring.slept, Arc::new(Notify::new()));
        ring.slept += 1;
        ring.sleepers.insert(number, Sleeper { interest, clear: self.position.seq, wake: Arc::clone(&wake) });
        drop(ring);
        self.sleeper = Some((number, wake));
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
        if self.wait().await.restarts != self.restarts {
            return Err(Error::StreamReset);
        }
        let events = match self.tailer.recent(self.position.seq, limit) {
            Some(events) => events,
            None => self.tailer.read(self.position, limit).await?,
        };
        let last = events.last().ok_or(Error::StreamReset)?;
        self.position.seq = last.seq;
        if let Some((number, _)) = self.sleeper
            && let Some(sleeper) = self.tailer.ring().sleepers.get_mut(&number)
        {
            sleeper.clear = sleeper.clear.max(last.seq);
        }
        Ok(events)
    }

    /// Until there is something for this follower, or the log is another one.
    async fn wait(&mut self) -> TailState {
        let restarts = self.restarts;
        let is_there =
            |state: &TailState, position: Seq| state.restarts > restarts || state.restarts == restarts && state.position.seq > position;
        let Some((_, wake)) = self.sleeper.clone() else {
            let position = self.position.seq;
            let state = self.state.wait_for(|state| is_there(state, position)).await;
            return *state.expect("the tailer, and with it the sender, lives as long as this follower");
        };
        loop {
            let state = *self.state.borrow();
            if state.restarts == restarts {
                self.position.seq = self.passed();
            }
            if is_there(&state, self.position.seq) {
                return state;
            }
            wake.notified().await;
        }
    }

    fn passed(&self) -> Seq {
        let Some((number, _)) = self.sleeper else { return self.position.seq };
        self.tailer.ring().sleepers.get(&number).map_or(self.position.seq, |sleeper| sleeper.clear.max(self.position.seq))
    }

    /// Tells of every change of the tailer's state.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<TailState> {
        self.state.clone()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        if let Some((number, _)) = self.sleeper {
            self.tailer.ring().sleepers.remove(&number);
        }
    }
}

impl Tailer {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events after a place out of the ring; `None` when the place lies before it.
    fn recent(&self, after: Seq, limit: usize) -> Option<Vec<Arc<Event>>> {
        let ring = self.ring();
        let skip = usize::try_from(after.0.checked_sub(ring.start.0)?).ok()?;
        Some(ring.events.iter().skip(skip).take(limit).cloned().collect())
    }

    /// Events after a place out of the log.
    async fn read(&self, position: Position, limit: usize) -> Result<Vec<Arc<Event>>> {
        let read = self.store.read(self.workspace).await?;
        let events = log::after(&read, position.seq, limit as u64).await?;
        Ok(events.into_iter().map(Arc::new).collect())
    }

    /// Adds events that follow directly on what the ring has. Gives those who are to be woken once the state says so too.
    fn push(&self, events: Vec<Event>) -> Vec<Arc<Notify>> {
        let mut ring = self.ring();
        let from = Seq(ring.start.0 + i64::try_from(ring.events.len()).expect("a ring fits into memory"));
        let to = events.last().map_or(from, |last| last.seq);
        let mut concerned = Vec::new();
        for sleeper in ring.sleepers.values_mut() {
            // One that has not come to here yet looks by itself.
            if sleeper.clear == from && !events.iter().any(|event| (sleeper.interest)(event)) {
                sleeper.clear = to;
            } else {
                concerned.push(Arc::clone(&sleeper.wake));
            }
        }
        ring.events.extend(events.into_iter().map(Arc::new));
        let surplus = ring.events.len().saturating_sub(RING);
        if surplus > 0 {
            ring.events.drain(..surplus);
            ring.start.0 += i64::try_from(surplus).expect("a ring fits into memory");
        }
        concerned
    }

    /// Starts over at a place: the log before it is no longer the one we know. Gives those who are to be woken.
    fn restart(&self, at: Seq) -> Vec<Arc<Notify>> {
        let mut ring = self.ring();
        (ring.start, ring.events) = (at, VecDeque::new());
        ring.sleepers.values().map(|sleeper| Arc::clone(&sleeper.wake)).collect()
    }
}
