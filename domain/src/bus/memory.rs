//! The bus within one process.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::{
    sync::{broadcast, watch},
    time::Instant,
};

use super::{Bus, Interest, Member, Reach, Signal, Subscription, Unreachable};
use crate::{event::Seq, ids::WorkspaceId};

/// Signals that a slow subscriber may be behind before it loses some.
pub(super) const BACKLOG: usize = 64;

/// How often sets that nobody lists are looked through for members that have left.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// Value and end of each member, by name.
type Members = BTreeMap<String, (String, Instant)>;

#[derive(Debug, Default)]
struct Sets {
    by_name: HashMap<String, Members>,
    swept_at: Option<Instant>,
}

impl Sets {
    /// Forgets who has left, now and then: a set that is written and never listed must not grow.
    fn sweep(&mut self, now: Instant) {
        if self.swept_at.is_some_and(|last| now < last + SWEEP_EVERY) {
            return;
        }
        self.swept_at = Some(now);
        self.by_name.retain(|_, members| {
            members.retain(|_, (_, until)| *until > now);
            !members.is_empty()
        });
    }
}

/// The bus within one process. Clones are the same bus.
#[derive(Debug, Clone)]
pub struct MemoryBus {
    heads: Topics<WorkspaceId, Seq>,
    messages: Topics<String, Bytes>,
    sets: Arc<Mutex<Sets>>,
    reach: watch::Sender<Reach>,
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryBus {
    /// A bus of its own.
    #[must_use]
    pub fn new() -> Self {
        Self { heads: Topics::default(), messages: Topics::default(), sets: Arc::default(), reach: watch::Sender::new(Reach::Process) }
    }
}

#[async_trait]
impl Bus for MemoryBus {
    fn publish_head(&self, workspace: WorkspaceId, head: Seq) {
        self.heads.send(&workspace, Signal::Message(head));
    }

    fn heads(&self, workspace: WorkspaceId) -> Subscription<Seq> {
        self.heads.subscribe(workspace, |_| {})
    }

    fn publish(&self, topic: &str, message: Bytes) {
        self.messages.send(topic, Signal::Message(message));
    }

    fn subscribe(&self, topic: &str) -> Subscription<Bytes> {
        self.messages.subscribe(topic.to_owned(), |_| {})
    }

    async fn put(&self, set: &str, member: Member, ttl: Duration) -> Result<(), Unreachable> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        sets.sweep(now);
        sets.by_name.entry(set.to_owned()).or_default().insert(member.name, (member.value, now + ttl));
        Ok(())
    }

    async fn remove(&self, set: &str, name: &str) -> Result<(), Unreachable> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(members) = sets.by_name.get_mut(set) {
            members.remove(name);
            if members.is_empty() {
                sets.by_name.remove(set);
            }
        }
        Ok(())
    }

    async fn list(&self, set: &str) -> Result<Vec<Member>, Unreachable> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(members) = sets.by_name.get_mut(set) else { return Ok(Vec::new()) };
        let now = Instant::now();
        members.retain(|_, (_, until)| *until > now);
        let listed = members.iter().map(|(name, (value, _))| Member { name: name.clone(), value: value.clone() }).collect();
        if members.is_empty() {
            sets.by_name.remove(set);
        }
        Ok(listed)
    }

    fn reach(&self) -> watch::Receiver<Reach> {
        self.reach.subscribe()
    }
}

/// Who listens to what within this process. A topic is forgotten with its last subscriber.
pub(super) struct Topics<K, T>(Arc<Mutex<HashMap<K, Topic<T>>>>);

struct Topic<T> {
    sender: broadcast::Sender<Signal<T>>,
    subscribers: usize,
}

impl<K, T> Clone for Topics<K, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, T> Default for Topics<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, T> std::fmt::Debug for Topics<K, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Topics")
    }
}

impl<K, T> Topics<K, T>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    T: Clone + Send + 'static,
{
    /// Sends to the subscribers of a topic, if any.
    pub(super) fn send<Q>(&self, topic: &Q, signal: Signal<T>)
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(topic) = self.lock().get(topic) {
            // Nobody listening any more is as good as nobody subscribed.
            let _ = topic.sender.send(signal);
        }
    }

    /// Sends to the subscribers of every topic.
    pub(super) fn send_all(&self, signal: &Signal<T>) {
        for topic in self.lock().values() {
            let _ = topic.sender.send(signal.clone());
        }
    }

    /// The topics that have subscribers.
    pub(super) fn names(&self) -> Vec<K> {
        self.lock().keys().cloned().collect()
    }

    /// Subscribes; `changed` is called with `true` for a topic's first subscriber and with `false` after its last.
    pub(super) fn subscribe(&self, name: K, changed: impl Fn(bool) + Send + Sync + 'static) -> Subscription<T> {
        let mut topics = self.lock();
        let topic = topics.entry(name.clone()).or_insert_with(|| Topic { sender: broadcast::Sender::new(BACKLOG), subscribers: 0 });
        topic.subscribers += 1;
        if topic.subscribers == 1 {
            changed(true);
        }
        let signals = topic.sender.subscribe();
        let topics: Weak<Mutex<HashMap<K, Topic<T>>>> = Arc::downgrade(&self.0);
        let end = move || {
            let Some(topics) = topics.upgrade() else { return };
            let mut topics = topics.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(topic) = topics.get_mut(&name) else { return };
            topic.subscribers -= 1;
            if topic.subscribers == 0 {
                topics.remove(&name);
                changed(false);
            }
        };
        Subscription { signals, _interest: Interest(Some(Box::new(end))) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, Topic<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sets_that_nobody_lists_are_forgotten() {
        let bus = MemoryBus::new();
        let member = |name: &str| Member { name: name.to_owned(), value: String::new() };
        for n in 0..100 {
            bus.put(&format!("set-{n}"), member("anna"), Duration::from_secs(6)).await.unwrap();
        }
        tokio::time::advance(Duration::from_secs(31)).await;
        bus.put("set-100", member("anna"), Duration::from_secs(6)).await.unwrap();
        let left = bus.sets.lock().unwrap().by_name.len();
        assert_eq!(left, 1);
    }
}
