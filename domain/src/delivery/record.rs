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
    audit,
    content::{LossNote, Rendered},
    entity::{interaction, message, outbound},
    error::{Error, Result},
    event::{ActorRef, EntityType, EventDraft, EventKind, Patch},
    ids::{AttachmentId, ExternalMessageId, MessageId, OutboundId},
    message::AuthorKind,
    spec::Support,
    state::DeliveryState,
    store::Tx,
};

/// [`crate::inbound::ReceiptFailure::code`] of a message whose reader called it spam: it arrived, and nothing more is wanted.
pub const COMPLAINT: &str = "COMPLAINT";
/// Code of a row that waits for its next attempt.
const RETRYING: &str = "RETRYING";
/// As [`RETRYING`], but the platform may have it already.
const IN_DOUBT: &str = "RETRYING_IN_DOUBT";

/// What one step of a delivery gave; kept so that a retry does not repeat it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDone {
    /// The platform's id.
    pub external_id: Option<ExternalMessageId>,
    /// What later steps need.
    pub note: Option<String>,
    /// Files that went as links to download, because the platform takes none so large.
    #[serde(default)]
    pub linked: Vec<AttachmentId>,
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
        /// Whether the platform may have taken it all the same; the next attempt goes under the same key.
        is_in_doubt: bool,
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
    if *row.state.as_ref() == OutboundState::Sending {
        row.error_code = Set(Some(IN_DOUBT.to_owned()));
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
    let has_links = done.iter().any(|step| !step.linked.is_empty());
    row.done = Set(done.into());
    row.updated_at = Set(tx.now());
    let row = row.update(tx.conn()).await?;
    match row.message_id {
        Some(message) if has_links => note_links(tx, message).await,
        _ => Ok(()),
    }
}

/// Says of the message what the contact really gets: links instead of files.
async fn note_links(tx: &mut Tx, id: MessageId) -> Result<()> {
    let Some(found) = message::by_id(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    let mut rendered = match &found.rendered_as {
        Some(rendered) => rendered.0.clone(),
        None => Rendered { content: found.content.0.clone(), support: Support::Native, notes: Vec::new() },
    };
    if rendered.notes.contains(&LossNote::FilesAsLinks) {
        return Ok(());
    }
    rendered.notes.push(LossNote::FilesAsLinks);
    rendered.support = rendered.support.min(Support::Converted);
    let mut change = found.clone().into_active_model();
    change.rendered_as = Set(Some(rendered.into()));
    change.update(tx.conn()).await?;
    crate::message::log_of(tx, EventKind::MessageChanged, &found, ActorRef::System).await
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
            crate::message::change_sent(tx, &row).await?;
            advance(tx, &row, DeliveryState::Sent, external_id).await
        }
        Outcome::Retry { after, reason, counts, is_in_doubt } => {
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
            // Once in doubt, in doubt until its end.
            let is_in_doubt = is_in_doubt || row.error_code.as_ref().as_deref() == Some(IN_DOUBT);
            row.error_code = Set(Some(if is_in_doubt { IN_DOUBT } else { RETRYING }.to_owned()));
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
            crate::message::change_refused(tx, &row).await?;
            advance(tx, &row, DeliveryState::Failed, None).await
        }
        Outcome::Unconfirmed { reason } => {
            row.state = Set(OutboundState::Unconfirmed);
            row.error_code = Set(Some("UNCONFIRMED".to_owned()));
            row.error_detail = Set(Some(reason));
            let row = row.update(tx.conn()).await?;
            crate::message::change_refused(tx, &row).await?;
            advance(tx, &row, DeliveryState::Unconfirmed, None).await
        }
    }
}

/// Takes a message back of which the platform certainly has nothing: no worker has touched it yet, or it waits for its
/// next attempt.
///
/// The interaction is locked, so no worker begins or ends an attempt meanwhile: one that holds the lane finds the row
/// cancelled.
///
/// # Errors
/// `NotFound`; `Conflict` when it is on its way, or was cut off on its way.
pub async fn cancel(tx: &mut Tx, actor: &Actor, id: MessageId) -> Result<()> {
    let (row, _) = own_send(tx, actor, id).await?;
    let may_be_there = row.error_code.as_deref() == Some(IN_DOUBT) || !row.done.is_empty();
    if row.state != OutboundState::Queued || may_be_there {
        return Err(Error::Conflict("the message is already on its way".into()));
    }
    let mut change = row.into_active_model();
    change.state = Set(OutboundState::Cancelled);
    change.error_code = Set(None);
    change.error_detail = Set(None);
    change.updated_at = Set(tx.now());
    let row = change.update(tx.conn()).await?;
    audit::note(tx, actor, "message.cancel", EntityType::Message, id.uuid(), None).await?;
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
    audit::note(tx, actor, "message.retry", EntityType::Message, id.uuid(), None).await?;
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
    let decision = if send_again { "send again" } else { "sent" };
    audit::note(tx, actor, "message.resolve_unconfirmed", EntityType::Message, id.uuid(), Some(decision.to_owned())).await?;
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
    crate::message::change_requeued(tx, &row).await?;
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
    // What is kept of a try that is repeated says nothing about the message.
    let failure = if is_bad(heard) { (row.error_code.clone(), row.error_detail.clone()) } else { (None, None) };
    let found = apply(tx, found, heard, tx.now(), external_id.clone(), failure).await?;
    match external_id {
        Some(external_id) => crate::message::apply_parked(tx, found.channel_id, &external_id).await,
        None => Ok(()),
    }
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

/// Whether a message in this state did not arrive, or perhaps did not.
fn is_bad(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Failed | DeliveryState::Unconfirmed)
}

/// Applies a delivery state to a message: forward only, with its own time, and keeps the interaction's failed mark.
///
/// A `failure` beside a state that is none (a mail that is delayed, or that its reader calls spam) is a warning: it is
/// shown with the message, whose state stays as good as it is.
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
    }
    // A warning about a state that was passed long ago is old, except that what was read was also delivered.
    let is_current = heard == after || (heard == DeliveryState::Delivered && after == DeliveryState::Read);
    let warns = !is_bad(heard) && failure.0.is_some() && is_current;
    // That somebody also read it does not undo a complaint.
    let is_kept = found.error_code.as_deref() == Some(COMPLAINT) && !is_bad(after);
    if (after != before && !is_kept) || (warns && found.error_code != failure.0) {
        let is_said = is_bad(after) || warns;
        change.error_code = Set(failure.0.filter(|_| is_said));
        change.error_detail = Set(failure.1.filter(|_| is_said));
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
