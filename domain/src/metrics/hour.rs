//! How many of something there were within the last hour, minute by minute.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// Minutes of what is called the last hour; the one that runs is the last of them.
const MINUTES: i64 = 60;

/// A minute, counted from 1970 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Minute(i64);

impl Minute {
    /// The minute in which something happened.
    pub(super) fn of(at: DateTime<Utc>) -> Self {
        Self(at.timestamp().div_euclid(60))
    }

    /// The first minute of the hour that `now` ends.
    pub(super) fn hour_before(now: DateTime<Utc>) -> Self {
        Self(Self::of(now).0 - (MINUTES - 1))
    }

    /// When it began.
    pub(super) fn start(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0 * 60, 0).unwrap_or_default()
    }
}

/// Counts of the minutes of an hour. What is said of minutes before it must be left out by the caller.
#[derive(Debug, Default)]
pub(super) struct Hour(BTreeMap<Minute, i32>);

impl Hour {
    /// Counts something in its minute, or takes it out again.
    pub(super) fn add(&mut self, at: Minute, by: i32) {
        *self.0.entry(at).or_default() += by;
    }

    /// How many.
    pub(super) fn sum(&self) -> i32 {
        self.0.values().sum()
    }

    /// Forgets the minutes before this one.
    pub(super) fn forget_before(&mut self, from: Minute) {
        self.0 = self.0.split_off(&from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_slides_by_minutes() {
        let at = |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap();
        assert_eq!(Minute::hour_before(at(59 * 60 + 59)), Minute::of(at(0)));
        assert_eq!(Minute::hour_before(at(60 * 60)), Minute::of(at(60)));
        assert_eq!(Minute::of(at(59)).start(), at(0));
        let mut hour = Hour::default();
        for second in [0, 59, 60, 3599] {
            hour.add(Minute::of(at(second)), 1);
        }
        hour.add(Minute::of(at(60)), -1);
        assert_eq!(hour.sum(), 3);
        hour.forget_before(Minute::of(at(60)));
        assert_eq!(hour.sum(), 1);
    }
}
