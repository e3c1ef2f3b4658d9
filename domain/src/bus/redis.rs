//! The bus over Redis pub/sub, for several nodes.
//!
//! One RESP3 connection carries commands and subscriptions. A task holds it: connects (never before it is needed, and
//! start order does not matter), subscribes to what is wanted, asks twice a second whether all is well, and starts over when
//! an answer stays out, a master steps down or a slot moves. Until then the bus says [`Reach::Broken`] and everything but the local part of it does nothing. A second
//! task publishes: heads are kept per workspace (the newest counts), messages in a bounded queue that drops when full,
//! so a hanging Redis blocks no caller and fills no memory. Both tasks end with the last handle.
//!
//! One server, a cluster and a master behind sentinels are the same to everything but [`Servers`].

mod link;
mod script;
mod servers;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use redis::RedisResult;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

pub use self::servers::Servers;
use self::servers::{Connection, Connector};
use super::{Bus, Member, Reach, Signal, Subscription, Unreachable, memory::Topics};
use crate::{event::Seq, ids::WorkspaceId};

/// Messages waiting to be published; more are dropped.
const OUTBOX: usize = 1024;
/// An answer that stays out longer counts as lost. Twice this, and the connection is given up.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);
/// How long connecting to one server may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The bus over Redis.
pub struct RedisBus {
    shared: Arc<Shared>,
    outbox: mpsc::Sender<(String, Bytes)>,
    _stop: DropGuard,
}

/// What the handle and its tasks share.
struct Shared {
    prefix: String,
    heads: Topics<WorkspaceId, Seq>,
    messages: Topics<String, Bytes>,
    reach: watch::Sender<Reach>,
    connection: Mutex<Option<Connection>>,
    unpublished: Mutex<HashMap<WorkspaceId, Seq>>,
    grown: Notify,
    wishes: mpsc::UnboundedSender<Wish>,
}

/// A change of what is subscribed to, in the order in which it happened.
enum Wish {
    Subscribe(String),
    Unsubscribe(String),
}

impl std::fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisBus").field("reach", &*self.shared.reach.borrow()).finish_non_exhaustive()
    }
}

impl RedisBus {
    /// A bus over Redis; `prefix` keeps installations on the same Redis apart. Does not wait for Redis.
    ///
    /// # Errors
    /// When an address is none of Redis, or the addresses do not fit each other.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(servers: Servers, prefix: impl Into<String>) -> RedisResult<Self> {
        let connector = Connector::new(servers)?;
        let (wishes, wished) = mpsc::unbounded_channel();
        let (outbox, messages) = mpsc::channel(OUTBOX);
        let shared = Arc::new(Shared {
            prefix: prefix.into(),
            heads: Topics::default(),
            messages: Topics::default(),
            reach: watch::Sender::new(Reach::Broken),
            connection: Mutex::default(),
            unpublished: Mutex::default(),
            grown: Notify::new(),
            wishes,
        });
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(link::hold(shared.clone(), connector, wished)));
        tokio::spawn(stop.clone().run_until_cancelled_owned(link::publish(shared.clone(), messages)));
        Ok(Self { shared, outbox, _stop: stop.drop_guard() })
    }
}

impl Shared {
    fn connection(&self) -> Option<Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn head_channel(&self, workspace: WorkspaceId) -> String {
        format!("{}:h:{}", self.prefix, workspace.uuid().simple())
    }

    fn message_channel(&self, topic: &str) -> String {
        format!("{}:m:{topic}", self.prefix)
    }

    /// All channels that somebody in this process listens to.
    fn channels(&self) -> Vec<String> {
        let heads = self.heads.names().into_iter().map(|workspace| self.head_channel(workspace));
        heads.chain(self.messages.names().iter().map(|topic| self.message_channel(topic))).collect()
    }

    /// Hands a message of Redis to the subscribers in this process. Never waits.
    fn heard(&self, channel: &str, payload: &[u8]) {
        let Some(rest) = channel.strip_prefix(self.prefix.as_str()).and_then(|rest| rest.strip_prefix(':')) else { return };
        match rest.split_once(':') {
            Some(("h", id)) => {
                let head = std::str::from_utf8(payload).ok().and_then(|text| text.parse().ok());
                if let (Ok(id), Some(head)) = (Uuid::try_parse(id), head) {
                    self.heads.send(&WorkspaceId::from(id), Signal::Message(Seq(head)));
                }
            }
            Some(("m", topic)) => self.messages.send(topic, Signal::Message(Bytes::copy_from_slice(payload))),
            _ => {}
        }
    }

    /// A subscription came into force: whoever has it looks for what may have been missed.
    fn resumed(&self, channel: &str) {
        let Some(rest) = channel.strip_prefix(self.prefix.as_str()).and_then(|rest| rest.strip_prefix(':')) else { return };
        match rest.split_once(':') {
            Some(("h", id)) => {
                if let Ok(id) = Uuid::try_parse(id) {
                    self.heads.send(&WorkspaceId::from(id), Signal::Resumed);
                }
            }
            Some(("m", topic)) => self.messages.send(topic, Signal::Resumed),
            _ => {}
        }
    }

    /// A closure that keeps the subscription of a channel in step with the interest in it.
    fn follow(self: &Arc<Self>, channel: String) -> impl Fn(bool) + Send + Sync + 'static {
        let wishes = self.wishes.clone();
        move |is_wanted| {
            let channel = channel.clone();
            let _ = wishes.send(if is_wanted { Wish::Subscribe(channel) } else { Wish::Unsubscribe(channel) });
        }
    }
}

#[async_trait]
impl Bus for RedisBus {
    fn publish_head(&self, workspace: WorkspaceId, head: Seq) {
        // This process hears of it at once, with or without Redis; hearing of a head twice is harmless.
        self.shared.heads.send(&workspace, Signal::Message(head));
        let mut unpublished = self.shared.unpublished.lock().unwrap_or_else(PoisonError::into_inner);
        unpublished.insert(workspace, head);
        drop(unpublished);
        self.shared.grown.notify_one();
    }

    fn heads(&self, workspace: WorkspaceId) -> Subscription<Seq> {
        self.shared.heads.subscribe(workspace, self.shared.follow(self.shared.head_channel(workspace)))
    }

    fn publish(&self, topic: &str, message: Bytes) {
        if *self.shared.reach.borrow() != Reach::Nodes {
            self.shared.messages.send(topic, Signal::Message(message));
        } else if self.outbox.try_send((topic.to_owned(), message)).is_err() {
            metrics::counter!("tributary_bus_dropped_total").increment(1);
        }
    }

    fn subscribe(&self, topic: &str) -> Subscription<Bytes> {
        self.shared.messages.subscribe(topic.to_owned(), self.shared.follow(self.shared.message_channel(topic)))
    }

    async fn put(&self, set: &str, member: Member, ttl: Duration) -> Result<(), Unreachable> {
        script::put(&self.shared, set, &member, ttl).await
    }

    async fn remove(&self, set: &str, name: &str) -> Result<(), Unreachable> {
        script::remove(&self.shared, set, name).await
    }

    async fn list(&self, set: &str) -> Result<Vec<Member>, Unreachable> {
        script::list(&self.shared, set).await
    }

    fn reach(&self) -> watch::Receiver<Reach> {
        self.shared.reach.subscribe()
    }
}
