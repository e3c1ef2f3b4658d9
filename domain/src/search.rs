//! What becomes searchable (messages, contacts, references and subjects; people for their own list) and [`find`], which
//! looks for it. The index itself is [`crate::store::search`].

mod excerpt;
mod find;

pub use find::{SearchHit, SearchKind, find};

use uuid::Uuid;

use crate::{
    error::Result,
    event::EntityType,
    ids::InteractionId,
    store::{
        Tx,
        search::{self, Document},
    },
};

/// Puts the words of a thing in place of those before.
///
/// # Errors
/// `Storage`.
pub(crate) async fn put(
    tx: &Tx,
    entity_type: EntityType,
    entity_id: Uuid,
    interaction_id: Option<InteractionId>,
    text: &str,
) -> Result<()> {
    search::index(tx, vec![Document { entity_type, entity_id, interaction_id, text: text.to_owned(), at: tx.now() }]).await
}

/// As [`put`], of many things of one kind: each with its interaction and its words.
///
/// # Errors
/// `Storage`.
pub(crate) async fn put_all(tx: &Tx, entity_type: EntityType, things: Vec<(Uuid, Option<InteractionId>, String)>) -> Result<()> {
    let at = tx.now();
    let document = |(entity_id, interaction_id, text)| Document { entity_type, entity_id, interaction_id, text, at };
    search::index(tx, things.into_iter().map(document).collect()).await
}

/// Forgets the words of a thing.
///
/// # Errors
/// `Storage`.
pub(crate) async fn remove(tx: &Tx, entity_type: EntityType, entity_id: Uuid) -> Result<()> {
    search::forget(tx, entity_type, entity_id).await
}
