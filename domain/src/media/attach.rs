//! Hanging files on messages.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, sea_query::Expr};

use super::StoredFile;
use crate::{
    content::RichContent,
    entity::attachment::{self, AttachmentState},
    error::Result,
    event::ActorRef,
    ids::{AttachmentId, MessageId},
    inbound::AttachmentSource,
    store::Tx,
};

/// Longest file name kept, characters.
const MAX_NAME: usize = 200;

/// A file that is ready to be hung on a message: its bytes are stored, or it is known where to fetch them.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadyAttachment {
    id: AttachmentId,
    name: Option<String>,
    mime: Option<String>,
    content_id: Option<String>,
    bytes: Bytes,
    is_original: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Bytes {
    Staged(StoredFile),
    Uploaded,
    Pending(AttachmentSource),
    Refused(String),
}

impl ReadyAttachment {
    /// Bytes that came with the event and are stored under `id`.
    #[must_use]
    pub fn stored(id: AttachmentId, name: Option<String>, mime: Option<String>, content_id: Option<String>, stored: StoredFile) -> Self {
        Self { id, name, mime, content_id, bytes: Bytes::Staged(stored), is_original: false }
    }

    /// A file that was uploaded before and has its row.
    #[must_use]
    pub fn uploaded(id: AttachmentId) -> Self {
        Self { id, name: None, mime: None, content_id: None, bytes: Bytes::Uploaded, is_original: false }
    }

    /// A file that is still to be fetched.
    #[must_use]
    pub fn pending(name: Option<String>, mime: Option<String>, content_id: Option<String>, source: AttachmentSource) -> Self {
        Self { id: crate::random::id(), name, mime, content_id, bytes: Bytes::Pending(source), is_original: false }
    }

    /// A file that came with the event and is not kept, with the reason: the message is stored all the same.
    #[must_use]
    pub fn refused(name: Option<String>, mime: Option<String>, content_id: Option<String>, reason: String) -> Self {
        Self { id: crate::random::id(), name, mime, content_id, bytes: Bytes::Refused(reason), is_original: false }
    }

    /// The same file, as that from which the message was read: kept with it, but not one of its files.
    #[must_use]
    pub fn as_original(self) -> Self {
        Self { is_original: true, ..self }
    }

    /// The id of the file from which the message was read, if this is it.
    #[must_use]
    pub(crate) fn original(&self) -> Option<AttachmentId> {
        self.is_original.then_some(self.id)
    }

    /// Whether it is still to be fetched.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self.bytes, Bytes::Pending(_))
    }

    /// The id of bytes that were stored for this event alone.
    #[must_use]
    pub fn staged(&self) -> Option<AttachmentId> {
        matches!(self.bytes, Bytes::Staged(_)).then_some(self.id)
    }
}

/// Hangs a file on a message.
///
/// # Errors
/// `Invalid` when an uploaded file is not there or hangs elsewhere; `Storage`.
pub(crate) async fn attach(tx: &mut Tx, message: MessageId, file: ReadyAttachment) -> Result<()> {
    let (stored, state, source, error) = match file.bytes {
        Bytes::Staged(stored) => (Some(stored), AttachmentState::Stored, None, None),
        Bytes::Pending(source) => (None, AttachmentState::Pending, Some(source.into()), None),
        Bytes::Refused(reason) => (None, AttachmentState::Refused, None, Some(reason)),
        Bytes::Uploaded => {
            let found = attachment::to_change(tx.workspace(), file.id).one(tx.conn()).await?;
            let found = found.filter(|found| found.message_id.is_none() && found.state == AttachmentState::Stored);
            let found = found.ok_or_else(|| crate::Error::invalid("attachments", "no uploaded file that is still free"))?;
            let mut change = found.into_active_model();
            change.message_id = Set(Some(message));
            change.update(tx.conn()).await?;
            return Ok(());
        }
    };
    let claimed = file.mime.unwrap_or_else(|| "application/octet-stream".to_owned());
    attachment::ActiveModel {
        id: Set(file.id),
        workspace_id: Set(tx.workspace()),
        message_id: Set(Some(message)),
        uploader: Set(ActorRef::System),
        name: Set(safe_name(file.name.as_deref())),
        mime: Set(stored.as_ref().map_or_else(|| claimed.clone(), |stored| stored.mime(&claimed))),
        bytes: Set(stored.as_ref().map_or(0, |stored| i64::try_from(stored.bytes).unwrap_or(i64::MAX))),
        sha256: Set(stored.map(|stored| stored.sha256)),
        state: Set(state),
        content_id: Set(file.content_id),
        source: Set(source),
        width: Set(None),
        height: Set(None),
        error: Set(error),
        is_shown: Set(false),
        next_try_at: Set((state == AttachmentState::Pending).then(|| tx.now())),
        created_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    Ok(())
}

/// Keeps the files that a content shows by itself: they hang on no message and are needed all the same.
///
/// # Errors
/// `Storage`.
pub(crate) async fn keep_shown(tx: &Tx, content: &RichContent) -> Result<()> {
    let shown: Vec<_> = content.images().into_iter().map(|(_, id)| id).collect();
    if shown.is_empty() {
        return Ok(());
    }
    attachment::updates(tx.workspace())
        .col_expr(attachment::Column::IsShown, Expr::value(true))
        .filter(attachment::Column::Id.is_in(shown))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Takes the files of a message away; their bytes are deleted by [`crate::prune`].
///
/// # Errors
/// `Storage`.
pub(crate) async fn remove_files(tx: &Tx, message: MessageId) -> Result<()> {
    attachment::updates(tx.workspace())
        .col_expr(attachment::Column::State, Expr::value(AttachmentState::Removed))
        .col_expr(attachment::Column::NextTryAt, Expr::value(Option::<chrono::DateTime<chrono::Utc>>::None))
        .filter(attachment::Column::MessageId.eq(message))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// A file name without path, control and direction characters; `file` when nothing is left.
#[must_use]
pub fn safe_name(name: Option<&str>) -> String {
    let last = name.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .take(MAX_NAME)
        .collect();
    let kept = kept.trim().trim_start_matches('.');
    if kept.is_empty() { "file".to_owned() } else { kept.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn names_lose_what_could_harm() {
        assert_eq!(safe_name(Some("../../etc/passwd")), "passwd");
        assert_eq!(safe_name(Some("C:\\temp\\a.png")), "a.png");
        assert_eq!(safe_name(Some("a\u{202e}gnp.exe")), "agnp.exe");
        assert_eq!(safe_name(Some(" .. ")), "file");
        assert_eq!(safe_name(None), "file");
        assert_eq!(safe_name(Some(&"x".repeat(900))).len(), 200);
    }
}
