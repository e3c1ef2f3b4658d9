//! Bytes of files in a local folder or an S3-compatible bucket, streamed with a cap.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path as Key};
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, Result},
    ids::{AttachmentId, WorkspaceId},
};

/// Part size of streamed uploads; the smallest that S3 takes.
const PART_BYTES: usize = 5 * 1024 * 1024;

/// Where the bytes of files are.
#[derive(Clone)]
pub struct MediaStore(Arc<dyn ObjectStore>);

/// What was learned about a file while it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Size.
    pub bytes: u64,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// Type by its first bytes; `application/octet-stream` when unknown.
    pub sniffed_mime: String,
}

impl StoredFile {
    /// The type to believe: what the bytes say; for bytes that say nothing, the claimed one if it cannot be run.
    #[must_use]
    pub fn mime(&self, claimed: &str) -> String {
        let is_harmless =
            claimed.starts_with("text/plain") || claimed == "text/csv" || claimed == "application/json" || claimed == "message/rfc822";
        if self.sniffed_mime == "application/octet-stream" && is_harmless { claimed.to_owned() } else { self.sniffed_mime.clone() }
    }
}

/// A stream went on beyond its cap; nothing was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("larger than {cap_bytes} bytes")]
pub struct TooLarge {
    /// The cap.
    pub cap_bytes: u64,
}

impl MediaStore {
    /// A store over a folder, which is created if missing.
    ///
    /// # Errors
    /// `Files` when the folder cannot be created.
    pub fn folder(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(|source| object_store::Error::Generic { store: "folder", source: Box::new(source) })?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(path)?)))
    }

    /// A store over any object store.
    #[must_use]
    pub fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self(store)
    }

    fn key(workspace: WorkspaceId, id: AttachmentId) -> Key {
        Key::from(format!("{}/{}", workspace.uuid().simple(), id.uuid().simple()))
    }

    /// Stores a stream; in memory there is never more than one part of it.
    ///
    /// # Errors
    /// `Invalid` (field `file`) when it is larger than `cap_bytes`; `Files` when storing failed. Nothing is kept then.
    pub async fn put<S, E>(&self, workspace: WorkspaceId, id: AttachmentId, stream: S, cap_bytes: u64) -> Result<StoredFile>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Send,
        E: std::error::Error + Send + Sync + 'static,
    {
        let key = Self::key(workspace, id);
        let mut upload = self.0.put_multipart(&key).await?;
        match Self::pump(&mut *upload, stream, cap_bytes).await {
            Ok(stored) => {
                upload.complete().await?;
                Ok(stored)
            }
            Err(error) => {
                upload.abort().await?;
                Err(error)
            }
        }
    }

    async fn pump<S, E>(upload: &mut dyn object_store::MultipartUpload, stream: S, cap_bytes: u64) -> Result<StoredFile>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Send,
        E: std::error::Error + Send + Sync + 'static,
    {
        let mut stream = std::pin::pin!(stream);
        let (mut hash, mut total, mut part, mut head) = (Sha256::new(), 0_u64, Vec::new(), Vec::new());
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|source| object_store::Error::Generic { store: "stream", source: Box::new(source) })?;
            total += chunk.len() as u64;
            if total > cap_bytes {
                return Err(Error::invalid("file", TooLarge { cap_bytes }.to_string()));
            }
            hash.update(&chunk);
            if head.len() < 8192 {
                head.extend_from_slice(&chunk[..chunk.len().min(8192 - head.len())]);
            }
            part.extend_from_slice(&chunk);
            if part.len() >= PART_BYTES {
                upload.put_part(PutPayload::from(std::mem::take(&mut part))).await?;
            }
        }
        if !part.is_empty() || total == 0 {
            upload.put_part(PutPayload::from(part)).await?;
        }
        let sniffed_mime = infer::get(&head).map_or("application/octet-stream", |kind| kind.mime_type()).to_owned();
        Ok(StoredFile { bytes: total, sha256: hex::encode(hash.finalize()), sniffed_mime })
    }

    /// Streams a file.
    ///
    /// # Errors
    /// `Files`, also when there is none.
    pub async fn stream(&self, workspace: WorkspaceId, id: AttachmentId) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        let found = self.0.get(&Self::key(workspace, id)).await?;
        Ok(found.into_stream().map_err(std::io::Error::other).boxed())
    }

    /// Reads a whole file; for files whose size is known to be small enough.
    ///
    /// # Errors
    /// `Files`, also when there is none.
    pub async fn read(&self, workspace: WorkspaceId, id: AttachmentId) -> Result<Bytes> {
        Ok(self.0.get(&Self::key(workspace, id)).await?.bytes().await?)
    }

    /// Deletes a file; it is no error if there is none.
    ///
    /// # Errors
    /// `Files`.
    pub async fn delete(&self, workspace: WorkspaceId, id: AttachmentId) -> Result<()> {
        match self.0.delete(&Self::key(workspace, id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
