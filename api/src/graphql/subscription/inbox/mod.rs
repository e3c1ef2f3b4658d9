//! Following a view: what enters, changes and leaves, for this viewer and these rights.
//!
//! The log names the interactions that changed; the database says which of them are inside now. When the rights or the
//! view itself change, all of it is looked at again and the differences are told. A reader that comes back with a
//! cursor from before such a change cannot be told what it may no longer see, so it gets `STREAM_RESET`.

mod counts;
mod follow;
pub mod membership;
mod memory;

use async_graphql::{Context, Enum, ID, SimpleObject, Subscription};
use futures_util::stream::{BoxStream, StreamExt};
use tributary_domain::ids::{InteractionId, ViewId};

pub use self::memory::Memory;
use self::{
    counts::Wanted,
    follow::{Said, ViewFollow},
    membership::Change,
};
use crate::graphql::{
    error::{OrFieldError, field_error},
    guard::{EVENTS, Needs},
    scalars::{LogCursor, decode, node_id},
    stream::{Follow, InNameOf},
    types::interaction::Interaction,
};

/// What becomes of an interaction in a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "membership::Change")]
pub enum InboxChangeType {
    /// It was not inside and is now.
    Entered,
    /// It is inside and has changed. A reader that does not have it adds it.
    Updated,
    /// It is not inside any more, or may no longer be seen. A reader that does not have it ignores that.
    Left,
}

/// What becomes of one interaction in a view.
#[derive(SimpleObject)]
pub struct InboxChange {
    /// What.
    #[graphql(name = "type")]
    change: InboxChangeType,
    /// Of which.
    interaction_id: ID,
    /// It as it is now; null when it left.
    interaction: Option<Interaction>,
}

/// Changes that follow directly on what the reader has.
#[derive(SimpleObject)]
pub struct InboxBatch {
    /// Cursor before this batch: must equal the reader's own. If it does not, something was missed.
    prev: LogCursor,
    /// Cursor after this batch. Equal to `prev` while more batches of the same change follow.
    cursor: LogCursor,
    /// The changes; empty in a heartbeat, which comes at least every 20 s.
    changes: Vec<InboxChange>,
    /// How many interactions are inside, as in `View.count`; null when unchanged.
    count: Option<i32>,
    /// How many of them the viewer has not seen to the end; null when unchanged.
    unread_count: Option<i32>,
}

type Batches = BoxStream<'static, async_graphql::Result<InNameOf<InboxBatch>>>;

/// Following views.
#[derive(Default)]
pub struct InboxSubscription;

#[Subscription]
impl InboxSubscription {
    /// A view's contents for this viewer: what entered, changed and left, also when only the rights changed. Ends with
    /// code `STREAM_RESET` when the cursor cannot be resumed, and `NOT_FOUND` when the view is gone.
    #[graphql(guard = "Needs::scope(EVENTS)")]
    async fn inbox(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Which view.")] view_id: ID,
        #[graphql(desc = "Cursor to follow from, of a snapshot or of the last batch.")] after: LogCursor,
    ) -> async_graphql::Result<Batches> {
        let view = decode::<ViewId>(&view_id, "viewId").or_field_error()?;
        let follow = Follow::open(cx, &after).await.or_field_error()?;
        let wanted = Wanted { all: cx.look_ahead().field("count").exists(), unread: cx.look_ahead().field("unreadCount").exists() };
        let mut view = ViewFollow::open(follow, view, wanted).await.or_field_error()?;
        let batches = async_stream::try_stream! {
            while !view.is_over() {
                let said = view.next().await.map_err(field_error)?;
                yield batch(&mut view.follow, said);
            }
        };
        Ok(batches.boxed())
    }
}

fn batch(follow: &mut Follow, said: Said) -> InNameOf<InboxBatch> {
    let (prev, cursor) = follow.advance(!said.is_nothing());
    let changes = said.changes.into_iter().map(|(id, change, row)| change_of(id, change, row.map(Interaction))).collect();
    let batch = InboxBatch { prev, cursor, changes, count: shown(said.news.all), unread_count: shown(said.news.unread) };
    follow.tell(batch)
}

fn change_of(id: InteractionId, change: Change, interaction: Option<Interaction>) -> InboxChange {
    InboxChange { change: change.into(), interaction_id: node_id(id), interaction }
}

fn shown(count: Option<u64>) -> Option<i32> {
    count.map(|count| i32::try_from(count).unwrap_or(i32::MAX))
}
