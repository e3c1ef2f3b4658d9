//! Files that are fetched after their message was stored.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::{StoredFile, safe_name};
use crate::{
    entity::{
        attachment::{self, AttachmentState},
        channel, message,
    },
    error::Result,
    event::{ActorRef, EventKind},
    ids::AttachmentId,
    store::{Scope, Tx},
};

/// How long a file is tried before it counts as failed.
const TRY_FOR: Duration = Duration::hours(24);
/// Shortest wait before a file is tried again.
const FIRST_WAIT: Duration = Duration::seconds(15);
/// Longest wait.
const LONGEST_WAIT: Duration = Duration::hours(1);

/// What fetching a file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// Its bytes are in the store.
    Stored {
        /// What was learned about it.
        stored: StoredFile,
        /// Its name, if the platform says one.
        name: Option<String>,
        /// Its type, if the platform says one.
        claimed: Option<String>,
    },
    /// Too large or not allowed.
    Refused(String),
    /// It will never come.
    Failed(String),
    /// It may come later.
    Later(String),
}

/// Files of a workspace whose time to be fetched has come, with their channels, the longest due first.
///
/// Files that failed before wait longer the older they are, so that dead addresses are not asked all the time and delay
/// nobody.
///
/// # Errors
/// `Storage`.
pub async fn pending_files(scope: &impl Scope, now: DateTime<Utc>, limit: u64) -> Result<Vec<(attachment::Model, channel::Model)>> {
    let waiting = attachment::in_workspace(scope.workspace())
        .filter(attachment::Column::State.eq(AttachmentState::Pending))
        .filter(attachment::Column::NextTryAt.lte(now))
        .order_by_asc(attachment::Column::NextTryAt)
        .limit(limit)
        .all(scope.conn())
        .await?;
    let mut files = Vec::new();
    for file in waiting {
        let Some(message) = file.message_id else { continue };
        let Some(message) = message::by_id(scope.workspace(), message).one(scope.conn()).await? else { continue };
        let Some(found) = channel::by_id(scope.workspace(), message.channel_id).one(scope.conn()).await? else { continue };
        files.push((file, found));
    }
    Ok(files)
}

/// Writes down what fetching a file came to. Only pending files are written, so a second fetch changes nothing.
///
/// # Errors
/// `Storage`.
pub async fn record_fetched(tx: &mut Tx, id: AttachmentId, fetched: Fetched) -> Result<()> {
    let Some(file) = attachment::by_id(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    if file.state != AttachmentState::Pending {
        return Ok(());
    }
    let (message, created_at, known_name, known_mime) = (file.message_id, file.created_at, file.name.clone(), file.mime.clone());
    let mut change = file.into_active_model();
    match fetched {
        Fetched::Stored { stored, name, claimed } => {
            change.state = Set(AttachmentState::Stored);
            change.mime = Set(stored.mime(claimed.as_deref().unwrap_or(&known_mime)));
            change.bytes = Set(i64::try_from(stored.bytes).unwrap_or(i64::MAX));
            change.sha256 = Set(Some(stored.sha256));
            change.error = Set(None);
            if known_name == safe_name(None) {
                change.name = Set(safe_name(name.as_deref()));
            }
        }
        Fetched::Refused(reason) => {
            change.state = Set(AttachmentState::Refused);
            change.error = Set(Some(reason));
        }
        Fetched::Failed(reason) => {
            change.state = Set(AttachmentState::Failed);
            change.error = Set(Some(reason));
        }
        Fetched::Later(reason) => {
            let age = tx.now() - created_at;
            if age > TRY_FOR {
                change.state = Set(AttachmentState::Failed);
            }
            change.next_try_at = Set(Some(tx.now() + age.clamp(FIRST_WAIT, LONGEST_WAIT)));
            change.error = Set(Some(reason));
        }
    }
    let is_settled = change.state.is_set();
    if is_settled {
        change.next_try_at = Set(None);
    }
    change.update(tx.conn()).await?;
    if let (true, Some(message)) = (is_settled, message)
        && let Some(found) = message::by_id(tx.workspace(), message).one(tx.conn()).await?
    {
        crate::message::log_of(tx, EventKind::MessageChanged, &found, ActorRef::System).await?;
    }
    Ok(())
}
