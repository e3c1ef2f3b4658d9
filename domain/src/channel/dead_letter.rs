//! Dead letters: what could not be processed or sent, kept until a person replays or drops it.

use std::collections::BTreeSet;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect};

use crate::{
    actor::Actor,
    audit,
    delivery::{self, OutboundState},
    entity::{
        dead_letter::{self, DeadLetterCause, DeadLetterState},
        outbound,
        raw_inbound::{self, RawInboundState},
    },
    error::{Error, Result},
    event::{Audience, EntityType, EventDraft, EventKind, Seq},
    ids::{ChannelId, DeadLetterId, OutboundId, RawInboundId},
    interaction,
    message::Direction,
    store::Tx,
};

/// Most letters handled by one request.
const MAX_AT_ONCE: u64 = 500;

/// Which letters.
#[derive(Debug, Clone)]
pub enum Letters {
    /// These.
    Ids(Vec<DeadLetterId>),
    /// All open ones of a channel, the oldest 500.
    OfChannel(ChannelId),
}

/// Buries an inbound item. Once per item: a replay that fails again keeps the first letter open.
///
/// # Errors
/// `Storage`.
pub async fn bury_inbound(tx: &mut Tx, channel: ChannelId, raw: RawInboundId, item: usize, why: (DeadLetterCause, String)) -> Result<()> {
    let item = i32::try_from(item).unwrap_or(i32::MAX);
    let known = dead_letter::in_workspace(tx.workspace())
        .filter(dead_letter::Column::RawId.eq(raw))
        .filter(dead_letter::Column::Item.eq(item))
        .one(tx.conn())
        .await?;
    match known {
        Some(known) => {
            let id = known.id;
            let mut change = known.into_active_model();
            change.cause = Set(Some(why.0));
            change.error = Set(why.1);
            change.state = Set(DeadLetterState::Open);
            change.resolved_at = Set(None);
            change.update(tx.conn()).await?;
            emit(tx, id);
            Ok(())
        }
        None => insert(tx, channel, Direction::In, (Some(raw), item), None, why).await,
    }
}

/// Buries a message that could not be sent.
pub(crate) async fn bury_outbound(tx: &mut Tx, row: &outbound::Model) -> Result<()> {
    let error = [row.error_code.as_deref(), row.error_detail.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(": ");
    insert(tx, row.channel_id, Direction::Out, (None, 0), Some(row.id), (DeadLetterCause::NotDelivered, error)).await
}

async fn insert(
    tx: &mut Tx,
    channel: ChannelId,
    direction: Direction,
    (raw, item): (Option<RawInboundId>, i32),
    outbound: Option<OutboundId>,
    (cause, error): (DeadLetterCause, String),
) -> Result<()> {
    let id: DeadLetterId = crate::random::id();
    dead_letter::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        channel_id: Set(channel),
        direction: Set(direction),
        raw_id: Set(raw),
        item: Set(item),
        outbound_id: Set(outbound),
        cause: Set(Some(cause)),
        error: Set(error),
        state: Set(DeadLetterState::Open),
        created_at: Set(tx.now()),
        resolved_at: Set(None),
        version: Set(Seq::UNNUMBERED),
    }
    .insert(tx.conn())
    .await?;
    emit(tx, id);
    Ok(())
}

fn emit(tx: &mut Tx, id: DeadLetterId) {
    tx.emit(EventDraft::new(EventKind::DeadLetterChanged, EntityType::DeadLetter, id.uuid()).to(Audience::Admins));
}

async fn open_letters(tx: &Tx, which: &Letters) -> Result<Vec<dead_letter::Model>> {
    let open = dead_letter::in_workspace(tx.workspace()).filter(dead_letter::Column::State.eq(DeadLetterState::Open));
    let narrowed = match which {
        Letters::Ids(ids) if ids.len() as u64 > MAX_AT_ONCE => return Err(Error::invalid("ids", format!("at most {MAX_AT_ONCE}"))),
        Letters::Ids(ids) => open.filter(dead_letter::Column::Id.is_in(ids.iter().copied())),
        Letters::OfChannel(channel) => open.filter(dead_letter::Column::ChannelId.eq(*channel)),
    };
    Ok(narrowed.limit(MAX_AT_ONCE).all(tx.conn()).await?)
}

