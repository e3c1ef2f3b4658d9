//! From stored requests to messages. Wakes by [`super::context::Wakes::ingest`], falls back to the poll interval.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tributary_domain::{
    Error, Result,
    channel::{bury_inbound, claim_raw, finish_raw, heard},
    entity::{channel, raw_inbound},
    inbound::{AttachmentSource, InboundAttachment, InboundEvent},
    media::ReadyAttachment,
    message::{Received, receive},
    outbound::OpenChannel,
    store::is_refusal,
};

use super::{Worker, repeat};
use crate::{
    channel::{Channel, Ingress, RawInbound},
    error::ParseError,
};

/// Requests claimed at a time.
const BATCH: u64 = 20;

/// What became of one stored request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Items stored, changed or known already.
    pub items: usize,
    /// Items that became dead letters.
    pub dead: usize,
}

pub(super) async fn run(worker: Arc<Worker>, shutdown: CancellationToken) {
    repeat("ingest", &worker.wakes.ingest, worker.timing.poll, &shutdown, || worker.ingest()).await;
}

impl Worker {
    /// Works on the stored requests that are due; returns how many there were.
    ///
    /// # Errors
    /// `Storage` when nothing could be claimed. Whatever goes wrong with one request stays with it.
    pub async fn ingest(&self) -> Result<usize> {
        let claimed = claim_raw(&self.store, &self.owner, self.timing.lease, BATCH).await?;
        let count = claimed.len();
        for row in claimed {
            let id = row.id;
            if let Err(error) = self.ingest_row(row).await {
                // The lease runs out and the request is tried again.
                tracing::warn!(raw.id = %id, error = ?error, "a stored request could not be worked on now");
            }
        }
        Ok(count)
    }

    async fn ingest_row(&self, row: raw_inbound::Model) -> Result<Ingested> {
        let read = self.store.read(row.workspace_id).await?;
        let found = channel::by_id(row.workspace_id, row.channel_id).one(read.conn()).await?;
        drop(read);
        let Some(found) = found else { return self.finish(&row, 0, Some("the channel no longer exists".to_owned())).await };
        let Some((adapter, open)) = self.open(&found).await? else {
            return self.finish(&row, 0, Some("this server has no adapter for the channel".to_owned())).await;
        };
        let raw = RawInbound { form: row.form.clone(), headers: row.headers.0.clone(), body: row.body.clone().into(), at: row.received_at };
        let items = match parse(&*adapter, &open, &raw) {
            Ok(items) => items,
            Err(error) => {
                let reason = error.reason;
                self.bury(&row, 0, reason.clone()).await?;
                return self.finish(&row, 0, Some(reason)).await;
            }
        };
        let mut ingested = Ingested::default();
        for (position, item) in items.into_iter().enumerate() {
            let outcome = match item {
                Ok(event) => self.ingest_event(&found, event).await,
                Err(error) => Err(Error::invalid(format!("item {position}"), error.reason)),
            };
            match outcome {
                Ok(_) => ingested.items += 1,
                // A rule was broken: it will be broken again, so a person has to look at it.
                Err(error) if is_final(&error) => {
                    tracing::warn!(raw.id = %row.id, item = position, error = ?error, "an item became a dead letter");
                    self.bury(&row, position, reason(&error)).await?;
                    ingested.dead += 1;
                }
                Err(error) => return Err(error),
            }
        }
        let items = ingested.items + ingested.dead;
        self.finish(&row, items, None).await?;
        Ok(ingested)
    }

    /// Stores one item of a channel in a transaction of its own. Also the way of our own chat, whose frames are verified
    /// by its gateway.
    ///
    /// # Errors
    /// See [`receive`].
    pub async fn ingest_event(&self, found: &channel::Model, mut event: InboundEvent) -> Result<Received> {
        let files = self.stage(found, &mut event).await?;
        let received = self.store_event(found, event, &files).await;
        if !matches!(received, Ok(Received::Stored(_))) {
            self.unstage(found.workspace_id, &files).await?;
        }
        received
    }

