//! From stored requests to messages. Wakes by [`super::Wakes::ingest`], falls back to the poll interval.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tributary_domain::{
    Result,
    channel::{DeadLetterCause, RawClaim, bury_inbound, claim_raw, extend_raw, finish_raw, held_raws},
    entity::{channel, raw_inbound},
    ids::{ChannelId, RawInboundId},
    inbound::InboundEvent,
    message::Item,
    outbound::OpenChannel,
};

use super::{
    Worker,
    apply::{Place, What, Work},
    repeat,
};
use crate::{
    channel::{Channel, Ingress, RawInbound},
    error::ParseError,
};

/// Requests of one channel claimed at a time.
const CLAIMED: u64 = 100;
/// Bytes of bodies that are read together, unless one alone is longer.
const READ_BYTES: u64 = 4 * 1024 * 1024;
/// How long requests that are being worked on may take after the shutdown was asked for.
const GRACE: Duration = Duration::from_secs(10);

pub(super) async fn run(worker: Arc<Worker>, shutdown: CancellationToken) {
    let tasks = tokio::sync::Mutex::new(JoinSet::new());
    let (started, ingester) = (&tasks, &worker);
    let step = || async move {
        let mut tasks = started.lock().await;
        while tasks.try_join_next().is_some() {}
        ingester.start_ingest(&mut tasks).await
    };
    repeat("ingest", &worker.wakes.ingest, worker.timing.poll, &shutdown, step).await;
    let mut tasks = tasks.into_inner();
    let ending = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ending).await.is_err() {
        tracing::warn!("requests that did not end in time are left to their leases");
    }
}

/// Says that a channel's requests are being worked on, until it is dropped.
struct Busy {
    worker: Arc<Worker>,
    channel: ChannelId,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.worker.ingesting.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.channel);
        // What came for the channel meanwhile was passed over.
        self.worker.wakes.ingest.notify_here();
    }
}

impl Worker {
    /// Works on the stored requests that are due; returns how many there were.
    ///
    /// # Errors
    /// `Storage` when nothing could be claimed. Whatever goes wrong with one request stays with it.
    pub async fn ingest(self: &Arc<Self>) -> Result<usize> {
        let mut tasks = JoinSet::new();
        let count = self.start_ingest(&mut tasks).await?;
        while tasks.join_next().await.is_some() {}
        Ok(count)
    }

    /// Claims stored requests and starts a task for each channel that has some; returns how many requests there are.
    ///
    /// Requests of one channel are worked on one after another, as they came; a slow one delays no other channel. Another
    /// process may have requests of the same channel: what is out of order then is put right by the platform's times and
    /// by parking.
    async fn start_ingest(self: &Arc<Self>, tasks: &mut JoinSet<()>) -> Result<usize> {
        let busy = self.ingesting.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let free = self.timing.ingests.saturating_sub(busy.len());
        if free == 0 {
            return Ok(0);
        }
        let is_busy = |channel| busy.contains(&channel);
        let claims = claim_raw(&self.store, &self.owner, self.timing.lease, free, CLAIMED, &is_busy).await?;
        let count = claims.iter().map(Vec::len).sum();
        for claims in claims {
            let channel = claims[0].channel;
            self.ingesting.lock().unwrap_or_else(PoisonError::into_inner).insert(channel);
            let busy = Busy { worker: self.clone(), channel };
            tasks.spawn(async move { busy.worker.ingest_claims(&claims).await });
        }
        Ok(count)
    }

    async fn ingest_claims(&self, claims: &[RawClaim]) {
        let mut work = std::pin::pin!(async {
            let mut parts = parts(claims);
            // The next part is read while this one is stored.
            let mut read = self.read_part(parts.next()).await;
            while let Some(part) = read {
                let (next, ()) = tokio::join!(self.read_part(parts.next()), self.store_part(part));
                read = next;
            }
        });
        loop {
            tokio::select! {
                () = &mut work => return,
                () = tokio::time::sleep(self.timing.heartbeat) => {
                    if let Err(error) = extend_raw(&self.store, &self.owner, claims, self.timing.lease).await {
                        tracing::warn!(channel.id = %claims[0].channel, error = ?error, "a lease could not be renewed");
                    }
                }
            }
        }
    }

    /// Loads requests, whose bodies may be large, and takes them apart; `None` after the last part.
    async fn read_part(&self, claims: Option<&[RawClaim]>) -> Option<Result<Part>> {
        Some(self.try_read_part(claims?).await)
    }

    async fn try_read_part(&self, claims: &[RawClaim]) -> Result<Part> {
        let (workspace, channel) = (claims[0].workspace, claims[0].channel);
        let ids: Vec<RawInboundId> = claims.iter().map(|claim| claim.id).collect();
        let read = self.store.read(workspace).await?;
        // Without those that somebody else has taken over.
        let mut rows = held_raws(&read, &self.owner, &ids).await?;
        let Some(found) = channel::by_id(workspace, channel).one(read.conn()).await? else {
            return Ok(Part::Ended(rows, "the channel no longer exists"));
        };
        let Some((adapter, open)) = self.open_in(&read, &found).await? else {
            return Ok(Part::Ended(rows, "this server has no adapter for the channel"));
        };
        drop(read);
        let raws: Vec<RawInbound> = rows.iter_mut().map(raw_inbound_of).collect();
        let parsed = parse(adapter, open, raws).await;
        Ok(Part::Read(Arc::new(self.place(&found)), rows.into_iter().zip(parsed).collect()))
    }

