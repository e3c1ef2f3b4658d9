//! How long an admitted viewer stays admitted on an open connection.

use std::time::Duration;

use tokio::time::Instant;

use super::{Engine, Transport, spread, together};
use crate::auth::{Gatekeeper, Refusal, Viewer};

/// Why an open connection must not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The token ran out and was not renewed.
    Expired,
    /// The gatekeeper does not admit the viewer any more.
    Revoked,
}

impl<E: Engine, G: Gatekeeper> Transport<E, G> {
    /// Returns when `viewer` is no longer admitted. Asks the gatekeeper every `recheck`, less up to a quarter that differs
    /// between connections, so that ten thousand sockets opened together do not ask together.
    pub(super) async fn ended(self, viewer: Viewer<G::Actor>, number: u64) -> Ended {
        let recheck = self.inner.limits.recheck.mul_f64(1.0 - spread(number) / 4.0);
        loop {
            let left = viewer.expires_at.map(|at| (at - self.inner.clock.now()).to_std().unwrap_or(Duration::ZERO));
            if left.is_some_and(|left| left.is_zero()) {
                return Ended::Expired;
            }
            // Those who are asked about together are one question.
            let due = together(Instant::now() + recheck, recheck);
            let expires = left.map(|left| Instant::now() + left);
            tokio::time::sleep_until(expires.map_or(due, |expires| expires.min(due))).await;
            if viewer.expires_at.is_some_and(|at| at <= self.inner.clock.now()) {
                return Ended::Expired;
            }
            // A gatekeeper that does not answer must not keep the next question from being asked.
            match tokio::time::timeout(recheck, self.inner.gatekeeper.is_still_admitted(&viewer)).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false) | Err(Refusal::Invalid)) => return Ended::Revoked,
                Ok(Err(Refusal::Expired)) => return Ended::Expired,
                Ok(Err(Refusal::Unavailable)) | Err(_) => {
                    tracing::debug!("Nobody could tell whether a viewer is still admitted; the connection stays")
                }
            }
        }
    }
}
