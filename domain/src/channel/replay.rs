//! Reading stored requests again: after a parser was repaired, all of a time and not only what failed.
//!
//! A replay repeats no effect: messages are unique by the platform's ids, edits, deletions and receipts stand by their own
//! times and ranks, and what has neither is not heard a second time (`InboundEvent::may_be_read_again`).

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use super::dead_letter;
use crate::{
    actor::Actor,
    audit,
    entity::{
        channel,
        raw_inbound::{self, RawInboundState},
    },
    error::{Error, Result},
    event::EntityType,
    ids::{ChannelId, RawInboundId},
    store::Tx,
};

/// Requests put back by one transaction.
const BATCH: u64 = 500;

/// Which stored requests are to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Of this channel.
    pub channel: ChannelId,
    /// That came at this time or later.
    pub since: DateTime<Utc>,
    /// And before this time; `None`: up to now.
    pub until: Option<DateTime<Utc>>,
}

/// The last request that a transaction has put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayedUpTo {
    at: DateTime<Utc>,
    id: RawInboundId,
}

/// What one transaction has put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayedBatch {
    /// How many requests.
    pub requests: usize,
    /// From where the next transaction goes on; `None`: that were all.
    pub next: Option<ReplayedUpTo>,
}

/// Puts the next 500 stored requests of a time back to be read again, in the order in which they came; their open dead
/// letters get another try with them. Requests that are waiting to be read are left as they are. New requests of the channel
/// go before those that are read again.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` when the time is empty; `NotFound`.
pub async fn replay_inbound(tx: &mut Tx, actor: &Actor, span: Span, after: Option<ReplayedUpTo>) -> Result<ReplayedBatch> {
    use raw_inbound::Column;
    actor.must_manage_channels()?;
    if span.until.is_some_and(|until| until <= span.since) {
        return Err(Error::invalid("until", "must be later than since"));
    }
    channel::by_id(tx.workspace(), span.channel).one(tx.conn()).await?.ok_or(Error::NotFound("channel"))?;
    let mut chosen = Condition::all()
        .add(Column::ChannelId.eq(span.channel))
        .add(Column::State.is_in([RawInboundState::Done, RawInboundState::Dead]))
        .add(Column::ReceivedAt.gte(span.since))
        .add(Column::ReceivedAt.lt(span.until.unwrap_or(tx.now())));
    if let Some(ReplayedUpTo { at, id }) = after {
        chosen = chosen.add(Column::ReceivedAt.gte(at)).add(Condition::any().add(Column::ReceivedAt.gt(at)).add(Column::Id.gt(id)));
    }
    // Only the ids: a body may be as large as the largest request.
    let found: Vec<(DateTime<Utc>, RawInboundId)> = raw_inbound::in_workspace(tx.workspace())
        .filter(chosen)
        .order_by_asc(Column::ReceivedAt)
        .order_by_asc(Column::Id)
        .limit(BATCH)
        .select_only()
        .column(Column::ReceivedAt)
        .column(Column::Id)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let ids: Vec<RawInboundId> = found.iter().map(|(_, id)| *id).collect();
    raw_inbound::updates(tx.workspace())
        .col_expr(Column::State, Expr::value(RawInboundState::Received))
        .col_expr(Column::IsReplay, Expr::value(true))
        .col_expr(Column::Error, Expr::value(Option::<String>::None))
        .filter(Column::Id.is_in(ids.iter().copied()))
        // Another replay or a letter's may have been faster.
        .filter(Expr::col(Column::State).ne(Expr::value(RawInboundState::Received)))
        .exec(tx.conn())
        .await?;
    dead_letter::settle_inbound(tx, &ids).await?;
    let next = found.last().filter(|_| found.len() as u64 == BATCH).map(|(at, id)| ReplayedUpTo { at: *at, id: *id });
    let until = span.until.map_or_else(|| "now".to_owned(), |until| until.to_rfc3339());
    let detail = format!("{} requests from {} to {until}", ids.len(), span.since.to_rfc3339());
    audit::note(tx, actor, "channel.replay", EntityType::Channel, span.channel.uuid(), Some(detail)).await?;
    Ok(ReplayedBatch { requests: ids.len(), next })
}
