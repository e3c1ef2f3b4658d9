//! [`Conn`]: the transaction that statements run on.
//!
//! Usually SeaORM's own. A snapshot on PostgreSQL is begun by us: SeaORM takes a round trip for `BEGIN` and one more for
//! what follows it, and every page that somebody looks at would pay for that.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement, TransactionOptions, TransactionTrait, sea_query::Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Executor, Postgres, Transaction, query::Query};
use tokio::sync::Mutex;
use tracing::Instrument;

use super::Statements;
use crate::{Result, ids::WorkspaceId};

/// What finders and statements run on: always a transaction. Dropping it ends it.
pub struct Conn(Kind);

enum Kind {
    Any(DatabaseTransaction),
    Snapshot(Snapshot),
}

/// A read-only transaction on PostgreSQL.
struct Snapshot {
    transaction: Mutex<Transaction<'static, Postgres>>,
    statements: Arc<Statements>,
}

impl Conn {
    /// Begins a transaction.
    ///
    /// # Errors
    /// Storage.
    pub(super) async fn begin(pool: &DatabaseConnection, options: TransactionOptions) -> Result<Self> {
        let pool = pool.clone();
        Ok(Self(Kind::Any(seen_through(async move { pool.begin_with_options(options).await }).await?)))
    }

    /// Begins a snapshot of one workspace on PostgreSQL, in one round trip.
    ///
    /// # Errors
    /// Storage.
    pub(super) async fn snapshot(pool: &DatabaseConnection, workspace: WorkspaceId, statements: &Arc<Statements>) -> Result<Self> {
        // An id prints as hexadecimal digits, so nothing can break out of the text.
        let id = workspace.uuid();
        let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SELECT set_config('tributary.workspace', '{id}', true)");
        let pool = pool.get_postgres_connection_pool().clone();
        let transaction = seen_through(async move { pool.begin_with(AssertSqlSafe(begin)).await.map_err(not_begun) }).await?;
        Ok(Self(Kind::Snapshot(Snapshot { transaction: Mutex::new(transaction), statements: Arc::clone(statements) })))
    }

    pub(super) async fn commit(self) -> Result<(), DbErr> {
        match self.0 {
            Kind::Any(transaction) => transaction.commit().await,
            Kind::Snapshot(snapshot) => snapshot.transaction.into_inner().commit().await.map_err(failed),
        }
    }

    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        match self.0 {
            Kind::Any(transaction) => transaction.rollback().await,
            Kind::Snapshot(snapshot) => snapshot.transaction.into_inner().rollback().await.map_err(failed),
        }
    }
}

#[async_trait]
impl ConnectionTrait for Conn {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            Kind::Any(transaction) => transaction.get_database_backend(),
            Kind::Snapshot(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Kind::Any(transaction) => transaction.execute_raw(statement).await,
            Kind::Snapshot(snapshot) => {
                let mut transaction = snapshot.transaction.lock().await;
                let done = query(&statement).execute(&mut **transaction).await;
                snapshot.statements.note(&statement);
                done.map(ExecResult::from).map_err(|error| DbErr::Exec(RuntimeErr::SqlxError(error.into())))
            }
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Kind::Any(transaction) => transaction.execute_unprepared(sql).await,
            Kind::Snapshot(snapshot) => {
                let mut transaction = snapshot.transaction.lock().await;
                let done = transaction.execute(AssertSqlSafe(sql.to_owned())).await;
                done.map(ExecResult::from).map_err(|error| DbErr::Exec(RuntimeErr::SqlxError(error.into())))
            }
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            Kind::Any(transaction) => transaction.query_one_raw(statement).await,
            Kind::Snapshot(snapshot) => {
                let mut transaction = snapshot.transaction.lock().await;
                let found = query(&statement).fetch_optional(&mut **transaction).await;
                snapshot.statements.note(&statement);
                Ok(found.map_err(failed)?.map(QueryResult::from))
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            Kind::Any(transaction) => transaction.query_all_raw(statement).await,
            Kind::Snapshot(snapshot) => {
                let mut transaction = snapshot.transaction.lock().await;
                let found = query(&statement).fetch_all(&mut **transaction).await;
                snapshot.statements.note(&statement);
                Ok(found.map_err(failed)?.into_iter().map(QueryResult::from).collect())
            }
        }
    }
}

/// Begins in a task of its own, so that the beginning is seen through although the caller goes away meanwhile.
///
/// The driver takes note of a transaction only when PostgreSQL has confirmed it. Given up in between, the connection would
/// go back to the pool with a transaction that nobody ends, and what the next one writes on it would be lost.
async fn seen_through<T: Send + 'static>(beginning: impl Future<Output = Result<T, DbErr>> + Send + 'static) -> Result<T, DbErr> {
    match tokio::spawn(beginning.in_current_span()).await {
        Ok(begun) => begun,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // Only when the whole program ends.
        Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
    }
}

fn query(statement: &Statement) -> Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

/// Nothing that was asked can be the reason: there is no connection, or none that can be used.
fn not_begun(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        _ => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}
