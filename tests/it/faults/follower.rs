//! Subscribers that lose their connection and go on, and write down what they heard.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    time::Instant,
};

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use tributary_tests::{
    checker::SubscriberJournal,
    client::{GraphqlClient, GraphqlSocket, Message},
    node::Node,
    proxy::{Mode, Proxy},
};

use super::{PATIENCE, cluster::Cluster};

/// Messages and notes by their texts, which are unique in these tests.
const BY_TEXT: &str = "subscription($after: LogCursor!) { \
    workspaceEvents(after: $after, filter: { kinds: [MESSAGE_RECEIVED, NOTE_ADDED] }) { \
    prev cursor events { seq entity { ... on Message { text } } } } }";
/// The same by their ids, for which the server need not look anything up.
const BY_ID: &str = "subscription($after: LogCursor!) { \
    workspaceEvents(after: $after, filter: { kinds: [MESSAGE_RECEIVED, NOTE_ADDED] }) { prev cursor events { seq entityId } } }";
/// A client waits before it knocks again.
pub(super) const PAUSE: std::time::Duration = std::time::Duration::from_millis(25);
/// Repeats after which the forgetful one has proved its point.
const REPEATS: usize = 20;

/// Somebody who follows the log of a workspace.
#[derive(Clone)]
pub(super) struct Follower {
    /// In violations.
    pub(super) name: String,
    /// Where to connect, in turns; the first one first.
    pub(super) addresses: Vec<String>,
    pub(super) token: String,
    pub(super) cursor: String,
    /// Whether it writes down ids instead of texts.
    pub(super) by_id: bool,
    /// Whether it keeps nothing but [`Heard::sum`]: of many who hear much, most do.
    pub(super) is_counting: bool,
    /// The negative control: goes on from its first cursor each time, until it has heard a few things twice.
    pub(super) is_forgetful: bool,
}

/// A follower at work.
pub(super) struct Following {
    name: String,
    /// How many events it has heard.
    pub(super) heard: watch::Receiver<usize>,
    /// The codes with which nodes have closed its sockets.
    pub(super) codes: watch::Receiver<Vec<u16>>,
    is_over: CancellationToken,
    heard_all: JoinHandle<Heard>,
}

/// What a follower has heard.
#[derive(Default)]
pub(super) struct Heard {
    entries: Vec<Entry>,
    /// Stands for all events and their order: equal to that of another one if both have heard the same.
    pub(super) sum: u64,
}

enum Entry {
    Heard { seq: u64, key: String, at: Instant },
    Reconnected,
}

impl Heard {
    fn add(&mut self, seq: u64, key: &str, is_counting: bool) {
        let mut hasher = DefaultHasher::new();
        (self.sum, seq, key).hash(&mut hasher);
        self.sum = hasher.finish();
        if !is_counting {
            self.entries.push(Entry::Heard { seq, key: key.to_owned(), at: Instant::now() });
        }
    }

    /// For the judge; what was written down is turned into texts.
    pub(super) fn journal(&self, name: String, text: impl Fn(&str) -> String) -> SubscriberJournal {
        let mut journal = SubscriberJournal::new(name);
        for entry in &self.entries {
            match entry {
                Entry::Heard { seq, key, .. } => journal.received(*seq, text(key)),
                Entry::Reconnected => journal.reconnected(),
            }
        }
        journal
    }

    /// When each came.
    pub(super) fn arrivals(&self) -> impl Iterator<Item = (&str, Instant)> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Heard { key, at, .. } => Some((key.as_str(), *at)),
            Entry::Reconnected => None,
        })
    }
}

impl Following {
    /// Waits until it has heard so many.
    pub(super) async fn reaches(&self, count: usize) {
        assert!(self.reaches_or_not(count).await, "{}: only {} of {count} were heard", self.name, *self.heard.borrow());
    }

    /// As [`Following::reaches`], for the end, where the judge says what is missing. Gives up when nothing at all is heard any
    /// more: how long the whole takes depends on the machine.
    pub(super) async fn reaches_or_not(&self, count: usize) -> bool {
        let mut heard = self.heard.clone();
        while *heard.borrow_and_update() < count {
            if !matches!(timeout(PATIENCE, heard.changed()).await, Ok(Ok(()))) {
                return false;
            }
        }
        true
    }

    /// Ends it; what it heard.
    pub(super) async fn journal(self) -> SubscriberJournal {
        let name = self.name.clone();
        self.end().await.journal(name, str::to_owned)
    }

    /// As [`Following::journal`], for one that wrote down ids.
    pub(super) async fn journal_by_id(self, texts: &HashMap<String, String>) -> SubscriberJournal {
        let name = self.name.clone();
        self.end().await.journal(name, |id| texts.get(id).cloned().unwrap_or_else(|| id.to_owned()))
    }

