//! Runs a transaction again when another one was in its way.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sea_orm::{DbErr, RuntimeErr};

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
            Err(error) if attempt < ATTEMPTS && is_contention(&error) => error,
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
