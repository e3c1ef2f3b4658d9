//! Writing down how far a row has come. Every write requires that the lane is still held.

use std::time::Duration;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use super::{
    OutboundState,
    claim::{Lane, held_row},
};
use crate::{
    actor::Actor,
    entity::{interaction, message, outbound},
    error::{Error, Result},
    event::{ActorRef, EntityType, EventDraft, EventKind, Patch},
    ids::{ExternalMessageId, MessageId, OutboundId},
    message::AuthorKind,
    state::DeliveryState,
    store::Tx,
};

/// What one step of a delivery gave; kept so that a retry does not repeat it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDone {
    /// The platform's id.
    pub external_id: Option<ExternalMessageId>,
    /// What later steps need.
    pub note: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The platform has it.
    Sent {
        /// Its id there.
        external_id: Option<ExternalMessageId>,
    },
    /// Try again.
    Retry {
        /// How long to wait.
        after: Duration,
        /// What happened.
        reason: String,
        /// Whether this used up an attempt.
        counts: bool,
    },
    /// It will never work.
    Failed {
        /// Our code.
        code: String,
        /// The platform's words.
        detail: Option<String>,
    },
    /// Nobody knows.
    Unconfirmed {
        /// What happened.
        reason: String,
    },
}

/// Says that the platform is about to be called. Commit before calling it.
///
/// # Errors
/// `Conflict` when the lane was lost or the row was cancelled meanwhile.
pub async fn begin(tx: &mut Tx, lane: &Lane, id: OutboundId) -> Result<()> {
    let mut row = held_row(tx, lane, id).await?;
    if is_finished(&row) {
        return Err(Error::Conflict("the work is finished".into()));
    }
    row.attempts = Set(row.attempts.take().unwrap_or_default() + 1);
    row.state = Set(OutboundState::Sending);
    row.fence = Set(lane.fence);
    row.updated_at = Set(tx.now());
    if row.first_tried_at.as_ref().is_none() {
        row.first_tried_at = Set(Some(tx.now()));
    }
    let row = row.update(tx.conn()).await?;
    advance(tx, &row, DeliveryState::Sending, None).await
}

/// Keeps the result of one step.
///
/// # Errors
/// `Conflict` when the lane was lost.
pub async fn record_step(tx: &mut Tx, lane: &Lane, id: OutboundId, done: Vec<StepDone>) -> Result<()> {
    let mut row = held_row(tx, lane, id).await?;
    row.done = Set(done.into());
    row.updated_at = Set(tx.now());
    row.update(tx.conn()).await?;
    Ok(())
}

/// Whether the row has come to its end, perhaps by an echo or a receipt that was faster than the platform's answer.
fn is_finished(row: &outbound::ActiveModel) -> bool {
    !matches!(row.state.as_ref(), OutboundState::Queued | OutboundState::Sending)
}

