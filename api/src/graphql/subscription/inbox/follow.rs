//! One subscriber of a view: from events to changes of the view.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use tokio::time::Instant;
use tributary_domain::{
    Error, Result,
    actor::Actor,
    entity::{interaction, view},
    event::{EntityType, Event, EventKind},
    ids::{InteractionId, ViewId},
    inbox::{self, InteractionFilter, InteractionSort},
    interaction::rows,
    store::{Read, page::PageRequest},
};

use super::{
    counts::{Counted, Counts, News},
    membership::{Change, MOST_KEPT, Membership, Occasion},
};
use crate::graphql::{
    event::may_hear,
    stream::{BATCH, Follow, HEARTBEAT, Patience, may_change_rights},
};

/// One subscriber of a view.
pub(super) struct ViewFollow {
    pub(super) follow: Follow,
    view: view::Model,
    filter: InteractionFilter,
    /// The rights with which the membership was loaded.
    seen_as: Arc<Actor>,
    membership: Membership,
    /// Named by events or by a look at the whole, and not yet judged.
    todo: VecDeque<(InteractionId, Occasion)>,
    counts: Counts,
    patience: Patience,
}

/// What the subscriber is told at once.
#[derive(Default)]
pub(super) struct Said {
    pub(super) changes: Vec<(InteractionId, Change, Option<interaction::Model>)>,
    pub(super) news: News,
}

impl Said {
    fn is_nothing(&self) -> bool {
        self.changes.is_empty() && self.news == News::default()
    }
}

impl ViewFollow {
    /// Loads the view and what is inside.
    ///
    /// # Errors
    /// `NotFound` for a view that may not be seen; storage.
    pub(super) async fn open(follow: Follow, id: ViewId) -> Result<Self> {
        let actor = Arc::clone(follow.actor());
        let read = follow.app().store.read(actor.workspace).await?;
        let view = must_see(&read, &actor, id).await?;
        let filter = inbox::view::filter_of(&view);
        let membership = load(&read, &actor, &filter, view.sort).await?;
        drop(read);
        let (counts, patience) = (Counts::default(), Patience::default());
        Ok(Self { follow, view, filter, seen_as: actor, membership, todo: VecDeque::new(), counts, patience })
    }

    /// What to tell next; nothing but the cursor after a silence of [`HEARTBEAT`]. Dropping the future loses nothing.
    ///
    /// # Errors
    /// `StreamReset`; `NotFound` when the view is gone; `Unauthenticated`; storage that stayed away for long.
    pub(super) async fn next(&mut self) -> Result<Said> {
        let beat = Instant::now() + HEARTBEAT;
        while Instant::now() < beat {
            let now = Instant::now();
            let due = self.counts.due(now);
            let said = if due.is_some_and(|due| due <= now) && self.todo.is_empty() {
                tokio::time::timeout_at(beat, self.recount()).await
            } else if self.todo.is_empty() {
                tokio::time::timeout_at(due.map_or(beat, |due| due.min(beat)), self.step()).await
            } else {
                tokio::time::timeout_at(beat, self.step()).await
            };
            match said {
                // The counts are due now, or the silence has lasted long enough.
                Err(_elapsed) => {}
                Ok(Err(error)) => self.patience.bear(error, beat).await?,
                Ok(Ok(said)) => {
                    self.patience.restore();
                    if !said.is_nothing() {
                        return Ok(said);
                    }
                    tokio::task::yield_now().await;
                }
            }
        }
        Ok(Said::default())
    }

    async fn step(&mut self) -> Result<Said> {
        if self.todo.is_empty() {
            self.collect().await?;
        }
        self.judge().await
    }

    /// Waits for events and notes what they name. Nothing is changed before the last await.
    async fn collect(&mut self) -> Result<()> {
        let events = self.follow.events().await?;
        let is_catching_up = events.first().is_some_and(|event| event.seq <= self.membership.known_at());
        let mut todo = named(&events, self.follow.actor(), is_catching_up);
        if is_catching_up {
            if events.iter().any(|event| self.may_change_all(event)) {
                // What the reader had inside by then is not known, so neither is what it must lose.
                return Err(Error::StreamReset);
            }
        } else if events.iter().any(|event| self.may_change_all(event)) {
            self.look_again(&mut todo).await?;
        }
        self.todo = todo;
        // The reader's cursor must not pass these events before all that they name has been told.
        if self.todo.is_empty() {
            self.follow.done();
        }
        Ok(())
    }

