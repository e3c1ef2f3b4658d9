//! The conversation as its contact sees it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};

use super::visitor::is_visible;
use crate::{
    entity::{attachment, attachment::AttachmentState, message, reaction, read_mark},
    error::Result,
    ids::{AttachmentId, InteractionId, MessageId},
    message::{Direction, EntryKind},
    store::Scope,
};

/// Most messages of a page.
pub const HISTORY_PAGE: usize = 50;

/// A place in the conversation: everything older comes after it in reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PagePlace {
    /// Time of the message at the place.
    pub at: DateTime<Utc>,
    /// The message.
    pub id: MessageId,
}

/// A message with everything that is shown with it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The message.
    pub message: message::Model,
    /// Its files, and those of ours that its content shows.
    pub files: Vec<attachment::Model>,
    /// What it quotes, if that is visible too.
    pub quoted: Option<message::Model>,
    /// Its reactions.
    pub reactions: Vec<reaction::Model>,
    /// Whether one of us has read it; always `false` for what we sent.
    pub is_read_by_us: bool,
}

/// The newest page of these interactions before a place, oldest first, and whether there is more before it.
///
/// # Errors
/// `Storage`.
pub async fn history(scope: &impl Scope, interactions: &[InteractionId], before: Option<PagePlace>) -> Result<(Vec<Entry>, bool)> {
    let mut rows = message::in_workspace(scope.workspace())
        .filter(message::Column::InteractionId.is_in(interactions.iter().copied()))
        .filter(message::Column::Entry.eq(EntryKind::Message))
        .filter(Condition::any().add(message::Column::Direction.eq(Direction::In)).add(message::Column::SentAt.is_not_null()));
    if let Some(place) = before {
        rows = rows.filter(
            Condition::any()
                .add(message::Column::At.lt(place.at))
                .add(Condition::all().add(message::Column::At.eq(place.at)).add(message::Column::Id.lt(place.id))),
        );
    }
    let mut found =
        rows.order_by_desc(message::Column::At).order_by_desc(message::Column::Id).limit(HISTORY_PAGE as u64 + 1).all(scope.conn()).await?;
    let has_more = found.len() > HISTORY_PAGE;
    found.truncate(HISTORY_PAGE);
    found.reverse();
    Ok((dress(scope, found).await?, has_more))
}

/// These messages, as far as they are visible, in no order.
///
/// # Errors
/// `Storage`.
pub async fn entries(scope: &impl Scope, interactions: &[InteractionId], ids: &[MessageId]) -> Result<Vec<Entry>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = message::in_workspace(scope.workspace())
        .filter(message::Column::Id.is_in(ids.iter().copied()))
        .filter(message::Column::InteractionId.is_in(interactions.iter().copied()))
        .all(scope.conn())
        .await?;
    dress(scope, found.into_iter().filter(is_visible).collect()).await
}

/// The newest inbound message of the interaction that one of us has read.
///
/// # Errors
/// `Storage`.
pub async fn read_up_to(scope: &impl Scope, interaction: InteractionId) -> Result<Option<MessageId>> {
    Ok(read_mark::in_workspace(scope.workspace())
        .filter(read_mark::Column::InteractionId.eq(interaction))
        .filter(read_mark::Column::UpTo.is_not_null())
        .order_by_desc(read_mark::Column::InboundSeen)
        .limit(1)
        .one(scope.conn())
        .await?
        .and_then(|mark| mark.up_to))
}

/// Whether a file that hangs on no message is shown by one of the newest messages of this side.
///
/// # Errors
/// `Storage`.
pub async fn shows(scope: &impl Scope, side: &super::Side, file: AttachmentId) -> Result<bool> {
    let (entries, _) = history(scope, &side.interactions, None).await?;
    Ok(entries.iter().any(|entry| entry.files.iter().any(|one| one.id == file)))
}

/// Loads what belongs to the messages: a constant number of statements per interaction that they are of.
async fn dress(scope: &impl Scope, found: Vec<message::Model>) -> Result<Vec<Entry>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let shown: HashMap<AttachmentId, MessageId> =
        found.iter().flat_map(|one| one.content.0.images().into_iter().map(|(_, image)| (image, one.id))).collect();
    let ids = || found.iter().map(|one| one.id);
    let files = attachment::in_workspace(scope.workspace())
        .filter(
            Condition::any()
                .add(attachment::Column::MessageId.is_in(ids()))
                // What the content shows need not hang on the message, but it must not hang on another one.
                .add(
                    Condition::all().add(attachment::Column::Id.is_in(shown.keys().copied())).add(attachment::Column::MessageId.is_null()),
                ),
        )
        .filter(attachment::Column::State.eq(AttachmentState::Stored))
        .order_by_asc(attachment::Column::Id)
        .all(scope.conn())
        .await?;
    let reactions = reaction::in_workspace(scope.workspace()).filter(reaction::Column::MessageId.is_in(ids())).all(scope.conn()).await?;
    let quoted = message::in_workspace(scope.workspace())
        .filter(message::Column::Id.is_in(found.iter().filter_map(|one| one.quoted_id)))
        .all(scope.conn())
        .await?;
    let mut read: HashMap<InteractionId, Option<MessageId>> = HashMap::new();
    for one in found.iter().filter(|one| one.direction == Direction::In) {
        if let std::collections::hash_map::Entry::Vacant(place) = read.entry(one.interaction_id) {
            place.insert(read_up_to(scope, one.interaction_id).await?);
        }
    }
    Ok(found
        .into_iter()
        .map(|one| Entry {
            files: files
                .iter()
                .filter(|file| file.message_id == Some(one.id) || file.message_id.is_none() && shown.get(&file.id) == Some(&one.id))
                .cloned()
                .collect(),
            quoted: quoted
                .iter()
                .find(|other| Some(other.id) == one.quoted_id && other.interaction_id == one.interaction_id && is_visible(other))
                .cloned(),
            reactions: reactions.iter().filter(|reaction| reaction.message_id == one.id).cloned().collect(),
            is_read_by_us: one.direction == Direction::In
                && read.get(&one.interaction_id).copied().flatten().is_some_and(|last| one.id <= last),
            message: one,
        })
        .collect())
}
