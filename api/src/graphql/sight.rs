//! The rights of those who are told the whole each time, instead of changes that follow on a cursor.
//!
//! A [`Sight`] hears from the log what may change rights. Of one subscriber it makes them anew; of a group it keeps the events
//! for the [members](crate::live) to decide each for itself, because a group's rights stay as they are. What it hands out is
//! resolved [`InNameOf`] the actor of that moment. It holds no connection to the database while it waits, and dropping it or
//! one of its futures loses nothing.

use std::sync::Arc;

use tributary_domain::{
    Error, Result,
    actor::Actor,
    event::{Event, Position, Seq, tail::Tail},
};

use super::{
    context::Cx,
    course::{Course, Step},
    stream::{BATCH, InNameOf, may_change_rights, may_change_some_rights},
};
use crate::{app::App, gatekeeper};

/// See the module.
pub struct Sight {
    app: App,
    actor: Arc<Actor>,
    actor_at: Seq,
    tail: Tail,
    /// Whether the rights may be others than those known.
    is_in_doubt: bool,
    /// What it notes its steps in, when it is that of a group.
    group: Option<Course>,
    /// Since the last step: what may change the rights of members.
    personal: Vec<Arc<Event>>,
    told: Position,
}

impl Sight {
    /// Of the one who asks, from now on. `is_wanted`: what it is to be woken for besides what may change rights.
    ///
    /// # Errors
    /// `Unauthenticated`; storage.
    pub async fn open(cx: &impl Cx, is_wanted: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Result<Self> {
        let (app, asking) = (cx.app().clone(), Arc::clone(cx.actor()?));
        // Begun before looking, so that nothing falls between.
        let mut tail = app.tailers.follow(asking.workspace, None).await?;
        tail.only(Arc::new(move |event| may_change_some_rights(event) || is_wanted(event)));
        let group = cx.course().filter(|course| course.is_shared()).cloned();
        let (told, is_in_doubt) = (tail.position(), group.is_none());
        let mut sight = Self { app, actor: asking, actor_at: told.seq, tail, is_in_doubt, group, personal: Vec::new(), told };
        // A socket may be older than what it is allowed to see.
        sight.renew().await?;
        Ok(sight)
    }

    /// The server.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The subscriber, with the rights that were read last.
    #[must_use]
    pub fn actor(&self) -> &Arc<Actor> {
        &self.actor
    }

    /// Waits for events, and notes those that may change rights.
    ///
    /// # Errors
    /// Storage, after which it may be called again. `StreamReset`, of a group only: nobody knows what its members have missed.
    pub async fn events(&mut self) -> Result<Vec<Arc<Event>>> {
        match self.tail.next(BATCH).await {
            Ok(events) => {
                match &self.group {
                    Some(_) => self.personal.extend(events.iter().filter(|event| may_change_some_rights(event)).cloned()),
                    None => self.is_in_doubt |= events.iter().any(|event| may_change_rights(event, &self.actor)),
                }
                Ok(events)
            }
            // The log began anew: so does this, after a look at the rights.
            Err(Error::StreamReset) if self.group.is_none() => {
                self.is_in_doubt = true;
                self.tail = self.app.tailers.follow(self.actor.workspace, None).await?;
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether what has happened since the last step may end somebody's sight.
    #[must_use]
    pub fn has_heard(&self) -> bool {
        self.is_in_doubt || !self.personal.is_empty()
    }

    /// Hears what happened up to a place that this node's tailer has come to: what is told of it must not reach those who had
    /// lost their rights by then.
    ///
    /// # Errors
    /// As [`Sight::events`].
    pub async fn come_to(&mut self, place: Position) -> Result<()> {
        while self.tail.position().epoch == place.epoch && self.tail.position().seq < place.seq {
            self.events().await?;
        }
        Ok(())
    }

    /// Makes the rights as new as what was heard. `true`: they were read again. Those of a group stay as they are.
    ///
    /// # Errors
    /// `Unauthenticated` when the subscriber may no longer; storage.
    pub async fn renew(&mut self) -> Result<bool> {
        if !self.is_in_doubt {
            return Ok(false);
        }
        let (renewed, at) = gatekeeper::renewed_at(&self.app, &self.actor).await?;
        (self.actor, self.actor_at, self.is_in_doubt) = (Arc::new(renewed), at, false);
        Ok(true)
    }

    /// What the subscriber is told next.
    pub fn tell<T>(&mut self, value: T) -> InNameOf<T> {
        let (before, after) = (self.told, self.tail.position());
        self.told = after;
        if let Some(group) = &self.group {
            group.note(Step {
                before,
                after,
                // Whoever takes it need not have had what came before.
                quiet: after.seq,
                actor: Arc::clone(&self.actor),
                actor_at: self.actor_at,
                is_part: false,
                memory: None,
                personal: std::mem::take(&mut self.personal),
            });
        }
        InNameOf::new(&self.app, Arc::clone(&self.actor), value)
    }
}
