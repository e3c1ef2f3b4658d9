//! The worker: takes stored requests apart, sends what is queued, holds connections, fetches files.
//!
//! Every loop looks for due work in the database, does it under a lease, and looks again when it is woken or when its
//! fallback interval is over. All of them end when the shutdown token is cancelled: they finish what they hold within
//! the configured time and give their leases back.

mod breaker;
mod context;
mod dispatch;
mod fetch;
mod housekeeping;
mod ingest;
mod listen;
mod retry;

pub use context::{Timing, Wakes, Worker};
pub use ingest::Ingested;

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Runs all loops until `shutdown`, then lets them finish.
pub async fn run(worker: Arc<Worker>, shutdown: CancellationToken) {
    let mut loops = JoinSet::new();
    loops.spawn(ingest::run(worker.clone(), shutdown.clone()));
    loops.spawn(dispatch::run(worker.clone(), shutdown.clone()));
    loops.spawn(listen::run(worker.clone(), shutdown.clone()));
    loops.spawn(fetch::run(worker.clone(), shutdown.clone()));
    loops.spawn(housekeeping::run(worker.clone(), shutdown));
    while let Some(ended) = loops.join_next().await {
        if let Err(error) = ended {
            tracing::error!(error = %error, "a worker loop panicked");
        }
    }
}

/// Calls `step` until it finds nothing more, then waits for `wake`, for `every`, or for the end.
async fn repeat<F>(name: &'static str, wake: &tokio::sync::Notify, every: Duration, shutdown: &CancellationToken, step: impl Fn() -> F)
where
    F: Future<Output = tributary_domain::Result<usize>>,
{
    loop {
        let pause = match step().await {
            Ok(0) => every,
            Ok(_) => Duration::ZERO,
            Err(error) => {
                tracing::warn!(worker.loop = name, error = ?error, "a worker loop failed and is tried again");
                metrics::counter!("tributary_worker_failures_total", "loop" => name).increment(1);
                every.max(Duration::from_secs(1))
            }
        };
        if shutdown.is_cancelled() {
            return;
        }
        if !pause.is_zero() {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}
