//! What people may do, asked for many at once.
//!
//! Whoever comes back after a node has died comes with thousands of others, and all of them are asked about: their questions
//! are collected and answered together, the longer the more of them come. Nothing is kept, so that an answer is as new as its
//! question.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_graphql::{
    dataloader::{DataLoader, Loader},
    runtime::{TokioSpawner, TokioTimer},
};
use sea_orm::{DbErr, RuntimeErr};
use tributary_domain::{
    Error, ErrorCode, Result,
    actor::Actor,
    agent::{Acting, acting},
    event::Seq,
    ids::WorkspaceId,
    store::Store,
};

/// Most people that one statement asks for.
const MOST: usize = 2_000;
/// How long questions that have time are collected, after a time in which so many came together.
const PATIENCE: [(usize, Duration); 3] = [(0, QUICK), (5, Duration::from_millis(50)), (100, Duration::from_millis(750))];
/// How long the others are.
const QUICK: Duration = Duration::from_millis(1);
/// So long the last number of questions tells how many to expect.
const MEMORY: Duration = Duration::from_secs(1);

/// See the module.
pub struct Rights {
    quick: DataLoader<Asked>,
    /// One for each degree of [`PATIENCE`].
    patient: [DataLoader<Asked>; PATIENCE.len()],
    rush: Arc<Rush>,
}

/// How many questions with time there are.
struct Rush {
    /// Since they were answered last.
    asked: AtomicUsize,
    /// How many were answered then, and when that was.
    last: Mutex<(usize, Instant)>,
}

struct Asked {
    store: Store,
    /// `None`: its questions have no time.
    rush: Option<Arc<Rush>>,
}

impl Rights {
    /// Over a database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let rush = Arc::new(Rush { asked: AtomicUsize::new(0), last: Mutex::new((0, Instant::now())) });
        let loader = |rush, delay| {
            let asked = Asked { store: store.clone(), rush };
            DataLoader::new(asked, TokioSpawner::current(), TokioTimer::default()).max_batch_size(MOST).delay(delay)
        };
        let patient = PATIENCE.map(|(_, delay)| loader(Some(Arc::clone(&rush)), delay));
        Self { quick: loader(None, QUICK), patient, rush }
    }

    /// The rights of a person as they are now, with the place in the log as of which they are. For somebody who waits for a
    /// page.
    ///
    /// # Errors
    /// `Unauthenticated` when the person or the session stands no longer; storage.
    pub async fn now(&self, who: Acting) -> Result<(Actor, Seq)> {
        answer(self.quick.load_one(who).await)
    }

    /// As [`Rights::now`], for sockets: when thousands ask, they are kept waiting for each other, less than a second.
    ///
    /// # Errors
    /// As [`Rights::now`].
    pub async fn soon(&self, who: Acting) -> Result<(Actor, Seq)> {
        self.rush.asked.fetch_add(1, Ordering::Relaxed);
        let (count, at) = *self.rush.last.lock().unwrap_or_else(PoisonError::into_inner);
        let expected = if at.elapsed() < MEMORY { count } else { 0 };
        let degree = PATIENCE.iter().rposition(|(least, _)| expected >= *least).unwrap_or(0);
        answer(self.patient[degree].load_one(who).await)
    }
}

fn answer(found: Result<Option<(Actor, Seq)>, Arc<Error>>) -> Result<(Actor, Seq)> {
    match found {
        Ok(found) => found.ok_or(Error::Unauthenticated),
        Err(error) => Err(again(&error)),
    }
}

/// The same failure once more: several questions failed together.
fn again(error: &Error) -> Error {
    let text = error.to_string();
    Error::Storage(match error.code() {
        ErrorCode::Unavailable => DbErr::Conn(RuntimeErr::Internal(text)),
        _ => DbErr::Custom(text),
    })
}

impl Loader<Acting> for Asked {
    type Value = (Actor, Seq);
    type Error = Arc<Error>;

    async fn load(&self, keys: &[Acting]) -> Result<HashMap<Acting, (Actor, Seq)>, Arc<Error>> {
        if let Some(rush) = &self.rush {
            let asked = rush.asked.swap(0, Ordering::Relaxed);
            *rush.last.lock().unwrap_or_else(PoisonError::into_inner) = (asked, Instant::now());
        }
        let mut by_workspace: HashMap<WorkspaceId, Vec<Acting>> = HashMap::new();
        for key in keys {
            by_workspace.entry(key.workspace).or_default().push(*key);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (workspace, wanted) in by_workspace {
            let read = self.store.read(workspace).await?;
            let (actors, at) = acting(&read, self.store.clock().now(), &wanted).await?;
            found.extend(actors.into_iter().map(|(who, actor)| (who, (actor, at))));
        }
        Ok(found)
    }
}
