//! Getting mails out of the open folder.

use std::{collections::BTreeMap, io::ErrorKind};

use async_imap::error::Error;
use bytes::Bytes;
use futures_util::TryStreamExt;

use super::{Imap, Listed, MailError, lost, within};
use crate::email::wire::{FoundMail, MAX_MAIL_BYTES, MailBytes};

/// Mails above this are fetched in ranges of this size, bytes: a broken connection loses little, and no server has to
/// build one huge literal.
pub(super) const RANGE_BYTES: u32 = 512 * 1024;

/// Why mails could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::email) enum FetchError {
    /// The server refuses, or its answer is no IMAP: it would say the same again.
    #[error(transparent)]
    Answer(MailError),
    /// The connection broke or not everything came: the mails may have to do with it or not.
    #[error(transparent)]
    Connection(MailError),
}

impl From<Error> for FetchError {
    fn from(error: Error) -> Self {
        // RFC 5530: the server has a problem of its own, and not with these mails.
        let is_passing = |said: &str| ["UNAVAILABLE", "INUSE", "LIMIT"].iter().any(|code| said.to_ascii_uppercase().contains(code));
        let is_about_mails = match &error {
            Error::No(said) | Error::Bad(said) => !is_passing(said),
            // What cannot be decoded comes as an I/O error without a kind of its own.
            Error::Io(error) => error.kind() == ErrorKind::Other,
            Error::Parse(_) | Error::Validate(_) => true,
            _ => false,
        };
        let failure = match error {
            // The text of this one quotes the mail.
            Error::Io(error) if error.kind() == ErrorKind::Other => lost(Error::Io(std::io::Error::other("an answer cannot be read"))),
            other => lost(other),
        };
        if is_about_mails { Self::Answer(failure) } else { Self::Connection(failure) }
    }
}

impl Imap {
    /// Fetches mails without marking them as read. A mail that vanished meanwhile is left out.
    ///
    /// # Errors
    /// [`FetchError`]; the connection is good for nothing then, since the rest of the answer may still be on its way.
    pub(in crate::email) async fn fetch(&mut self, mails: &[Listed]) -> Result<Vec<FoundMail>, FetchError> {
        let small: Vec<String> = mails.iter().filter(|mail| mail.size <= RANGE_BYTES).map(|mail| mail.uid.to_string()).collect();
        let mut whole = if small.is_empty() { BTreeMap::new() } else { self.fetch_whole(&small.join(",")).await? };
        let mut found = Vec::with_capacity(mails.len());
        for mail in mails {
            let bytes = if mail.size > MAX_MAIL_BYTES {
                self.fetch_section(mail.uid, "BODY.PEEK[HEADER]").await?.map(MailBytes::HeaderOnly)
            } else if mail.size > RANGE_BYTES {
                self.fetch_ranges(mail).await?.map(MailBytes::Whole)
            } else {
                whole.remove(&mail.uid).map(MailBytes::Whole)
            };
            match bytes {
                Some(bytes) => found.push(FoundMail { uid: mail.uid, size: mail.size, received: mail.received, bytes }),
                // The client library does not say that a server refused a FETCH: a refused mail looks like one that is gone.
                None if self.is_there(mail.uid).await? => {
                    let sentence = "The IMAP server lists a mail that it does not hand out.";
                    return Err(FetchError::Connection(MailError::unreachable("imap_host", sentence)));
                }
                None => {}
            }
        }
        Ok(found)
    }

    async fn is_there(&mut self, uid: u32) -> Result<bool, FetchError> {
        let found = within(self.session.uid_search(format!("UID {uid}"))).await.map_err(lost).map_err(FetchError::Connection)?;
        Ok(found.contains(&uid))
    }

    async fn fetch_whole(&mut self, set: &str) -> Result<BTreeMap<u32, Bytes>, FetchError> {
        let fetching = async {
            let mut found = BTreeMap::new();
            let mut answers = self.session.uid_fetch(set, "(UID BODY.PEEK[])").await?;
            while let Some(answer) = answers.try_next().await? {
                if let (Some(uid), Some(body)) = (answer.uid, answer.body()) {
                    found.insert(uid, Bytes::copy_from_slice(body));
                }
            }
            Ok(found)
        };
        within(fetching).await.map_err(FetchError::from)
    }

    async fn fetch_ranges(&mut self, mail: &Listed) -> Result<Option<Bytes>, FetchError> {
        let mut whole = Vec::with_capacity(mail.size as usize);
        loop {
            let item = format!("BODY.PEEK[]<{}.{RANGE_BYTES}>", whole.len());
            let Some(range) = self.fetch_section(mail.uid, &item).await? else { return Ok(None) };
            whole.extend_from_slice(&range);
            // RFC822.SIZE is wrong on some servers: the end is where a range comes back short.
            if range.len() < RANGE_BYTES as usize || whole.len() >= MAX_MAIL_BYTES as usize {
                return Ok(Some(whole.into()));
            }
        }
    }

    async fn fetch_section(&mut self, uid: u32, item: &str) -> Result<Option<Bytes>, FetchError> {
        let fetching = async {
            let mut found = None;
            let mut answers = self.session.uid_fetch(uid.to_string(), format!("(UID {item})")).await?;
            while let Some(answer) = answers.try_next().await? {
                if answer.uid == Some(uid)
                    && let Some(bytes) = answer.body().or_else(|| answer.header())
                {
                    found = Some(Bytes::copy_from_slice(bytes));
                }
            }
            Ok(found)
        };
        within(fetching).await.map_err(FetchError::from)
    }
}