    async fn store_event(&self, found: &channel::Model, event: InboundEvent, files: &[ReadyAttachment]) -> Result<Received> {
        let spec = self.registry.spec(found.kind);
        let capabilities = Arc::new(self.registry.capabilities(found).into_owned());
        let (workspace, now_waiting) = (found.workspace_id, files.iter().any(ReadyAttachment::is_pending));
        if let InboundEvent::Typing { author, thread, is_typing } = &event {
            tributary_domain::presence::contact_typing(&self.store, found, author, thread.as_ref(), *is_typing).await?;
        }
        let (found, files) = (found.clone(), files.to_vec());
        let (received, _) = self
            .store
            .transact(workspace, move |tx| {
                let (found, event, files, capabilities) = (found.clone(), event.clone(), files.clone(), capabilities.clone());
                Box::pin(async move {
                    heard(tx, &found).await?;
                    receive(tx, spec, &capabilities, &found, event, files).await
                })
            })
            .await?;
        if matches!(received, Received::Stored(_)) {
            self.wakes.dispatch.notify_one();
            if now_waiting {
                self.wakes.fetch.notify_one();
            }
        }
        Ok(received)
    }

    /// Puts bytes that came with the event into the blob store, before any transaction.
    async fn stage(&self, found: &channel::Model, event: &mut InboundEvent) -> Result<Vec<ReadyAttachment>> {
        let InboundEvent::Message(message) = event else { return Ok(Vec::new()) };
        let mut ready = Vec::with_capacity(message.attachments.len());
        for file in std::mem::take(&mut message.attachments) {
            match self.stage_one(found, file).await {
                Ok(staged) => ready.push(staged),
                Err(error) => {
                    self.unstage(found.workspace_id, &ready).await?;
                    return Err(error);
                }
            }
        }
        Ok(ready)
    }

    async fn stage_one(&self, found: &channel::Model, file: InboundAttachment) -> Result<ReadyAttachment> {
        match file.source {
            AttachmentSource::Inline(bytes) => {
                let id = tributary_domain::random::id();
                let stream = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
                match self.cx.media.put(found.workspace_id, id, stream, self.timing.max_file_bytes).await {
                    Ok(stored) => Ok(ReadyAttachment::stored(id, file.name, file.mime, file.content_id, stored)),
                    Err(Error::Invalid { reason, .. }) => Ok(ReadyAttachment::refused(file.name, file.mime, file.content_id, reason)),
                    Err(error) => Err(error),
                }
            }
            AttachmentSource::Stored(id) => Ok(ReadyAttachment::uploaded(id)),
            source @ (AttachmentSource::Url(_) | AttachmentSource::Reference(_)) => {
                Ok(ReadyAttachment::pending(file.name, file.mime, file.content_id, source))
            }
        }
    }

    /// Removes bytes that were staged for an event which turned out to be known.
    async fn unstage(&self, workspace: tributary_domain::ids::WorkspaceId, files: &[ReadyAttachment]) -> Result<()> {
        for file in files {
            if let Some(id) = file.staged() {
                self.cx.media.delete(workspace, id).await?;
            }
        }
        Ok(())
    }

    async fn bury(&self, row: &raw_inbound::Model, item: usize, error: String) -> Result<()> {
        metrics::counter!("tributary_dead_letters_total", "direction" => "in").increment(1);
        let (channel, raw) = (row.channel_id, row.id);
        self.store
            .transact(row.workspace_id, move |tx| {
                let error = error.clone();
                Box::pin(async move { bury_inbound(tx, channel, raw, item, error).await })
            })
            .await?;
        Ok(())
    }

    async fn finish(&self, row: &raw_inbound::Model, items: usize, error: Option<String>) -> Result<Ingested> {
        let tx = self.store.write(row.workspace_id).await?;
        finish_raw(&tx, row.id, items, error).await?;
        tx.commit().await?;
        Ok(Ingested { items, dead: 0 })
    }
}

/// Whether the item will fail again however often it is tried: a person has to look at it, and it can be replayed.
/// What the database refuses to store belongs here; that it is away, or that somebody was in the way, does not.
fn is_final(error: &Error) -> bool {
    match error {
        Error::Invalid { .. } | Error::Content(_) | Error::Unsupported { .. } | Error::NotFound(_) | Error::Forbidden(_) => true,
        other => is_refusal(other),
    }
}

/// The reason as it is shown; no message text, no addresses.
fn reason(error: &Error) -> String {
    match error {
        Error::Content(violations) => {
            let first = violations.first().map(|violation| format!(": {} {}", violation.field, violation.message)).unwrap_or_default();
            format!("{error}{first}")
        }
        other => other.to_string(),
    }
}

fn parse(adapter: &dyn Channel, open: &OpenChannel, raw: &RawInbound) -> Result<Vec<Result<InboundEvent, ParseError>>, ParseError> {
    match adapter.ingress() {
        Ingress::Webhook(webhook) => webhook.parse(open, raw),
        Ingress::Poll(poll) => poll.parse(open, raw),
        Ingress::Listen(listen) => listen.parse(open, raw),
        Ingress::Gateway => Err(ParseError::new("this channel has no raw requests")),
    }
}
