//! What a subscriber is told about a view's counts: with each change when they follow from what is known to be inside, and
//! otherwise when they have been counted again, at most once a second.

use std::time::Duration;

use tokio::time::Instant;

/// Shortest time between two countings for one subscriber.
const PAUSE: Duration = Duration::from_secs(1);

/// A view's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) all: u64,
    pub(super) unread: u64,
}

/// Which of them the subscriber has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) all: bool,
    pub(super) unread: bool,
}

/// What a subscriber was told about a view's counts, and when they are due again.
#[derive(Debug)]
pub(super) struct Counts {
    wanted: Wanted,
    /// Readers of a group may come at any time, so they are told what others were told before.
    is_shared: bool,
    told: Option<Counted>,
    counted_at: Option<Instant>,
    is_stale: bool,
}

/// The counts that differ from those told before.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct News {
    pub(super) all: Option<u64>,
    pub(super) unread: Option<u64>,
}

impl Counts {
    pub(super) fn new(wanted: Wanted, is_shared: bool) -> Self {
        Self { wanted, is_shared, told: None, counted_at: None, is_stale: false }
    }

    pub(super) fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// Something changed that may be counted.
    pub(super) fn spoil(&mut self) {
        self.is_stale = self.wanted.all || self.wanted.unread;
    }

    /// Whether something changed since they were told.
    pub(super) fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// From when on they are to be counted again; `None`: they are up to date.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        self.is_stale.then(|| self.counted_at.map_or(now, |at| at + PAUSE))
    }

    /// They were counted: what of it is news.
    pub(super) fn tell(&mut self, counted: Counted, now: Instant) -> News {
        let told = self.told.replace(counted).filter(|_| !self.is_shared);
        self.counted_at = Some(now);
        self.is_stale = false;
        News {
            all: Some(counted.all).filter(|all| told.is_none_or(|told| told.all != *all)),
            unread: Some(counted.unread).filter(|unread| told.is_none_or(|told| told.unread != *unread)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Wanted = Wanted { all: true, unread: true };

    #[test]
    fn changes_are_counted_at_once_and_then_at_most_once_a_second() {
        let (start, mut counts) = (Instant::now(), Counts::new(BOTH, false));
        assert_eq!(counts.due(start), None);
        counts.spoil();
        assert_eq!(counts.due(start), Some(start));
        assert_eq!(counts.tell(Counted { all: 3, unread: 1 }, start), News { all: Some(3), unread: Some(1) });
        assert_eq!(counts.due(start), None);
        counts.spoil();
        assert_eq!(counts.due(start), Some(start + PAUSE));
        assert_eq!(counts.tell(Counted { all: 3, unread: 2 }, start + PAUSE), News { all: None, unread: Some(2) });
    }
    #[test]
    fn what_nobody_asks_for_is_not_counted_and_a_group_is_told_each_time() {
        let start = Instant::now();
        let mut unwanted = Counts::new(Wanted { all: false, unread: false }, false);
        unwanted.spoil();
        assert_eq!(unwanted.due(start), None);
        let mut shared = Counts::new(BOTH, true);
        for _ in 0..2 {
            assert_eq!(shared.tell(Counted { all: 3, unread: 1 }, start), News { all: Some(3), unread: Some(1) });
        }
    }
}
