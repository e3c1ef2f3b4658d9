//! What can go wrong between an adapter and its platform, and what the worker does about it.

use std::time::Duration;

/// Why a request of a platform is refused. Answered without detail; the reason is for our log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookReject {
    /// No or wrong signature or token.
    #[error("signature or token does not match")]
    Unauthenticated,
    /// Signed too long ago or in the future.
    #[error("timestamp outside of the allowed window")]
    Stale,
    /// Proved, but malformed: answered with 400 and these fields, since the sender is known.
    #[error("malformed: {0:?}")]
    Malformed(Vec<FieldError>),
    /// Larger than the channel takes.
    #[error("body too large")]
    TooLarge,
    /// Media type that the channel does not take.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// No such address below the channel's path.
    #[error("no such address")]
    NotFound,
}

/// One wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// Path of the field, dots between.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A body or an item that an adapter does not understand. Goes to the dead letters with this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ParseError {
    /// What is wrong; no message text, no addresses.
    pub reason: String,
}

impl ParseError {
    /// An error with this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// What the worker shall do after a failed exchange.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Verdict {
    /// The platform certainly has not taken it: try again.
    #[error("try again: {reason}")]
    Retry {
        /// The platform's own wish, which wins over our schedule.
        after: Option<Duration>,
        /// The platform limits the account: pause all of the channel's lanes for that long.
        pauses_account: bool,
        /// How far the exchange came.
        reach: Reach,
        /// What happened, for the log and the delivery.
        reason: String,
    },
    /// The platform may or may not have taken it: the send class decides.
    #[error("outcome unknown: {reason}")]
    Ambiguous {
        /// What happened.
        reason: String,
    },
    /// It will never work.
    #[error("failed: {}", code.as_str())]
    Fail {
        /// Our code, which an agent understands.
        code: FailCode,
        /// The platform's own words.
        detail: String,
    },
    /// Credentials are broken: hold the queue, tell the administrator, use up no attempt.
    #[error("channel suspended: {reason}")]
    Suspend {
        /// A sentence for the administrator.
        reason: String,
    },
}

impl Verdict {
    /// No connection: nothing was sent, and the account may not be there at all.
    pub fn no_connection(reason: impl Into<String>) -> Self {
        Self::Retry { after: None, pauses_account: false, reach: Reach::NoConnection, reason: reason.into() }
    }
}

/// How far an exchange came, which says how the platform's account is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// An answer came, whatever it said about this one message.
    Answered,
    /// A connection, but no sound answer: it broke, or the platform said that it is in trouble.
    Broken,
    /// No connection.
    NoConnection,
    /// Nobody was called: the trouble is on our side.
    NotCalled,
}

/// Why a message can never be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailCode {
    /// The recipient does not exist or cannot be reached.
    RecipientUnknown,
    /// The recipient does not want messages.
    RecipientRefuses,
    /// The reply window has closed.
    WindowClosed,
    /// Too large for the platform.
    TooLarge,
    /// The platform does not take this content.
    ContentRefused,
    /// The account is not allowed to do this.
    NotPermitted,
    /// The address of the integration is gone for good.
    EndpointGone,
    /// All attempts were used up.
    GaveUp,
    /// Anything else that is final.
    Other,
}

impl FailCode {
    /// The code as stored and served.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecipientUnknown => "RECIPIENT_UNKNOWN",
            Self::RecipientRefuses => "RECIPIENT_REFUSES",
            Self::WindowClosed => "WINDOW_CLOSED",
            Self::TooLarge => "TOO_LARGE",
            Self::ContentRefused => "CONTENT_REFUSED",
            Self::NotPermitted => "NOT_PERMITTED",
            Self::EndpointGone => "ENDPOINT_GONE",
            Self::GaveUp => "GAVE_UP",
            Self::Other => "OTHER",
        }
    }
}

/// Why a channel does not work, as a sentence for its administrator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct ProbeError {
    /// Which setting to look at, if one is to blame.
    pub field: Option<&'static str>,
    /// The sentence, English.
    pub sentence: String,
}
