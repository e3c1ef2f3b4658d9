//! Client ids: the same create or send asked twice gives the first result.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    actor::Actor,
    entity::idempotency,
    error::{Error, Result},
    store::Tx,
};

/// Longest client id, characters.
const MAX_CLIENT_ID: usize = 64;

/// What this actor's client id led to before, if anything.
///
/// # Errors
/// `Invalid` for an empty or long client id, and when it was used for another operation.
pub async fn find(tx: &Tx, actor: &Actor, client_id: &str, operation: &str) -> Result<Option<Uuid>> {
    if client_id.is_empty() || client_id.chars().count() > MAX_CLIENT_ID {
        return Err(Error::invalid("clientId", format!("1 to {MAX_CLIENT_ID} characters")));
    }
    let known = idempotency::in_workspace(tx.workspace())
        .filter(idempotency::Column::Actor.eq(actor.reference()))
        .filter(idempotency::Column::ClientId.eq(client_id))
        .one(tx.conn())
        .await?;
    match known {
        Some(known) if known.operation != operation => Err(Error::invalid("clientId", "was used for another operation")),
        known => Ok(known.map(|known| known.result_id)),
    }
}

/// Keeps the result for 7 days. Two at the same time meet on the primary key, and one of them is repeated.
///
/// # Errors
/// `Storage`.
pub async fn keep(tx: &Tx, actor: &Actor, client_id: &str, operation: &str, result: Uuid) -> Result<()> {
    idempotency::ActiveModel {
        workspace_id: Set(tx.workspace()),
        actor: Set(actor.reference()),
        client_id: Set(client_id.to_owned()),
        operation: Set(operation.to_owned()),
        result_id: Set(result),
        at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    Ok(())
}