async fn resolve(tx: &mut Tx, letter: dead_letter::Model, state: DeadLetterState) -> Result<DeadLetterId> {
    let id = letter.id;
    let mut change = letter.into_active_model();
    change.state = Set(state);
    change.resolved_at = Set(Some(tx.now()));
    change.update(tx.conn()).await?;
    emit(tx, id);
    Ok(id)
}

/// Gives open letters another try: their items of inbound requests are read again, outbound work is queued again. What fails again
/// is buried again.
///
/// # Errors
/// `Forbidden` for anyone but admins; `Invalid` for too many ids.
pub async fn replay(tx: &mut Tx, actor: &Actor, which: Letters) -> Result<Vec<DeadLetterId>> {
    actor.must_manage_channels()?;
    let mut replayed = Vec::new();
    for letter in open_letters(tx, &which).await? {
        if let Some(raw) = letter.raw_id {
            receive_again(tx, raw, letter.item).await?;
        }
        if let Some(id) = letter.outbound_id
            && let Some(row) = outbound::by_id(tx.workspace(), id).one(tx.conn()).await?
        {
            // Locked first, as everywhere; and sent by now, if somebody asked for another try at the message itself.
            interaction::lock(tx, row.interaction_id).await?;
            let row = outbound::by_id(tx.workspace(), id).one(tx.conn()).await?.filter(|row| row.state == OutboundState::Failed);
            if let Some(row) = row {
                delivery::requeue(tx, row).await?;
            }
        }
        audit::note(tx, actor, "dead_letter.replay", EntityType::DeadLetter, letter.id.uuid(), None).await?;
        replayed.push(resolve(tx, letter, DeadLetterState::Replayed).await?);
    }
    Ok(replayed)
}

/// Puts a request back, for one item more; one that could not be read at all for all that is in it.
async fn receive_again(tx: &Tx, id: RawInboundId, item: i32) -> Result<()> {
    let Some(found) = raw_inbound::to_change(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    let (before, mut only) = (found.state, found.only_items.clone());
    match before {
        RawInboundState::Received => {
            if let Some(only) = &mut only {
                only.0.insert(item);
            }
        }
        RawInboundState::Done => only = Some(BTreeSet::from([item]).into()),
        RawInboundState::Dead => only = None,
    }
    let mut change = found.into_active_model();
    change.state = Set(RawInboundState::Received);
    change.only_items = Set(only);
    change.update(tx.conn()).await?;
    Ok(())
}

/// Closes the letters of a piece of outbound work that gets another try by itself.
pub(crate) async fn settle_outbound(tx: &mut Tx, id: OutboundId) -> Result<()> {
    let open = dead_letter::in_workspace(tx.workspace())
        .filter(dead_letter::Column::State.eq(DeadLetterState::Open))
        .filter(dead_letter::Column::OutboundId.eq(id))
        .all(tx.conn())
        .await?;
    for letter in open {
        resolve(tx, letter, DeadLetterState::Replayed).await?;
    }
    Ok(())
}

/// Closes the letters of requests that are read again as a whole; what fails again opens its letter again.
pub(super) async fn settle_inbound(tx: &mut Tx, raws: &[RawInboundId]) -> Result<()> {
    let open = dead_letter::in_workspace(tx.workspace())
        .filter(dead_letter::Column::State.eq(DeadLetterState::Open))
        .filter(dead_letter::Column::RawId.is_in(raws.iter().copied()))
        .all(tx.conn())
        .await?;
    for letter in open {
        resolve(tx, letter, DeadLetterState::Replayed).await?;
    }
    Ok(())
}

/// Throws open letters away.
///
/// # Errors
/// As [`replay`].
pub async fn drop_letters(tx: &mut Tx, actor: &Actor, which: Letters) -> Result<Vec<DeadLetterId>> {
    actor.must_manage_channels()?;
    let mut dropped = Vec::new();
    for letter in open_letters(tx, &which).await? {
        audit::note(tx, actor, "dead_letter.drop", EntityType::DeadLetter, letter.id.uuid(), None).await?;
        dropped.push(resolve(tx, letter, DeadLetterState::Dropped).await?);
    }
    Ok(dropped)
}