/// Writes down how the attempt ended. Without effect on a row that was finished meanwhile, unless it is the answer that
/// brings the platform's id.
///
/// # Errors
/// `Conflict` when the lane was lost.
pub async fn record(tx: &mut Tx, lane: &Lane, id: OutboundId, outcome: Outcome) -> Result<()> {
    let mut row = held_row(tx, lane, id).await?;
    if is_finished(&row) {
        let lacks_id = *row.state.as_ref() == OutboundState::Sent && row.provider_id.as_ref().is_none();
        if !lacks_id || !matches!(outcome, Outcome::Sent { external_id: Some(_) }) {
            return Ok(());
        }
    }
    row.updated_at = Set(tx.now());
    match outcome {
        Outcome::Sent { external_id } => {
            row.state = Set(OutboundState::Sent);
            row.provider_id = Set(external_id.clone());
            row.error_code = Set(None);
            row.error_detail = Set(None);
            let row = row.update(tx.conn()).await?;
            advance(tx, &row, DeliveryState::Sent, external_id).await
        }
        Outcome::Retry { after, reason, counts } => {
            if !counts {
                let attempts = (row.attempts.take().unwrap_or_default() - 1).max(0);
                if attempts == 0 {
                    // Nor does it begin the time after which a message is given up.
                    row.first_tried_at = Set(None);
                }
                row.attempts = Set(attempts);
            }
            row.state = Set(OutboundState::Queued);
            row.not_before = Set(tx.now() + chrono::Duration::from_std(after).unwrap_or(chrono::Duration::hours(24)));
            row.error_code = Set(Some("RETRYING".to_owned()));
            row.error_detail = Set(Some(reason));
            let row = row.update(tx.conn()).await?;
            show_queued_again(tx, &row).await
        }
        Outcome::Failed { code, detail } => {
            row.state = Set(OutboundState::Failed);
            row.error_code = Set(Some(code));
            row.error_detail = Set(detail);
            let row = row.update(tx.conn()).await?;
            if row.message_id.is_some() {
                crate::channel::bury_outbound(tx, &row).await?;
            }
            advance(tx, &row, DeliveryState::Failed, None).await
        }
        Outcome::Unconfirmed { reason } => {
            row.state = Set(OutboundState::Unconfirmed);
            row.error_code = Set(Some("UNCONFIRMED".to_owned()));
            row.error_detail = Set(Some(reason));
            let row = row.update(tx.conn()).await?;
            advance(tx, &row, DeliveryState::Unconfirmed, None).await
        }
    }
}

/// Takes a message back that no worker has touched yet.
///
/// # Errors
/// `NotFound`; `Conflict` when it is already on its way.
pub async fn cancel(tx: &mut Tx, actor: &Actor, id: MessageId) -> Result<()> {
    let (row, found) = own_send(tx, actor, id).await?;
    if found.delivery != Some(DeliveryState::Queued) {
        return Err(Error::Conflict("the message is already on its way".into()));
    }
    let touched = outbound::updates(tx.workspace())
        .col_expr(outbound::Column::State, sea_orm::sea_query::Expr::value(OutboundState::Cancelled))
        .filter(outbound::Column::Id.eq(row.id))
        .filter(outbound::Column::State.eq(OutboundState::Queued))
        .filter(outbound::Column::Attempts.eq(0))
        .exec(tx.conn())
        .await?;
    if touched.rows_affected == 0 {
        return Err(Error::Conflict("the message is already on its way".into()));
    }
    advance(tx, &row, DeliveryState::Cancelled, None).await
}

/// Queues a failed message again. One that the platform had taken before it failed goes out as a new piece of work, since
/// the platform would take the old key for a repeat.
///
/// # Errors
/// `NotFound`; `Conflict` when it has not failed.
pub async fn retry(tx: &mut Tx, actor: &Actor, id: MessageId) -> Result<()> {
    let (row, found) = own_send(tx, actor, id).await?;
    if found.delivery != Some(DeliveryState::Failed) {
        return Err(Error::Conflict("the message has not failed".into()));
    }
    crate::channel::settle_outbound(tx, row.id).await?;
    if row.state == OutboundState::Sent {
        let interaction =
            interaction::by_id(tx.workspace(), row.interaction_id).one(tx.conn()).await?.ok_or(Error::NotFound("interaction"))?;
        super::enqueue_until(tx, &interaction, Some(id), super::OutboundAction::Send, row.deadline).await?;
        apply(tx, found, DeliveryState::Queued, tx.now(), None, (None, None)).await?;
        return Ok(());
    }
    requeue(tx, row).await
}

/// Decides about a message of which nobody knows whether it was sent.
///
/// # Errors
/// `NotFound`; `Conflict` when it is not in doubt.
pub async fn resolve_unconfirmed(tx: &mut Tx, actor: &Actor, id: MessageId, send_again: bool) -> Result<()> {
    let (row, found) = own_send(tx, actor, id).await?;
    if found.delivery != Some(DeliveryState::Unconfirmed) {
        return Err(Error::Conflict("the message is not in doubt".into()));
    }
    if send_again {
        return requeue(tx, row).await;
    }
    let mut change = row.into_active_model();
    change.state = Set(OutboundState::Sent);
    change.updated_at = Set(tx.now());
    let row = change.update(tx.conn()).await?;
    advance(tx, &row, DeliveryState::Sent, None).await
}

