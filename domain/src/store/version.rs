//! Writes the number of an entity's last event into its row.

use std::collections::BTreeMap;

use sea_orm::{
    ConnectionTrait,
    prelude::Uuid,
    sea_query::{Alias, CaseStatement, Expr, ExprTrait, Query},
};

use super::Conn;
use crate::{
    Result,
    event::{EntityType, EventDraft, Seq},
    ids::WorkspaceId,
};

/// Rows per statement: the CASE is searched in order for every row.
const BATCH: usize = 100;

/// One statement per table (and batch). An entity that changed twice gets the later number.
///
/// The rows were written by this transaction before, so their locks are held and no deadlock can come of it.
pub(super) async fn raise(conn: &Conn, workspace: WorkspaceId, base: Seq, drafts: &[EventDraft]) -> Result<()> {
    let mut tables: BTreeMap<&'static str, BTreeMap<Uuid, i64>> = BTreeMap::new();
    let mut changed = |entity_type: EntityType, id: Uuid, seq: i64| {
        if let Some(table) = entity_type.versioned_table() {
            tables.entry(table).or_default().insert(id, seq);
        }
    };
    for (seq, draft) in (base.0 + 1..).zip(drafts) {
        if draft.kind.changes_entity() {
            changed(draft.entity_type, draft.entity_id, seq);
        }
        for (entity_type, id) in &draft.also_changed {
            changed(*entity_type, *id, seq);
        }
    }
    for (table, rows) in tables {
        let rows: Vec<(Uuid, i64)> = rows.into_iter().collect();
        for batch in rows.chunks(BATCH) {
            let id = || Expr::col(Alias::new("id"));
            let number: Expr = match batch {
                [(_, seq)] => Expr::val(*seq),
                _ => batch
                    .iter()
                    .fold(CaseStatement::new(), |case, (row, seq)| case.case(id().eq(*row), *seq))
                    .finally(Expr::col(Alias::new("version")))
                    .into(),
            };
            let update = Query::update()
                .table(Alias::new(table))
                .value(Alias::new("version"), number)
                .and_where(Expr::col(Alias::new("workspace_id")).eq(workspace.uuid()))
                .and_where(id().is_in(batch.iter().map(|(row, _)| *row)))
                .to_owned();
            conn.execute(&update).await?;
        }
    }
    Ok(())
}