    /// Compares the whole view with what the reader believes, after its rules may have changed.
    async fn look_again(&mut self, todo: &mut VecDeque<(InteractionId, Occasion)>) -> Result<()> {
        let actor = Arc::clone(self.follow.actor());
        let read = self.follow.app().store.read(actor.workspace).await?;
        let view = must_see(&read, &actor, self.view.id).await?;
        let filter = inbox::view::filter_of(&view);
        let is_as_before = filter == self.filter && view.sort == self.view.sort && *actor == *self.seen_as;
        if !is_as_before || self.holds_what_may_vanish() {
            let now = load(&read, &actor, &filter, view.sort).await?;
            if !now.is_complete() || !self.membership.is_complete() {
                return Err(Error::StreamReset);
            }
            let known: HashSet<_> = todo.iter().map(|(id, _)| *id).collect();
            todo.extend(now.difference(&self.membership).into_iter().filter(|id| !known.contains(id)).map(|id| (id, Occasion::Live)));
        }
        (self.view, self.filter, self.seen_as) = (view, filter, actor);
        Ok(())
    }

    /// Judges what was named, a batch at a time.
    async fn judge(&mut self) -> Result<Said> {
        let batch: Vec<_> = self.todo.iter().take(BATCH).copied().collect();
        if batch.is_empty() {
            return Ok(Said::default());
        }
        let ids: Vec<_> = batch.iter().map(|(id, _)| *id).collect();
        let actor = self.follow.actor();
        let read = self.follow.app().store.read(actor.workspace).await?;
        let mut inside = rows::matching(&read, actor, &self.filter, &ids).await?;
        drop(read);
        inside.retain(|row| belongs(row, self.view.sort));
        let mut inside: HashMap<_, _> = inside.into_iter().map(|row| (row.id, row)).collect();
        let membership = &mut self.membership;
        let changes: Vec<_> = batch
            .iter()
            .filter_map(|(id, occasion)| {
                let row = inside.remove(id);
                membership.judge(*id, *occasion, row.is_some()).map(|change| (*id, change, row))
            })
            .collect();
        self.todo.drain(..batch.len());
        if self.todo.is_empty() {
            self.follow.done();
        }
        if !changes.is_empty() {
            self.counts.spoil();
        }
        Ok(Said { changes, news: News::default() })
    }

    async fn recount(&mut self) -> Result<Said> {
        let actor = self.follow.actor();
        let read = self.follow.app().store.read(actor.workspace).await?;
        let all = rows::count(&read, actor, &self.filter).await?;
        let unread = match self.filter.is_unread {
            Some(true) => all,
            Some(false) => 0,
            None => rows::count(&read, actor, &InteractionFilter { is_unread: Some(true), ..self.filter.clone() }).await?,
        };
        drop(read);
        Ok(Said { changes: Vec::new(), news: self.counts.tell(Counted { all, unread }, Instant::now()) })
    }

    /// Whether an event can change what is inside without naming it: through rights, through the view, or because
    /// something that the filter asks for is gone.
    fn may_change_all(&self, event: &Event) -> bool {
        may_change_rights(event, &self.seen_as)
            || event.kind == EventKind::ViewChanged && event.entity_id == self.view.id.uuid()
            || event.patch.as_ref().is_some_and(|patch| patch.is_removed) && is_asked_for(event, &self.filter)
    }

    /// Whether the filter asks for something whose removal changes interactions without naming them.
    fn holds_what_may_vanish(&self) -> bool {
        self.filter.tags.is_some() || self.filter.skills.is_some()
    }
}

/// The interactions that events name to this actor, in the order of the log, each once.
fn named(events: &[Arc<Event>], actor: &Actor, is_catching_up: bool) -> VecDeque<(InteractionId, Occasion)> {
    let mut seen = HashSet::new();
    let heard = events.iter().filter(|event| may_hear(actor, &event.audience));
    heard
        .filter_map(|event| {
            let id = event.interaction_id.filter(|id| seen.insert(*id))?;
            let occasion = match event.kind {
                EventKind::InteractionOpened => Occasion::Opened,
                _ if is_catching_up => Occasion::CatchingUp,
                _ => Occasion::Live,
            };
            Some((id, occasion))
        })
        .collect()
}

fn is_asked_for(event: &Event, filter: &InteractionFilter) -> bool {
    match event.entity_type {
        EntityType::Tag => filter.tags.iter().flatten().any(|tag| tag.uuid() == event.entity_id),
        EntityType::Skill => filter.skills.iter().flatten().any(|skill| skill.uuid() == event.entity_id),
        _ => false,
    }
}

async fn must_see(read: &Read, actor: &Actor, id: ViewId) -> Result<view::Model> {
    inbox::view::by_id(read.conn(), actor, id).await?.ok_or(Error::NotFound("view"))
}

/// Lists in this order leave out who does not wait.
fn belongs(row: &interaction::Model, sort: InteractionSort) -> bool {
    sort != InteractionSort::OldestWaiting || row.waiting_since.is_some()
}

async fn load(read: &Read, actor: &Actor, filter: &InteractionFilter, sort: InteractionSort) -> Result<Membership> {
    let most = u32::try_from(MOST_KEPT).expect("a few thousand fit") + 1;
    let page = rows::page(read, actor, filter, sort, &PageRequest::first(most)).await?;
    let known_at = read.position().await?.seq;
    Ok(Membership::new(page.items.into_iter().map(|row| row.id), known_at, MOST_KEPT))
}
