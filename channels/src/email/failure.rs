//! What goes wrong with the two servers, as one type that becomes a [`Verdict`] for the worker or a sentence for the
//! administrator.

use crate::error::{ProbeError, Verdict};

/// A failed exchange with one of the mail servers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum MailError {
    /// A setting is missing or wrong.
    #[error("{sentence}")]
    Setting {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        sentence: String,
    },
    /// No connection, no TLS, or the connection broke: worth another try.
    #[error("{sentence}")]
    Unreachable {
        /// The setting to look at.
        field: &'static str,
        /// What happened.
        sentence: String,
    },
    /// The server refuses who we are.
    #[error("{sentence}")]
    SignIn {
        /// The setting to look at.
        field: &'static str,
        /// What happened.
        sentence: String,
    },
    /// A folder does not exist or may not be opened.
    #[error("{sentence}")]
    Folder {
        /// What happened.
        sentence: String,
    },
}

impl MailError {
    pub(super) fn setting(field: &'static str, sentence: impl Into<String>) -> Self {
        Self::Setting { field, sentence: sentence.into() }
    }

    pub(super) fn unreachable(field: &'static str, sentence: impl Into<String>) -> Self {
        Self::Unreachable { field, sentence: sentence.into() }
    }

    pub(super) fn sign_in(field: &'static str, sentence: impl Into<String>) -> Self {
        Self::SignIn { field, sentence: sentence.into() }
    }
}

impl From<MailError> for Verdict {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Unreachable { sentence, .. } => Self::no_connection(sentence),
            MailError::Setting { sentence, .. } | MailError::SignIn { sentence, .. } | MailError::Folder { sentence } => {
                Self::Suspend { reason: sentence }
            }
        }
    }
}

impl From<MailError> for ProbeError {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Setting { field, sentence } | MailError::Unreachable { field, sentence } | MailError::SignIn { field, sentence } => {
                Self { field: Some(field), sentence }
            }
            MailError::Folder { sentence } => Self { field: None, sentence },
        }
    }
}
