//! The receiving loop: look for new mails, store them with the position, wait in IDLE (or sleep), again.
//!
//! Runs under the worker's lease and ends on the stop signal, on a lost connection or when the sink refuses; its
//! wake-ups are the server's IDLE notices, its fallback is a look after each IDLE ([`Waits`]). What makes it safe to repeat: the
//! position is stored in one transaction with the mails, and the same mail has the same dedupe key.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use tokio_util::sync::CancellationToken;
use tributary_domain::outbound::OpenChannel;

use super::{
    account::Account,
    failure::MailError,
    imap::{FetchError, Imap, Listed, Woken},
    inbound,
    oauth::TokenCache,
    wire::{FoundMail, MailBytes, Position},
};
use crate::{
    channel::{Cx, Found, Sink},
    error::Verdict,
};

/// The folder that is followed.
const INBOX: &str = "INBOX";

/// Most mails that are stored at once.
const BATCH_MAILS: usize = 50;

/// Most bytes of mails that are stored at once, unless one mail alone is larger.
const BATCH_BYTES: u64 = 5 * 1024 * 1024;

/// How often a mail is fetched alone, each time on a new connection, before it is given up.
const TRIES_ALONE: u32 = 3;

/// How long the listener waits for a server that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// Longest IDLE; 4 minutes. Servers end them after 30 minutes (RFC 2177), and routers forget silent connections much
    /// earlier: the exchange at its end is also the check whether the other side is still there.
    pub idle: Duration,
    /// Longest wait for the answer to that check and to looking for news; 1 minute, so that a server that is gone is noticed
    /// within 5.
    pub answer: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self { idle: Duration::from_mins(4), answer: Duration::from_mins(1) }
    }
}

/// Length of the first IDLE. Some servers do not announce what came in between the last command and the IDLE, so the
/// first one is short and a look follows.
const FIRST_IDLE: Duration = Duration::from_secs(2);

/// See [`crate::channel::Listen::listen`].
pub(super) async fn listen(
    cx: &Cx,
    tokens: &TokenCache,
    channel: &OpenChannel,
    cursor: Option<serde_json::Value>,
    sink: &dyn Sink,
    stop: (Waits, CancellationToken),
) -> Result<(), Verdict> {
    let (waits, shutdown) = stop;
    let account = Account::of(channel)?;
    let mut imap = Imap::open(cx, tokens, channel, &account).await?.with_patience(waits.answer);
    let archive = if account.moves_away { Some(archive(&mut imap, &account).await?) } else { None };
    let follower = Follower { cx, tokens, account: &account, channel, sink, waits, shutdown: &shutdown, archive };
    sink.signed_in().await?;
    let mut position = follower.start(&mut imap, cursor).await?;
    let mut longest = FIRST_IDLE.min(waits.idle);
    loop {
        position = follower.take_new(&mut imap, position).await?;
        position = follower.take_read(&mut imap, position).await?;
        if shutdown.is_cancelled() {
            imap.close().await;
            return Ok(());
        }
        let woken;
        if imap.has_idle {
            (imap, woken) = imap.idle(longest, &shutdown).await?;
            longest = waits.idle;
        } else {
            woken = tokio::select! {
                () = shutdown.cancelled() => Woken::Stopped,
                () = tokio::time::sleep(account.poll_interval) => Woken::Look,
            };
            if woken == Woken::Look {
                imap.noop().await?;
            }
        }
        if woken == Woken::Stopped {
            imap.close().await;
            return Ok(());
        }
    }
}

struct Follower<'a> {
    cx: &'a Cx,
    tokens: &'a TokenCache,
    account: &'a Account,
    channel: &'a OpenChannel,
    sink: &'a dyn Sink,
    waits: Waits,
    shutdown: &'a CancellationToken,
    /// Where mails are moved once they are stored.
    archive: Option<String>,
}

/// The folder to which mails are moved.
async fn archive(imap: &mut Imap, account: &Account) -> Result<String, MailError> {
    imap.archive_folder(account.archive_folder.as_deref()).await?.ok_or_else(|| {
        MailError::setting("archive_folder", "The server marks no folder as the archive; name the one to which mails are to go.")
    })
}

