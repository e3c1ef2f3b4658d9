//! How often somebody may try to sign in: counted per e-mail address and per network address, on this node.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};
use tributary_domain::{Error, Result};

/// Attempts per minute. A person who has forgotten a password tries fewer; guessing needs many more.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
/// Keys remembered before those at rest are forgotten.
const MANY_KEYS: usize = 10_000;

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock>;

/// Counts attempts to sign in.
pub struct Attempts {
    emails: Limiter<String>,
    addresses: Limiter<IpAddr>,
    clock: DefaultClock,
}

impl Default for Attempts {
    fn default() -> Self {
        let clock = DefaultClock::default();
        Self {
            emails: Limiter::dashmap_with_clock(Quota::per_minute(PER_MINUTE), clock.clone()),
            addresses: Limiter::dashmap_with_clock(Quota::per_minute(PER_MINUTE), clock.clone()),
            clock,
        }
    }
}

impl Attempts {
    /// Counts an attempt for an e-mail address, folded by the caller.
    ///
    /// # Errors
    /// `RateLimited` when there were too many.
    pub fn with_email(&self, email: &str) -> Result<()> {
        self.count(&self.emails, &email.to_owned())
    }

    /// Counts an attempt from a network address; unknown ones are not counted.
    ///
    /// # Errors
    /// `RateLimited` when there were too many.
    pub fn from_address(&self, address: Option<IpAddr>) -> Result<()> {
        address.map_or(Ok(()), |address| self.count(&self.addresses, &network(address)))
    }

    fn count<K: std::hash::Hash + Eq + Clone>(&self, limiter: &Limiter<K>, key: &K) -> Result<()> {
        if limiter.len() > MANY_KEYS {
            limiter.retain_recent();
        }
        limiter.check_key(key).map_err(|early| {
            let retry_after: Duration = early.wait_time_from(self.clock.now());
            Error::RateLimited { retry_after }
        })
    }
}

/// One subscriber has at least a /64 of IPv6, so that is what is counted (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[8..].fill(0);
            IpAddr::V6(octets.into())
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use tributary_domain::ErrorCode;

    use super::Attempts;

    #[test]
    fn the_eleventh_attempt_is_refused_and_others_are_not() {
        let attempts = Attempts::default();
        for _ in 0..10 {
            attempts.with_email("ada@example.org").unwrap();
            attempts.from_address("2001:db8::1".parse().ok()).unwrap();
        }
        assert_eq!(attempts.with_email("ada@example.org").unwrap_err().code(), ErrorCode::RateLimited);
        assert!(attempts.with_email("bob@example.org").is_ok());
        assert!(attempts.from_address("2001:db8::2".parse().ok()).is_err(), "the same subscriber");
        assert!(attempts.from_address("2001:db8:0:1::1".parse().ok()).is_ok());
        assert!(attempts.from_address(None).is_ok());
    }

    #[test]
    fn an_address_in_ipv6_clothes_is_the_same() {
        let attempts = Attempts::default();
        for _ in 0..10 {
            attempts.from_address("192.0.2.1".parse().ok()).unwrap();
        }
        assert!(attempts.from_address("::ffff:192.0.2.1".parse().ok()).is_err());
        assert!(attempts.from_address("192.0.2.2".parse().ok()).is_ok());
    }
}
