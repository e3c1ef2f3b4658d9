//! Housekeeping: forgets what is kept for a time only. Harmless to run twice, and by two nodes at once.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use crate::{
    entity::{
        attachment::{self, AttachmentState},
        dead_letter::{self, DeadLetterState},
        idempotency, outbound, parked_event,
        raw_inbound::{self, RawInboundState},
        seen_event, session,
    },
    error::Result,
    ids::{AttachmentId, OutboundId, SessionId, WorkspaceId},
    store::{Store, Tx},
};

/// Rows per transaction: no other writer waits long for it.
const BATCH: u64 = 500;
/// Client ids, days (RELIABILITY.md, section 6).
const IDEMPOTENCY_DAYS: i64 = 7;
/// What was heard of messages that never came, hours (RELIABILITY.md, section 5).
const PARKED_HOURS: i64 = 24;
/// Raw requests that were understood, and the keys of their events, days (RELIABILITY.md, section 5).
const RAW_DAYS: i64 = 7;
/// Sessions that ended, days.
const SESSION_DAYS: i64 = 7;
/// Outbound work that is done, days: until then it tells how many attempts a message took.
const OUTBOUND_DAYS: i64 = 30;
/// Uploads that were never sent, hours.
const UPLOAD_HOURS: i64 = 24;

/// Which rows go.
#[derive(Clone, Copy)]
enum Old {
    ClientIds,
    ParkedEvents,
    RawRequests,
    SeenEvents,
    Sessions,
    Outbound,
}

