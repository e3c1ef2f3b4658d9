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

/// Takes up to `limit` lanes that have due work and no holder, of each channel at most as many as there is `room` for, so
/// that one channel leaves places to the others.
///
/// # Errors
/// `Storage`.
pub async fn claim(
    store: &Store,
    owner: &str,
    lease: Duration,
    limit: usize,
    room: &(dyn Fn(ChannelId) -> usize + Sync),
) -> Result<Vec<Lane>> {
    let work = store.work().await?;
    let now = work.now();
    let is_due = || {
        Condition::all()
            // Written out, not bound: it must be recognised as the condition of the index.
            .add(Expr::col(lane::Column::Pending).gt(Expr::cust("0")))
            .add(lane::Column::NextAt.lte(now))
            .add(Condition::any().add(lane::Column::LeaseUntil.is_null()).add(lane::Column::LeaseUntil.lt(now)))
    };
    let channels: Vec<(WorkspaceId, ChannelId)> = work
        .lanes()
        .filter(is_due())
        .select_only()
        .column(lane::Column::WorkspaceId)
        .column(lane::Column::ChannelId)
        .distinct()
        .into_tuple()
        .all(work.conn())
        .await?;
    let mut due = Vec::new();
    for (workspace, channel) in crate::random::rotated(channels) {
        let places = room(channel).min(limit - due.len());
        if places == 0 {
            continue;
        }
        let of_channel = work
            .lanes()
            .filter(lane::Column::WorkspaceId.eq(workspace))
            .filter(lane::Column::ChannelId.eq(channel))
            .filter(is_due())
            .order_by_asc(lane::Column::NextAt)
            .limit(places as u64)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        due.extend(of_channel.all(work.conn()).await?);
    }
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
    let taken_over = due.iter().filter(|row| row.lease_until.is_some()).count();
    metrics::counter!("tributary_lease_takeovers_total").increment(taken_over as u64);
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
/// attempt does. Whether its time has come is not asked here: the lane is claimed at that time, by the database's clock.
///
/// # Errors
/// `Storage`.
pub async fn next(scope: &impl Scope, lane: &Lane) -> Result<Claimed> {
    let first = outbound::in_workspace(lane.workspace)
        .filter(outbound::Column::InteractionId.eq(lane.interaction))
        .filter(outbound::Column::State.is_in([OutboundState::Queued, OutboundState::Sending]))
        .order_by_asc(outbound::Column::N)
        .one(scope.conn())
        .await?;
    Ok(match first {
        Some(row) if row.state == OutboundState::Sending => Claimed::InDoubt(Box::new(row)),
        Some(row) => Claimed::Fresh(Box::new(row)),
        None => Claimed::Empty,
    })
}

/// Gives the lane back; it runs again when its next row is due, and not before `hold` is over. `lease_now` is the time by
/// [`Store::lease_now`]: the lane waits by the clock by which it is claimed.
///
/// # Errors
/// `Storage`.
pub async fn release(tx: &mut Tx, lane_held: &Lane, lease_now: DateTime<Utc>, hold: Duration) -> Result<()> {
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
    // With nothing to do it is due at once for whatever comes.
    let next_at = open.first().map_or(DateTime::UNIX_EPOCH, |first| {
        let wait = (first.not_before - tx.now()).to_std().unwrap_or_default().max(hold);
        lease_now + wait
    });
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

/// Makes the lane of an interaction due at once, if nobody holds it.
pub(super) async fn wake(tx: &Tx, interaction: InteractionId) -> Result<()> {
    lane::updates(tx.workspace())
        .col_expr(lane::Column::NextAt, Expr::value(DateTime::<Utc>::UNIX_EPOCH))
        .filter(lane::Column::InteractionId.eq(interaction))
        .filter(lane::Column::LeaseUntil.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Whether this worker still holds the lane; locks the interaction and the lane's row until the transaction ends, so that
/// nobody takes it in between.
///
/// # Errors
/// `Storage`; `Conflict` when it was lost.
pub(super) async fn must_hold(tx: &Tx, held: &Lane) -> Result<()> {
    crate::interaction::lock(tx, held.interaction).await?;
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
