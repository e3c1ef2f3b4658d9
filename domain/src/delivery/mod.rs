//! Outbound work: what is to be sent, in which order, and what became of it.
//!
//! Every interaction has a lane; at most one worker holds it, by a lease with a fence. Rows of a lane are sent in the
//! order of `n`. `sending` is committed before the platform is called, so that whoever finds a row in `sending` knows
//! that its outcome is in doubt.

mod action;
mod claim;
mod hear;
mod load;
mod record;

pub use crate::entity::outbound::OutboundState;
pub use action::OutboundAction;
pub use claim::{Claimed, Lane, claim, extend, next, release};
pub(crate) use hear::{echoed, hear};
pub use load::{destination, load};
pub(crate) use record::requeue;
pub use record::{COMPLAINT, Outcome, StepDone, begin, cancel, record, record_step, resolve_unconfirmed, retry};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use crate::{
    entity::{interaction, lane, outbound},
    error::Result,
    ids::{MessageId, OutboundId},
    store::Tx,
};

/// Puts work at the end of the interaction's lane.
///
/// # Errors
/// `Storage`.
pub(crate) async fn enqueue(
    tx: &mut Tx,
    interaction: &interaction::Model,
    message: Option<MessageId>,
    action: OutboundAction,
) -> Result<OutboundId> {
    enqueue_until(tx, interaction, message, action, None).await
}

/// As [`enqueue`], for work that is pointless after a deadline.
///
/// # Errors
/// `Storage`.
pub(crate) async fn enqueue_until(
    tx: &mut Tx,
    interaction: &interaction::Model,
    message: Option<MessageId>,
    action: OutboundAction,
    deadline: Option<DateTime<Utc>>,
) -> Result<OutboundId> {
    // Numbers within the lane are given one at a time.
    crate::interaction::lock(tx, interaction.id).await?;
    let last = outbound::in_workspace(tx.workspace())
        .filter(outbound::Column::InteractionId.eq(interaction.id))
        .order_by_desc(outbound::Column::N)
        .one(tx.conn())
        .await?;
    let id: OutboundId = crate::random::id();
    outbound::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        interaction_id: Set(interaction.id),
        channel_id: Set(interaction.channel_id),
        n: Set(last.map_or(1, |last| last.n + 1)),
        action: Set(action.into()),
        message_id: Set(message),
        state: Set(OutboundState::Queued),
        idem_key: Set(id.to_string()),
        attempts: Set(0),
        not_before: Set(tx.now()),
        first_tried_at: Set(None),
        provider_id: Set(None),
        error_code: Set(None),
        error_detail: Set(None),
        done: Set(Default::default()),
        fence: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        deadline: Set(deadline),
    }
    .insert(tx.conn())
    .await?;
    wake_lane(tx, interaction).await?;
    Ok(id)
}

/// Adds one to what the lane has to do. A new lane is due at once, whatever this node's clock says; a lane that waits for
/// an earlier row goes on waiting.
async fn wake_lane(tx: &Tx, interaction: &interaction::Model) -> Result<()> {
    lane::Entity::insert(lane::ActiveModel {
        interaction_id: Set(interaction.id),
        workspace_id: Set(tx.workspace()),
        channel_id: Set(interaction.channel_id),
        pending: Set(1),
        owner: Set(None),
        fence: Set(0),
        lease_until: Set(None),
        next_at: Set(DateTime::UNIX_EPOCH),
    })
    .on_conflict(
        OnConflict::columns([lane::Column::WorkspaceId, lane::Column::InteractionId])
            .value(lane::Column::Pending, Expr::col((lane::Entity, lane::Column::Pending)).add(1))
            .to_owned(),
    )
    .exec_without_returning(tx.conn())
    .await?;
    Ok(())
}