impl Follower<'_> {
    /// Opens the inbox and finds out where to go on; takes in what a new or renumbered mailbox holds.
    async fn start(&self, imap: &mut Imap, cursor: Option<serde_json::Value>) -> Result<Position, Verdict> {
        let folder = imap.select(INBOX).await?;
        let known: Option<Position> = match cursor {
            None => None,
            Some(stored) => Some(serde_json::from_value(stored).map_err(|_| Verdict::Suspend {
                reason: "The stored position in the mailbox is not one of this channel's; remove and add the channel.".to_owned(),
            })?),
        };
        if let Some(position) = known.clone().filter(|known| known.uid_validity == folder.uid_validity) {
            // Whoever stopped between storing mails and moving them left them here. Those that are gone are left out by the server.
            if let Some(archive) = &self.archive {
                imap.move_away(&position.moving, archive).await?;
            }
            // A position of before the server numbered changes begins with those of now.
            return Ok(Position { modseq: position.modseq.or(folder.highest_modseq), ..position });
        }
        let since = match known {
            Some(position) => {
                tracing::info!(channel.id = %self.channel.id, "a mailbox was renumbered, its mails are looked through again");
                position.since
            }
            None => first_moment(self.cx, self.account, self.channel),
        };
        let candidates = imap.search_since(since.date_naive()).await?;
        let wanted = match candidates.first() {
            // One day more than the search found, because the search goes by the server's days.
            Some(first) => self.list(imap, folder.uid_validity, first.saturating_sub(1)).await?,
            None => Vec::new(),
        };
        let newest = wanted.last().map_or(0, |mail| mail.uid).max(folder.uid_next.saturating_sub(1));
        let position = Position { uid_validity: folder.uid_validity, uid: 0, modseq: folder.highest_modseq, since, moving: Vec::new() };
        let wanted: Vec<Listed> = wanted.into_iter().filter(|mail| mail.received.is_none_or(|at| at >= since)).collect();
        let mut position = self.take(imap, position, &wanted).await?;
        if self.shutdown.is_cancelled() {
            return Ok(position);
        }
        position.uid = newest;
        self.store(Vec::new(), &position).await?;
        Ok(position)
    }

    /// The mails above `last`. Where the server's list cannot be read, its mails are listed in halves until those are found
    /// whose entry is to blame; of these only the number is known, and they are fetched like every other one.
    async fn list(&self, imap: &mut Imap, uid_validity: u32, last: u32) -> Result<Vec<Listed>, Verdict> {
        match imap.list_after(last).await {
            Ok(listed) => return Ok(listed),
            Err(FetchError::Connection(failure)) => return Err(failure.into()),
            Err(FetchError::Answer(failure)) => {
                tracing::warn!(channel.id = %self.channel.id, error = %failure, "the list of mails cannot be read, now by halves");
            }
        }
        *imap = self.reopen(uid_validity).await?;
        let mut waiting = vec![imap.search_after(last).await?];
        let mut found = Vec::new();
        while let Some(mut uids) = waiting.pop() {
            match imap.list_these(&uids).await {
                Ok(listed) => found.extend(listed),
                Err(FetchError::Connection(failure)) => return Err(failure.into()),
                Err(FetchError::Answer(_)) => {
                    *imap = self.reopen(uid_validity).await?;
                    if let [uid] = uids[..] {
                        found.push(Listed::only_number(uid));
                    } else {
                        let second = uids.split_off(uids.len() / 2);
                        waiting.extend([second, uids]);
                    }
                }
            }
        }
        Ok(found)
    }

    async fn take_new(&self, imap: &mut Imap, position: Position) -> Result<Position, Verdict> {
        let listed = self.list(imap, position.uid_validity, position.uid).await?;
        self.take(imap, position, &listed).await
    }

    /// Tells what others have read meanwhile.
    async fn take_read(&self, imap: &mut Imap, mut position: Position) -> Result<Position, Verdict> {
        let Some(known) = position.modseq else { return Ok(position) };
        let (read, newest) = imap.read_since(known, position.uid).await?;
        if newest == known {
            return Ok(position);
        }
        position.modseq = Some(newest);
        let now = self.cx.clock.now();
        let items = read.into_iter().map(|seen| inbound::read_item(position.uid_validity, seen, now)).collect();
        self.store(items, &position).await?;
        Ok(position)
    }

    /// Fetches and stores mails batch by batch; between two batches it may be stopped.
    async fn take(&self, imap: &mut Imap, mut position: Position, listed: &[Listed]) -> Result<Position, Verdict> {
        for batch in batches(listed) {
            if self.shutdown.is_cancelled() {
                break;
            }
            let found = self.fetch(imap, position.uid_validity, batch).await?;
            let is_readable = |mail: &&FoundMail| !matches!(mail.bytes, MailBytes::Unreadable { .. });
            let readable: Vec<u32> = found.iter().filter(is_readable).map(|mail| mail.uid).collect();
            // Taking large mails apart is work for seconds, which no other task shall wait for.
            let items = tokio::task::spawn_blocking(move || found.into_iter().map(inbound::item).collect())
                .await
                .map_err(|error| MailError::unreachable("imap_host", format!("the mails could not be read: {error}")))?;
            position.uid = batch.last().map_or(position.uid, |mail| mail.uid);
            position.moving = if self.archive.is_some() { readable } else { Vec::new() };
            self.store(items, &position).await?;
            if let Some(folder) = &self.archive {
                imap.move_away(&position.moving, folder).await?;
            }
        }
        Ok(position)
    }

    /// Fetches a batch. A mail that the server does not hand out costs its neighbours nothing: it is handed on with the
    /// reason, so that the mailbox is read on and somebody can look at it.
    async fn fetch(&self, imap: &mut Imap, uid_validity: u32, batch: &[Listed]) -> Result<Vec<FoundMail>, Verdict> {
        let failure = match imap.fetch(batch).await {
            Ok(found) => return Ok(found),
            Err(failure) => failure,
        };
        tracing::warn!(channel.id = %self.channel.id, error = %failure, "mails could not be fetched together, now one by one");
        *imap = self.reopen(uid_validity).await?;
        let mut found = Vec::with_capacity(batch.len());
        for mail in batch {
            found.extend(self.fetch_alone(imap, uid_validity, mail).await?);
        }
        Ok(found)
    }

    /// Fetches one mail, on a new connection after each failure; `None` when it vanished meanwhile.
    async fn fetch_alone(&self, imap: &mut Imap, uid_validity: u32, mail: &Listed) -> Result<Option<FoundMail>, Verdict> {
        let mut tries = 1;
        loop {
            let failure = match imap.fetch(std::slice::from_ref(mail)).await {
                Ok(mut found) => return Ok(found.pop()),
                Err(failure) => failure,
            };
            // A server that cannot be reached at all ends the listening here, and the mail is no culprit.
            *imap = self.reopen(uid_validity).await?;
            if tries == TRIES_ALONE || matches!(failure, FetchError::Answer(_)) {
                tracing::warn!(channel.id = %self.channel.id, uid = mail.uid, error = %failure, "a mail cannot be fetched");
                let bytes = MailBytes::Unreadable { uid_validity, reason: failure.to_string() };
                return Ok(Some(FoundMail { uid: mail.uid, size: mail.size, received: mail.received, bytes }));
            }
            tries += 1;
        }
    }

    /// Another connection with the inbox open, where an answer left the old one useless.
    async fn reopen(&self, uid_validity: u32) -> Result<Imap, Verdict> {
        let opened = Imap::open(self.cx, self.tokens, self.channel, self.account).await?;
        let mut imap = opened.with_patience(self.waits.answer);
        if imap.select(INBOX).await?.uid_validity != uid_validity {
            return Err(MailError::unreachable("imap_host", "The mailbox was renumbered while it was read.").into());
        }
        Ok(imap)
    }

    async fn store(&self, items: Vec<crate::channel::FoundItem>, position: &Position) -> Result<(), Verdict> {
        let cursor = serde_json::to_value(position).map_err(|error| MailError::Folder { sentence: error.to_string() })?;
        self.sink.store(Found { items, cursor }).await
    }
}

