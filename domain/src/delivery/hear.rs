//! What platforms say about messages that we sent: receipts and echoes.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter};

use super::{OutboundAction, OutboundState, record};
use crate::{
    entity::{channel, message, outbound},
    error::Result,
    ids::{ExternalMessageId, MessageId, OutboundId},
    inbound::{InboundMessage, Receipt},
    message::{Direction, Received},
    state::DeliveryState,
    store::Tx,
};

/// Applies a receipt; `None` when the message is not known (yet).
///
/// Idempotent: the delivery state only moves forward and every time stamp is written once.
///
/// # Errors
/// `Storage`.
pub(crate) async fn hear(tx: &mut Tx, channel: &channel::Model, receipt: &Receipt) -> Result<Option<Received>> {
    let mut known = crate::message::by_external_id(tx, channel, &receipt.message).await?;
    if known.is_none() && complete(tx, channel, receipt.client_reference.as_deref(), &receipt.message).await? {
        known = crate::message::by_external_id(tx, channel, &receipt.message).await?;
    }
    let Some(found) = known else { return Ok(None) };
    if found.direction != Direction::Out {
        return Ok(Some(Received::Ignored));
    }
    apply_receipt(tx, found.id, receipt).await?;
    Ok(Some(Received::Changed))
}

/// Applies a receipt to a message of ours, and to those before it where the platform means all of them.
async fn apply_receipt(tx: &mut Tx, id: MessageId, receipt: &Receipt) -> Result<()> {
    let Some(found) = message::by_id(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    crate::interaction::lock(tx, found.interaction_id).await?;
    // Read again now that nobody else changes it.
    let Some(found) = message::by_id(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    if receipt.is_watermark {
        let earlier = message::in_workspace(tx.workspace())
            .filter(message::Column::InteractionId.eq(found.interaction_id))
            .filter(message::Column::Direction.eq(Direction::Out))
            .filter(message::Column::Id.ne(found.id))
            .filter(message::Column::At.lte(found.at))
            .filter(message::Column::Delivery.is_in([DeliveryState::Sent, DeliveryState::Delivered]))
            .all(tx.conn())
            .await?;
        for one in earlier {
            record::apply(tx, one, receipt.state, receipt.at, None, (None, None)).await?;
        }
    }
    let failure = receipt.failure.clone().map_or((None, None), |failure| (Some(failure.code), failure.detail));
    record::apply(tx, found, receipt.state, receipt.at, None, failure).await?;
    Ok(())
}

/// Whether a message from our side is one of our own sends coming back; completes its row then.
///
/// # Errors
/// `Storage`.
pub(crate) async fn echoed(tx: &mut Tx, channel: &channel::Model, echo: &InboundMessage) -> Result<bool> {
    complete(tx, channel, echo.client_reference.as_deref(), &echo.external_id).await
}

/// Gives the row that our own reference names the platform's id; `false` when the reference names none.
async fn complete(tx: &mut Tx, channel: &channel::Model, reference: Option<&str>, external_id: &ExternalMessageId) -> Result<bool> {
    let Some(id) = reference.and_then(|text| text.parse::<OutboundId>().ok()) else {
        return Ok(false);
    };
    let row = outbound::by_id(tx.workspace(), id).filter(outbound::Column::ChannelId.eq(channel.id)).one(tx.conn()).await?;
    let Some(row) = row else { return Ok(false) };
    crate::interaction::lock(tx, row.interaction_id).await?;
    let Some(row) = outbound::by_id(tx.workspace(), id).one(tx.conn()).await? else { return Ok(false) };
    if row.action.0 != OutboundAction::Send {
        return Ok(true);
    }
    let mut change = row.into_active_model();
    change.state = Set(OutboundState::Sent);
    change.provider_id = Set(Some(external_id.clone()));
    change.updated_at = Set(tx.now());
    let row = change.update(tx.conn()).await?;
    record::advance(tx, &row, DeliveryState::Sent, Some(external_id.clone())).await?;
    // Whoever waits behind it need not wait for the end of the doubt.
    super::claim::wake(tx, row.interaction_id).await?;
    Ok(true)
}
