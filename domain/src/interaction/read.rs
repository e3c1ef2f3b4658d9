//! Reading single interactions with the rights that go with them.

use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect, sea_query::LockType};

use crate::{
    actor::Actor,
    entity::interaction,
    error::{Error, Result},
    ids::InteractionId,
    store::Tx,
};

/// The interaction, if there is one and the actor sees its inbox.
///
/// # Errors
/// `Storage`.
pub async fn by_id(conn: &impl ConnectionTrait, actor: &Actor, id: InteractionId) -> Result<Option<interaction::Model>> {
    let found = interaction::by_id(actor.workspace, id).one(conn).await?;
    Ok(found.filter(|found| actor.may_see_inbox(found.inbox_id)))
}

/// As [`by_id`], but missing is an error.
///
/// # Errors
/// `NotFound`.
pub async fn must_see(conn: &impl ConnectionTrait, actor: &Actor, id: InteractionId) -> Result<interaction::Model> {
    by_id(conn, actor, id).await?.ok_or(Error::NotFound("interaction"))
}

/// The interaction with this number, if the actor sees it.
///
/// # Errors
/// `Storage`.
pub async fn by_reference(conn: &impl ConnectionTrait, actor: &Actor, number: i64) -> Result<Option<interaction::Model>> {
    let found = interaction::in_workspace(actor.workspace).filter(interaction::Column::Number.eq(number)).one(conn).await?;
    Ok(found.filter(|found| actor.may_see_inbox(found.inbox_id)))
}

/// The interaction, locked until the transaction ends: whoever changes it, its messages or its lane takes this lock before
/// any other of them, so that counts add up, versions are compared with what is overwritten, and nobody waits in a circle.
///
/// # Errors
/// `NotFound`.
pub(crate) async fn lock(tx: &Tx, id: InteractionId) -> Result<interaction::Model> {
    // Not the strongest lock: rows that refer to the interaction may still be inserted.
    let found = interaction::by_id(tx.workspace(), id).lock(LockType::NoKeyUpdate).one(tx.conn()).await?;
    found.ok_or(Error::NotFound("interaction"))
}

/// As [`must_see`], and locked by [`lock`].
///
/// # Errors
/// `NotFound`.
pub(crate) async fn must_see_locked(tx: &Tx, actor: &Actor, id: InteractionId) -> Result<interaction::Model> {
    let found = lock(tx, id).await?;
    if actor.may_see_inbox(found.inbox_id) { Ok(found) } else { Err(Error::NotFound("interaction")) }
}
