//! When a view's counts are counted again: at once when something changed, and then at most once a second.

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

/// What a subscriber was told about a view's counts, and when they are due again.
#[derive(Debug, Default)]
pub(super) struct Counts {
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
    /// Something changed that may be counted.
    pub(super) fn spoil(&mut self) {
        self.is_stale = true;
    }

    /// From when on they are to be counted again; `None`: they are up to date.
    pub(super) fn due(&self) -> Option<Instant> {
        let ready = self.counted_at.map_or_else(Instant::now, |at| at + PAUSE);
        self.is_stale.then_some(ready)
    }

    /// They were counted: what of it is news.
    pub(super) fn tell(&mut self, counted: Counted) -> News {
        let told = self.told.replace(counted);
        self.counted_at = Some(Instant::now());
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

    #[tokio::test(start_paused = true)]
    async fn changes_are_counted_at_once_and_then_at_most_once_a_second() {
        let mut counts = Counts::default();
        assert_eq!(counts.due(), None);
        counts.spoil();
        assert_eq!(counts.due(), Some(Instant::now()));
        assert_eq!(counts.tell(Counted { all: 3, unread: 1 }), News { all: Some(3), unread: Some(1) });
        assert_eq!(counts.due(), None);
        counts.spoil();
        assert_eq!(counts.due(), Some(Instant::now() + PAUSE));
        tokio::time::advance(PAUSE * 2).await;
        assert!(counts.due().is_some_and(|due| due <= Instant::now()));
        assert_eq!(counts.tell(Counted { all: 3, unread: 2 }), News { all: None, unread: Some(2) });
    }
}
