//! Which events of a platform had their effect: one that comes again in another request is known by its own key.

use std::collections::{BTreeSet, HashSet};

use sea_orm::ActiveValue::Set;
use sha2::{Digest, Sha256};

use crate::{
    entity::seen_event,
    error::Result,
    ids::ChannelId,
    store::{Tx, bulk},
};

/// Notes the events in the transaction that works on them, in one statement; by position whether each comes for the first
/// time. One without a key always does.
///
/// # Errors
/// `Storage`.
pub(crate) async fn are_first(tx: &Tx, channel: ChannelId, keys: &[Option<&str>]) -> Result<Vec<bool>> {
    let hashes: Vec<Option<String>> = keys.iter().map(|key| key.map(|key| hex::encode(Sha256::digest(key)))).collect();
    // In order, so that two who note the same ones do not wait for each other in a circle.
    let noted: BTreeSet<&String> = hashes.iter().flatten().collect();
    if noted.is_empty() {
        return Ok(vec![true; hashes.len()]);
    }
    let row = |hash: &String| seen_event::ActiveModel {
        workspace_id: Set(tx.workspace()),
        channel_id: Set(channel),
        key_hash: Set(hash.clone()),
        at: Set(tx.now()),
    };
    let inserted = bulk::insert_new(tx.conn(), noted.into_iter().map(row).collect(), seen_event::Column::KeyHash).await?;
    let mut fresh: HashSet<String> = inserted.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    // Of two with one key in the same batch only the earlier one is the first.
    Ok(hashes.iter().map(|hash| hash.as_ref().is_none_or(|hash| fresh.remove(hash))).collect())
}
