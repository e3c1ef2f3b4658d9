//! One subscriber of a view: from events to changes of the view.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use tokio::time::Instant;
use tributary_domain::{
    Error, Result,
    actor::Actor,
    entity::interaction,
    event::{EntityType, Event, EventKind},
    ids::{InteractionId, ViewId},
    inbox::{self, InteractionFilter},
    interaction::rows,
};

use super::{
    counts::{Counted, Counts, News, Wanted},
    membership::{Change, Membership, Occasion},
    memory::{Memory, load, load_unread, must_see, unread_of},
};
use crate::graphql::{
    course::Course,
    event::may_hear,
    stream::{BATCH, Follow, HEARTBEAT, Patience, may_change_rights},
};

/// One subscriber of a view, or all of a group.
pub(super) struct ViewFollow {
    pub(super) follow: Follow,
    memory: Memory,
    /// The memory was made with the rights that the reader had at its cursor, and not with those of today.
    is_given: bool,
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
    pub(super) fn is_nothing(&self) -> bool {
        self.changes.is_empty() && self.news == News::default()
    }
}

impl ViewFollow {
    /// Loads the view and what is inside, as far as the subscriber needs it for its course.
    ///
    /// # Errors
    /// `NotFound` for a view that may not be seen; storage.
    pub(super) async fn open(mut follow: Follow, id: ViewId, wanted: Wanted) -> Result<Self> {
        // Views, tags and skills change for everybody.
        follow.narrow(|_| true);
        let given = follow.course().and_then(Course::memory).map(|memory| Memory::clone(memory));
        let is_given = given.is_some();
        let memory = match given {
            Some(memory) => memory,
            None => Memory::load(&follow, id, wanted).await?,
        };
        Ok(Self {
            counts: Counts::new(wanted, follow.is_shared()),
            follow,
            memory,
            is_given,
            todo: VecDeque::new(),
            patience: Patience::default(),
        })
    }

    /// Whether it has come to the end of its course, and the reader has been told everything.
    pub(super) fn is_over(&self) -> bool {
        self.is_at_end() && self.follow.is_over()
    }

    fn is_at_end(&self) -> bool {
        self.todo.is_empty() && self.follow.is_at_end() && self.counts.due(Instant::now()).is_none()
    }

