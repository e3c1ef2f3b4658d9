//! Reading and cutting the event log. Only [`crate::store::Tx::commit`] writes it.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Event, EventDraft, Position, Seq};
use crate::{
    Error, Result,
    entity::{Stored, event_log, workspace_head},
    ids::WorkspaceId,
    store::{Conn, Scope, Store},
};

/// How long events are kept, and so how long a cursor works.
pub const RETENTION: Duration = Duration::days(7);
/// Most rows that one statement inserts or one transaction deletes.
const BATCH: usize = 500;

/// Where the log ends.
///
/// # Errors
/// [`Error::NotFound`] when the workspace has no log, otherwise storage.
pub async fn head(scope: &impl Scope) -> Result<Position> {
    let row = workspace_head::in_workspace(scope.workspace()).one(scope.conn()).await?;
    let row = row.ok_or(Error::NotFound("workspace"))?;
    Ok(Position { epoch: row.epoch, seq: row.head })
}

/// The events after `after` in order, at most `limit`.
///
/// # Errors
/// Storage.
pub async fn after(scope: &impl Scope, after: Seq, limit: u64) -> Result<Vec<Event>> {
    let rows = event_log::in_workspace(scope.workspace())
        .filter(event_log::Column::Seq.gt(after))
        .order_by_asc(event_log::Column::Seq)
        .limit(limit)
        .all(scope.conn())
        .await?;
    Ok(rows.into_iter().map(Event::from).collect())
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

/// Deletes events of a workspace that are older than [`RETENTION`]; returns how many.
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
            .filter(event_log::Column::At.lt(now - RETENTION))
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
    for batch in events.chunks(BATCH) {
        event_log::Entity::insert_many(batch.iter().map(|event| event_log::ActiveModel {
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
        }))
        .exec_without_returning(conn)
        .await?;
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