/// Gives a finished row another round of attempts under the same idempotency key.
pub(crate) async fn requeue(tx: &mut Tx, row: outbound::Model) -> Result<()> {
    let interaction = interaction::by_id(tx.workspace(), row.interaction_id).one(tx.conn()).await?.ok_or(Error::NotFound("interaction"))?;
    let mut change = row.into_active_model();
    change.state = Set(OutboundState::Queued);
    change.attempts = Set(0);
    change.not_before = Set(tx.now());
    change.first_tried_at = Set(None);
    change.error_code = Set(None);
    change.error_detail = Set(None);
    change.updated_at = Set(tx.now());
    let row = change.update(tx.conn()).await?;
    super::wake_lane(tx, &interaction).await?;
    advance(tx, &row, DeliveryState::Queued, None).await
}

/// The row that sends a message of an interaction the actor may see and write in.
async fn own_send(tx: &Tx, actor: &Actor, id: MessageId) -> Result<(outbound::Model, message::Model)> {
    let found = message::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("message"))?;
    let interaction = crate::interaction::must_see_locked(tx, actor, found.interaction_id).await.map_err(|error| match error {
        Error::NotFound(_) => Error::NotFound("message"),
        other => other,
    })?;
    actor.must_send()?;
    // Read again now that nobody else changes it.
    let found = message::by_id(tx.workspace(), id).one(tx.conn()).await?.ok_or(Error::NotFound("message"))?;
    debug_assert_eq!(found.interaction_id, interaction.id, "messages never move to another interaction");
    let row = outbound::in_workspace(tx.workspace())
        .filter(outbound::Column::MessageId.eq(id))
        .order_by_desc(outbound::Column::N)
        .all(tx.conn())
        .await?
        .into_iter()
        .find(|row| row.action.0 == super::OutboundAction::Send)
        .ok_or(Error::NotFound("message"))?;
    Ok((row, found))
}

/// Moves the message's delivery state forward and says so in the log.
pub(super) async fn advance(
    tx: &mut Tx,
    row: &outbound::Model,
    heard: DeliveryState,
    external_id: Option<ExternalMessageId>,
) -> Result<()> {
    let (Some(id), super::OutboundAction::Send) = (row.message_id, &row.action.0) else {
        return Ok(());
    };
    let Some(found) = message::by_id(tx.workspace(), id).one(tx.conn()).await? else {
        return Ok(());
    };
    let (found, external_id) = match external_id {
        Some(external_id) => absorb_echo(tx, found, external_id).await?,
        None => (found, None),
    };
    let failure = (row.error_code.clone(), row.error_detail.clone());
    let found = apply(tx, found, heard, tx.now(), external_id.clone(), failure).await?;
    if external_id.is_some() {
        super::apply_parked(tx, &found).await?;
    }
    Ok(())
}

/// Makes room for the platform's id: an echo without our reference that came before the answer was stored as somebody
/// else's message, and now turns out to be this one. Gives the id back unless another message owns it.
async fn absorb_echo(
    tx: &mut Tx,
    found: message::Model,
    external_id: ExternalMessageId,
) -> Result<(message::Model, Option<ExternalMessageId>)> {
    let twin = message::by_external_id(tx.workspace(), found.channel_id, &external_id, found.part)
        .filter(message::Column::Id.ne(found.id))
        .one(tx.conn())
        .await?;
    let Some(twin) = twin else { return Ok((found, Some(external_id))) };
    if twin.author_kind != AuthorKind::External || twin.interaction_id != found.interaction_id {
        tracing::warn!(message.id = %found.id, other.id = %twin.id, "a platform gave the same id to two messages");
        return Ok((found, None));
    }
    let interaction = crate::interaction::lock(tx, found.interaction_id).await?;
    message::Entity::delete_by_id((tx.workspace(), twin.id)).exec(tx.conn()).await?;
    crate::search::remove(tx, EntityType::Message, twin.id.uuid()).await?;
    let mut change = interaction.clone().into_active_model();
    change.message_count = Set(interaction.message_count - 1);
    if interaction.last_message_id == Some(twin.id) {
        change.last_message_id = Set(Some(found.id));
    }
    let interaction = change.update(tx.conn()).await?;
    let gone = EventDraft::new(EventKind::MessageChanged, EntityType::Message, twin.id.uuid()).within(interaction.id);
    tx.emit(gone.to(crate::interaction::audience(&interaction)).with(Patch { is_removed: true, ..Patch::default() }));
    crate::interaction::touch(tx, &interaction, ActorRef::System);
    let found = match twin.delivery {
        Some(heard) => apply(tx, found, heard, tx.now(), None, (None, None)).await?,
        None => found,
    };
    Ok((found, Some(external_id)))
}

