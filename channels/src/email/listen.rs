//! The receiving loop: look for new mails, store them with the position, wait in IDLE (or sleep), again.
//!
//! Runs under the worker's lease and ends on the stop signal, on a lost connection or when the sink refuses; its
//! wake-ups are the server's IDLE notices, its fallback is a look every [`RENEW`]. What makes it safe to repeat: the
//! position is stored in one transaction with the mails, and the same mail has the same dedupe key.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use tokio_util::sync::CancellationToken;
use tributary_domain::outbound::OpenChannel;

use super::{
    account::Account,
    failure::MailError,
    imap::{Imap, Listed, Woken},
    inbound,
    oauth::TokenCache,
    wire::Position,
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

/// Longest IDLE. Servers end them after 30 minutes (RFC 2177), and routers forget silent connections much earlier: the
/// exchange at its end is also the check whether the other side is still there.
const RENEW: Duration = Duration::from_secs(5 * 60);

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
    shutdown: CancellationToken,
) -> Result<(), Verdict> {
    let account = Account::of(channel)?;
    let mut imap = Imap::open(cx, tokens, channel, &account).await?;
    let follower = Follower { channel, sink, shutdown: &shutdown };
    let mut position = follower.start(cx, &account, &mut imap, cursor).await?;
    let mut longest = FIRST_IDLE;
    loop {
        position = follower.take_new(&mut imap, position).await?;
        if shutdown.is_cancelled() {
            imap.close().await;
            return Ok(());
        }
        let woken;
        if imap.has_idle {
            (imap, woken) = imap.idle(longest, &shutdown).await?;
            longest = RENEW;
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
    channel: &'a OpenChannel,
    sink: &'a dyn Sink,
    shutdown: &'a CancellationToken,
}

impl Follower<'_> {
    /// Opens the inbox and finds out where to go on; takes in what a new or renumbered mailbox holds.
    async fn start(&self, cx: &Cx, account: &Account, imap: &mut Imap, cursor: Option<serde_json::Value>) -> Result<Position, Verdict> {
        let folder = imap.select(INBOX).await?;
        let known: Option<Position> = match cursor {
            None => None,
            Some(stored) => Some(serde_json::from_value(stored).map_err(|_| Verdict::Suspend {
                reason: "The stored position in the mailbox is not one of this channel's; remove and add the channel.".to_owned(),
            })?),
        };
        if let Some(position) = known
            && position.uid_validity == folder.uid_validity
        {
            return Ok(position);
        }
        let since = match known {
            Some(position) => {
                tracing::info!(channel.id = %self.channel.id, "a mailbox was renumbered, its mails are looked through again");
                position.since
            }
            None => first_moment(cx, account, self.channel),
        };
        let candidates = imap.search_since(since.date_naive()).await?;
        let wanted = match candidates.first() {
            // One day more than the search found, because the search goes by the server's days.
            Some(first) => imap.list_after(first.saturating_sub(1)).await?,
            None => Vec::new(),
        };
        let newest = wanted.last().map_or(0, |mail| mail.uid).max(folder.uid_next.saturating_sub(1));
        let position = Position { uid_validity: folder.uid_validity, uid: 0, since };
        let wanted: Vec<Listed> = wanted.into_iter().filter(|mail| mail.received.is_none_or(|at| at >= since)).collect();
        let mut position = self.take(imap, position, &wanted).await?;
        if self.shutdown.is_cancelled() {
            return Ok(position);
        }
        position.uid = newest;
        self.store(Vec::new(), position).await?;
        Ok(position)
    }

    async fn take_new(&self, imap: &mut Imap, position: Position) -> Result<Position, Verdict> {
        let listed = imap.list_after(position.uid).await?;
        self.take(imap, position, &listed).await
    }

    /// Fetches and stores mails batch by batch; between two batches it may be stopped.
    async fn take(&self, imap: &mut Imap, mut position: Position, listed: &[Listed]) -> Result<Position, Verdict> {
        for batch in batches(listed) {
            if self.shutdown.is_cancelled() {
                break;
            }
            let found = imap.fetch(batch).await?;
            // Taking large mails apart is work for seconds, which no other task shall wait for.
            let items = tokio::task::spawn_blocking(move || found.into_iter().map(inbound::item).collect())
                .await
                .map_err(|error| MailError::unreachable("imap_host", format!("the mails could not be read: {error}")))?;
            position.uid = batch.last().map_or(position.uid, |mail| mail.uid);
            self.store(items, position).await?;
        }
        Ok(position)
    }

    async fn store(&self, items: Vec<crate::channel::FoundItem>, position: Position) -> Result<(), Verdict> {
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
