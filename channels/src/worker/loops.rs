//! Keeps the loops running: one that panics is started again, after a pause that grows, and the process says meanwhile that
//! it is not well.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

/// Pause before the first new start.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How long a loop must run before its last panic is forgotten.
const WELL_AFTER: Duration = Duration::from_mins(1);

/// Which loops have panicked, and when last.
#[derive(Debug, Default)]
pub struct Loops(Mutex<BTreeMap<&'static str, Instant>>);

impl Loops {
    /// Whether all loops run, and have done so for a while.
    ///
    /// # Errors
    /// The names of those that have not.
    pub fn are_well(&self) -> Result<(), String> {
        let now = Instant::now();
        let panicked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unwell: Vec<_> = panicked.iter().filter(|(_, at)| now < **at + WELL_AFTER).map(|(name, _)| *name).collect();
        if unwell.is_empty() { Ok(()) } else { Err(format!("panicked lately: {}", unwell.join(", "))) }
    }

    fn note(&self, name: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Instant::now());
    }
}

/// Runs a loop until it ends by itself, and again whenever it panics.
pub(super) async fn keep<F>(loops: &Loops, name: &'static str, shutdown: &CancellationToken, start: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        // A set of one, which ends with whoever waits for it.
        let mut running = JoinSet::new();
        running.spawn(start());
        let Some(Err(error)) = running.join_next().await else { return };
        loops.note(name);
        tracing::error!(worker.loop = name, error = %error, "a worker loop panicked and is started again");
        metrics::counter!("tributary_worker_panics_total", "loop" => name).increment(1);
        if started.elapsed() >= WELL_AFTER {
            pause = FIRST_PAUSE;
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_panics_runs_again_and_the_process_says_so() {
        let (loops, shutdown, starts) = (Loops::default(), CancellationToken::new(), Arc::new(AtomicU32::new(0)));
        let (counted, stop) = (starts.clone(), shutdown.clone());
        let start = move || {
            let (starts, stop) = (counted.clone(), stop.clone());
            async move {
                assert!(starts.fetch_add(1, Ordering::SeqCst) >= 3, "it panics three times");
                stop.cancelled().await;
            }
        };
        assert_eq!(loops.are_well(), Ok(()));
        let began = Instant::now();
        let running = keep(&loops, "odd", &shutdown, start);
        let watching = async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            assert_eq!(starts.load(Ordering::SeqCst), 4);
            assert!(loops.are_well().unwrap_err().contains("odd"));
            tokio::time::sleep(WELL_AFTER).await;
            assert_eq!(loops.are_well(), Ok(()));
            shutdown.cancel();
        };
        tokio::join!(running, watching);
        assert!(began.elapsed() >= Duration::from_secs(7), "1, 2 and 4 seconds lie between the starts");
    }
}