/// Forgets old client ids, parked events, raw requests, seen events, ended sessions and outbound work of a workspace, in small
/// transactions; returns how many rows went. Raw requests stay as long as a dead letter of theirs is open.
///
/// # Errors
/// `Storage`; what went before stays gone.
pub async fn prune(store: &Store, workspace: WorkspaceId) -> Result<u64> {
    let mut gone = 0;
    for what in [Old::ClientIds, Old::ParkedEvents, Old::RawRequests, Old::SeenEvents, Old::Sessions, Old::Outbound] {
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
        Old::ParkedEvents => parked(tx, tx.now() - Duration::hours(PARKED_HOURS)).await,
        Old::RawRequests => raw(tx, tx.now() - Duration::days(RAW_DAYS)).await,
        Old::SeenEvents => seen(tx, tx.now() - Duration::days(RAW_DAYS)).await,
        Old::Sessions => sessions(tx, tx.now() - Duration::days(SESSION_DAYS)).await,
        Old::Outbound => outbound_work(tx, tx.now() - Duration::days(OUTBOUND_DAYS)).await,
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
    let old = parked_event::in_workspace(tx.workspace())
        .filter(parked_event::Column::ReceivedAt.lt(before))
        .order_by_asc(parked_event::Column::ReceivedAt)
        .limit(BATCH)
        .all(tx.conn())
        .await?;
    let ids = old.iter().map(|row| row.id);
    let gone = parked_event::deletes(tx.workspace()).filter(parked_event::Column::Id.is_in(ids)).exec(tx.conn()).await?;
    Ok(gone.rows_affected)
}

async fn raw(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let needed = dead_letter::in_workspace(tx.workspace())
        .filter(dead_letter::Column::RawId.is_not_null())
        .filter(dead_letter::Column::State.eq(DeadLetterState::Open))
        .select_only()
        .column(dead_letter::Column::RawId)
        .into_query();
    // Only the ids: a body may be as large as the largest request.
    let old: Vec<crate::ids::RawInboundId> = raw_inbound::in_workspace(tx.workspace())
        .filter(raw_inbound::Column::State.is_in([RawInboundState::Done, RawInboundState::Dead]))
        .filter(raw_inbound::Column::ReceivedAt.lt(before))
        .filter(raw_inbound::Column::Id.not_in_subquery(needed))
        .order_by_asc(raw_inbound::Column::ReceivedAt)
        .limit(BATCH)
        .select_only()
        .column(raw_inbound::Column::Id)
        .into_tuple()
        .all(tx.conn())
        .await?;
    // What was replayed or dropped needs its request no more.
    dead_letter::updates(tx.workspace())
        .col_expr(dead_letter::Column::RawId, Expr::value(Option::<Uuid>::None))
        .filter(dead_letter::Column::RawId.is_in(old.iter().copied()))
        .exec(tx.conn())
        .await?;
    let gone = raw_inbound::deletes(tx.workspace()).filter(raw_inbound::Column::Id.is_in(old)).exec(tx.conn()).await?;
    Ok(gone.rows_affected)
}

/// As [`client_ids`].
async fn seen(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let oldest: Vec<DateTime<Utc>> = seen_event::in_workspace(tx.workspace())
        .filter(seen_event::Column::At.lt(before))
        .order_by_asc(seen_event::Column::At)
        .limit(BATCH)
        .select_only()
        .column(seen_event::Column::At)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let Some(last) = oldest.last() else { return Ok(0) };
    let gone = seen_event::deletes(tx.workspace()).filter(seen_event::Column::At.lte(*last)).exec(tx.conn()).await?;
    Ok(gone.rows_affected)
}

async fn sessions(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let old: Vec<SessionId> = session::in_workspace(tx.workspace())
        .filter(Condition::any().add(session::Column::ExpiresAt.lt(before)).add(session::Column::RevokedAt.lt(before)))
        .limit(BATCH)
        .select_only()
        .column(session::Column::Id)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let gone = session::deletes(tx.workspace()).filter(session::Column::Id.is_in(old)).exec(tx.conn()).await?;
    Ok(gone.rows_affected)
}

/// What failed stays: somebody may still ask for another try.
async fn outbound_work(tx: &Tx, before: DateTime<Utc>) -> Result<u64> {
    let old: Vec<OutboundId> = outbound::in_workspace(tx.workspace())
        // Written out, not bound: it must be recognised as the condition of the index.
        .filter(Expr::col(outbound::Column::State).is_in([Expr::cust("'sent'"), Expr::cust("'cancelled'")]))
        .filter(outbound::Column::UpdatedAt.lt(before))
        .limit(BATCH)
        .select_only()
        .column(outbound::Column::Id)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let gone = outbound::deletes(tx.workspace()).filter(outbound::Column::Id.is_in(old)).exec(tx.conn()).await?;
    Ok(gone.rows_affected)
}

/// Takes up to 500 files of a workspace that are needed no more: uploads that were never sent, and what was taken back
/// with its message. Nobody can send them from here on; delete their bytes, then [`forget_files`].
///
/// # Errors
/// `Storage`.
pub async fn unused_files(store: &Store, workspace: WorkspaceId) -> Result<Vec<AttachmentId>> {
    let (ids, _) = store.transact(workspace, |tx| Box::pin(take_unused_files(tx))).await?;
    Ok(ids)
}

async fn take_unused_files(tx: &mut Tx) -> Result<Vec<AttachmentId>> {
    attachment::updates(tx.workspace())
        .col_expr(attachment::Column::State, Expr::value(AttachmentState::Removed))
        .filter(attachment::Column::MessageId.is_null())
        .filter(attachment::Column::IsShown.eq(false))
        .filter(attachment::Column::CreatedAt.lt(tx.now() - Duration::hours(UPLOAD_HOURS)))
        .exec(tx.conn())
        .await?;
    Ok(attachment::in_workspace(tx.workspace())
        // Written out, not bound: it must be recognised as the condition of the index.
        .filter(Expr::col(attachment::Column::State).eq(Expr::cust("'removed'")))
        .limit(BATCH)
        .select_only()
        .column(attachment::Column::Id)
        .into_tuple()
        .all(tx.conn())
        .await?)
}

/// Forgets files whose bytes are gone.
///
/// # Errors
/// `Storage`.
pub async fn forget_files(store: &Store, workspace: WorkspaceId, ids: Vec<AttachmentId>) -> Result<()> {
    store
        .transact(workspace, move |tx| {
            let ids = ids.clone();
            Box::pin(async move {
                attachment::deletes(tx.workspace()).filter(attachment::Column::Id.is_in(ids)).exec(tx.conn()).await?;
                Ok(())
            })
        })
        .await?;
    Ok(())
}
