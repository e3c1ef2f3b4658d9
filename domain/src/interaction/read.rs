//! Reading single interactions with the rights that go with them.

use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};

use crate::{
    actor::Actor,
    entity::{interaction, message},
    error::{Error, Result},
    ids::{ContactId, InteractionId},
    message::AuthorKind,
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
    interaction::to_change(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("interaction"))
}

/// Whether the interaction is this contact's, or the contact has written in it.
///
/// # Errors
/// `Storage`.
pub(crate) async fn takes_part(tx: &Tx, found: &interaction::Model, contact: ContactId) -> Result<bool> {
    if found.contact_id == contact {
        return Ok(true);
    }
    let written = message::of_interaction(tx.workspace(), found.id)
        .filter(message::Column::AuthorKind.eq(AuthorKind::Contact))
        .filter(message::Column::AuthorId.eq(contact.uuid()))
        .limit(1)
        .one(tx.conn())
        .await?;
    Ok(written.is_some())
}

/// As [`must_see`], and locked by [`lock`].
///
/// # Errors
/// `NotFound`.
pub(crate) async fn must_see_locked(tx: &Tx, actor: &Actor, id: InteractionId) -> Result<interaction::Model> {
    let found = lock(tx, id).await?;
    if actor.may_see_inbox(found.inbox_id) { Ok(found) } else { Err(Error::NotFound("interaction")) }
}
