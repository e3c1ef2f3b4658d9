//! What platforms send, stored as it came before anything is understood.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockBehavior, LockType, OnConflict},
};
use sha2::{Digest, Sha256};

use crate::{
    entity::raw_inbound::{self, RawInboundState},
    error::Result,
    ids::{ChannelId, RawInboundId},
    store::{Store, Tx},
};

/// A request to be stored.
#[derive(Debug, Clone)]
pub struct NewRaw {
    /// What makes two requests the same one.
    pub dedupe_key: String,
    /// The adapter's name for the form of the body.
    pub form: String,
    /// Headers that the parser needs.
    pub headers: BTreeMap<String, String>,
    /// Body, byte for byte.
    pub body: Vec<u8>,
    /// When it came.
    pub at: DateTime<Utc>,
}

/// What storing a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredRaw {
    /// It is new.
    New(RawInboundId),
    /// It was there already, byte for byte.
    Duplicate(RawInboundId),
    /// Its key was there with another body.
    Conflict(RawInboundId),
}

/// Stores a request; the unique key decides whether it is new.
///
/// # Errors
/// `Storage`.
pub async fn store_raw(tx: &Tx, channel: ChannelId, raw: NewRaw) -> Result<StoredRaw> {
    let id: RawInboundId = crate::random::id();
    let body_hash = hex::encode(Sha256::digest(&raw.body));
    let inserted = raw_inbound::Entity::insert(raw_inbound::ActiveModel {
        id: Set(id),
        workspace_id: Set(tx.workspace()),
        channel_id: Set(channel),
        dedupe_key: Set(raw.dedupe_key.clone()),
        form: Set(raw.form),
        headers: Set(raw.headers.into()),
        body: Set(raw.body),
        body_hash: Set(body_hash.clone()),
        received_at: Set(raw.at),
        state: Set(RawInboundState::Received),
        owner: Set(None),
        lease_until: Set(None),
        items: Set(0),
        error: Set(None),
    })
    .on_conflict(OnConflict::new().do_nothing().to_owned())
    .exec_without_returning(tx.conn())
    .await?;
    if inserted > 0 {
        return Ok(StoredRaw::New(id));
    }
    let known = raw_inbound::in_workspace(tx.workspace())
        .filter(raw_inbound::Column::ChannelId.eq(channel))
        .filter(raw_inbound::Column::DedupeKey.eq(raw.dedupe_key))
        .one(tx.conn())
        .await?
        .ok_or(crate::Error::NotFound("raw inbound request"))?;
    Ok(if known.body_hash == body_hash { StoredRaw::Duplicate(known.id) } else { StoredRaw::Conflict(known.id) })
}

/// Ends the work on a request. Idempotent.
///
/// # Errors
/// `Storage`.
pub async fn finish_raw(tx: &Tx, id: RawInboundId, items: usize, error: Option<String>) -> Result<()> {
    let state = if error.is_some() { RawInboundState::Dead } else { RawInboundState::Done };
    raw_inbound::updates(tx.workspace())
        .col_expr(raw_inbound::Column::State, Expr::value(state))
        .col_expr(raw_inbound::Column::Items, Expr::value(i32::try_from(items).unwrap_or(i32::MAX)))
        .col_expr(raw_inbound::Column::Error, Expr::value(error))
        .col_expr(raw_inbound::Column::Owner, Expr::value(Option::<String>::None))
        .col_expr(raw_inbound::Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .filter(raw_inbound::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Takes up to `limit` stored requests that nobody works on, oldest first.
///
/// # Errors
/// `Storage`.
pub async fn claim_raw(store: &Store, owner: &str, lease: Duration, limit: u64) -> Result<Vec<raw_inbound::Model>> {
    let work = store.work().await?;
    let now = work.now();
    let due = work
        .raw_inbound()
        .filter(raw_inbound::Column::State.eq(RawInboundState::Received))
        .filter(Condition::any().add(raw_inbound::Column::LeaseUntil.is_null()).add(raw_inbound::Column::LeaseUntil.lt(now)))
        .order_by_asc(raw_inbound::Column::Id)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(work.conn())
        .await?;
    if due.is_empty() {
        return Ok(due);
    }
    work.claim_raw_inbound()
        .col_expr(raw_inbound::Column::Owner, Expr::value(owner))
        .col_expr(raw_inbound::Column::LeaseUntil, Expr::value(now + lease))
        .filter(raw_inbound::Column::Id.is_in(due.iter().map(|row| row.id)))
        .exec(work.conn())
        .await?;
    work.commit().await?;
    Ok(due)
}
