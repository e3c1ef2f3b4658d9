//! What is heard of a message before the message itself: kept until the message has its id, at most 24 hours.
//!
//! Whoever finds no message and parks, and whoever gives a message its id, take the same key first: one of the two sees
//! what the other did.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, QueryFilter, QueryOrder};

use super::{Received, receive::change};
use crate::{
    entity::{channel, parked_event},
    error::{Error, Result},
    ids::{ChannelId, ExternalMessageId},
    inbound::InboundEvent,
    store::{Tx, bulk::among},
};

/// Applies an event about a message, or keeps it until the message is there.
///
/// # Errors
/// `Storage`.
pub(super) async fn apply_or_park(
    tx: &mut Tx,
    channel: &channel::Model,
    about: &ExternalMessageId,
    event: InboundEvent,
) -> Result<Received> {
    if let Some(received) = change(tx, channel, &event).await? {
        return Ok(received);
    }
    lock(tx, channel.id, &[about]).await?;
    // Asked again: the message may have come while this transaction waited.
    if let Some(received) = change(tx, channel, &event).await? {
        return Ok(received);
    }
    parked_event::ActiveModel {
        id: Set(crate::random::id()),
        workspace_id: Set(tx.workspace()),
        channel_id: Set(channel.id),
        external_id: Set(about.clone()),
        event: Set(event.into()),
        received_at: Set(tx.now()),
    }
    .insert(tx.conn())
    .await?;
    Ok(Received::Parked)
}

/// Applies what was heard of a message before its id was stored. Called in the transaction that stores the id, after it has
/// stored it.
///
/// # Errors
/// `Storage`.
pub(crate) async fn apply_parked(tx: &mut Tx, channel: ChannelId, about: &ExternalMessageId) -> Result<()> {
    let parked = look_up(tx, channel, &[about]).await?;
    apply(tx, channel, parked).await
}

/// What was heard of messages before they are stored; nothing more will be until this transaction ends.
///
/// # Errors
/// `Storage`.
pub(super) async fn look_up(tx: &Tx, channel: ChannelId, about: &[&ExternalMessageId]) -> Result<Vec<parked_event::Model>> {
    lock(tx, channel, about).await?;
    Ok(parked_event::in_workspace(tx.workspace())
        .filter(parked_event::Column::ChannelId.eq(channel))
        .filter(among(tx.conn(), parked_event::Column::ExternalId, about.iter().copied().cloned()))
        .order_by_asc(parked_event::Column::ReceivedAt)
        .order_by_asc(parked_event::Column::Id)
        .all(tx.conn())
        .await?)
}

/// Applies it, now that they are stored.
///
/// # Errors
/// `Storage`.
pub(super) async fn apply(tx: &mut Tx, channel: ChannelId, parked: Vec<parked_event::Model>) -> Result<()> {
    if parked.is_empty() {
        return Ok(());
    }
    let channel = channel::by_id(tx.workspace(), channel).one(tx.conn()).await?.ok_or(Error::NotFound("channel"))?;
    for row in parked {
        // Boxed, because giving a message its id applies what is parked. Here it has its id, so that goes no further.
        Box::pin(change(tx, &channel, &row.event)).await?;
        parked_event::deletes(tx.workspace()).filter(parked_event::Column::Id.eq(row.id)).exec(tx.conn()).await?;
    }
    Ok(())
}

async fn lock(tx: &Tx, channel: ChannelId, about: &[&ExternalMessageId]) -> Result<()> {
    let channel = channel.to_string();
    let keys: Vec<[&str; 3]> = about.iter().map(|about| ["message", &channel, about.as_str()]).collect();
    tx.lock_keys(&keys).await
}