    /// Ends it.
    pub(super) async fn end(self) -> Heard {
        self.is_over.cancel();
        self.heard_all.await.unwrap()
    }
}

/// Six followers who are spread over the nodes, the last of them over a slow way.
pub(super) struct Six {
    pub(super) followers: Vec<Following>,
    slow: Proxy,
}

impl Six {
    /// All of them begin where `one` does; the slow one follows at `node`, with so many bytes per second.
    pub(super) async fn start(one: &Follower, node: &Node, bytes_per_second: u64) -> Self {
        let slow = Proxy::to_port(node.port()).await.unwrap();
        slow.set(Mode::Trickle(bytes_per_second));
        let way = format!("http://{}/graphql", slow.address());
        let begin = |number: usize| {
            let mut one = one.clone();
            let turns = number % one.addresses.len();
            one.addresses.rotate_left(turns);
            one.name = format!("follower {number}");
            if number == 5 {
                (one.name, one.addresses) = ("the slow one".to_owned(), vec![way.clone()]);
            }
            follow(one)
        };
        Self { followers: (0..6).map(begin).collect(), slow }
    }

    /// Waits until everybody has heard so many, the slow one over a way that is slow no longer.
    pub(super) async fn come_to(&self, count: usize) {
        for follower in &self.followers[..5] {
            follower.reaches_or_not(count).await;
        }
        self.slow.set(Mode::Pass);
        self.followers[5].reaches_or_not(count).await;
    }
}

impl Follower {
    /// Somebody at all nodes of a cluster, from the end of the log on.
    pub(super) async fn of(cluster: &Cluster, client: &GraphqlClient, token: &str) -> Self {
        Self {
            name: String::new(),
            addresses: cluster.all_graphql(),
            token: token.to_owned(),
            cursor: cursor(client).await,
            by_id: false,
            is_counting: false,
            is_forgetful: false,
        }
    }
}

/// The end of the log.
pub(super) async fn cursor(client: &GraphqlClient) -> String {
    client.post("{ logCursor }", json!({})).await.unwrap().ok().unwrap()["logCursor"].as_str().unwrap().to_owned()
}

/// Begins to follow.
pub(super) fn follow(follower: Follower) -> Following {
    let ((count, heard), (closed, codes)) = (watch::channel(0), watch::channel(Vec::new()));
    let (name, is_over) = (follower.name.clone(), CancellationToken::new());
    Following { name, heard, codes, is_over: is_over.clone(), heard_all: tokio::spawn(run(follower, count, closed, is_over)) }
}

async fn run(follower: Follower, count: watch::Sender<usize>, closed: watch::Sender<Vec<u16>>, is_over: CancellationToken) -> Heard {
    let query = if follower.by_id { BY_ID } else { BY_TEXT };
    let (mut all, mut cursor) = (Heard::default(), follower.cursor.clone());
    let (mut heard, mut highest, mut repeats, mut turn) = (0, 0, 0, 0);
    loop {
        if is_over.is_cancelled() {
            return all;
        }
        if follower.is_forgetful {
            cursor.clone_from(&follower.cursor);
        }
        let address = &follower.addresses[turn % follower.addresses.len()];
        turn += 1;
        let Ok(socket) = GraphqlSocket::connect(address, Some(&follower.token)).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Ok(mut messages) = socket.subscribe(query, json!({ "after": cursor })) else { continue };
        loop {
            let message = tokio::select! {
                () = is_over.cancelled() => return all,
                message = messages.next() => message,
            };
            let batch = match message {
                Some(Message::Next(result)) if result["errors"].is_null() => result["data"]["workspaceEvents"].clone(),
                // The database is away: what a client may try again it tries again.
                Some(Message::Error(errors)) if may_be_tried_again(&errors) => break,
                Some(Message::Closed(Some((code, _)))) => {
                    closed.send_modify(|codes| codes.push(code));
                    break;
                }
                None | Some(Message::Complete | Message::Closed(None)) => break,
                Some(other) => panic!("{}: {other:?}", follower.name),
            };
            assert_eq!(batch["prev"], cursor.as_str(), "{}: a batch follows on what was heard", follower.name);
            batch["cursor"].as_str().unwrap().clone_into(&mut cursor);
            for event in batch["events"].as_array().unwrap() {
                let key = if follower.by_id { &event["entityId"] } else { &event["entity"]["text"] };
                let seq = event["seq"].as_u64().unwrap();
                all.add(seq, key.as_str().unwrap(), follower.is_counting);
                heard += 1;
                repeats += usize::from(seq <= highest);
                highest = highest.max(seq);
            }
            if follower.is_forgetful && repeats > REPEATS {
                return all;
            }
            count.send_replace(heard);
        }
        all.entries.push(Entry::Reconnected);
    }
}

fn may_be_tried_again(errors: &Value) -> bool {
    errors.as_array().is_some_and(|errors| errors.iter().all(|error| error["extensions"]["retryable"] == true))
}
