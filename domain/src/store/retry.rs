//! Runs a transaction again when another one was in its way.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

use super::{Committed, Store, Tx};
use crate::{Error, Result, ids::WorkspaceId, random};

/// Most times that a change is run.
const ATTEMPTS: u32 = 5;
/// Longest pause before the second attempt; doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

pub(super) async fn transact<T, F>(store: &Store, workspace: WorkspaceId, change: F) -> Result<(T, Committed)>
where
    F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T>> + Send + Sync,
    T: Send,
{
    let mut attempt = 1;
    loop {
        let error = match run(store, workspace, &change).await {
            Err(error) if attempt < ATTEMPTS && (is_contention(&error) || is_taken(&error)) => error,
            outcome => return outcome,
        };
        metrics::counter!("tributary_transaction_retries_total").increment(1);
        tracing::debug!(error = ?error, attempt, "a transaction is tried again");
        tokio::time::sleep(pause(attempt)).await;
        attempt += 1;
    }
}

async fn run<T, F>(store: &Store, workspace: WorkspaceId, change: &F) -> Result<(T, Committed)>
where
    F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T>> + Send + Sync,
{
    let mut tx = store.write(workspace).await?;
    let outcome = match change(&mut tx).await {
        Ok(outcome) => outcome,
        Err(error) => {
            // The change's own error says more than that of a rollback; a broken connection rolls back by itself.
            drop(tx);
            return Err(error);
        }
    };
    Ok((outcome, tx.commit().await?))
}

/// Full jitter, so that those who collided do not collide again.
fn pause(attempt: u32) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << attempt);
    longest.mul_f64(f64::from(u16::from_be_bytes(random::bytes())) / f64::from(u16::MAX))
}

/// Whether a unique key was taken. Two that make the same thing at the same time both look, both find nothing and meet on
/// the key: the second one finds it when it looks again. Who asks for a taken key alone is refused again.
fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Storage(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
}

/// Whether the transaction failed only because of another one, and certainly had no effect.
#[must_use]
pub fn is_contention(error: &Error) -> bool {
    let Error::Storage(DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error else {
        return false;
    };
    let Some(code) = error.as_database_error().and_then(sqlx::error::DatabaseError::code) else { return false };
    // PostgreSQL: serialization failure, deadlock, lock timeout. SQLite: busy, and busy with an old snapshot.
    matches!(code.as_ref(), "40001" | "40P01" | "55P03" | "5" | "517")
}

/// Whether the database understood and refused what it was told to store, so that the same again will be refused again.
#[must_use]
pub fn is_refusal(error: &Error) -> bool {
    let Error::Storage(DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
        return false;
    };
    let Some(code) = cause.as_database_error().and_then(sqlx::error::DatabaseError::code) else { return false };
    // PostgreSQL: data exceptions and broken constraints. SQLite: constraints (19 in the low byte) and values too big.
    let is_sqlite_constraint = code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18 | 19));
    (code.len() == 5 && (code.starts_with("22") || code.starts_with("23"))) || (code.len() < 5 && is_sqlite_constraint)
}
