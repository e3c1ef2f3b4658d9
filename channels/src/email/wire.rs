//! What is stored of a mailbox: the position in it and the form of a raw mail.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// [`crate::channel::RawInbound::form`] of a whole mail.
pub(super) const FORM_MAIL: &str = "mail";

/// [`crate::channel::RawInbound::form`] of the header of a mail that was too large to fetch.
pub(super) const FORM_TOO_LARGE: &str = "mail_too_large";

/// [`crate::channel::RawInbound::form`] of a mail that the server does not hand out: the body says why.
pub(super) const FORM_UNREADABLE: &str = "mail_unreadable";

/// [`crate::channel::RawInbound::form`] of the header of a mail that was read in another program.
pub(super) const FORM_READ: &str = "mail_read";

/// Header of [`crate::channel::RawInbound`] with the mail's UID.
pub(super) const HEADER_UID: &str = "uid";

/// Header of [`crate::channel::RawInbound`] with the mail's size in bytes.
pub(super) const HEADER_SIZE: &str = "size";

/// Largest mail that is fetched, bytes: twice what the large providers accept (25 MB as of 2026-11).
pub(super) const MAX_MAIL_BYTES: u32 = 50 * 1024 * 1024;

/// How far a mailbox has been read; stored in one transaction with the mails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Generation of the UIDs; when the server changes it, all UIDs are new.
    #[serde(rename = "uidvalidity")]
    pub(super) uid_validity: u32,
    /// Last UID that was stored.
    pub(super) uid: u32,
    /// Changes of flags up to here are known; `None` where the server does not number them.
    #[serde(default)]
    pub(super) modseq: Option<u64>,
    /// Older mails are history that is never taken in, not even when the UIDs begin anew.
    pub(super) since: DateTime<Utc>,
    /// The mails that were stored last, where they are moved away afterwards: they may still lie in the inbox.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) moving: Vec<u32>,
}

/// A mail as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundMail {
    pub(super) uid: u32,
    pub(super) size: u32,
    /// When the server received it.
    pub(super) received: Option<DateTime<Utc>>,
    pub(super) bytes: MailBytes,
}

/// A mail whose flags changed and that is read now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenMail {
    pub(super) uid: u32,
    /// Number of the change.
    pub(super) modseq: u64,
    /// The header with its `Message-ID`.
    pub(super) header: bytes::Bytes,
}

/// What was fetched of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MailBytes {
    /// All of it.
    Whole(bytes::Bytes),
    /// The header of a mail beyond [`MAX_MAIL_BYTES`].
    HeaderOnly(bytes::Bytes),
    /// Nothing: the server does not hand it out, or not in a way that can be read.
    Unreadable {
        /// Generation of the UIDs, which tells it from others as its content cannot.
        uid_validity: u32,
        /// What the server did.
        reason: String,
    },
}
