//! Following the log on behalf of one subscriber.
//!
//! A [`Follow`] is a place in the log, the subscriber's rights, and at most one batch of events at a time: no queue and,
//! while it waits, no connection to the database. It makes the rights anew when the log says that they may have
//! changed, is patient while the database is away, and falls silent for [`HEARTBEAT`] at most. Dropping it at any
//! moment loses nothing, and neither does dropping one of its futures.
//!
//! What it hands out is resolved [`InNameOf`] the actor of that moment, with a fresh loader per batch: rows are loaded
//! once per batch, and never before the events that tell of them.

use std::{borrow::Cow, sync::Arc, time::Duration};

use async_graphql::{ContextSelectionSet, Data, OutputType, Positioned, ServerResult, Value, parser::types::Field, registry::Registry};
use tokio::time::Instant;
use tributary_domain::{
    Error, Result,
    actor::Actor,
    event::{Event, EventKind, Position, tail::Tail},
};

use super::{context::Cx, scalars::LogCursor};
use crate::{app::App, gatekeeper};

/// Longest silence of a stream. Whoever hears nothing for longer has lost it.
pub const HEARTBEAT: Duration = Duration::from_secs(20);
/// Most events handed out at once (RELIABILITY, section 3).
pub const BATCH: usize = 200;
/// How long a failing database is waited for before the stream ends. The reader comes back with its cursor then.
const PATIENCE: Duration = Duration::from_secs(60);
/// First pause between two tries; doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// A value that is resolved in the name of an actor of its own instead of the request's.
pub struct InNameOf<T> {
    data: Data,
    value: T,
}

impl<T> InNameOf<T> {
    /// `value`, in the name of `actor`, with a loader of its own.
    pub fn new(app: &App, actor: Arc<Actor>, value: T) -> Self {
        let mut data = Data::default();
        data.insert(super::request_data(app, Arc::clone(&actor)));
        data.insert(actor);
        Self { data, value }
    }
}

impl<T: OutputType> OutputType for InNameOf<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.value.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, cx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let mut cx: ContextSelectionSet<'_> = cx.clone();
        cx.execute_data = Some(&self.data);
        self.value.resolve(&cx, field).await
    }
}

/// One subscriber's place in the log.
pub struct Follow {
    app: App,
    actor: Arc<Actor>,
    tail: Tail,
    /// Taken from the log and not yet dealt with.
    pending: Vec<Arc<Event>>,
    /// Whether the rights are as new as `pending`.
    is_actor_current: bool,
    /// Up to where events have been dealt with.
    reached: Position,
    /// The cursor that the reader has.
    told: Position,
}

impl Follow {
    /// Follows the log of the one who asks, from a cursor on.
    ///
    /// # Errors
    /// `Unauthenticated`; `Forbidden` for tokens that may not; `Invalid` for a forged cursor; `StreamReset` for one that
    /// cannot be resumed; storage.
    pub async fn open(cx: &impl Cx, after: &LogCursor) -> Result<Self> {
        let app = cx.app().clone();
        // A socket may be older than what it is allowed to see.
        let actor = Arc::new(gatekeeper::renewed(&app.store, cx.actor()?).await?);
        actor.must_read_events()?;
        let after = cx.position(after)?;
        let tail = app.tailers.follow(actor.workspace, Some(after)).await?;
        Ok(Self { app, actor, tail, pending: Vec::new(), is_actor_current: true, reached: after, told: after })
    }

    /// The server.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The subscriber, with rights as new as the events that were handed out last.
    #[must_use]
    pub fn actor(&self) -> &Arc<Actor> {
        &self.actor
    }

    /// Waits for events, at least one; the same ones again until [`Follow::done`]. The rights are then as new as they.
    ///
    /// # Errors
    /// `StreamReset`; `Unauthenticated` when the subscriber may no longer; storage, after which it may be called again.
    pub async fn events(&mut self) -> Result<Vec<Arc<Event>>> {
        if self.pending.is_empty() {
            self.pending = self.tail.next(BATCH).await?;
            self.is_actor_current = !self.pending.iter().any(|event| may_change_rights(event, &self.actor));
        }
        if !self.is_actor_current {
            let renewed = gatekeeper::renewed(&self.app.store, &self.actor).await?;
            renewed.must_read_events()?;
            if renewed != *self.actor {
                self.actor = Arc::new(renewed);
            }
            self.is_actor_current = true;
        }
        Ok(self.pending.clone())
    }

    /// The events that were handed out last have been dealt with.
    pub fn done(&mut self) {
        if let Some(last) = self.pending.last() {
            self.reached.seq = last.seq;
        }
        self.pending.clear();
    }

    /// The cursors around a batch: the reader's, and the one it has from then on.
    pub fn advance(&mut self) -> (LogCursor, LogCursor) {
        let (before, after) = (self.told, self.reached);
        self.told = after;
        (self.cursor(before), self.cursor(after))
    }

    fn cursor(&self, position: Position) -> LogCursor {
        LogCursor(self.app.cursors.encode(self.actor.workspace, position))
    }
}

/// Whether what this subscriber may see can be another set after the event.
#[must_use]
pub fn may_change_rights(event: &Event, actor: &Actor) -> bool {
    use tributary_domain::actor::{Identity, VisibleInboxes};
    match event.kind {
        EventKind::PersonChanged | EventKind::SessionRevoked => match actor.identity {
            Identity::Person { id, .. } => event.kind == EventKind::SessionRevoked || event.entity_id == id.uuid(),
            _ => false,
        },
        EventKind::ApiClientChanged => match actor.identity {
            Identity::ApiClient { id, .. } => event.entity_id == id.uuid(),
            _ => false,
        },
        EventKind::TeamChanged | EventKind::InboxChanged => actor.inboxes != VisibleInboxes::All,
        _ => false,
    }
}

/// How long a stream that fails has been failing, and how it waits.
#[derive(Debug)]
pub struct Patience {
    since: Option<Instant>,
    pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { since: None, pause: FIRST_PAUSE }
    }
}

impl Patience {
    /// All is well again.
    pub fn restore(&mut self) {
        *self = Self::default();
    }

    /// Waits a little, at most until `until`, when the error is one that passes and has not been there for too long.
    ///
    /// # Errors
    /// The error itself, when there is no point in waiting.
    pub async fn bear(&mut self, error: Error, until: Instant) -> Result<()> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        if !matches!(error, Error::Storage(_)) || now.duration_since(since) > PATIENCE {
            return Err(error);
        }
        tracing::debug!(error = ?error, "a stream waits for the database");
        let pause = self.pause;
        self.pause = (pause * 2).min(LAST_PAUSE);
        tokio::time::sleep_until(until.min(now + pause)).await;
        Ok(())
    }
}
