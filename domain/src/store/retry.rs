//! Runs a transaction again when another one was in its way.

use std::{borrow::Cow, time::Duration};

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
    code(error).is_some_and(|code| is_contended(&code))
}

/// Whether a change that ended with this error certainly left no trace: it was refused before the commit, or the database
/// said no. After a connection that broke during the commit nobody knows.
#[must_use]
pub fn had_no_effect(error: &Error) -> bool {
    match error {
        Error::Storage(DbErr::ConnectionAcquire(_)) => true,
        Error::Storage(_) => is_contention(error) || is_refusal(error),
        _ => true,
    }
}

/// Whether the database understood and refused what it was told to store, so that the same again will be refused again.
#[must_use]
pub fn is_refusal(error: &Error) -> bool {
    let Some(code) = code(error) else { return false };
    // PostgreSQL: data exceptions and broken constraints. SQLite: constraints (19 in the low byte) and values too big.
    let is_sqlite_constraint = code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18 | 19));
    (code.len() == 5 && (code.starts_with("22") || code.starts_with("23"))) || (code.len() < 5 && is_sqlite_constraint)
}

/// Whether a text was refused because of a character: PostgreSQL takes every one but U+0000.
pub(crate) fn is_unstorable_text(error: &DbErr) -> bool {
    code_of(error).as_deref() == Some("22021")
}

/// Whether the same may succeed later: the database is away, starts, stops or is full, or others were in the way for too
/// long.
pub(crate) fn is_passing(error: &DbErr) -> bool {
    if let DbErr::Conn(_) | DbErr::ConnectionAcquire(_) = error {
        return true;
    }
    let Some(cause) = cause(error) else { return false };
    if matches!(
        cause,
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed
    ) {
        return true;
    }
    let Some(code) = code_of(error) else { return false };
    // PostgreSQL: connection exceptions, out of resources, shutting down or starting up, a transaction that was ended because
    // this process stood still. SQLite: full.
    is_contended(&code) || (code.len() == 5 && ["08", "53", "57P0", "25P03"].iter().any(|class| code.starts_with(class))) || code == "13"
}

/// PostgreSQL: serialization failure, deadlock, lock timeout. SQLite: busy, and busy with an old snapshot.
fn is_contended(code: &str) -> bool {
    matches!(code, "40001" | "40P01" | "55P03" | "5" | "517")
}

fn cause(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

fn code(error: &Error) -> Option<Cow<'_, str>> {
    if let Error::Storage(error) = error { code_of(error) } else { None }
}

fn code_of(error: &DbErr) -> Option<Cow<'_, str>> {
    cause(error)?.as_database_error()?.code()
}
