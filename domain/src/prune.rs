//! Housekeeping: forgets what is kept for a time only. Harmless to run twice, and by two nodes at once.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::{
    entity::{
        dead_letter, idempotency, parked_receipt,
        raw_inbound::{self, RawInboundState},
    },
    error::Result,
    ids::WorkspaceId,
    store::{Store, Tx},
};

/// Rows per transaction: no other writer waits long for it.
const BATCH: u64 = 500;
/// Client ids, days (RELIABILITY.md, section 6).
const IDEMPOTENCY_DAYS: i64 = 7;
/// Receipts for messages that never came, hours (RELIABILITY.md, section 5).
const PARKED_HOURS: i64 = 24;
/// Raw requests that were understood, days (RELIABILITY.md, section 5).
const RAW_DAYS: i64 = 7;

/// Which rows go.
#[derive(Clone, Copy)]
enum Old {
    ClientIds,
    ParkedReceipts,
    RawRequests,
}

/// Forgets old client ids, parked receipts and raw requests of a workspace, in small transactions; returns how many rows
/// went. Raw requests that a dead letter refers to stay as long as the letter.
///
/// # Errors
/// `Storage`; what went before stays gone.
pub async fn prune(store: &Store, workspace: WorkspaceId) -> Result<u64> {
    let mut gone = 0;
    for what in [Old::ClientIds, Old::ParkedReceipts, Old::RawRequests] {
        loop {
            let (batch, _) = store.transact(workspace, move |tx| Box::pin(batch(tx, what))).await?;
            gone += batch;
            if batch < BATCH {
                break;
            }
        }
    }
    Ok(gone)
}

async fn batch(tx: &mut Tx, what: Old) -> Result<u64> {
    match what {
        Old::ClientIds => client_ids(tx, tx.now() - Duration::days(IDEMPOTENCY_DAYS)).await,
        Old::ParkedReceipts => parked(tx, tx.now() - Duration::hours(PARKED_HOURS)).await,
        Old::RawRequests => raw(tx, tx.now() - Duration::days(RAW_DAYS)).await,
    }
}

/// Up to the time of the last of the oldest rows, because the key has no single column to list.
async fn client_ids(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let oldest: Vec<DateTime<Utc>> = idempotency::in_workspace(tx.workspace())
        .filter(idempotency::Column::At.lt(before))
        .order_by_asc(idempotency::Column::At)
        .limit(BATCH)
        .select_only()
        .column(idempotency::Column::At)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let Some(last) = oldest.last() else { return Ok(0) };
    let gone = idempotency::deletes(tx.workspace()).filter(idempotency::Column::At.lte(*last)).exec(tx.conn()).await?;
    Ok(gone.rows_affected)
}

async fn parked(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let old = parked_receipt::in_workspace(tx.workspace())
        .filter(parked_receipt::Column::ReceivedAt.lt(before))
        .order_by_asc(parked_receipt::Column::ReceivedAt)
        .limit(BATCH)
        .all(tx.conn())
        .await?;
    let ids = old.iter().map(|row| row.id);
    let gone = parked_receipt::deletes(tx.workspace()).filter(parked_receipt::Column::Id.is_in(ids)).exec(tx.conn()).await?;
    Ok(gone.rows_affected)
}

async fn raw(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let needed = dead_letter::in_workspace(tx.workspace())
        .filter(dead_letter::Column::RawId.is_not_null())
        .select_only()
        .column(dead_letter::Column::RawId)
        .into_query();
    // Only the ids: a body may be as large as the largest request.
    let old: Vec<crate::ids::RawInboundId> = raw_inbound::in_workspace(tx.workspace())
        .filter(raw_inbound::Column::State.eq(RawInboundState::Done))
        .filter(raw_inbound::Column::ReceivedAt.lt(before))
        .filter(raw_inbound::Column::Id.not_in_subquery(needed))
        .order_by_asc(raw_inbound::Column::ReceivedAt)
        .limit(BATCH)
        .select_only()
        .column(raw_inbound::Column::Id)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let gone = raw_inbound::deletes(tx.workspace()).filter(raw_inbound::Column::Id.is_in(old)).exec(tx.conn()).await?;
    Ok(gone.rows_affected)
}
