//! What platforms send, stored as it came before anything is understood.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};
use sha2::{Digest, Sha256};

use crate::{
    entity::raw_inbound::{self, RawInboundState},
    error::{Error, Result},
    ids::{ChannelId, RawInboundId, WorkspaceId},
    store::{Conn, Scope, Store, Tx, bulk},
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
    store_raws(tx, &[(channel, raw)]).await?.pop().ok_or(Error::NotFound("raw inbound request"))
}

/// Stores requests in one statement, and a second one where some were there already. They are worked on in this order.
///
/// # Errors
/// `Storage`; none is stored then.
pub async fn store_raws(tx: &Tx, raws: &[(ChannelId, NewRaw)]) -> Result<Vec<StoredRaw>> {
    let new = |(channel, raw): &(ChannelId, NewRaw)| raw_inbound::ActiveModel {
        id: Set(crate::random::id()),
        workspace_id: Set(tx.workspace()),
        channel_id: Set(*channel),
        dedupe_key: Set(raw.dedupe_key.clone()),
        form: Set(raw.form.clone()),
        headers: Set(raw.headers.clone().into()),
        body: Set(raw.body.clone()),
        body_hash: Set(hex::encode(Sha256::digest(&raw.body))),
        received_at: Set(raw.at),
        state: Set(RawInboundState::Received),
        owner: Set(None),
        lease_until: Set(None),
        items: Set(0),
        only_items: Set(None),
        is_replay: Set(false),
        error: Set(None),
    };
    let mut rows: Vec<_> = raws.iter().map(new).collect();
    let stored: Vec<(RawInboundId, String)> = rows.iter().map(|row| (*row.id.as_ref(), row.body_hash.as_ref().clone())).collect();
    // In the order of their keys, so that two who store the same ones do not wait for each other in a circle.
    rows.sort_by(|one, other| {
        (one.channel_id.as_ref(), one.dedupe_key.as_ref()).cmp(&(other.channel_id.as_ref(), other.dedupe_key.as_ref()))
    });
    let inserted = bulk::insert_new(tx.conn(), rows, raw_inbound::Column::Id).await?;
    let inserted: HashSet<RawInboundId> = inserted.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    let refused = || raws.iter().zip(&stored).filter(|(_, (id, _))| !inserted.contains(id)).map(|(raw, _)| raw);
    let mut known: HashMap<(ChannelId, String), (RawInboundId, String)> = HashMap::new();
    if inserted.len() < raws.len() {
        let rows = raw_inbound::in_workspace(tx.workspace())
            .filter(raw_inbound::Column::ChannelId.is_in(refused().map(|(channel, _)| *channel)))
            .filter(raw_inbound::Column::DedupeKey.is_in(refused().map(|(_, raw)| raw.dedupe_key.clone())))
            .select_only()
            .columns([
                raw_inbound::Column::ChannelId,
                raw_inbound::Column::DedupeKey,
                raw_inbound::Column::Id,
                raw_inbound::Column::BodyHash,
            ]);
        for (channel, key, id, hash) in rows.into_tuple::<(ChannelId, String, RawInboundId, String)>().all(tx.conn()).await? {
            known.insert((channel, key), (id, hash));
        }
    }
    let told = raws.iter().zip(stored).map(|((channel, raw), (id, hash))| {
        if inserted.contains(&id) {
            return Ok(StoredRaw::New(id));
        }
        let (id, known) = known.get(&(*channel, raw.dedupe_key.clone())).ok_or(Error::NotFound("raw inbound request"))?;
        Ok(if *known == hash { StoredRaw::Duplicate(*id) } else { StoredRaw::Conflict(*id) })
    });
    told.collect()
}

