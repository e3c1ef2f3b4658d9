//! Which interactions a reader believes to be inside a view.
//!
//! The reader begins with a snapshot at its cursor; the membership here is loaded a moment later, at `known_at`. What
//! happened in between is known from the log only by name, so an interaction that changed there may have been inside
//! before or not. It is then called updated when it is inside now and left when it is not: both are right for a reader
//! that adds what it does not have and ignores that something it does not have has left. Everything after `known_at`
//! is exact. A view with more interactions than are kept is treated like that for those that are not kept.
//!
//! A membership can stand for many readers that come at different times. An interaction is looked at some time after the
//! change that names it, so the membership may be ahead of a reader that has just come: until the log has caught up with
//! that look, changes of the interaction are told like those before `known_at`.

use std::collections::{HashMap, HashSet};

use tributary_domain::{event::Seq, ids::InteractionId};

/// Most ids that are kept for one subscriber: 80 KB.
pub const MOST_KEPT: usize = 5_000;

/// What becomes of an interaction in a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not inside and is now.
    Entered,
    /// It is inside and has changed; possibly it was not inside before.
    Updated,
    /// It is not inside any more; possibly it was not inside before.
    Left,
}

/// What is known about a moment before a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The change lies after the reader's snapshot but before the membership, or what it says of this interaction, was
    /// loaded.
    CatchingUp,
    /// The change lies after that.
    Live,
    /// The interaction was opened by the change: it was nowhere before.
    Opened,
}

/// The ids that a reader believes to be inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    inside: HashSet<InteractionId>,
    is_complete: bool,
    most: usize,
    known_at: Seq,
    /// What was looked at later than the changes that have been told, and when.
    ahead: HashMap<InteractionId, Seq>,
}

impl Membership {
    /// The ids that are inside as of `known_at`. When there are more than `most`, the rest is not kept.
    #[must_use]
    pub fn new(inside: impl IntoIterator<Item = InteractionId>, known_at: Seq, most: usize) -> Self {
        let mut inside = inside.into_iter();
        let kept = inside.by_ref().take(most).collect();
        Self { inside: kept, is_complete: inside.next().is_none(), most, known_at, ahead: HashMap::new() }
    }

    /// Of which nothing is known up to `until`: enough for a reader that only has to get there.
    #[must_use]
    pub fn unknown(until: Seq) -> Self {
        Self { inside: HashSet::new(), is_complete: false, most: 0, known_at: until, ahead: HashMap::new() }
    }

    /// Whether every id that is inside is known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// How many are inside, counted to `cap` and no further; `None` when that is not known.
    #[must_use]
    pub fn count(&self, cap: u64) -> Option<u64> {
        let known = self.inside.len() as u64;
        (self.is_complete || known >= cap).then(|| known.min(cap))
    }

    /// The place in the log as of which the ids were loaded.
    #[must_use]
    pub fn known_at(&self) -> Seq {
        self.known_at
    }

    /// How a change that is no opening has to be judged.
    #[must_use]
    pub fn occasion(&self, id: InteractionId, changed_at: Seq) -> Occasion {
        let known_at = self.ahead.get(&id).map_or(self.known_at, |ahead| self.known_at.max(*ahead));
        if changed_at <= known_at { Occasion::CatchingUp } else { Occasion::Live }
    }

    /// The interaction was looked at as of a place in the log that its readers have not come to.
    pub fn is_ahead(&mut self, id: InteractionId, looked_at: Seq) {
        self.ahead.insert(id, looked_at);
    }

    /// All changes up to here have been told.
    pub fn passed(&mut self, reached: Seq) {
        self.ahead.retain(|_, looked_at| *looked_at > reached);
    }

    /// What the reader must be told of an interaction that may have changed; `is_inside`: whether it is inside now.
    pub fn judge(&mut self, id: InteractionId, occasion: Occasion, is_inside: bool) -> Option<Change> {
        let was_inside = match occasion {
            Occasion::Opened => Some(false),
            Occasion::CatchingUp => None,
            Occasion::Live if self.inside.contains(&id) => Some(true),
            Occasion::Live if self.is_complete => Some(false),
            Occasion::Live => None,
        };
        self.keep(id, is_inside);
        match (was_inside, is_inside) {
            (Some(false), true) => Some(Change::Entered),
            (Some(true) | None, true) => Some(Change::Updated),
            (Some(true) | None, false) => Some(Change::Left),
            (Some(false), false) => None,
        }
    }

    /// The ids whose being inside differs from `other`. Only right when both are complete.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Vec<InteractionId> {
        self.inside.symmetric_difference(&other.inside).copied().collect()
    }

    /// Notes whether an interaction is inside now.
    pub fn keep(&mut self, id: InteractionId, is_inside: bool) {
        if !is_inside {
            self.inside.remove(&id);
        } else if self.inside.len() < self.most || self.inside.contains(&id) {
            self.inside.insert(id);
        } else {
            self.is_complete = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> InteractionId {
        Uuid::from_u128(number).into()
    }

    #[test]
    fn live_changes_are_told_exactly() {
        let mut membership = Membership::new([id(1)], Seq(5), 10);
        assert_eq!(membership.judge(id(1), Occasion::Live, true), Some(Change::Updated));
        assert_eq!(membership.judge(id(2), Occasion::Live, true), Some(Change::Entered));
        assert_eq!(membership.judge(id(2), Occasion::Live, true), Some(Change::Updated));
        assert_eq!(membership.judge(id(1), Occasion::Live, false), Some(Change::Left));
        assert_eq!(membership.judge(id(1), Occasion::Live, false), None);
        assert_eq!(membership.judge(id(3), Occasion::Opened, false), None);
        assert_eq!((membership.count(1), membership.count(9)), (Some(1), Some(1)), "of one that is inside");
    }

    #[test]
    fn what_may_have_been_inside_before_is_never_called_new_and_never_passed_over() {
        let mut membership = Membership::new([id(1)], Seq(5), 10);
        assert_eq!(membership.judge(id(1), Occasion::CatchingUp, true), Some(Change::Updated));
        assert_eq!(membership.judge(id(2), Occasion::CatchingUp, false), Some(Change::Left));
        assert_eq!(membership.judge(id(3), Occasion::Opened, true), Some(Change::Entered));
        assert_eq!(membership.judge(id(3), Occasion::CatchingUp, true), Some(Change::Updated));
    }

    #[test]
    fn beyond_the_limit_nothing_is_forgotten_to_be_told() {
        let mut membership = Membership::new([id(1), id(2), id(3)], Seq(5), 2);
        assert!(!membership.is_complete());
        assert_eq!(membership.judge(id(3), Occasion::Live, false), Some(Change::Left));
        assert_eq!(membership.judge(id(9), Occasion::Live, true), Some(Change::Updated));

        let mut full = Membership::new([id(1), id(2)], Seq(5), 2);
        assert!(full.is_complete());
        assert_eq!(full.judge(id(3), Occasion::Live, true), Some(Change::Entered));
        assert!(!full.is_complete());
        assert_eq!((full.count(2), full.count(3)), (Some(2), None), "two are known, and there are more");
        assert_eq!(full.judge(id(3), Occasion::Live, false), Some(Change::Left));
    }
}
