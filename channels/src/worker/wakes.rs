//! Telling the loops of all processes that there is something for them: at once in this process, over the bus elsewhere. What
//! the bus loses is found by the loops' own polls.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tributary_domain::bus::{Bus, Signal};
use uuid::Uuid;

/// Wakes the loops when there is something new for them.
#[derive(Debug, Default)]
pub struct Wakes {
    /// A raw request was stored.
    pub ingest: Wake,
    /// Something was queued for sending.
    pub dispatch: Wake,
    /// A channel was set up or changed.
    pub listen: Wake,
    /// A file waits to be fetched.
    pub fetch: Wake,
}

impl Wakes {
    /// Wakes that reach the workers of other processes too.
    #[must_use]
    pub fn over(bus: &Arc<dyn Bus>) -> Self {
        let from = Bytes::copy_from_slice(Uuid::now_v7().as_bytes());
        let wake = |topic| Wake { here: Notify::new(), elsewhere: Some(Elsewhere { bus: bus.clone(), topic, from: from.clone() }) };
        Self { ingest: wake("work:ingest"), dispatch: wake("work:dispatch"), listen: wake("work:listen"), fetch: wake("work:fetch") }
    }

    /// Hears what other processes tell, until `shutdown`.
    pub(super) async fn hear(&self, shutdown: CancellationToken) {
        let all = futures_util::future::join4(self.ingest.hear(), self.dispatch.hear(), self.listen.hear(), self.fetch.hear());
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = all => {}
        }
    }
}

/// Wakes one kind of loop.
#[derive(Default)]
pub struct Wake {
    here: Notify,
    elsewhere: Option<Elsewhere>,
}

struct Elsewhere {
    bus: Arc<dyn Bus>,
    topic: &'static str,
    /// Who tells, so that nobody hears itself.
    from: Bytes,
}

impl std::fmt::Debug for Wake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wake").field("topic", &self.elsewhere.as_ref().map(|elsewhere| elsewhere.topic)).finish_non_exhaustive()
    }
}

impl Wake {
    /// There is something new, for whichever process takes it first.
    pub fn notify_one(&self) {
        self.here.notify_one();
        if let Some(elsewhere) = &self.elsewhere {
            elsewhere.bus.publish(elsewhere.topic, elsewhere.from.clone());
        }
    }

    /// The loop of this process may go on with what it left.
    pub(super) fn notify_here(&self) {
        self.here.notify_one();
    }

    /// Waits for the next time.
    pub(super) async fn notified(&self) {
        self.here.notified().await;
    }

    async fn hear(&self) {
        let Some(elsewhere) = &self.elsewhere else { return std::future::pending().await };
        let mut heard = elsewhere.bus.subscribe(elsewhere.topic);
        loop {
            match heard.next().await {
                Signal::Message(from) if from == elsewhere.from => {}
                Signal::Message(_) | Signal::Resumed => self.here.notify_one(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tributary_domain::bus::MemoryBus;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn other_processes_hear_of_work_at_once_and_nobody_hears_itself() {
        let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new());
        let (api, worker) = (Wakes::over(&bus), Wakes::over(&bus));
        let shutdown = CancellationToken::new();
        let telling = async {
            // Whoever hears has to be there first.
            tokio::task::yield_now().await;
            api.dispatch.notify_one();
            worker.dispatch.notified().await;
            api.dispatch.notified().await;
            assert!(tokio::time::timeout(Duration::from_secs(1), api.dispatch.notified()).await.is_err(), "told once here");
            assert!(tokio::time::timeout(Duration::from_secs(1), worker.ingest.notified()).await.is_err(), "that was not meant");
            shutdown.cancel();
        };
        tokio::join!(worker.hear(shutdown.clone()), api.hear(shutdown.clone()), telling);
    }
}
