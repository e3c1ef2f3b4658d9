//! How often and how many: per visitor and per address, on this node.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use tributary_domain::ids::{ChannelId, ExternalUserId};

use super::error::Refused;

/// Checks between two clearings of what is no longer limited.
const CLEAR_EVERY: u64 = 4096;

/// The limits; the defaults are those of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatLimits {
    /// Messages of a visitor per minute.
    pub messages_per_minute: u32,
    /// Messages from an address per minute.
    pub messages_per_minute_of_address: u32,
    /// Other frames of a visitor per minute.
    pub frames_per_minute: u32,
    /// Uploads of a visitor per hour.
    pub files_per_hour: u32,
    /// New sessions from an address per minute.
    pub sessions_per_minute: u32,
    /// Open sockets and streams of a visitor.
    pub sockets: usize,
}

impl Default for ChatLimits {
    fn default() -> Self {
        Self {
            messages_per_minute: 30,
            messages_per_minute_of_address: 30,
            frames_per_minute: 120,
            files_per_hour: 20,
            sessions_per_minute: 20,
            sockets: 5,
        }
    }
}

/// A visitor among those of all channels.
pub(super) type Who = (ChannelId, ExternalUserId);

pub(super) struct Limits {
    messages: DefaultKeyedRateLimiter<Who>,
    messages_of_address: DefaultKeyedRateLimiter<IpAddr>,
    frames: DefaultKeyedRateLimiter<Who>,
    files: DefaultKeyedRateLimiter<Who>,
    sessions: DefaultKeyedRateLimiter<IpAddr>,
    sockets: usize,
    open: Arc<Mutex<HashMap<Who, usize>>>,
    checks: AtomicU64,
}

/// Counts as one open socket of a visitor until dropped.
pub(super) struct Open {
    who: Who,
    all: Arc<Mutex<HashMap<Who, usize>>>,
}

impl Limits {
    pub(super) fn new(limits: ChatLimits) -> Self {
        let per_minute = |count: u32| Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        let per_hour = |count: u32| Quota::per_hour(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        Self {
            messages: RateLimiter::keyed(per_minute(limits.messages_per_minute)),
            messages_of_address: RateLimiter::keyed(per_minute(limits.messages_per_minute_of_address)),
            frames: RateLimiter::keyed(per_minute(limits.frames_per_minute)),
            files: RateLimiter::keyed(per_hour(limits.files_per_hour)),
            sessions: RateLimiter::keyed(per_minute(limits.sessions_per_minute)),
            sockets: limits.sockets,
            open: Arc::default(),
            checks: AtomicU64::new(0),
        }
    }

    pub(super) fn message(&self, who: &Who, address: Option<IpAddr>) -> Result<(), Refused> {
        self.clear();
        check(&self.messages, who)?;
        address.map_or(Ok(()), |address| check(&self.messages_of_address, &address))
    }

    pub(super) fn frame(&self, who: &Who) -> Result<(), Refused> {
        self.clear();
        check(&self.frames, who)
    }

    pub(super) fn file(&self, who: &Who) -> Result<(), Refused> {
        self.clear();
        check(&self.files, who)
    }

    pub(super) fn session(&self, address: Option<IpAddr>) -> Result<(), Refused> {
        self.clear();
        address.map_or(Ok(()), |address| check(&self.sessions, &address))
    }

    /// `None` when the visitor has as many as allowed.
    pub(super) fn open(&self, who: &Who) -> Option<Open> {
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(who.clone()).or_default();
        if *count >= self.sockets {
            return None;
        }
        *count += 1;
        Some(Open { who: who.clone(), all: Arc::clone(&self.open) })
    }

    /// Keys of those who were here once would stay for ever otherwise.
    fn clear(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CLEAR_EVERY == CLEAR_EVERY - 1 {
            self.messages.retain_recent();
            self.messages_of_address.retain_recent();
            self.frames.retain_recent();
            self.files.retain_recent();
            self.sessions.retain_recent();
        }
    }
}

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Refused> {
    limiter.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        Refused::too_often(wait.max(Duration::from_millis(1)))
    })
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(name: &str) -> Who {
        (ChannelId::from(uuid::Uuid::from_u128(1)), name.into())
    }

    #[test]
    fn one_visitor_is_limited_and_others_are_not() {
        let limits = Limits::new(ChatLimits { messages_per_minute: 2, ..ChatLimits::default() });
        assert!(limits.message(&who("a"), None).is_ok() && limits.message(&who("a"), None).is_ok());
        let refused = limits.message(&who("a"), None).expect_err("the third");
        assert_eq!(refused.code, "RATE_LIMITED");
        assert!(refused.retry_after.is_some_and(|wait| wait <= Duration::from_secs(60)));
        assert!(limits.message(&who("b"), None).is_ok());
        let address = Some(IpAddr::from([10, 0, 0, 1]));
        let strict = Limits::new(ChatLimits { messages_per_minute_of_address: 1, ..ChatLimits::default() });
        assert!(strict.message(&who("a"), address).is_ok());
        assert!(strict.message(&who("b"), address).is_err(), "another visitor from the same address");
    }

    #[test]
    fn sockets_count_until_they_are_gone() {
        let limits = Limits::new(ChatLimits { sockets: 1, ..ChatLimits::default() });
        let one = limits.open(&who("a"));
        assert!(one.is_some() && limits.open(&who("a")).is_none() && limits.open(&who("b")).is_some());
        drop(one);
        assert!(limits.open(&who("a")).is_some());
    }
}
