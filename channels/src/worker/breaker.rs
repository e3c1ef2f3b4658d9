//! A breaker per channel: stops calling an account that does not answer, and asks again with one call.

use std::{collections::VecDeque, time::Duration};

use chrono::{DateTime, Utc};

use crate::error::Reach;

/// Failed connects in a row that open the breaker.
const CONNECTS: u32 = 5;
/// Calls that are looked at.
const WINDOW_CALLS: usize = 20;
/// How far back they are looked at.
const WINDOW: Duration = Duration::from_secs(30);
/// How long the breaker stays open before one call may try.
const OPEN_FOR: Duration = Duration::from_secs(30);

/// State of one channel's breaker.
#[derive(Debug, Clone, Default)]
pub(super) struct Breaker {
    calls: VecDeque<(DateTime<Utc>, Reach)>,
    connects_failed: u32,
    open_until: Option<DateTime<Utc>>,
    /// When the one call that may try was let through.
    probing_since: Option<DateTime<Utc>>,
}

impl Breaker {
    /// Whether a call may be made now; `Err` says when to ask again. After an open time exactly one caller may try.
    ///
    /// # Errors
    /// The time to ask again.
    pub(super) fn may_call(&mut self, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        match self.open_until {
            None => Ok(()),
            Some(until) if now < until => Err(until),
            // One that never reports (its lane was lost) must not keep the breaker open.
            Some(_) if self.probing_since.is_some_and(|since| now < since + OPEN_FOR) => Err(now + Duration::from_secs(1)),
            Some(_) => {
                self.probing_since = Some(now);
                Ok(())
            }
        }
    }

    /// Whether calls are made as usual.
    pub(super) fn is_closed(&self) -> bool {
        self.open_until.is_none()
    }

    /// Notes how a call went.
    pub(super) fn note(&mut self, now: DateTime<Utc>, call: Reach) {
        self.probing_since = None;
        if call == Reach::NotCalled {
            return;
        }
        if call == Reach::Answered {
            self.connects_failed = 0;
            if self.open_until.take().is_some() {
                metrics::gauge!("tributary_breakers_open").decrement(1);
                self.calls.clear();
            }
        } else if self.open_until.is_some() {
            self.open_until = Some(now + OPEN_FOR);
            return;
        }
        if call == Reach::NoConnection {
            self.connects_failed += 1;
        }
        self.calls.push_back((now, call));
        while self.calls.len() > WINDOW_CALLS
            || self.calls.front().is_some_and(|(at, _)| now - *at > chrono::Duration::from_std(WINDOW).unwrap_or_default())
        {
            self.calls.pop_front();
        }
        let failed = self.calls.iter().filter(|(_, call)| *call != Reach::Answered).count();
        if self.connects_failed >= CONNECTS || (self.calls.len() == WINDOW_CALLS && failed * 2 >= WINDOW_CALLS) {
            self.open_until = Some(now + OPEN_FOR);
            metrics::gauge!("tributary_breakers_open").increment(1);
            self.connects_failed = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration, Utc};

    use super::Breaker;
    use crate::error::Reach;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn five_failed_connects_open_it_and_one_call_closes_it() {
        let (mut breaker, now) = (Breaker::default(), start());
        for _ in 0..4 {
            breaker.note(now, Reach::NoConnection);
        }
        assert!(breaker.may_call(now).is_ok());
        breaker.note(now, Reach::NoConnection);
        assert!(breaker.may_call(now).is_err());
        let later = now + Duration::seconds(31);
        assert!(breaker.may_call(later).is_ok(), "one probe");
        assert!(breaker.may_call(later).is_err(), "not two");
        breaker.note(later, Reach::Answered);
        assert!(breaker.may_call(later).is_ok() && breaker.may_call(later).is_ok(), "closed");
    }

    #[test]
    fn a_failed_probe_keeps_it_open() {
        let (mut breaker, now) = (Breaker::default(), start());
        for _ in 0..5 {
            breaker.note(now, Reach::NoConnection);
        }
        let later = now + Duration::seconds(31);
        assert!(breaker.may_call(later).is_ok());
        breaker.note(later, Reach::Broken);
        assert!(breaker.may_call(later + Duration::seconds(29)).is_err());
    }

    #[test]
    fn a_probe_that_never_reports_is_followed_by_another() {
        let (mut breaker, now) = (Breaker::default(), start());
        for _ in 0..5 {
            breaker.note(now, Reach::NoConnection);
        }
        let later = now + Duration::seconds(31);
        assert!(breaker.may_call(later).is_ok());
        assert!(breaker.may_call(later + Duration::seconds(29)).is_err());
        assert!(breaker.may_call(later + Duration::seconds(30)).is_ok());
    }

    #[test]
    fn answers_that_refuse_do_not_open_it() {
        let (mut breaker, now) = (Breaker::default(), start());
        for _ in 0..4 {
            breaker.note(now, Reach::NoConnection);
        }
        for _ in 0..40 {
            breaker.note(now, Reach::Answered);
            breaker.note(now, Reach::NotCalled);
        }
        breaker.note(now, Reach::NoConnection);
        assert!(breaker.may_call(now).is_ok());
    }

    #[test]
    fn half_of_twenty_calls_open_it() {
        let (mut breaker, now) = (Breaker::default(), start());
        for call in 0..20 {
            assert!(breaker.may_call(now).is_ok(), "call {call}");
            breaker.note(now, if call % 2 == 0 { Reach::Broken } else { Reach::Answered });
        }
        assert!(breaker.may_call(now).is_err());
    }
}
