//! How often somebody may fail to sign in: counted per address from one network, and per network, on this node.
//!
//! Only failures count, so that a house full of people behind one address signs in undisturbed. An attempt counts as failed
//! until it has succeeded: whoever tries much at the same time gains nothing. Nobody can lock somebody else out: failures
//! from one network say nothing about the others.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tributary_domain::{Error, Result};

/// Failures per minute for one address from one network. A person who has forgotten a password makes fewer; guessing needs
/// many more.
const PER_ACCOUNT: f64 = 10.0;
/// Failures per minute from one network, over all addresses: many people may sit behind it.
const PER_NETWORK: f64 = 100.0;
const MINUTE: f64 = 60.0;
/// Keys remembered before those that have recovered are forgotten.
const MANY_KEYS: usize = 10_000;

/// Counts failed attempts to sign in.
#[derive(Default)]
pub struct Attempts {
    accounts: Counter<(String, Option<IpAddr>)>,
    networks: Counter<IpAddr>,
}

/// An attempt that has failed unless it says otherwise.
#[must_use = "an attempt that succeeded must say so"]
pub struct Attempt<'a> {
    attempts: &'a Attempts,
    account: Option<(String, Option<IpAddr>)>,
    network: Option<IpAddr>,
}

impl Attempts {
    /// Begins an attempt with an e-mail address, folded by the caller, from a network address, as far as they are known.
    ///
    /// # Errors
    /// `RateLimited` after too many failures.
    pub fn begin(&self, email: Option<&str>, address: Option<IpAddr>) -> Result<Attempt<'_>> {
        self.begin_at(email, address, Instant::now())
    }

    fn begin_at(&self, email: Option<&str>, address: Option<IpAddr>, now: Instant) -> Result<Attempt<'_>> {
        let network = address.map(network);
        let account = email.map(|email| (email.to_owned(), network));
        let early = |retry_after| Error::RateLimited { retry_after };
        if let Some(network) = &network {
            self.networks.take(network, PER_NETWORK, now).map_err(early)?;
        }
        if let Some(account) = &account
            && let Err(wait) = self.accounts.take(account, PER_ACCOUNT, now)
        {
            // This attempt does not take place, so it does not count against the neighbours.
            if let Some(network) = &network {
                self.networks.give_back(network, PER_NETWORK);
            }
            return Err(early(wait));
        }
        Ok(Attempt { attempts: self, account, network })
    }
}

impl Attempt<'_> {
    /// It was the right person: nothing is counted.
    pub fn succeeded(self) {
        if let Some(account) = &self.account {
            self.attempts.accounts.give_back(account, PER_ACCOUNT);
        }
        if let Some(network) = &self.network {
            self.attempts.networks.give_back(network, PER_NETWORK);
        }
    }
}

/// How many failures are still free, and as of when; grows back evenly.
struct Left {
    failures: f64,
    at: Instant,
}

struct Counter<K>(Mutex<HashMap<K, Left>>);

impl<K> Default for Counter<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq + Clone> Counter<K> {
    /// Takes one, or says for how long there is none.
    fn take(&self, key: &K, per_minute: f64, now: Instant) -> Result<(), Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = |left: &Left| {
            let gained = now.saturating_duration_since(left.at).as_secs_f64() * per_minute / MINUTE;
            (left.failures + gained).min(per_minute)
        };
        if all.len() > MANY_KEYS {
            all.retain(|_, left| grown(left) < per_minute);
        }
        let left = all.entry(key.clone()).or_insert(Left { failures: per_minute, at: now });
        (left.failures, left.at) = (grown(left), now);
        if left.failures < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - left.failures) * MINUTE / per_minute));
        }
        left.failures -= 1.0;
        Ok(())
    }

    fn give_back(&self, key: &K, per_minute: f64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = all.get_mut(key) {
            left.failures = (left.failures + 1.0).min(per_minute);
        }
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
    use super::*;

    const HERE: &str = "192.0.2.1";

    fn fails(attempts: &Attempts, email: &str, address: &str, now: Instant) -> Option<Duration> {
        match attempts.begin_at(Some(email), address.parse().ok(), now) {
            Ok(_counts) => None,
            Err(Error::RateLimited { retry_after }) => Some(retry_after),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_eleventh_failure_is_refused_and_others_are_not() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(fails(&attempts, "ada@example.org", HERE, start), None);
        }
        let wait = fails(&attempts, "ada@example.org", HERE, start).expect("too many");
        assert_eq!(wait, Duration::from_secs(6), "ten a minute");
        assert_eq!(fails(&attempts, "bob@example.org", HERE, start), None, "another address");
        assert_eq!(fails(&attempts, "ada@example.org", "192.0.2.2", start), None, "nobody locks somebody else out");
        assert!(fails(&attempts, "ada@example.org", HERE, start + wait / 2).is_some());
        assert_eq!(fails(&attempts, "ada@example.org", HERE, start + wait), None);
    }

    #[test]
    fn success_is_not_counted() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..1_000 {
            attempts.begin_at(Some("ada@example.org"), HERE.parse().ok(), start).unwrap().succeeded();
        }
        assert_eq!(fails(&attempts, "ada@example.org", HERE, start), None);
    }

    #[test]
    fn a_network_that_tries_many_addresses_is_stopped() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for number in 0..100 {
            assert_eq!(fails(&attempts, &format!("{number}@example.org"), "2001:db8::1", start), None);
        }
        assert!(fails(&attempts, "next@example.org", "2001:db8::2", start).is_some(), "the same subscriber");
        assert_eq!(fails(&attempts, "next@example.org", "2001:db8:0:1::1", start), None);
        assert!(attempts.begin_at(None, None, start).is_ok(), "what is not known is not counted");
    }

    #[test]
    fn an_address_in_ipv6_clothes_is_the_same() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(fails(&attempts, "ada@example.org", HERE, start), None);
        }
        assert!(fails(&attempts, "ada@example.org", "::ffff:192.0.2.1", start).is_some());
    }
}