    /// Works on requests that were read. What cannot be worked on now comes again when its lease is over.
    async fn store_part(&self, part: Result<Part>) {
        let stored = match part {
            Ok(Part::Read(place, read)) => self.store_read(&place, read).await,
            Ok(Part::Ended(rows, reason)) => self.end(&rows, reason).await,
            Err(error) => Err(error),
        };
        if let Err(error) = stored {
            tracing::warn!(error = ?error, "stored requests could not be worked on now");
        }
    }

    async fn store_read(&self, place: &Arc<Place>, read: Vec<(raw_inbound::Model, Result<Parsed, ParseError>)>) -> Result<()> {
        let mut works = Vec::new();
        for (row, parsed) in read {
            let (items, mut keys) = match parsed {
                Ok(parsed) => parsed,
                Err(error) => {
                    self.bury_whole(&row, error.reason).await?;
                    continue;
                }
            };
            keys.resize(items.len(), None);
            let positioned = items.into_iter().enumerate().zip(keys);
            let is_wanted = |position: usize| {
                let among = |position| row.only_items.as_ref().is_none_or(|only| only.contains(&position));
                i32::try_from(position).map_or(true, among)
            };
            let mut of_it: Vec<Work> = positioned
                .filter(|((position, _), _)| is_wanted(*position))
                .map(|((position, item), key)| Work {
                    raw: Some(row.id),
                    position,
                    what: what(item, key, position, row.is_replay),
                    ends: None,
                })
                .collect();
            let count = of_it.len();
            match of_it.last_mut() {
                Some(last) => last.ends = Some(count),
                None => self.finish(&row, None).await?,
            }
            works.append(&mut of_it);
        }
        self.apply(place, works).await
    }

    /// Nobody can read the request.
    async fn bury_whole(&self, row: &raw_inbound::Model, reason: String) -> Result<()> {
        metrics::counter!("tributary_dead_letters_total", "direction" => "in").increment(1);
        let (channel, raw) = (row.channel_id, row.id);
        let buried = self.store.transact(row.workspace_id, move |tx| {
            let reason = reason.clone();
            Box::pin(async move {
                bury_inbound(tx, channel, raw, 0, (DeadLetterCause::Unreadable, reason.clone())).await?;
                finish_raw(tx, &[raw], 0, Some(reason)).await
            })
        });
        buried.await.map(drop)
    }

    async fn end(&self, rows: &[raw_inbound::Model], reason: &str) -> Result<()> {
        for row in rows {
            self.finish(row, Some(reason.to_owned())).await?;
        }
        Ok(())
    }

    async fn finish(&self, row: &raw_inbound::Model, error: Option<String>) -> Result<()> {
        let tx = self.store.write(row.workspace_id).await?;
        finish_raw(&tx, &[row.id], 0, error).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Requests that were read together.
enum Part {
    /// Taken apart.
    Read(Arc<Place>, Vec<(raw_inbound::Model, Result<Parsed, ParseError>)>),
    /// Nothing can be done with them, and why.
    Ended(Vec<raw_inbound::Model>, &'static str),
}

/// Claims in parts that are read together.
fn parts(claims: &[RawClaim]) -> impl Iterator<Item = &[RawClaim]> {
    let mut bytes = 0;
    claims.chunk_by(move |one, next| {
        bytes += one.bytes;
        let fits = bytes + next.bytes <= READ_BYTES;
        if !fits {
            bytes = 0;
        }
        fits
    })
}

/// What is to be done with an item. In a replay one that may not be read again and has no key may have had its effect.
fn what(item: Result<InboundEvent, ParseError>, key: Option<String>, position: usize, is_replay: bool) -> What {
    let event = match item {
        Ok(event) => event,
        Err(error) => return What::Bury(DeadLetterCause::Unreadable, format!("item {position}: {}", error.reason)),
    };
    let has_had_effect = is_replay && (matches!(event, InboundEvent::Typing { .. }) || key.is_none() && !event.may_be_read_again());
    let event = if has_had_effect { InboundEvent::Ignored { reason: "it was read before".to_owned() } } else { event };
    What::Store(Box::new(Item { event, files: Vec::new(), key, is_replay }))
}

/// The request as its adapter takes it. The body is not held twice.
fn raw_inbound_of(row: &mut raw_inbound::Model) -> RawInbound {
    let body = std::mem::take(&mut row.body).into();
    RawInbound { form: row.form.clone(), headers: row.headers.0.clone(), body, at: row.received_at }
}

/// What a request says, item by item, and the platform's keys of the items.
type Parsed = (Vec<Result<InboundEvent, ParseError>>, Vec<Option<String>>);

/// Reads requests, away from the threads on which everybody else's work is done: they may be large. One that makes its
/// reader panic would do so again, so it is one that nobody can read.
async fn parse(adapter: Arc<dyn Channel>, open: OpenChannel, raws: Vec<RawInbound>) -> Vec<Result<Parsed, ParseError>> {
    let count = raws.len();
    let read = move |raw: &RawInbound| match adapter.ingress() {
        Ingress::Webhook(webhook) => Ok((webhook.parse(&open, raw)?, webhook.keys(raw))),
        Ingress::Poll(poll) => Ok((poll.parse(&open, raw)?, Vec::new())),
        Ingress::Listen(listen) => Ok((listen.parse(&open, raw)?, Vec::new())),
        Ingress::Gateway => Err(ParseError::new("this channel has no raw requests")),
    };
    let broke_off = || Err(ParseError::new("its reader broke off"));
    let read = move || raws.iter().map(|raw| catch_unwind(AssertUnwindSafe(|| read(raw))).unwrap_or_else(|_| broke_off())).collect();
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| (0..count).map(|_| broke_off()).collect())
}
