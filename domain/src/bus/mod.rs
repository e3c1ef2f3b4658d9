//! What nodes tell each other and may lose: that a log has grown, who is typing, who is present.
//!
//! Nothing exists only here; the database remembers, the bus wakes. Publishing never waits and never fails for its
//! caller. Implementations: [`memory`] for one process, [`redis`] for several. Pattern subscriptions are not offered.

pub mod memory;
pub mod redis;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{broadcast, watch};

use crate::{event::Seq, ids::WorkspaceId};

pub use self::{memory::MemoryBus, redis::RedisBus, redis::Servers as RedisServers};

/// How far the bus reaches at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// This process only, and by design.
    Process,
    /// All nodes.
    Nodes,
    /// It should reach all nodes and does not.
    Broken,
}

/// Something heard on a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal<T> {
    /// A message.
    Message(T),
    /// Messages may have been lost before this moment: the subscription is (again) in force. Look for yourself.
    Resumed,
}

/// The bus cannot tell now; the truthful answer is "unknown".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bus cannot be reached")]
pub struct Unreachable;

/// A subscription; it ends when dropped. Messages that are not fetched in time are lost, which shows as
/// [`Signal::Resumed`].
#[derive(Debug)]
pub struct Subscription<T> {
    signals: broadcast::Receiver<Signal<T>>,
    /// Dropped with the subscription, which tells the bus.
    _interest: Interest,
}

impl<T: Clone> Subscription<T> {
    /// The next signal; waits for ever when the bus is gone, so it belongs into a `select!` beside a poll.
    pub async fn next(&mut self) -> Signal<T> {
        match self.signals.recv().await {
            Ok(signal) => signal,
            Err(broadcast::error::RecvError::Lagged(_)) => Signal::Resumed,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Runs something when the last holder lets go.
struct Interest(Option<Box<dyn FnOnce() + Send + Sync>>);

impl std::fmt::Debug for Interest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interest")
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

/// One member of a [`Bus::put`] set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Member {
    /// Who: unique within the set.
    pub name: String,
    /// What is known of them.
    pub value: String,
}

/// The bus.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Tells everyone that a workspace's log has reached `head`. May be lost.
    fn publish_head(&self, workspace: WorkspaceId, head: Seq);

    /// Hears of a workspace's heads. A later head may stand for several earlier ones.
    fn heads(&self, workspace: WorkspaceId) -> Subscription<Seq>;

    /// Tells everyone on a topic. May be lost.
    fn publish(&self, topic: &str, message: Bytes);

    /// Hears what is published on a topic from now on.
    fn subscribe(&self, topic: &str) -> Subscription<Bytes>;

    /// Puts a member into a set, or renews it; it leaves by itself after `ttl`.
    ///
    /// # Errors
    /// [`Unreachable`] when the bus is broken.
    async fn put(&self, set: &str, member: Member, ttl: Duration) -> Result<(), Unreachable>;

    /// Takes a member out of a set.
    ///
    /// # Errors
    /// [`Unreachable`] when the bus is broken.
    async fn remove(&self, set: &str, name: &str) -> Result<(), Unreachable>;

    /// The members of a set, by name.
    ///
    /// # Errors
    /// [`Unreachable`] when the bus is broken.
    async fn list(&self, set: &str) -> Result<Vec<Member>, Unreachable>;

    /// How far it reaches now; changes wake the receiver.
    fn reach(&self) -> watch::Receiver<Reach>;
}
