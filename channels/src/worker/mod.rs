//! The worker: takes stored requests apart, sends what is queued, holds connections, fetches files.
//!
//! Every loop looks for due work in the database, does it under a lease, and looks again when it is woken or when its
//! fallback interval is over. All of them end when the shutdown token is cancelled: they finish what they hold within
//! the configured time and give their leases back.

mod apply;
mod breaker;
mod context;
mod dispatch;
mod fetch;
mod files;
mod housekeeping;
mod ingest;
mod listen;
mod loops;
mod retry;
mod secrets;
mod typing;
mod wakes;

pub use context::{Timing, Worker};
pub use loops::Loops;
pub use secrets::StoredSecrets;
pub use wakes::{Wake, Wakes};

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

/// Runs all loops until `shutdown`, then lets them finish.
pub async fn run(worker: Arc<Worker>, shutdown: CancellationToken) {
    macro_rules! looping {
        ($name:ident) => {{
            let (worker, shutdown) = (worker.clone(), shutdown.clone());
            async move {
                let start = || $name::run(worker.clone(), shutdown.clone());
                loops::keep(&worker.loops, stringify!($name), &shutdown, start).await;
            }
        }};
    }
    tokio::join!(
        looping!(ingest),
        looping!(dispatch),
        looping!(listen),
        looping!(fetch),
        looping!(housekeeping),
        worker.wakes.hear(shutdown.clone())
    );
}

/// Calls `step` until it finds nothing more, then waits for `wake`, for `every`, or for the end.
async fn repeat<F>(name: &'static str, wake: &Wake, every: Duration, shutdown: &CancellationToken, step: impl Fn() -> F)
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
