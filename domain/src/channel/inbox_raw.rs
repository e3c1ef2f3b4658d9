//! What platforms send, stored as it came before anything is understood.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::{Expr, OnConflict}};
use sha2::{Digest, Sha256};

use crate::{
    entity::raw_inbound::{self, RawInboundState},
    error::Result,
    ids::{ChannelId, RawInboundId},
    store::Tx,
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
pub enum Stored {
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
pub async fn store_raw(tx: &Tx, channel: ChannelId, raw: NewRaw) -> Result<Stored> {
    let id: RawInboundId = tx.new_id();
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
        return Ok(Stored::New(id));
    }
    let known = raw_inbound::in_workspace(tx.workspace())
        .filter(raw_inbound::Column::ChannelId.eq(channel))
        .filter(raw_inbound::Column::DedupeKey.eq(raw.dedupe_key))
        .one(tx.conn())
        .await?
        .ok_or(crate::Error::NotFound("raw inbound request"))?;
    Ok(if known.body_hash == body_hash { Stored::Duplicate(known.id) } else { Stored::Conflict(known.id) })
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
