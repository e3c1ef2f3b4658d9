//! Files that were uploaded for a message to come.

use sea_orm::{ActiveModelTrait, ActiveValue::Set};

use super::{StoredFile, safe_name};
use crate::{
    entity::attachment::{self, AttachmentState},
    error::Result,
    event::ActorRef,
    ids::AttachmentId,
    store::Tx,
};

/// An uploaded file whose bytes are stored.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Its id, under which the bytes are stored.
    pub id: AttachmentId,
    /// Its name as given.
    pub name: Option<String>,
    /// Its type as claimed.
    pub claimed: Option<String>,
    /// What was learned about it.
    pub stored: StoredFile,
    /// Who uploaded it: only they may use it.
    pub uploader: ActorRef,
}

/// Adds the row of an uploaded file.
///
/// # Errors
/// `Storage`.
pub async fn add_upload(tx: &mut Tx, upload: NewUpload) -> Result<attachment::Model> {
    let claimed = upload.claimed.unwrap_or_else(|| "application/octet-stream".to_owned());
    Ok(attachment::ActiveModel {
        id: Set(upload.id),
        workspace_id: Set(tx.workspace()),
        message_id: Set(None),
        uploader: Set(upload.uploader),
        name: Set(safe_name(upload.name.as_deref())),
        mime: Set(upload.stored.mime(&claimed)),
        bytes: Set(i64::try_from(upload.stored.bytes).unwrap_or(i64::MAX)),
        sha256: Set(Some(upload.stored.sha256)),
        state: Set(AttachmentState::Stored),
        content_id: Set(None),
        source: Set(None),
        width: Set(None),
        height: Set(None),
        error: Set(None),
        is_shown: Set(false),
        next_try_at: Set(None),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?)
}