/// Ends the work on requests that had the same number of items. Idempotent.
///
/// # Errors
/// `Storage`.
pub async fn finish_raw(tx: &Tx, ids: &[RawInboundId], items: usize, error: Option<String>) -> Result<()> {
    let state = if error.is_some() { RawInboundState::Dead } else { RawInboundState::Done };
    raw_inbound::updates(tx.workspace())
        .col_expr(raw_inbound::Column::State, Expr::value(state))
        .col_expr(raw_inbound::Column::Items, Expr::value(i32::try_from(items).unwrap_or(i32::MAX)))
        .col_expr(raw_inbound::Column::OnlyItems, Expr::value(Option::<serde_json::Value>::None))
        .col_expr(raw_inbound::Column::IsReplay, Expr::value(false))
        .col_expr(raw_inbound::Column::Error, Expr::value(error))
        .col_expr(raw_inbound::Column::Owner, Expr::value(Option::<String>::None))
        .col_expr(raw_inbound::Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .filter(bulk::among(tx.conn(), raw_inbound::Column::Id, ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// A stored request that this worker holds; its body is loaded by [`held_raws`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawClaim {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Of which channel.
    pub channel: ChannelId,
    /// Which one.
    pub id: RawInboundId,
    /// Length of its body, bytes.
    pub bytes: u64,
}

/// Takes stored requests that nobody works on: of up to `channels` channels that are not `busy` the oldest `limit` each, in
/// their order; those that are read again come last.
///
/// # Errors
/// `Storage`.
pub async fn claim_raw(
    store: &Store,
    owner: &str,
    lease: Duration,
    channels: usize,
    limit: u64,
    is_busy: &(dyn Fn(ChannelId) -> bool + Sync),
) -> Result<Vec<Vec<RawClaim>>> {
    let work = store.work().await?;
    let now = work.now();
    let is_due = || {
        Condition::all()
            // Written out, not bound: it must be recognised as the condition of the index.
            .add(Expr::col(raw_inbound::Column::State).eq(Expr::cust("'received'")))
            .add(Condition::any().add(raw_inbound::Column::LeaseUntil.is_null()).add(raw_inbound::Column::LeaseUntil.lt(now)))
    };
    let waiting: Vec<(WorkspaceId, ChannelId)> = work
        .raw_inbound()
        .filter(is_due())
        .select_only()
        .column(raw_inbound::Column::WorkspaceId)
        .column(raw_inbound::Column::ChannelId)
        .distinct()
        .into_tuple()
        .all(work.conn())
        .await?;
    let mut claims = Vec::new();
    for (workspace, channel) in crate::random::rotated(waiting) {
        if claims.len() >= channels || is_busy(channel) {
            continue;
        }
        let due: Vec<(RawInboundId, i32)> = work
            .raw_inbound()
            .filter(raw_inbound::Column::WorkspaceId.eq(workspace))
            .filter(raw_inbound::Column::ChannelId.eq(channel))
            .filter(is_due())
            .order_by_asc(raw_inbound::Column::IsReplay)
            .order_by_asc(raw_inbound::Column::Id)
            .limit(limit)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .select_only()
            .column(raw_inbound::Column::Id)
            // Both databases know it without reading the body.
            .expr(Expr::cust("length(body)"))
            .into_tuple()
            .all(work.conn())
            .await?;
        if !due.is_empty() {
            let claim = |(id, bytes)| RawClaim { workspace, channel, id, bytes: u64::try_from(bytes).unwrap_or_default() };
            claims.push(due.into_iter().map(claim).collect::<Vec<_>>());
        }
    }
    if claims.is_empty() {
        return Ok(claims);
    }
    work.claim_raw_inbound()
        .col_expr(raw_inbound::Column::Owner, Expr::value(owner))
        .col_expr(raw_inbound::Column::LeaseUntil, Expr::value(now + lease))
        .filter(claims.iter().fold(Condition::any(), |any, claims| any.add(are(work.conn(), claims))))
        .exec(work.conn())
        .await?;
    work.commit().await?;
    Ok(claims)
}

/// Keeps for another lease those of the requests that are not done and still held by `owner`. One that is being ended just
/// now is passed over: it needs none.
///
/// # Errors
/// `Storage`.
pub async fn extend_raw(store: &Store, owner: &str, claims: &[RawClaim], lease: Duration) -> Result<()> {
    let work = store.work().await?;
    let until = work.now() + lease;
    let held: Vec<RawInboundId> = work
        .raw_inbound()
        .filter(are(work.conn(), claims))
        .filter(raw_inbound::Column::State.eq(RawInboundState::Received))
        .filter(raw_inbound::Column::Owner.eq(owner))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .select_only()
        .column(raw_inbound::Column::Id)
        .into_tuple()
        .all(work.conn())
        .await?;
    let held: Vec<RawClaim> = claims.iter().filter(|claim| held.contains(&claim.id)).copied().collect();
    if !held.is_empty() {
        work.claim_raw_inbound()
            .col_expr(raw_inbound::Column::LeaseUntil, Expr::value(until))
            .filter(are(work.conn(), &held))
            .exec(work.conn())
            .await?;
    }
    work.commit().await
}

/// These requests of one channel. With their workspace, because the key begins with it.
fn are(conn: &Conn, claims: &[RawClaim]) -> Condition {
    let workspace = claims.first().map(|claim| claim.workspace);
    Condition::all().add(raw_inbound::Column::WorkspaceId.eq(workspace)).add(bulk::among(
        conn,
        raw_inbound::Column::Id,
        claims.iter().map(|claim| claim.id),
    ))
}

/// Those of the requests that `owner` still holds, with their bodies, in the given order.
///
/// # Errors
/// `Storage`.
pub async fn held_raws(scope: &impl Scope, owner: &str, ids: &[RawInboundId]) -> Result<Vec<raw_inbound::Model>> {
    let held = raw_inbound::in_workspace(scope.workspace())
        .filter(bulk::among(scope.conn(), raw_inbound::Column::Id, ids.iter().copied()))
        .filter(raw_inbound::Column::State.eq(RawInboundState::Received))
        .filter(raw_inbound::Column::Owner.eq(owner))
        .all(scope.conn())
        .await?;
    let mut held: HashMap<RawInboundId, raw_inbound::Model> = held.into_iter().map(|row| (row.id, row)).collect();
    Ok(ids.iter().filter_map(|id| held.remove(id)).collect())
}
