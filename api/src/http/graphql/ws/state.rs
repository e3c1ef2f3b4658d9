//! What a socket knows besides its timers: who is signed in, which operations run, how fast messages came.

use std::{collections::HashMap, sync::Arc};

use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::port::Port;
use crate::{
    auth::Viewer,
    http::{graphql::connections::UserConnection, socket::Socket},
};

/// Where a socket stands in the handshake.
pub(super) enum Phase<A> {
    /// Waiting for `connection_init`, until then at most.
    Opened(Instant),
    /// The gatekeeper is being asked.
    Admitting,
    /// After `connection_ack`.
    Ready(Ready<A>),
}

pub(super) struct Ready<A> {
    pub(super) viewer: Viewer<A>,
    /// A renewal is being checked.
    pub(super) is_renewing: bool,
    pub(super) _user: UserConnection,
}

/// Operations that run. Dropping one stops its task.
#[derive(Default)]
pub(super) struct Operations {
    running: HashMap<Arc<str>, Running>,
    started: u64,
}

struct Running {
    generation: u64,
    _task: AbortOnDropHandle<()>,
    /// Where the engine writes its results, once it was allowed to.
    port: Option<Arc<Port>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(port) = &self.port {
            port.close();
        }
    }
}

impl Operations {
    pub(super) fn contains(&self, id: &str) -> bool {
        self.running.contains_key(id)
    }

    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    pub(super) fn next_generation(&mut self) -> u64 {
        self.started += 1;
        self.started
    }

    pub(super) fn insert(&mut self, id: Arc<str>, generation: u64, task: AbortOnDropHandle<()>) {
        self.running.insert(id, Running { generation, _task: task, port: None });
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.running.remove(id);
    }

    /// The port of an operation that runs.
    pub(super) fn port(&mut self, id: &str, socket: &Arc<Socket>) -> Option<Arc<Port>> {
        let running = self.running.get_mut(id)?;
        Some(Arc::clone(running.port.get_or_insert_with(|| Arc::new(Port::new(Arc::clone(socket), id)))))
    }

    /// Whether a message of this operation is still wanted. False for one the client completed meanwhile.
    pub(super) fn is_current(&self, id: &str, generation: u64) -> bool {
        self.running.get(id).is_some_and(|running| running.generation == generation)
    }
}

/// So many per second, and at most a second's worth at once.
pub(super) struct Bucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.into(), tokens: per_second.into(), filled: Instant::now() }
    }

    /// False when it is empty.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.per_second);
        self.filled = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_fills_again() {
        let mut bucket = Bucket::new(2);
        let start = bucket.filled;
        assert!(bucket.take(start) && bucket.take(start) && !bucket.take(start));
        assert!(!bucket.take(start + Duration::from_millis(400)));
        assert!(bucket.take(start + Duration::from_millis(500)));
        let later = start + Duration::from_secs(3600);
        assert!(bucket.take(later) && bucket.take(later) && !bucket.take(later), "never more than a second's worth");
    }
}
