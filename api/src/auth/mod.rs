//! Who is asking: the seam between the transport and the rules of signing in.
//!
//! The transport knows tokens only as opaque bearer texts. What they mean is decided behind [`Gatekeeper`], which the
//! transport asks once per request or socket, again whenever a socket renews its token, and regularly while a socket
//! or an event stream is open. The parts a gatekeeper is made of are here too: access tokens ([`jwt`]), tokens of
//! other houses ([`jwks`]), passwords ([`password`]) and random opaque tokens ([`token`]). None of them touches the
//! database.

pub mod jwks;
pub mod jwt;
pub mod password;
pub mod token;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// Decides who a bearer token stands for, and whether that still holds.
#[async_trait]
pub trait Gatekeeper: Send + Sync + 'static {
    /// What the schema finds in the data of the request when somebody is signed in.
    type Actor: Clone + Send + Sync + 'static;

    /// Finds whom `bearer` (without the word `Bearer`) stands for.
    ///
    /// # Errors
    /// Why not.
    async fn admit(&self, bearer: &str) -> Result<Viewer<Self::Actor>, Refusal>;

    /// As [`Gatekeeper::admit`], for a socket, which comes with many others when a node has died: they may be kept waiting for
    /// each other for a moment.
    ///
    /// # Errors
    /// Why not.
    async fn admit_socket(&self, bearer: &str) -> Result<Viewer<Self::Actor>, Refusal> {
        self.admit(bearer).await
    }

    /// Whether a viewer admitted earlier would be admitted now. Asked at most every 20 s per open socket or stream;
    /// `Ok(false)` ends it.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when nobody can tell: the socket then stays and is asked about again.
    async fn is_still_admitted(&self, viewer: &Viewer<Self::Actor>) -> Result<bool, Refusal>;

    /// Gives a request what the schema needs of its viewer, as of this moment: a socket outlives the rights with which it
    /// was admitted.
    ///
    /// # Errors
    /// When the viewer would not be admitted any more.
    async fn equip(&self, request: async_graphql::Request, viewer: &Viewer<Self::Actor>) -> Result<async_graphql::Request, Refusal> {
        Ok(request.data(viewer.actor.clone()))
    }
}

/// Somebody who was admitted.
#[derive(Debug, Clone)]
pub struct Viewer<A> {
    /// Given to the schema as data of the request.
    pub actor: A,
    /// Same text for the same user: connections are counted by it, and a renewal must not change it.
    pub user_key: String,
    /// When the token stops being good. Open sockets are closed then, unless renewed before.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why somebody was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a token of ours, or one that was revoked.
    #[error("the token is not valid")]
    Invalid,
    /// It was good once: refresh it and come again.
    #[error("the token has expired")]
    Expired,
    /// Nobody can tell at the moment.
    #[error("tokens cannot be checked at the moment")]
    Unavailable,
}

/// The token in the value of an `Authorization` header; the scheme's name is case-insensitive (RFC 9110, 11.1).
#[must_use]
pub fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn bearer_is_found_whatever_its_case() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer "), None);
        assert_eq!(bearer("abc"), None);
    }
}
