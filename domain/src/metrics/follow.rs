//! Keeping tallies up to date: one per workspace that somebody watches, per node.
//!
//! The first one who comes makes it, from a snapshot; others who come meanwhile wait for that. Then a task follows the log from
//! the snapshot's place on. It ends with the last one who watches, and with any error, also when the log does not go on: whoever
//! watches is told, and the next one makes a tally anew. So there is one way to begin, and none to go on from what is in doubt.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Sample, Scope, load, tally::Tally};
use crate::{
    error::Result,
    event::{
        Position,
        tail::{Tail, Tailers},
    },
    ids::WorkspaceId,
    store::Store,
};

/// Most events dealt with at once.
const BATCH: usize = 500;
/// Pause between two batches: what has gathered meanwhile costs the statements of one.
const BREATH: Duration = Duration::from_millis(100);

/// The tallies of this node. Clones are the same.
#[derive(Clone)]
pub struct Tallies(Arc<Shared>);

struct Shared {
    store: Store,
    tailers: Tailers,
    kept: Mutex<HashMap<WorkspaceId, Weak<Kept>>>,
}

/// The tally of a workspace.
struct Kept {
    store: Store,
    /// `None`: it is being made, or was given up.
    tally: Mutex<Option<(Tally, Position)>>,
    state: watch::Sender<State>,
    /// Held by the one who makes it.
    making: tokio::sync::Mutex<()>,
    stop: CancellationToken,
    _stop: DropGuard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody has made it yet.
    New,
    /// It stands at this place.
    At(Position),
    /// It is not kept up any more.
    Ended,
}

/// Somebody who watches.
pub struct Following {
    kept: Arc<Kept>,
    state: watch::Receiver<State>,
}

impl Tallies {
    /// Tallies over a store, moved on with its logs.
    #[must_use]
    pub fn new(store: Store, tailers: Tailers) -> Self {
        Self(Arc::new(Shared { store, tailers, kept: Mutex::default() }))
    }

    /// Watches how the work of a workspace stands, from now on.
    ///
    /// # Errors
    /// Storage, when nobody watches yet.
    pub async fn follow(&self, workspace: WorkspaceId) -> Result<Following> {
        let kept = self.kept(workspace);
        let state = kept.state.subscribe();
        let making = kept.making.lock().await;
        if *state.borrow() == State::New {
            self.make(&kept, workspace).await?;
        }
        drop(making);
        Ok(Following { kept, state })
    }

    /// Number of tallies that are kept.
    #[must_use]
    pub fn kept_up(&self) -> usize {
        self.lock().values().filter(|kept| kept.strong_count() > 0).count()
    }

    async fn make(&self, kept: &Arc<Kept>, workspace: WorkspaceId) -> Result<()> {
        let Shared { store, tailers, .. } = &*self.0;
        let read = store.read(workspace).await?;
        let (tally, position) = load::snapshot(&read, store.clock().now()).await?;
        drop(read);
        let tail = tailers.follow(workspace, Some(position)).await?;
        *kept.tally() = Some((tally, position));
        kept.state.send_replace(State::At(position));
        let task = Task { kept: Arc::downgrade(kept), store: store.clone(), workspace, tail };
        tokio::spawn(kept.stop.clone().run_until_cancelled_owned(task.run()));
        Ok(())
    }

    fn kept(&self, workspace: WorkspaceId) -> Arc<Kept> {
        let mut all = self.lock();
        if let Some(kept) = all.get(&workspace).and_then(Weak::upgrade)
            && *kept.state.borrow() != State::Ended
        {
            return kept;
        }
        all.retain(|_, kept| kept.strong_count() > 0);
        let stop = CancellationToken::new();
        let kept = Arc::new(Kept {
            store: self.0.store.clone(),
            tally: Mutex::default(),
            state: watch::Sender::new(State::New),
            making: tokio::sync::Mutex::default(),
            _stop: stop.clone().drop_guard(),
            stop,
        });
        all.insert(workspace, Arc::downgrade(&kept));
        kept
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Weak<Kept>>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Following {
    /// How the work stands now; `None`: this is not kept up any more, and has to be followed anew.
    ///
    /// # Errors
    /// `NotFound` for a scope that is not there.
    pub fn sample(&mut self, scope: Scope) -> Result<Option<Sample>> {
        self.state.borrow_and_update();
        let at = self.kept.store.clock().now();
        let mut tally = self.kept.tally();
        let Some((tally, position)) = tally.as_mut() else { return Ok(None) };
        tally.turn(at);
        Ok(Some(Sample { at, position: *position, sums: tally.sums(scope)? }))
    }

    /// Waits until the log has gone on since the last sample, or this is not kept up any more. Dropping the future loses nothing.
    pub async fn moved(&mut self) {
        if *self.state.borrow() == State::Ended {
            return;
        }
        // The sender lives as long as this.
        if self.state.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Kept {
    fn tally(&self) -> MutexGuard<'_, Option<(Tally, Position)>> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What moves a tally on.
struct Task {
    kept: Weak<Kept>,
    store: Store,
    workspace: WorkspaceId,
    tail: Tail,
}

impl Task {
    async fn run(mut self) {
        if let Err(error) = self.follow().await {
            tracing::debug!(workspace.id = %self.workspace, error = ?error, "how the work stands has to be counted anew");
        }
    }

    async fn follow(&mut self) -> Result<()> {
        loop {
            let events = self.tail.next(BATCH).await?;
            let changes = load::changes(&self.store, self.workspace, &events).await?;
            let position = self.tail.position();
            let Some(kept) = self.kept.upgrade() else { return Ok(()) };
            if let Some((tally, at)) = &mut *kept.tally() {
                // Minutes that are over need not be counted first.
                tally.turn(self.store.clock().now());
                changes.apply(tally);
                *at = position;
            }
            kept.state.send_replace(State::At(position));
            drop(kept);
            tokio::time::sleep(BREATH).await;
        }
    }
}

impl Drop for Task {
    /// However it ends.
    fn drop(&mut self) {
        if let Some(kept) = self.kept.upgrade() {
            *kept.tally() = None;
            kept.state.send_replace(State::Ended);
        }
    }
}
