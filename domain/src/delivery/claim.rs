//! Taking a lane, keeping it and giving it back.
//!
//! Leases are measured by the database's clock, so that a node with a wrong clock neither steals nor keeps a lane.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};

use super::OutboundState;
use crate::{
    entity::{lane, outbound},
    error::Result,
    ids::{ChannelId, InteractionId, WorkspaceId},
    store::{Scope, Store, Tx},
};

/// A lane that this worker holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Whose messages go through it.
    pub interaction: InteractionId,
    /// On which channel.
    pub channel: ChannelId,
    /// Number of this claim; every later write must still find it.
    pub fence: i64,
}

/// What a lane has to do next.
#[derive(Debug, Clone)]
pub enum Claimed {
    /// Send this.
    Fresh(Box<outbound::Model>),
    /// Found in `sending`: an earlier holder died, or stopped hearing, in the middle.
    InDoubt(Box<outbound::Model>),
    /// Nothing now.
    Empty,
}

/// Takes up to `limit` lanes that have due work and no holder.
///
/// # Errors
/// `Storage`.
pub async fn claim(store: &Store, owner: &str, lease: Duration, limit: u64) -> Result<Vec<Lane>> {
    let work = store.work().await?;
    let now = work.now();
    let due = work
        .lanes()
        .filter(lane::Column::Pending.gt(0))
        .filter(lane::Column::NextAt.lte(now))
        .filter(Condition::any().add(lane::Column::LeaseUntil.is_null()).add(lane::Column::LeaseUntil.lt(now)))
        .order_by_asc(lane::Column::NextAt)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(work.conn())
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    work.claim_lanes()
        .col_expr(lane::Column::Owner, Expr::value(owner))
        .col_expr(lane::Column::Fence, Expr::col(lane::Column::Fence).add(1))
        .col_expr(lane::Column::LeaseUntil, Expr::value(now + lease))
        .filter(lane::Column::InteractionId.is_in(due.iter().map(|row| row.interaction_id)))
        .exec(work.conn())
        .await?;
    work.commit().await?;
    let held = |row: lane::Model| Lane {
        workspace: row.workspace_id,
        interaction: row.interaction_id,
        channel: row.channel_id,
        fence: row.fence + 1,
    };
    Ok(due.into_iter().map(held).collect())
}

/// Keeps the lane for another lease; `false` when it was lost.
///
/// # Errors
/// `Storage`.
pub async fn extend(store: &Store, held: &Lane, lease: Duration) -> Result<bool> {
    let work = store.work().await?;
    let until = work.now() + lease;
    let touched = work
        .claim_lanes()
        .col_expr(lane::Column::LeaseUntil, Expr::value(until))
        .filter(lane::Column::WorkspaceId.eq(held.workspace))
        .filter(lane::Column::InteractionId.eq(held.interaction))
        .filter(lane::Column::Fence.eq(held.fence))
        .exec(work.conn())
        .await?;
    work.commit().await?;
    Ok(touched.rows_affected == 1)
}

/// The first row of the lane that is not finished.
///
/// A row that waits for a person (`unconfirmed`) does not hold up the rows behind it; a row that waits for its next
/// attempt does.
///
/// # Errors
/// `Storage`.
pub async fn next(scope: &impl Scope, lane: &Lane, now: DateTime<Utc>) -> Result<Claimed> {
    let first = outbound::in_workspace(lane.workspace)
        .filter(outbound::Column::InteractionId.eq(lane.interaction))
        .filter(outbound::Column::State.is_in([OutboundState::Queued, OutboundState::Sending]))
        .order_by_asc(outbound::Column::N)
        .one(scope.conn())
        .await?;
    Ok(match first {
        Some(row) if row.state == OutboundState::Sending => Claimed::InDoubt(Box::new(row)),
        Some(row) if row.not_before <= now => Claimed::Fresh(Box::new(row)),
        _ => Claimed::Empty,
    })
}

/// Gives the lane back; it runs again at the time of its next row, and not before `not_before`.
///
/// # Errors
/// `Storage`.
pub async fn release(tx: &mut Tx, lane_held: &Lane, not_before: Option<DateTime<Utc>>) -> Result<()> {
    // The row is locked before the work is counted: what is queued after that adds itself to the count.
    if let Err(crate::Error::Conflict(_)) = must_hold(tx, lane_held).await {
        return Ok(());
    }
    let open = outbound::in_workspace(lane_held.workspace)
        .filter(outbound::Column::InteractionId.eq(lane_held.interaction))
        .filter(outbound::Column::State.is_in([OutboundState::Queued, OutboundState::Sending]))
        .order_by_asc(outbound::Column::N)
        .all(tx.conn())
        .await?;
    let next_at = open.first().map(|row| row.not_before).into_iter().chain(not_before).fold(DateTime::UNIX_EPOCH, Ord::max);
    lane::updates(lane_held.workspace)
        .col_expr(lane::Column::Owner, Expr::value(Option::<String>::None))
        .col_expr(lane::Column::LeaseUntil, Expr::value(Option::<chrono::DateTime<chrono::Utc>>::None))
        .col_expr(lane::Column::Pending, Expr::value(i32::try_from(open.len()).unwrap_or(i32::MAX)))
        .col_expr(lane::Column::NextAt, Expr::value(next_at))
        .filter(lane::Column::InteractionId.eq(lane_held.interaction))
        .filter(lane::Column::Fence.eq(lane_held.fence))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Whether this worker still holds the lane; locks the lane's row until the transaction ends, so that nobody takes it
/// in between.
///
/// # Errors
/// `Storage`; `Conflict` when it was lost.
pub(super) async fn must_hold(tx: &Tx, held: &Lane) -> Result<()> {
    let touched = lane::updates(held.workspace)
        .col_expr(lane::Column::Fence, Expr::value(held.fence))
        .filter(lane::Column::InteractionId.eq(held.interaction))
        .filter(lane::Column::Fence.eq(held.fence))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected == 1 { Ok(()) } else { Err(crate::Error::Conflict("the lane was taken over".into())) }
}

/// The row as it is now, while the lane is held.
pub(super) async fn held_row(tx: &Tx, held: &Lane, id: crate::ids::OutboundId) -> Result<outbound::ActiveModel> {
    must_hold(tx, held).await?;
    let row = outbound::by_id(held.workspace, id).one(tx.conn()).await?.ok_or(crate::Error::NotFound("outbound work"))?;
    Ok(row.into_active_model())
}
