//! How a channel is doing, and when it last heard something.

use std::time::Duration;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel, QuerySelect, sea_query::LockType};

use super::ChannelHealth;
use crate::{
    entity::channel,
    error::Result,
    event::{EntityType, EventDraft, EventKind},
    ids::ChannelId,
    store::Tx,
};

/// Writes down how the channel is doing; says so in the log only when that changed.
///
/// # Errors
/// `Storage`.
pub async fn set_health(tx: &mut Tx, id: ChannelId, health: ChannelHealth, reason: Option<String>) -> Result<()> {
    let Some(found) = channel::by_id(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    // What works but has heard nothing yet still waits for its first event.
    let health = if health == ChannelHealth::Ok && found.first_event_at.is_none() { ChannelHealth::Waiting } else { health };
    if found.health == health && found.health_reason == reason {
        return Ok(());
    }
    let mut change = found.into_active_model();
    change.health = Set(health);
    change.health_reason = Set(reason);
    change.health_at = Set(Some(tx.now()));
    change.update(tx.conn()).await?;
    tx.emit(EventDraft::new(EventKind::ChannelHealthChanged, EntityType::Channel, id.uuid()));
    Ok(())
}

/// Notes that the platform was heard. The first event ends the waiting; later ones are written at most once a minute.
///
/// # Errors
/// `Storage`.
pub async fn heard(tx: &mut Tx, found: &channel::Model) -> Result<()> {
    let is_recent = found.last_event_at.is_some_and(|last| (tx.now() - last).num_seconds() < 60);
    let is_healthy = matches!(found.health, ChannelHealth::Ok);
    if is_recent && is_healthy {
        return Ok(());
    }
    // Read again: the items of one request come with one and the same view of the channel.
    let Some(found) = channel::by_id(tx.workspace(), found.id).lock(LockType::NoKeyUpdate).one(tx.conn()).await? else { return Ok(()) };
    if found.last_event_at == Some(tx.now()) && matches!(found.health, ChannelHealth::Ok) {
        return Ok(());
    }
    let is_first = found.first_event_at.is_none();
    let recovers = matches!(found.health, ChannelHealth::Waiting | ChannelHealth::Unknown | ChannelHealth::Down);
    let mut change = found.clone().into_active_model();
    change.last_event_at = Set(Some(tx.now()));
    if is_first {
        change.first_event_at = Set(Some(tx.now()));
    }
    if recovers {
        change.health = Set(ChannelHealth::Ok);
        change.health_reason = Set(None);
        change.health_at = Set(Some(tx.now()));
    }
    change.update(tx.conn()).await?;
    if is_first || recovers {
        tx.emit(EventDraft::new(EventKind::ChannelHealthChanged, EntityType::Channel, found.id.uuid()));
    }
    Ok(())
}

/// The platform wants no calls for a while: holds all lanes of the channel.
///
/// # Errors
/// `Storage`.
pub async fn pause(tx: &mut Tx, id: ChannelId, wait: Duration) -> Result<()> {
    let Some(found) = channel::by_id(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    let until = tx.now() + chrono::Duration::from_std(wait).unwrap_or(chrono::Duration::hours(1));
    if found.paused_until.is_some_and(|known| known >= until) {
        return Ok(());
    }
    let mut change = found.into_active_model();
    change.paused_until = Set(Some(until));
    change.update(tx.conn()).await?;
    Ok(())
}
