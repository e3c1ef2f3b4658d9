//! Writes the number of an entity's last event into its row.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::prelude::Uuid;

use super::{Conn, bulk};
use crate::{
    Result,
    event::{EntityType, EventDraft, Seq, WORKSPACE_TABLE},
    ids::WorkspaceId,
};

/// One statement per table. An entity that changed twice gets the later number. Rows of `unwritten` entities are left to the
/// caller, who is given their numbers.
///
/// The rows were written by this transaction before, so their locks are held and no deadlock can come of it.
pub(super) async fn raise(
    conn: &Conn,
    workspace: WorkspaceId,
    base: Seq,
    drafts: &[EventDraft],
    unwritten: &HashSet<Uuid>,
) -> Result<HashMap<Uuid, Seq>> {
    let mut tables: BTreeMap<&'static str, BTreeMap<Uuid, i64>> = BTreeMap::new();
    let mut given = HashMap::new();
    let mut changed = |entity_type: EntityType, id: Uuid, seq: i64| {
        if unwritten.contains(&id) {
            given.insert(id, Seq(seq));
        } else if let Some(table) = entity_type.versioned_table() {
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
        bulk::number(conn, table, if table == WORKSPACE_TABLE { "id" } else { "workspace_id" }, workspace, rows).await?;
    }
    Ok(given)
}
