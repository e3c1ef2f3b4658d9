//! How far a listener or poller has read a channel, and who holds it: one owner at a time, by a lease with a fence.

use std::{collections::HashMap, time::Duration};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Asterisk, Expr, ExprTrait, OnConflict},
};

use crate::{
    entity::{
        channel,
        dead_letter::{self, DeadLetterState},
        ingress_position, outbound,
    },
    error::{Error, Result},
    ids::{ChannelId, WorkspaceId},
    store::{Scope, Store, Tx},
};

/// A channel that this process holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Number of this claim.
    pub fence: i64,
    /// How far it has been read.
    pub cursor: Option<serde_json::Value>,
}

/// The channels of a workspace that are switched on.
///
/// # Errors
/// `Storage`.
pub async fn listening(scope: &impl Scope) -> Result<Vec<channel::Model>> {
    Ok(channel::in_workspace(scope.workspace()).filter(channel::Column::IsEnabled.eq(true)).all(scope.conn()).await?)
}

/// Takes the channel if nobody holds it and its time has come.
///
/// # Errors
/// `Storage`.
pub async fn claim_position(
    store: &Store,
    workspace: WorkspaceId,
    channel: ChannelId,
    owner: &str,
    lease: Duration,
) -> Result<Option<Position>> {
    let now = store.lease_now().await?;
    let tx = store.write(workspace).await?;
    ingress_position::Entity::insert(ingress_position::ActiveModel {
        workspace_id: Set(workspace),
        channel_id: Set(channel),
        cursor: Set(None),
        owner: Set(None),
        fence: Set(0),
        lease_until: Set(None),
        next_at: Set(now),
    })
    .on_conflict(OnConflict::new().do_nothing().to_owned())
    .exec_without_returning(tx.conn())
    .await?;
    let taken = ingress_position::updates(workspace)
        .col_expr(ingress_position::Column::Owner, Expr::value(owner))
        .col_expr(ingress_position::Column::Fence, Expr::col(ingress_position::Column::Fence).add(1))
        .col_expr(ingress_position::Column::LeaseUntil, Expr::value(now + lease))
        .filter(ingress_position::Column::ChannelId.eq(channel))
        .filter(ingress_position::Column::NextAt.lte(now))
        .filter(Condition::any().add(ingress_position::Column::LeaseUntil.is_null()).add(ingress_position::Column::LeaseUntil.lt(now)))
        .exec_with_returning(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(taken.into_iter().next().map(|row| Position { fence: row.fence, cursor: row.cursor }))
}

/// Keeps the channel for another lease; `false` when it was lost.
///
/// # Errors
/// `Storage`.
pub async fn extend_position(store: &Store, workspace: WorkspaceId, channel: ChannelId, fence: i64, lease: Duration) -> Result<bool> {
    let until = store.lease_now().await? + lease;
    let tx = store.write(workspace).await?;
    let touched = ingress_position::updates(workspace)
        .col_expr(ingress_position::Column::LeaseUntil, Expr::value(until))
        .filter(ingress_position::Column::ChannelId.eq(channel))
        .filter(ingress_position::Column::Fence.eq(fence))
        .exec(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(touched.rows_affected == 1)
}

/// Gives the channel back and leaves it alone for a while. Without effect when it was lost.
///
/// # Errors
/// `Storage`.
pub async fn release_position(store: &Store, workspace: WorkspaceId, channel: ChannelId, fence: i64, pause: Duration) -> Result<()> {
    let next_at = store.lease_now().await? + pause;
    let tx = store.write(workspace).await?;
    ingress_position::updates(workspace)
        .col_expr(ingress_position::Column::Owner, Expr::value(Option::<String>::None))
        .col_expr(ingress_position::Column::LeaseUntil, Expr::value(Option::<chrono::DateTime<chrono::Utc>>::None))
        .col_expr(ingress_position::Column::NextAt, Expr::value(next_at))
        .filter(ingress_position::Column::ChannelId.eq(channel))
        .filter(ingress_position::Column::Fence.eq(fence))
        .exec(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Keeps how far the channel has been read, in the transaction that stores what was found.
///
/// # Errors
/// `Conflict` when the channel was lost; `Storage`.
pub async fn save_position(tx: &Tx, channel: ChannelId, fence: i64, cursor: serde_json::Value) -> Result<()> {
    let touched = ingress_position::updates(tx.workspace())
        .set(ingress_position::ActiveModel { cursor: Set(Some(cursor)), ..Default::default() })
        .filter(ingress_position::Column::ChannelId.eq(channel))
        .filter(ingress_position::Column::Fence.eq(fence))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected == 1 { Ok(()) } else { Err(Error::Conflict("the channel was taken over".into())) }
}

/// Pieces of outbound work that are not finished, by channel; a channel without any is left out.
///
/// # Errors
/// `Storage`.
pub async fn queued(scope: &impl Scope, channels: &[ChannelId]) -> Result<HashMap<ChannelId, u64>> {
    use outbound::{
        Column,
        OutboundState::{Queued, Sending},
    };
    let open = outbound::in_workspace(scope.workspace())
        .filter(Column::ChannelId.is_in(channels.iter().copied()))
        .filter(Column::State.is_in([Queued, Sending]));
    by_channel(scope, open, Column::ChannelId).await
}

/// Dead letters that wait for a person, by channel; a channel without any is left out.
///
/// # Errors
/// `Storage`.
pub async fn open_dead_letters(scope: &impl Scope, channels: &[ChannelId]) -> Result<HashMap<ChannelId, u64>> {
    use dead_letter::Column;
    let open = dead_letter::in_workspace(scope.workspace())
        .filter(Column::ChannelId.is_in(channels.iter().copied()))
        .filter(Column::State.eq(DeadLetterState::Open));
    by_channel(scope, open, Column::ChannelId).await
}

async fn by_channel<E: EntityTrait>(scope: &impl Scope, rows: Select<E>, channel: E::Column) -> Result<HashMap<ChannelId, u64>> {
    let counted = rows.select_only().column(channel).column_as(Expr::col(Asterisk).count(), "rows_of_it").group_by(channel);
    let counted: Vec<(ChannelId, i64)> = counted.into_tuple().all(scope.conn()).await?;
    Ok(counted.into_iter().map(|(channel, rows)| (channel, u64::try_from(rows).unwrap_or_default())).collect())
}