/// Applies a delivery state to a message: forward only, with its own time, and keeps the interaction's failed mark.
pub(super) async fn apply(
    tx: &mut Tx,
    found: message::Model,
    heard: DeliveryState,
    at: chrono::DateTime<chrono::Utc>,
    external_id: Option<ExternalMessageId>,
    failure: (Option<String>, Option<String>),
) -> Result<message::Model> {
    let before = found.delivery.unwrap_or(DeliveryState::Queued);
    let after = before.after(heard);
    let mut change = found.clone().into_active_model();
    if external_id.is_some() {
        change.external_id = Set(external_id);
    }
    // A failure that is no longer believed leaves no trace.
    if heard != DeliveryState::Failed || after == DeliveryState::Failed {
        stamp(&mut change, &found, heard, at);
    }
    if after != before {
        change.delivery = Set(Some(after));
        let is_bad = matches!(after, DeliveryState::Failed | DeliveryState::Unconfirmed);
        change.error_code = Set(failure.0.filter(|_| is_bad));
        change.error_detail = Set(failure.1.filter(|_| is_bad));
    }
    if !change.is_changed() {
        return Ok(found);
    }
    let found = change.update(tx.conn()).await?;
    let interaction =
        interaction::by_id(tx.workspace(), found.interaction_id).one(tx.conn()).await?.ok_or(Error::NotFound("interaction"))?;
    if after != before {
        mark_failed(tx, &interaction).await?;
    }
    crate::message::log(tx, EventKind::DeliveryChanged, found.id, &interaction, ActorRef::System);
    Ok(found)
}

fn stamp(change: &mut message::ActiveModel, found: &message::Model, heard: DeliveryState, at: chrono::DateTime<chrono::Utc>) {
    let (slot, known) = match heard {
        DeliveryState::Sending => (&mut change.sending_at, found.sending_at),
        DeliveryState::Sent => (&mut change.sent_at, found.sent_at),
        DeliveryState::Delivered => (&mut change.delivered_at, found.delivered_at),
        DeliveryState::Read => (&mut change.read_at, found.read_at),
        DeliveryState::Failed => (&mut change.failed_at, found.failed_at),
        DeliveryState::Queued | DeliveryState::Cancelled | DeliveryState::Unconfirmed => return,
    };
    if known.is_none() {
        *slot = Set(Some(at));
    }
}

async fn mark_failed(tx: &mut Tx, interaction: &interaction::Model) -> Result<()> {
    let bad = message::in_workspace(tx.workspace())
        .filter(message::Column::InteractionId.eq(interaction.id))
        .filter(message::Column::Delivery.is_in([DeliveryState::Failed, DeliveryState::Unconfirmed]))
        .one(tx.conn())
        .await?
        .is_some();
    if bad != interaction.has_failed {
        let mut change = interaction.clone().into_active_model();
        change.has_failed = Set(bad);
        let changed = change.update(tx.conn()).await?;
        crate::interaction::touch(tx, &changed, ActorRef::System);
    }
    Ok(())
}

async fn show_queued_again(tx: &mut Tx, row: &outbound::Model) -> Result<()> {
    let Some(id) = row.message_id else { return Ok(()) };
    let Some(found) = message::by_id(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    crate::message::log_of(tx, EventKind::DeliveryChanged, &found, ActorRef::System).await
}
