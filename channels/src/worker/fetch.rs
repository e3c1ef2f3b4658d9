//! Fetches the files of inbound messages after the messages are stored. Wakes by [`super::Wakes::fetch`].
//!
//! A file is fetched by the process that sees it first; two that fetch the same one store the same bytes, and the second
//! write changes nothing, because only pending rows are written.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;
use tributary_domain::{
    Error, Result,
    entity::{attachment, channel},
    inbound::AttachmentSource,
    media::{Fetched, pending_files, record_fetched},
};

use super::{Worker, repeat};
use crate::{
    channel::{FetchedFile, Media},
    error::Verdict,
};

/// Files fetched at a time in a workspace.
const BATCH: u64 = 8;
/// Files fetched at the same time.
const AT_ONCE: usize = 4;

pub(super) async fn run(worker: Arc<Worker>, shutdown: CancellationToken) {
    repeat("fetch", &worker.wakes.fetch, worker.timing.poll * 4, &shutdown, || worker.fetch()).await;
}

impl Worker {
    /// Fetches the files that are due; returns how many there were. Those that did not come are due again later.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn fetch(&self) -> Result<usize> {
        let mut count = 0;
        for workspace in self.store.workspaces().await? {
            let read = self.store.read(workspace.id).await?;
            let pending = pending_files(&read, self.store.clock().now(), BATCH).await?;
            drop(read);
            let fetched = futures_util::stream::iter(pending).map(async |(file, found)| match self.fetch_one(&file, &found).await {
                Ok(()) => true,
                Err(error) => {
                    // It is due at once again, so it does not count: that would be a loop without pause.
                    tracing::warn!(attachment.id = %file.id, error = ?error, "a file could not be recorded and is fetched again");
                    false
                }
            });
            count += fetched.buffer_unordered(AT_ONCE).filter(|is_recorded| std::future::ready(*is_recorded)).count().await;
        }
        Ok(count)
    }

    async fn fetch_one(&self, file: &attachment::Model, found: &channel::Model) -> Result<()> {
        let fetched = match self.fetch_bytes(file, found).await? {
            Ok(opened) => {
                let cap = self.timing.max_file_bytes;
                match self.cx.media.put(file.workspace_id, file.id, opened.body, cap).await {
                    Ok(stored) => Fetched::Stored { stored, name: opened.name, claimed: opened.mime },
                    Err(Error::Invalid { reason, .. }) => Fetched::Refused(reason),
                    Err(Error::Files(error)) => Fetched::Later(error.to_string()),
                    Err(error) => return Err(error),
                }
            }
            Err(Verdict::Retry { reason, .. } | Verdict::Ambiguous { reason } | Verdict::Suspend { reason }) => Fetched::Later(reason),
            Err(Verdict::Fail { detail, .. }) => Fetched::Failed(detail),
        };
        let id = file.id;
        self.store
            .transact(file.workspace_id, move |tx| {
                let fetched = fetched.clone();
                Box::pin(async move { record_fetched(tx, id, fetched).await })
            })
            .await?;
        Ok(())
    }

    async fn fetch_bytes(&self, file: &attachment::Model, found: &channel::Model) -> Result<Result<FetchedFile, Verdict>> {
        let gone = |detail: &str| Err(Verdict::Fail { code: crate::error::FailCode::Other, detail: detail.to_owned() });
        let Some(source) = file.source.as_ref() else { return Ok(gone("nobody knows where the file is")) };
        let reference = match &source.0 {
            AttachmentSource::Url(url) => url.to_string(),
            AttachmentSource::Reference(reference) => reference.clone(),
            AttachmentSource::Inline(_) | AttachmentSource::Stored(_) => return Ok(gone("nobody knows where the file is")),
        };
        let Some((adapter, open)) = self.open(found).await? else { return Ok(gone("this server has no adapter for the channel")) };
        match (adapter.media(), &source.0) {
            (Media::Fetch(fetch), _) => Ok(fetch.fetch(&self.cx, &open, &reference).await),
            (Media::None | Media::Inline, _) => Ok(gone("the channel has no files to fetch")),
        }
    }
}
