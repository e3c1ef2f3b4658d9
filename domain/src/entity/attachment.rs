//! Attachments: what is known of a file; its bytes are in the media store.

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
    pub created_at: DateTimeUtc,
}

scoped!(AttachmentId);

/// The files with these ids.
#[must_use]
pub fn of_ids(workspace: WorkspaceId, ids: &[AttachmentId]) -> Select<Entity> {
    in_workspace(workspace).filter(Column::Id.is_in(ids.iter().copied()))
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
}
