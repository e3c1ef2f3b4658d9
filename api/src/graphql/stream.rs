//! Following the log on behalf of one subscriber.
//!
//! A [`Follow`] is a place in the log, the subscriber's rights, and at most one batch of events at a time: no queue and,
//! while it waits, no connection to the database. It makes the rights anew when the log says that they may have
//! changed, is patient while the database is away, and falls silent for [`HEARTBEAT`] at most. Dropping it at any
//! moment loses nothing, and neither does dropping one of its futures.
//!
//! What it hands out is resolved [`InNameOf`] the actor of that moment, with fresh rows per batch: they are loaded once for
//! all who are told of the same events, and never before these.

use std::{borrow::Cow, sync::Arc, time::Duration};

use async_graphql::{ContextSelectionSet, Data, OutputType, Positioned, ServerResult, Value, parser::types::Field, registry::Registry};
use tokio::time::Instant;
use tributary_domain::{
    Error, Result,
    actor::Actor,
    event::{Audience, Event, EventKind, Position, Seq, tail::Tail},
};

use super::{
    context::Cx,
    course::{Course, Step},
    event::may_hear,
    rows::Rows,
    scalars::LogCursor,
    subscription::inbox::Memory,
};
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
        let rows = super::request_data(app, Arc::clone(&actor));
        Self::over(rows, actor, value)
    }

    fn over(rows: Rows, actor: Arc<Actor>, value: T) -> Self {
        let mut data = Data::default();
        data.insert(rows);
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
    /// From `told` to here nothing is to be told.
    quiet: Seq,
    /// A part of `pending` has been told.
    is_within: bool,
    /// How far it goes, and where it says how far it has come.
    course: Option<Course>,
    /// The place in the log as of which the rights are.
    actor_at: Seq,
    /// Since `told`: events that may be for single readers, or change what single readers may see.
    personal: Vec<Arc<Event>>,
    /// What the readers had of a view before them.
    memory: Option<Arc<Memory>>,
}

impl Follow {
    /// Follows the log of the one who asks, from a cursor on.
    ///
    /// # Errors
    /// `Unauthenticated`; `Forbidden` for tokens that may not; `Invalid` for a forged cursor; `StreamReset` for one that
    /// cannot be resumed; storage.
    pub async fn open(cx: &impl Cx, after: &LogCursor) -> Result<Self> {
        let (app, course) = (cx.app().clone(), cx.course().cloned());
        let after = cx.position(after)?;
        let rights_at = course.as_ref().and_then(|course| if course.is_shared() { Some(after.seq) } else { course.rights_at() });
        let (actor, actor_at) = match rights_at {
            Some(at) => (Arc::clone(cx.actor()?), at),
            // A socket may be older than what it is allowed to see.
            None => {
                let (actor, at) = gatekeeper::renewed_at(&app, cx.actor()?).await?;
                (Arc::new(actor), at)
            }
        };
        actor.must_read_events()?;
        let tail = app.tailers.follow(actor.workspace, Some(after)).await?;
        Ok(Self {
            app,
            actor,
            tail,
            pending: Vec::new(),
            is_actor_current: true,
            reached: after,
            told: after,
            quiet: after.seq,
            is_within: false,
            course,
            actor_at,
            personal: Vec::new(),
            memory: None,
        })
    }

