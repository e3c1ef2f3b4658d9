//! Attachments: what is known of a file; its bytes are in the media store.

use sea_orm::{QuerySelect, QueryTrait, sea_query::SelectStatement};

use super::prelude::*;
use crate::inbound::AttachmentSource;

/// A file of a message, or one uploaded for a message to come.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttachmentId,
    /// `None`: not yet used.
    pub message_id: Option<MessageId>,
    /// Who brought it: a compact [`ActorRef`].
    pub uploader: ActorRef,
    pub name: String,
    /// Sniffed, not believed.
    pub mime: String,
    pub bytes: i64,
    pub sha256: Option<String>,
    pub state: AttachmentState,
    /// MIME content id, when the body shows the file inside the text.
    pub content_id: Option<String>,
    pub source: Option<Stored<AttachmentSource>>,
    /// Pixels.
    pub width: Option<i32>,
    /// Pixels.
    pub height: Option<i32>,
    pub error: Option<String>,
    /// A content shows it by itself, of a message or of a script: it is needed though it hangs on no message.
    pub is_shown: bool,
    /// When it is fetched, or fetched again; only while it is pending.
    pub next_try_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

scoped!(AttachmentId);

/// The files with these ids.
#[must_use]
pub fn of_ids(workspace: WorkspaceId, ids: &[AttachmentId]) -> Select<Entity> {
    in_workspace(workspace).filter(Column::Id.is_in(ids.iter().copied()))
}

/// The files of these messages; the originals from which messages were read stand apart.
#[must_use]
pub fn of_messages(workspace: WorkspaceId, messages: &[MessageId]) -> Select<Entity> {
    let originals = super::message::in_workspace(workspace).filter(super::message::Column::Id.is_in(messages.iter().copied()));
    without(workspace, originals).filter(Column::MessageId.is_in(messages.iter().copied()))
}

/// As [`of_messages`], for messages whose ids are selected.
#[must_use]
pub fn of_selected_messages(workspace: WorkspaceId, messages: SelectStatement) -> Select<Entity> {
    let originals = super::message::in_workspace(workspace).filter(super::message::Column::Id.in_subquery(messages.clone()));
    without(workspace, originals).filter(Column::MessageId.in_subquery(messages))
}

/// Files that are not the originals of these messages.
fn without(workspace: WorkspaceId, messages: Select<super::message::Entity>) -> Select<Entity> {
    let originals = messages
        .filter(super::message::Column::RawAttachmentId.is_not_null())
        .select_only()
        .column(super::message::Column::RawAttachmentId)
        .into_query();
    in_workspace(workspace).filter(Column::Id.not_in_subquery(originals))
}

/// Where its bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttachmentState {
    /// Still to be fetched.
    Pending,
    /// In the blob store.
    Stored,
    /// Too large or not allowed.
    Refused,
    /// Could not be fetched.
    Failed,
    /// Taken back together with its message; its bytes are deleted soon.
    Removed,
}
