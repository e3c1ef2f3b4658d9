//! F1: Redis and nodes die under traffic, and everybody hears everything once, in order. Two negative controls fail under
//! the same faults, or this test could not see a loss or a repeat.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tributary_tests::{
    checker::{SubscriberJournal, check},
    postgres::Postgres,
    redis::Redis,
    size::by_size,
};

use super::{
    cluster::Cluster,
    follower::{Follower, PAUSE, Six, follow},
    traffic::{Amount, Traffic},
};
use crate::backend::Ground;

/// Ten thousand texts.
const AMOUNT: Amount = Amount { batches: 360, per_batch: 25, notes: 1_000 };
/// A hundred thousand.
const FULL: Amount = Amount { batches: 3_600, notes: 10_000, ..AMOUNT };
const NODES: usize = 3;
/// Every other death of Redis takes a node with it.
const DEATHS_OF_REDIS: usize = 20;
/// Bytes per second of the slow subscriber.
const SLOW: u64 = 48 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_and_nodes_die_under_traffic() {
    let mut redis = Redis::start().await.unwrap();
    let ground = Ground::on(Postgres::shared().await, Some(&redis)).await;
    let mut cluster = Cluster::new(ground, NODES).await;
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let one = Follower { by_id: true, ..Follower::of(&cluster, &client, &token).await };
    let six = Six::start(&one, &cluster.nodes[0], SLOW).await;
    let followers = &six.followers;
    let forgetful = follow(Follower { name: "the forgetful one".to_owned(), is_forgetful: true, ..one });
    let pushed = Pushed::start(redis.url());
    let push = pushed.push.clone();
    let amount = by_size(AMOUNT, FULL);
    let total = amount.total();
    let mut traffic = Traffic::start(&cluster, &token, amount, move |text| drop(push.send(text.to_owned()))).await;

    let mut deaths_of_nodes = 0;
    for death in 0..DEATHS_OF_REDIS {
        followers[0].reaches(total * (death + 1) / (DEATHS_OF_REDIS + 2)).await;
        redis.kill().unwrap();
        let with_node = (death % 2 == 0).then_some(death / 2 % NODES);
        if let Some(node) = with_node {
            cluster.nodes[node].kill9().unwrap();
            deaths_of_nodes += 1;
        }
        let heard = *followers[0].heard.borrow();
        assert!(heard < total, "the traffic was over before the faults were");
        // It goes on without Redis, and without that node.
        followers[0].reaches((heard + total / 100).min(total)).await;
        redis.restart().await.unwrap();
        if let Some(node) = with_node {
            cluster.nodes[node].start().await.unwrap();
        }
    }
    assert_eq!(deaths_of_nodes, 10);

    let mut written = traffic.written().await;
    assert!(written.repeats > 0, "no writer has noticed any fault");
    traffic.end(&mut written).await;
    six.come_to(total + 1).await;
    let texts = cluster.texts().await;
    let mut journals = Vec::new();
    for follower in six.followers {
        journals.push(follower.journal_by_id(&texts).await);
    }
    check(&written.journals, &journals).assert_none();
    let reconnects: Vec<_> = journals.iter().map(SubscriberJournal::count_reconnects).collect();
    assert!(reconnects.iter().filter(|count| **count > 0).count() >= 5, "who was on a node that died has noticed: {reconnects:?}");

    let doubled = check(&written.journals, &[forgetful.journal_by_id(&texts).await]).doubled;
    assert!(!doubled.is_empty(), "a client that begins at its first cursor again hears things twice, and the judge must say so");
    let pushed = pushed.journal().await;
    assert!(pushed.count_received() > 0 && pushed.count_reconnects() > 0, "the push did arrive as long as Redis was there");
    let lost = check(&written.journals, &[pushed]).lost;
    assert!(!lost.is_empty(), "a push without a cursor loses, and the judge must say so");
}

/// The negative control: texts themselves over Redis, to whoever listens at that moment.
struct Pushed {
    push: mpsc::UnboundedSender<String>,
    journal: tokio::task::JoinHandle<SubscriberJournal>,
    is_over: CancellationToken,
    _publisher: AbortOnDropHandle<()>,
}

const TOPIC: &str = "negative control";

impl Pushed {
    fn start(redis: String) -> Self {
        let (push, texts) = mpsc::unbounded_channel();
        let is_over = CancellationToken::new();
        let client = redis::Client::open(redis).unwrap();
        let publisher = tokio::spawn(publish(client.clone(), texts));
        let journal = tokio::spawn(listen(client, is_over.clone()));
        Self { push, journal, is_over, _publisher: AbortOnDropHandle::new(publisher) }
    }

    async fn journal(self) -> SubscriberJournal {
        self.is_over.cancel();
        self.journal.await.unwrap()
    }
}

async fn publish(client: redis::Client, mut texts: mpsc::UnboundedReceiver<String>) {
    let number = Arc::new(AtomicU64::new(0));
    let mut connection = None;
    while let Some(text) = texts.recv().await {
        let number = number.fetch_add(1, Ordering::Relaxed) + 1;
        if connection.is_none() {
            connection = client.get_multiplexed_async_connection().await.ok();
        }
        let Some(open) = &mut connection else { continue };
        let sent: redis::RedisResult<i64> = redis::cmd("PUBLISH").arg(TOPIC).arg(format!("{number}\n{text}")).query_async(open).await;
        if sent.is_err() {
            connection = None;
        }
    }
}

async fn listen(client: redis::Client, is_over: CancellationToken) -> SubscriberJournal {
    let mut journal = SubscriberJournal::new("the pushed-to one");
    loop {
        let subscribed = async {
            let mut socket = client.get_async_pubsub().await.ok()?;
            socket.subscribe(TOPIC).await.ok()?;
            Some(socket)
        };
        if let Some(socket) = subscribed.await {
            let mut messages = socket.into_on_message();
            loop {
                let message = tokio::select! {
                    () = is_over.cancelled() => return journal,
                    message = messages.next() => message,
                };
                let Some(message) = message else { break };
                let payload: String = message.get_payload().unwrap();
                let (number, text) = payload.split_once('\n').unwrap();
                journal.received(number.parse().unwrap(), text);
            }
            journal.reconnected();
        }
        tokio::select! {
            () = is_over.cancelled() => return journal,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