    /// Whether it has come to the end of its course, and the reader knows.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_at_end() && self.told == self.reached
    }

    /// Whether it has come to the end of its course.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.pending.is_empty() && self.left() == Some(0)
    }

    /// Events to the end of its course.
    fn left(&self) -> Option<usize> {
        let until = self.course.as_ref()?.until()?;
        Some(usize::try_from(until.0 - self.reached.seq.0).unwrap_or(0))
    }

    /// How far it goes; `None`: it is not one of the engine of shared subscriptions.
    #[must_use]
    pub fn course(&self) -> Option<&Course> {
        self.course.as_ref()
    }

    /// Whether it is for all subscribers of a group, whose rights stay as they are.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.course.as_ref().is_some_and(Course::is_shared)
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

    /// Waits for events, at least one; the same ones again until [`Follow::done`]. The rights are then as new as they. Must
    /// not be called at the end of its course.
    ///
    /// # Errors
    /// `StreamReset`; `Unauthenticated` when the subscriber may no longer; storage, after which it may be called again.
    pub async fn events(&mut self) -> Result<Vec<Arc<Event>>> {
        if self.pending.is_empty() {
            self.pending = self.tail.next(self.left().map_or(BATCH, |left| left.min(BATCH))).await?;
            if let Some(first) = self.pending.first() {
                self.quiet = Seq(first.seq.0 - 1);
            }
            if self.is_shared() {
                self.personal.extend(self.pending.iter().filter(|event| is_personal(event)).cloned());
            } else {
                self.is_actor_current = !self.pending.iter().any(|event| may_change_rights(event, &self.actor));
            }
        }
        if !self.is_actor_current {
            let (renewed, at) = gatekeeper::renewed_at(&self.app, &self.actor).await?;
            renewed.must_read_events()?;
            self.actor_at = at;
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

    /// Up to where events have been dealt with.
    #[must_use]
    pub fn reached(&self) -> Seq {
        self.reached.seq
    }

    /// Of the events that were handed out last, some may be for single readers or change what those may see.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        !self.personal.is_empty()
    }

    /// Notes what the readers have of a view, unless that is noted already for the step to come.
    pub fn remember(&mut self, memory: impl FnOnce() -> Memory) {
        self.memory.get_or_insert_with(|| Arc::new(memory()));
    }

    /// What a group wants to be woken for: what its members may hear and `is_wanted`, and what is for some of them only. Must be
    /// said at the beginning; single subscribers hear everything, for their rights may change.
    pub fn narrow(&mut self, is_wanted: impl Fn(&Event) -> bool + Send + Sync + 'static) {
        if self.is_shared() {
            let actor = Arc::clone(&self.actor);
            self.tail.only(Arc::new(move |event| is_personal(event) || may_hear(&actor, &event.audience) && is_wanted(event)));
        }
    }

    /// The cursors around a batch: the reader's, and the one it has from then on. `is_news`: whether the batch tells anything.
    pub fn advance(&mut self, is_news: bool) -> (LogCursor, LogCursor) {
        if self.pending.is_empty() {
            self.reached = self.tail.position();
        }
        let (before, after) = (self.told, self.reached);
        self.told = after;
        let is_within = std::mem::replace(&mut self.is_within, !self.pending.is_empty());
        if let Some(course) = &self.course {
            course.note(Step {
                before,
                after,
                quiet: match is_news {
                    // Whoever has not got all parts must not take one.
                    _ if is_within => before.seq,
                    true => self.quiet.max(before.seq),
                    false => after.seq,
                },
                actor: Arc::clone(&self.actor),
                actor_at: self.actor_at,
                is_part: !self.pending.is_empty(),
                personal: std::mem::take(&mut self.personal),
                memory: self.memory.take(),
            });
        }
        (self.cursor(before), self.cursor(after))
    }

    /// What is told of the events that were handed out last, in the name of the subscriber. What others are told of them
    /// too is loaded once for all.
    pub fn tell<T>(&self, value: T) -> InNameOf<T> {
        let seq = self.pending.last().map_or(self.reached.seq, |last| last.seq);
        let common = self.app.latest.up_to(&self.app.store, &self.actor, seq);
        let rows = super::request_data(&self.app, Arc::clone(&self.actor)).with_common(common);
        InNameOf::over(rows, Arc::clone(&self.actor), value)
    }

    fn cursor(&self, position: Position) -> LogCursor {
        LogCursor(self.app.cursors.encode(self.actor.workspace, position))
    }
}

/// Whether an event may concern some of those whose rights are equal in another way than the rest of them.
fn is_personal(event: &Event) -> bool {
    matches!(event.audience, Audience::Person(_)) || may_change_some_rights(event)
}

/// Whether what anybody may see can be another set after the event.
#[must_use]
pub fn may_change_some_rights(event: &Event) -> bool {
    use EventKind::{ApiClientChanged, InboxChanged, PersonChanged, SessionRevoked, TeamChanged};
    matches!(event.kind, ApiClientChanged | InboxChanged | PersonChanged | SessionRevoked | TeamChanged)
}

/// Whether what this subscriber may see can be another set after the event.
#[must_use]
pub fn may_change_rights(event: &Event, actor: &Actor) -> bool {
    use tributary_domain::actor::{Identity, VisibleInboxes};
    match event.kind {
        EventKind::PersonChanged => matches!(actor.identity, Identity::Person { id, .. } if event.entity_id == id.uuid()),
        EventKind::SessionRevoked => matches!(event.audience, Audience::Person(person) if actor.is(person)),
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