    /// What to tell next; nothing but the cursor after a silence of [`HEARTBEAT`] and at the end of its course. Dropping the
    /// future loses nothing.
    ///
    /// # Errors
    /// `StreamReset`; `NotFound` when the view is gone; `Unauthenticated`; storage that stayed away for long.
    pub(super) async fn next(&mut self) -> Result<Said> {
        let beat = Instant::now() + HEARTBEAT;
        while Instant::now() < beat && !self.is_at_end() {
            let due = self.counts.due(Instant::now()).filter(|_| self.todo.is_empty()).map_or(beat, |due| due.min(beat));
            let said = if due <= Instant::now() {
                tokio::time::timeout_at(beat, self.recount()).await
            } else {
                tokio::time::timeout_at(due, self.step()).await
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
            if self.follow.is_at_end() {
                // Only the counts are left.
                return std::future::pending().await;
            }
            self.collect().await?;
        }
        self.judge().await
    }

    /// Waits for events and notes what they name. Nothing is changed before the last await.
    async fn collect(&mut self) -> Result<()> {
        let events = self.follow.events().await?;
        if self.follow.is_shared() && self.follow.is_personal() {
            self.follow.remember(|| self.memory.clone());
        }
        let is_catching_up = events.first().is_some_and(|event| event.seq <= self.memory.membership.known_at());
        let mut todo = named(&events, self.follow.actor(), &self.memory.membership);
        let are_rules_others = events.iter().any(|event| self.may_change_rules(event));
        let are_rights_others = events.iter().any(|event| self.may_change_rights(event));
        if is_catching_up && (are_rules_others || are_rights_others && !self.is_given) {
            // What the reader had inside by then is not known, so neither is what it must lose.
            return Err(Error::StreamReset);
        }
        if are_rules_others || are_rights_others {
            self.look_again(&mut todo).await?;
        }
        self.todo = todo;
        self.end_of_todo();
        Ok(())
    }

    /// The reader's cursor must not pass events before all that they name has been told.
    fn end_of_todo(&mut self) {
        if self.todo.is_empty() {
            self.follow.done();
            self.memory.membership.passed(self.follow.reached());
        }
    }

    /// Compares the whole view with what the reader believes, after its rules may have changed.
    async fn look_again(&mut self, todo: &mut VecDeque<(InteractionId, Occasion)>) -> Result<()> {
        let actor = Arc::clone(self.follow.actor());
        let read = self.follow.app().store.read(actor.workspace).await?;
        let (before, view) = (&self.memory, must_see(&read, &actor, self.memory.view.id).await?);
        let filter = inbox::view::filter_of(&view);
        let is_as_before = filter == before.filter && view.sort == before.view.sort && actor.rights() == before.seen_as.rights();
        let mut unread = before.unread.clone();
        if !is_as_before || self.holds_what_may_vanish() {
            let now = load(&read, &actor, &filter, view.sort).await?;
            if !now.is_complete() || !before.membership.is_complete() {
                return Err(Error::StreamReset);
            }
            unread = load_unread(&read, &actor, &filter, view.sort, self.counts.wanted()).await?;
            let known: HashSet<_> = todo.iter().map(|(id, _)| *id).collect();
            todo.extend(now.difference(&before.membership).into_iter().filter(|id| !known.contains(id)).map(|id| (id, Occasion::Live)));
        }
        (self.memory.view, self.memory.filter, self.memory.seen_as, self.memory.unread) = (view, filter, actor, unread);
        Ok(())
    }

    /// Judges what was named, a batch at a time.
    async fn judge(&mut self) -> Result<Said> {
        let batch: Vec<_> = self.todo.iter().take(BATCH).copied().collect();
        if batch.is_empty() {
            return Ok(Said::default());
        }
        let ids: Vec<_> = batch.iter().map(|(id, _)| *id).collect();
        let (actor, Memory { view, filter, .. }) = (self.follow.actor(), &self.memory);
        let read = self.follow.app().store.read(actor.workspace).await?;
        let inside = rows::matching(&read, actor, filter, view.sort, &ids).await?;
        let unread: HashSet<_> = match &self.memory.unread {
            Some(_) => rows::matching(&read, actor, &unread_of(filter), view.sort, &ids).await?.into_iter().map(|row| row.id).collect(),
            None => HashSet::new(),
        };
        // Readers that come later have not been told what is seen here.
        let looked_at = if self.follow.is_shared() { Some(read.position().await?.seq) } else { None };
        drop(read);
        let mut inside: HashMap<_, _> = inside.into_iter().map(|row| (row.id, row)).collect();
        let Memory { membership, unread: counted, .. } = &mut self.memory;
        let changes: Vec<_> = batch
            .iter()
            .filter_map(|(id, occasion)| {
                let row = inside.remove(id);
                if let Some(counted) = counted {
                    counted.keep(*id, unread.contains(id));
                }
                looked_at.inspect(|looked_at| membership.is_ahead(*id, *looked_at));
                membership.judge(*id, *occasion, row.is_some()).map(|change| (*id, change, row))
            })
            .collect();
        self.todo.drain(..batch.len());
        self.end_of_todo();
        if !changes.is_empty() {
            self.counts.spoil();
        }
        let known = if self.todo.is_empty() && self.counts.is_stale() { self.memory.counts(self.counts.wanted()) } else { None };
        let news = known.map(|known| self.counts.tell(known, Instant::now())).unwrap_or_default();
        Ok(Said { changes, news })
    }

    /// Counts what is not known: the view holds more than is kept, and few of that are left.
    async fn recount(&mut self) -> Result<Said> {
        if let Some(known) = self.memory.counts(self.counts.wanted()) {
            return Ok(Said { changes: Vec::new(), news: self.counts.tell(known, Instant::now()) });
        }
        let (actor, Memory { view, filter, .. }) = (self.follow.actor(), &self.memory);
        let unread = unread_of(filter);
        let mut lists = vec![(filter, view.sort)];
        if self.counts.wanted().unread && filter.is_unread.is_none() {
            lists.push((&unread, view.sort));
        }
        let read = self.follow.app().store.read(actor.workspace).await?;
        let counted = rows::counts(&read, actor, &lists).await?;
        drop(read);
        let all = counted.first().copied().unwrap_or_default();
        let unread = match filter.is_unread {
            Some(true) => all,
            Some(false) => 0,
            None => counted.get(1).copied().unwrap_or_default(),
        };
        Ok(Said { changes: Vec::new(), news: self.counts.tell(Counted { all, unread }, Instant::now()) })
    }

    /// Whether an event can change what is inside without naming it, through rights. Those of a group stay as they are.
    fn may_change_rights(&self, event: &Event) -> bool {
        let of = |actor| may_change_rights(event, actor);
        !self.follow.is_shared() && (of(self.follow.actor()) || of(&self.memory.seen_as))
    }

    /// Whether it can through the view, or because something that the filter asks for is gone.
    fn may_change_rules(&self, event: &Event) -> bool {
        let Memory { view, filter, .. } = &self.memory;
        event.kind == EventKind::ViewChanged && event.entity_id == view.id.uuid()
            || event.patch.as_ref().is_some_and(|patch| patch.is_removed) && is_asked_for(event, filter)
    }

    /// Whether the filter asks for something whose removal changes interactions without naming them.
    fn holds_what_may_vanish(&self) -> bool {
        self.memory.filter.tags.is_some() || self.memory.filter.skills.is_some()
    }
}

/// The interactions that events name to this actor, in the order of the log, each once.
fn named(events: &[Arc<Event>], actor: &Actor, membership: &Membership) -> VecDeque<(InteractionId, Occasion)> {
    let mut seen = HashSet::new();
    let heard = events.iter().filter(|event| may_hear(actor, &event.audience));
    heard
        .filter_map(|event| {
            let id = event.interaction_id.filter(|id| seen.insert(*id))?;
            let is_opened = event.kind == EventKind::InteractionOpened;
            Some((id, if is_opened { Occasion::Opened } else { membership.occasion(id, event.seq) }))
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
