//! Reading and cutting the event log. Only [`crate::store::Tx::commit`] writes it.

use chrono::{DateTime, Duration, DurationRound, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};

use super::{Event, EventDraft, Position, Seq};
use crate::{
    Error, Result,
    entity::{Stored, event_log, workspace_head},
    ids::WorkspaceId,
    store::{
        Conn, Scope, Store,
        bulk::{self, Known},
    },
};

/// How long events are kept at least, and so how long a cursor works; they go by whole days.
pub const RETENTION: Duration = Duration::days(7);
/// Most rows that one statement inserts or one transaction deletes.
const BATCH: usize = 500;
/// Days for which partitions are made before they begin: so many can housekeeping stand still without anything to catch up with.
const DAYS_AHEAD: i32 = 3;

/// Where the log ends.
///
/// # Errors
/// [`Error::NotFound`] when the workspace has no log, otherwise storage.
pub async fn head(scope: &impl Scope) -> Result<Position> {
    let row = workspace_head::in_workspace(scope.workspace()).one(scope.conn()).await?;
    let row = row.ok_or(Error::NotFound("workspace"))?;
    Ok(Position { epoch: row.epoch, seq: row.head })
}

/// The events after `after` in order and without a hole, at most `limit`.
///
/// # Errors
/// [`Error::StreamReset`] when there are later ones, but not the next; otherwise storage.
pub async fn after(scope: &impl Scope, after: Seq, limit: u64) -> Result<Vec<Event>> {
    let rows = event_log::in_workspace(scope.workspace())
        .filter(event_log::Column::Seq.gt(after))
        .order_by_asc(event_log::Column::Seq)
        .limit(limit)
        .all(scope.conn())
        .await?;
    let has_later = !rows.is_empty();
    // An event whose time is before that of an earlier one may go a day too soon. Nobody may pass over it in silence.
    let events: Vec<Event> = (after.0 + 1..).zip(rows).take_while(|(next, row)| row.seq.0 == *next).map(|(_, row)| row.into()).collect();
    if events.is_empty() && has_later { Err(Error::StreamReset) } else { Ok(events) }
}

/// Whether the log can be followed from `position` without a gap.
///
/// # Errors
/// [`Error::StreamReset`] when it cannot: another epoch, beyond the head, or older than what is kept.
pub async fn check(scope: &impl Scope, position: Position) -> Result<()> {
    let head = head(scope).await?;
    if position.epoch != head.epoch || position.seq > head.seq || position.seq < Seq::UNNUMBERED {
        return Err(Error::StreamReset);
    }
    if position.seq == head.seq {
        return Ok(());
    }
    // Numbers have no holes, so the event after the cursor is there exactly when nothing in between was deleted.
    let next = event_log::Entity::find_by_id((scope.workspace(), position.seq.next()));
    if next.one(scope.conn()).await?.is_some() { Ok(()) } else { Err(Error::StreamReset) }
}

/// The first moment of which events are kept.
fn kept_from(now: DateTime<Utc>) -> DateTime<Utc> {
    (now - RETENTION).duration_trunc(Duration::days(1)).expect("a day has fewer nanoseconds than the type")
}

/// Makes the partitions of the coming days and drops those of days that are kept no longer, for all workspaces; returns
/// how many were dropped. Only PostgreSQL has any. Harmless to run twice, and by two nodes at once.
///
/// # Errors
/// Storage.
pub async fn turn_days(store: &Store, now: DateTime<Utc>) -> Result<u64> {
    if store.backend() != DbBackend::Postgres {
        return Ok(0);
    }
    // The present day's events may be in the default partition already, so its own would be refused.
    let tomorrow = now.date_naive() + Duration::days(1);
    call_days(store, "SELECT event_log_make_days($1, $2)", [tomorrow.into(), DAYS_AHEAD.into()]).await?;
    // In a transaction of its own: who holds the table's lock must not wait for a partition's.
    call_days(store, "SELECT event_log_drop_days($1)", [kept_from(now).date_naive().into()]).await
}

async fn call_days<const N: usize>(store: &Store, sql: &str, arguments: [sea_orm::Value; N]) -> Result<u64> {
    let work = store.work().await?;
    let row = work.conn().query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, arguments)).await?;
    let count: i32 = row.ok_or(Error::NotFound("answer"))?.try_get_by_index(0)?;
    work.commit().await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Deletes events of a workspace of days that are kept no longer, as far as [`turn_days`] has not; returns how many.
///
/// Deletes from the old end in batches, so that no transaction is long. Harmless to run twice.
///
/// # Errors
/// Storage.
pub async fn prune(store: &Store, workspace: WorkspaceId, now: DateTime<Utc>) -> Result<u64> {
    let mut deleted = 0;
    loop {
        let tx = store.write(workspace).await?;
        let old = event_log::in_workspace(workspace)
            .filter(event_log::Column::At.lt(kept_from(now)))
            .select_only()
            .column(event_log::Column::Seq)
            .order_by_asc(event_log::Column::Seq)
            .limit(BATCH as u64)
            .into_tuple::<Seq>()
            .all(tx.conn())
            .await?;
        let Some(last) = old.last().copied() else {
            tx.rollback().await?;
            return Ok(deleted);
        };
        // By number and not by time: a clock that was set back must not tear holes.
        deleted += event_log::deletes(workspace).filter(event_log::Column::Seq.lte(last)).exec(tx.conn()).await?.rows_affected;
        tx.commit().await?;
    }
}

/// Inserts events with their numbers. Called under the lock of the workspace's counter.
pub(crate) async fn append(conn: &Conn, workspace: WorkspaceId, events: &[Event]) -> Result<()> {
    let row = |event: &Event| event_log::ActiveModel {
        workspace_id: Set(workspace),
        seq: Set(event.seq),
        at: Set(event.at),
        kind: Set(event.kind),
        entity_type: Set(event.entity_type),
        entity_id: Set(event.entity_id),
        entity_version: Set(event.entity_version),
        interaction_id: Set(event.interaction_id),
        audience: Set(event.audience),
        actor: Set(event.actor),
        patch: Set(event.patch.clone().map(Stored)),
    };
    for batch in events.chunks(BATCH) {
        bulk::insert(conn, batch.iter().map(row).collect(), Known::Refused).await?;
    }
    Ok(())
}

/// Gives drafts their numbers, beginning after `base`.
pub(crate) fn number(drafts: Vec<EventDraft>, base: Seq, at: DateTime<Utc>) -> Vec<Event> {
    (base.0 + 1..)
        .map(Seq)
        .zip(drafts)
        .map(|(seq, draft)| Event {
            seq,
            at,
            kind: draft.kind,
            entity_type: draft.entity_type,
            entity_id: draft.entity_id,
            entity_version: draft.kind.changes_entity().then_some(seq),
            interaction_id: draft.interaction_id,
            audience: draft.audience,
            actor: draft.actor,
            patch: draft.patch,
        })
        .collect()
}

impl From<event_log::Model> for Event {
    fn from(row: event_log::Model) -> Self {
        Self {
            seq: row.seq,
            at: row.at,
            kind: row.kind,
            entity_type: row.entity_type,
            entity_id: row.entity_id,
            entity_version: row.entity_version,
            interaction_id: row.interaction_id,
            audience: row.audience,
            actor: row.actor,
            patch: row.patch.map(|patch| patch.0),
        }
    }
}
