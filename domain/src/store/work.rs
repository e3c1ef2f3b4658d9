//! [`Work`]: a transaction that sees the work tables of all workspaces, and nothing else on PostgreSQL.

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Select, Statement, UpdateMany};

use super::{Conn, Store, tx::begin_writing};
use crate::{
    Error, Result,
    entity::{ingress_position, lane, raw_inbound},
};

/// Finds and claims due work: rows of [`lane`], [`raw_inbound`] and [`ingress_position`] in any workspace. What is
/// claimed is then done in a [`super::Tx`] of its workspace.
pub struct Work {
    conn: Conn,
    now: DateTime<Utc>,
}

impl Work {
    pub(super) async fn begin(store: &Store) -> Result<Self> {
        let conn = begin_writing(&store.0.writer).await?;
        if store.0.backend == DbBackend::Postgres {
            conn.execute_unprepared("SELECT set_config('tributary.scope', 'worker', true)").await?;
        }
        let now = lease_now(&conn, store).await?;
        Ok(Self { conn, now })
    }

    /// Where statements run.
    #[must_use]
    pub fn conn(&self) -> &Conn {
        &self.conn
    }

    /// The time by the clock that all nodes share: for leases.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Lanes of all workspaces.
    #[must_use]
    pub fn lanes(&self) -> Select<lane::Entity> {
        sea_orm::EntityTrait::find()
    }

    /// Changes lanes of all workspaces; the claim names them by key.
    #[must_use]
    pub fn claim_lanes(&self) -> UpdateMany<lane::Entity> {
        sea_orm::EntityTrait::update_many()
    }

    /// Raw requests of all workspaces.
    #[must_use]
    pub fn raw_inbound(&self) -> Select<raw_inbound::Entity> {
        sea_orm::EntityTrait::find()
    }

    /// Changes raw requests of all workspaces; the claim names them by key.
    #[must_use]
    pub fn claim_raw_inbound(&self) -> UpdateMany<raw_inbound::Entity> {
        sea_orm::EntityTrait::update_many()
    }

    /// Poll positions of all workspaces.
    #[must_use]
    pub fn ingress_positions(&self) -> Select<ingress_position::Entity> {
        sea_orm::EntityTrait::find()
    }

    /// Changes poll positions of all workspaces; the claim names them by key.
    #[must_use]
    pub fn claim_ingress_positions(&self) -> UpdateMany<ingress_position::Entity> {
        sea_orm::EntityTrait::update_many()
    }

    /// Makes the claims stand.
    ///
    /// # Errors
    /// Storage.
    pub async fn commit(self) -> Result<()> {
        Ok(self.conn.commit().await?)
    }
}

/// PostgreSQL: the server's clock, as nodes may disagree. SQLite: ours, as there is only one process.
pub(super) async fn lease_now(conn: &impl ConnectionTrait, store: &Store) -> Result<DateTime<Utc>> {
    if store.0.backend != DbBackend::Postgres {
        return Ok(store.0.clock.now());
    }
    let row = conn.query_one_raw(Statement::from_string(DbBackend::Postgres, "SELECT clock_timestamp() AS now")).await?;
    let now: DateTime<Utc> = row.ok_or(Error::NotFound("clock"))?.try_get("", "now")?;
    Ok(now.trunc_subsecs(6))
}
