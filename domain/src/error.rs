//! The one error type of the domain. Every variant has a stable code.

use std::time::Duration;

use crate::content::Violation;

/// What a command or a read can fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or the actor may not know that it does.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The actor may see it but not do this.
    #[error("not permitted: {0}")]
    Forbidden(&'static str),
    /// Somebody else was faster, or the state does not allow it.
    #[error("conflict: {0}")]
    Conflict(String),
    /// An input is wrong.
    #[error("{field}: {reason}")]
    Invalid {
        /// Path of the field, dots between, as in the API's input.
        field: String,
        /// What is wrong.
        reason: String,
    },
    /// A message's body breaks rules; all of them are listed.
    #[error("the content is not valid")]
    Content(Vec<Violation>),
    /// The channel cannot do that.
    #[error("the channel does not support {capability}")]
    Unsupported {
        /// What it cannot do.
        capability: String,
    },
    /// Too often.
    #[error("too many requests")]
    RateLimited {
        /// When it may be tried again.
        retry_after: Duration,
    },
    /// Not signed in, or no longer.
    #[error("not signed in")]
    Unauthenticated,
    /// A cursor that cannot be resumed: take a new snapshot.
    #[error("the stream cannot be resumed from this cursor")]
    StreamReset,
    /// The database failed.
    #[error("storage failed")]
    Storage(#[source] sea_orm::DbErr),
    /// The blob store failed.
    #[error("file storage failed")]
    Files(#[from] object_store::Error),
    /// A stored secret cannot be opened.
    #[error("a sealed value cannot be opened")]
    Sealed,
    /// The bus failed.
    #[error("bus failed")]
    Bus(#[from] redis::RedisError),
}

/// Stable name of a kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// See [`Error::NotFound`].
    NotFound,
    /// See [`Error::Forbidden`].
    Forbidden,
    /// See [`Error::Conflict`].
    Conflict,
    /// See [`Error::Invalid`].
    Invalid,
    /// See [`Error::Unsupported`].
    NotSupported,
    /// See [`Error::RateLimited`].
    RateLimited,
    /// See [`Error::Unauthenticated`].
    Unauthenticated,
    /// See [`Error::StreamReset`].
    StreamReset,
    /// Ours to repair; the cause is in the log.
    Internal,
    /// A part we need is away; worth another try.
    Unavailable,
}

impl ErrorCode {
    /// As it stands in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::Forbidden => "FORBIDDEN",
            Self::Conflict => "CONFLICT",
            Self::Invalid => "INVALID",
            Self::NotSupported => "NOT_SUPPORTED",
            Self::RateLimited => "RATE_LIMITED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::StreamReset => "STREAM_RESET",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable)
    }
}

impl From<sea_orm::DbErr> for Error {
    /// A text that the database cannot hold is the fault of whoever sent it, wherever it stood.
    fn from(error: sea_orm::DbErr) -> Self {
        if crate::store::is_unstorable_text(&error) {
            return Self::invalid("", "holds the character U+0000, which cannot be stored");
        }
        Self::Storage(error)
    }
}

impl Error {
    /// An [`Error::Invalid`].
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }

    /// The code of this error.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::Conflict(_) => ErrorCode::Conflict,
            Self::Invalid { .. } | Self::Content(_) => ErrorCode::Invalid,
            Self::Unsupported { .. } => ErrorCode::NotSupported,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::Unauthenticated => ErrorCode::Unauthenticated,
            Self::StreamReset => ErrorCode::StreamReset,
            Self::Storage(error) if crate::store::is_passing(error) => ErrorCode::Unavailable,
            Self::Bus(_) => ErrorCode::Unavailable,
            Self::Storage(_) | Self::Files(_) | Self::Sealed => ErrorCode::Internal,
        }
    }
}

/// What the domain's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use sea_orm::{DbErr, RuntimeErr};

    use super::{Error, ErrorCode};

    #[test]
    fn a_broken_connection_is_worth_another_try() {
        let broken = |cause: sqlx::Error| Error::Storage(DbErr::Query(RuntimeErr::SqlxError(cause.into()))).code();
        for cause in [std::io::ErrorKind::ConnectionReset, std::io::ErrorKind::UnexpectedEof, std::io::ErrorKind::BrokenPipe] {
            assert_eq!(broken(sqlx::Error::Io(cause.into())), ErrorCode::Unavailable, "{cause:?}");
        }
        assert_eq!(broken(sqlx::Error::PoolTimedOut), ErrorCode::Unavailable);
        assert_eq!(broken(sqlx::Error::RowNotFound), ErrorCode::Internal);
        assert_eq!(broken(sqlx::Error::ColumnNotFound("x".into())), ErrorCode::Internal);
        assert!(ErrorCode::Unavailable.is_retryable());
    }
}