/// From when on mails belong to the channel: from its creation, or as many days earlier as is set.
fn first_moment(cx: &Cx, account: &Account, channel: &OpenChannel) -> DateTime<Utc> {
    let created = channel.id.uuid().get_timestamp().and_then(|at| {
        let (seconds, nanos) = at.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    });
    let start = created.unwrap_or_else(|| cx.clock.now()) - chrono::Duration::days(i64::from(account.import_days.unwrap_or(0)));
    // Servers keep the time of receipt in whole seconds.
    start.trunc_subsecs(0)
}

fn batches(listed: &[Listed]) -> Vec<&[Listed]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0_u64);
    for (index, mail) in listed.iter().enumerate() {
        let size = u64::from(mail.size);
        if index > start && (index - start >= BATCH_MAILS || bytes + size > BATCH_BYTES) {
            batches.push(&listed[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += size;
    }
    if start < listed.len() {
        batches.push(&listed[start..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(sizes: &[u32]) -> Vec<Listed> {
        sizes.iter().zip(1..).map(|(&size, uid)| Listed { uid, size, received: None }).collect()
    }

    #[test]
    fn batches_hold_fifty_mails_or_five_megabytes() {
        let lengths = |sizes: &[u32]| batches(&listed(sizes)).iter().map(|batch| batch.len()).collect::<Vec<_>>();
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[1; 50]), [50]);
        assert_eq!(lengths(&[1; 101]), [50, 50, 1]);
        assert_eq!(lengths(&[3 << 20, 3 << 20, 1, 1]), [1, 3]);
        assert_eq!(lengths(&[40 << 20, 40 << 20]), [1, 1]);
    }
}
