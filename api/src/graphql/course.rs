//! How far one execution of a subscription goes, and how far it has come.
//!
//! The engine of shared subscriptions ([`crate::live`]) runs an operation for one subscriber up to a place in the log, or
//! for all subscribers of a group. It puts a [`Course`] into the data of the request; whoever follows the log
//! ([`super::stream::Follow`]) keeps to it and notes every step, so that the engine knows what it got.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tributary_domain::{
    actor::Actor,
    event::{Event, Position, Seq},
};

use super::subscription::inbox::Memory;

/// See the module. Clones are the same.
#[derive(Clone)]
pub struct Course(Arc<Inner>);

struct Inner {
    until: Option<Seq>,
    is_shared: bool,
    rights_at: Option<Seq>,
    memory: Option<Arc<Memory>>,
    steps: Mutex<VecDeque<Step>>,
}

/// One result of an execution.
#[derive(Clone)]
pub struct Step {
    /// The cursor before it.
    pub before: Position,
    /// The cursor after it.
    pub after: Position,
    /// It tells nothing of what lies between `before` and here.
    pub quiet: Seq,
    /// The rights with which it was made.
    pub actor: Arc<Actor>,
    /// The place in the log as of which they are.
    pub actor_at: Seq,
    /// More of the same events follows, with the same cursors.
    pub is_part: bool,
    /// What its readers had of a view before it, when `personal` is not empty.
    pub memory: Option<Arc<Memory>>,
    /// Events between the two that may be for single readers, or change what single readers may see.
    pub personal: Vec<Arc<Event>>,
}

impl Course {
    /// For one subscriber, who stops at `until`; without it the subscriber goes on for ever. `rights_at`: when they were read,
    /// if they are as new as the cursor. `memory`: what it has of a view, when that is known.
    #[must_use]
    pub fn alone(until: Option<Seq>, rights_at: Option<Seq>, memory: Option<Arc<Memory>>) -> Self {
        Self(Arc::new(Inner { until, is_shared: false, rights_at, memory, steps: Mutex::default() }))
    }

    /// For all subscribers of a group: rights stay as they are.
    #[must_use]
    pub fn shared() -> Self {
        Self(Arc::new(Inner { until: None, is_shared: true, rights_at: None, memory: None, steps: Mutex::default() }))
    }

    /// Where it stops.
    #[must_use]
    pub fn until(&self) -> Option<Seq> {
        self.0.until
    }

    /// Whether the result is for a group.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.0.is_shared
    }

    /// When the subscriber's rights were read, if they are as new as its cursor.
    #[must_use]
    pub fn rights_at(&self) -> Option<Seq> {
        self.0.rights_at
    }

    /// What the subscriber has of a view.
    #[must_use]
    pub fn memory(&self) -> Option<&Arc<Memory>> {
        self.0.memory.as_ref()
    }

    /// Notes what the next result of the execution stands for.
    pub fn note(&self, step: Step) {
        self.steps().push_back(step);
    }

    /// What the next result stands for. Results and steps come one to one.
    #[must_use]
    pub fn take(&self) -> Option<Step> {
        self.steps().pop_front()
    }

    fn steps(&self) -> std::sync::MutexGuard<'_, VecDeque<Step>> {
        self.0.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
