//! Files that come with items: kept before any transaction, taken away again where nobody needs them.

use tributary_domain::{
    Error, Result,
    entity::channel,
    ids::WorkspaceId,
    inbound::{AttachmentSource, InboundAttachment, InboundEvent},
    media::ReadyAttachment,
};

use super::Worker;

impl Worker {
    /// Puts bytes that came with the event into the blob store, before any transaction.
    pub(super) async fn stage(&self, found: &channel::Model, event: &mut InboundEvent) -> Result<Vec<ReadyAttachment>> {
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
        if let Some(raw) = message.raw.take() {
            match self.stage_one(found, original(raw)).await {
                Ok(staged) => ready.push(staged.as_original()),
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
    pub(super) async fn unstage(&self, workspace: WorkspaceId, files: &[ReadyAttachment]) -> Result<()> {
        for file in files {
            if let Some(id) = file.staged() {
                self.cx.media.delete(workspace, id).await?;
            }
        }
        Ok(())
    }
}

/// The message as it came, as a file to be kept with it.
fn original(raw: bytes::Bytes) -> InboundAttachment {
    InboundAttachment {
        name: Some("original.eml".to_owned()),
        mime: Some("message/rfc822".to_owned()),
        content_id: None,
        source: AttachmentSource::Inline(raw),
    }
}
