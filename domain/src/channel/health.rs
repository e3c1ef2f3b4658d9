//! How a channel is doing, and when it last heard something.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};

use super::{ChannelHealth, HealthCause};
use crate::{
    entity::channel,
    error::Result,
    event::{EntityType, EventDraft, EventKind},
    ids::ChannelId,
    spec::HEARTBEAT_S,
    store::{Scope, Tx},
};

/// How many intervals without a sign of life are one too many.
const MISSED_HEARTBEATS: i64 = 3;
/// How long calls fail before the channel counts as down, hours.
const FAILING_HOURS: i64 = 24;

/// Why a channel is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthReason {
    /// For programs.
    pub cause: HealthCause,
    /// A sentence for the administrator.
    pub sentence: String,
}

impl HealthReason {
    /// A cause with its sentence.
    #[must_use]
    pub fn new(cause: HealthCause, sentence: impl Into<String>) -> Self {
        Self { cause, sentence: sentence.into() }
    }
}

/// Writes down how the channel is doing; says so in the log only when that changed.
///
/// # Errors
/// `Storage`.
pub async fn set_health(tx: &mut Tx, id: ChannelId, health: ChannelHealth, reason: Option<HealthReason>) -> Result<()> {
    let Some(found) = channel::to_change(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    write(tx, found, health, reason).await
}

async fn write(tx: &mut Tx, found: channel::Model, health: ChannelHealth, reason: Option<HealthReason>) -> Result<()> {
    let id = found.id;
    let (cause, sentence) = reason.map(|reason| (reason.cause, reason.sentence)).unzip();
    // What works but has heard nothing yet still waits for its first event.
    let health = if health == ChannelHealth::Ok && found.first_event_at.is_none() { ChannelHealth::Waiting } else { health };
    if found.health == health && found.health_cause == cause && found.health_reason == sentence {
        return Ok(());
    }
    let mut change = found.into_active_model();
    change.health = Set(health);
    change.health_cause = Set(cause);
    change.health_reason = Set(sentence);
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
    let Some(found) = channel::to_change(tx.workspace(), found.id).one(tx.conn()).await? else { return Ok(()) };
    if found.last_event_at == Some(tx.now()) && matches!(found.health, ChannelHealth::Ok) {
        return Ok(());
    }
    let is_first = found.first_event_at.is_none();
    // What was declared or found to be down is not up because something came in: that says nothing about the way out.
    let recovers = matches!(found.health, ChannelHealth::Waiting | ChannelHealth::Unknown);
    let mut change = found.clone().into_active_model();
    change.last_event_at = Set(Some(tx.now()));
    if is_first {
        change.first_event_at = Set(Some(tx.now()));
    }
    if recovers {
        change.health = Set(ChannelHealth::Ok);
        change.health_cause = Set(None);
        change.health_reason = Set(None);
        change.health_at = Set(Some(tx.now()));
    }
    change.update(tx.conn()).await?;
    if is_first || recovers {
        tx.emit(EventDraft::new(EventKind::ChannelHealthChanged, EntityType::Channel, found.id.uuid()));
    }
    Ok(())
}

/// The other side says how it is doing, and perhaps within how many seconds it will do so again: a sign of life in any case. That it is well does not undo that our calls fail.
///
/// # Errors
/// `Storage`.
pub async fn declared(
    tx: &mut Tx,
    id: ChannelId,
    health: ChannelHealth,
    reason: Option<HealthReason>,
    interval_s: Option<i32>,
) -> Result<()> {
    let Some(found) = channel::to_change(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    let mut change = found.into_active_model();
    change.heartbeat_at = Set(Some(tx.now()));
    change.heartbeat_s = Set(interval_s);
    let found = change.update(tx.conn()).await?;
    if health == ChannelHealth::Ok && found.health_cause == Some(HealthCause::DeliveriesFailing) {
        return Ok(());
    }
    write(tx, found, health, reason).await
}

/// Notes whether the platform answers our calls. The first answer ends what [`check`] found out about them.
///
/// # Errors
/// `Storage`.
pub async fn note_calls(tx: &mut Tx, id: ChannelId, are_answered: bool) -> Result<()> {
    let Some(found) = channel::to_change(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    if are_answered == found.failing_since.is_none() {
        return Ok(());
    }
    let was_down = found.health_cause == Some(HealthCause::DeliveriesFailing);
    let mut change = found.into_active_model();
    change.failing_since = Set((!are_answered).then(|| tx.now()));
    let found = change.update(tx.conn()).await?;
    if are_answered && was_down { write(tx, found, ChannelHealth::Ok, None).await } else { Ok(()) }
}

/// The channels that have become unwell by the mere passing of time, to be handed to [`check`].
///
/// # Errors
/// `Storage`.
pub async fn unwell(scope: &impl Scope, now: DateTime<Utc>) -> Result<Vec<ChannelId>> {
    let at_work = channel::in_workspace(scope.workspace()).filter(channel::Column::IsEnabled.eq(true)).all(scope.conn()).await?;
    Ok(at_work.iter().filter(|found| finding(found, now).is_some()).map(|found| found.id).collect())
}

/// Looks at the clock: what has given no sign of life for too long is degraded, what has answered no call for a day is down.
///
/// # Errors
/// `Storage`.
pub async fn check(tx: &mut Tx, id: ChannelId) -> Result<()> {
    let Some(found) = channel::to_change(tx.workspace(), id).one(tx.conn()).await? else { return Ok(()) };
    match finding(&found, tx.now()) {
        Some((health, reason)) => write(tx, found, health, Some(reason)).await,
        None => Ok(()),
    }
}

/// What the clock says of a channel that is not known to be as bad.
fn finding(found: &channel::Model, now: DateTime<Utc>) -> Option<(ChannelHealth, HealthReason)> {
    let is_worse = matches!(found.health, ChannelHealth::Down | ChannelHealth::NeedsSignIn);
    if let Some(since) = found.failing_since.filter(|since| now - *since >= TimeDelta::hours(FAILING_HOURS))
        && !is_worse
    {
        let sentence = format!("No call has been answered since {}.", since.format("%Y-%m-%d %H:%M UTC"));
        return Some((ChannelHealth::Down, HealthReason::new(HealthCause::DeliveriesFailing, sentence)));
    }
    // What an administrator has set is meant more than what the other side says.
    let set = found.settings.get(HEARTBEAT_S).and_then(serde_json::Value::as_i64);
    let interval = set.or_else(|| found.heartbeat_s.map(i64::from)).filter(|interval| *interval > 0)?;
    // Whoever has just said that it works means that it works now.
    let last = [found.heartbeat_at, found.health_at].into_iter().flatten().fold(found.created_at, DateTime::max);
    let is_late = now - last > TimeDelta::seconds(interval.saturating_mul(MISSED_HEARTBEATS));
    (is_late && matches!(found.health, ChannelHealth::Ok | ChannelHealth::Unknown)).then(|| {
        let last = last.format("%Y-%m-%d %H:%M UTC");
        let sentence = format!("The other side was to say every {interval} seconds how it is doing, and has said nothing since {last}.");
        (ChannelHealth::Degraded, HealthReason::new(HealthCause::HeartbeatMissed, sentence))
    })
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
