//! F3 and F4: Redis hangs, or loses what is published and looks healthy. The log is polled meanwhile, and nothing is lost.

use std::ops::Range;

use tributary_tests::{
    checker::check,
    fake::byoc::Manner,
    node::Node,
    postgres::Postgres,
    proxy::{Mode, Proxy},
    redis::Redis,
};

use super::{
    PATIENCE,
    cluster::Cluster,
    follower::{Follower, PAUSE, Six, follow},
    traffic::{Amount, Course, Traffic},
    wakes::{metrics, sum, tell_by_bus},
};
use crate::backend::{Ground, Wire};

const AMOUNT: Amount = Amount { batches: 36, per_batch: 10, notes: 96 };
/// Before the fault, during it, and after it.
const PARTS: usize = 3;
/// Bytes per second of the slow subscriber.
const SLOW: u64 = 16 * 1024;
/// What a node may need for this traffic by itself: caches, connections, statements. A queue of what Redis does not take
/// would need more.
const GROWTH: u64 = 24 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_frozen_under_traffic() {
    const NODES: usize = 2;
    let redis = Redis::start().await.unwrap();
    let mut cluster = Cluster::new(Ground::on(Postgres::shared().await, Some(&redis)).await, NODES).await;
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let one = Follower { by_id: true, ..Follower::of(&cluster, &client, &token).await };
    let six = Six::start(&one, &cluster.nodes[0], SLOW).await;
    let total = AMOUNT.total();
    let mut traffic = Traffic::start_on(&cluster, &token, AMOUNT, Course { nodes: 0..NODES, parts: PARTS }, |_| {}).await;
    let everybody_reaches = async |part: usize| {
        for follower in &six.followers[..5] {
            follower.reaches(total * part / PARTS).await;
        }
    };
    let memory = || cluster.nodes.iter().map(|node| node.process().unwrap().resident_bytes().unwrap()).collect::<Vec<_>>();

    everybody_reaches(1).await;
    let before = memory();
    redis.freeze().unwrap();
    for node in &cluster.nodes {
        notices_the_loss_of_redis(node).await;
    }
    traffic.go_on();
    everybody_reaches(2).await;
    for (before, now) in before.iter().zip(memory()) {
        assert!(now < before + before / 5 + GROWTH, "a node has grown from {before} to {now} bytes");
    }
    redis.thaw().unwrap();
    traffic.go_on();

    let mut written = traffic.written().await;
    traffic.end(&mut written).await;
    six.come_to(total + 1).await;
    let texts = cluster.texts().await;
    let mut journals = Vec::new();
    for follower in six.followers {
        journals.push(follower.journal_by_id(&texts).await);
    }
    check(&written.journals, &journals).assert_none();
    tell_by_bus(&cluster, 0, 1).await;
    tell_by_bus(&cluster, 1, 0).await;
}

async fn notices_the_loss_of_redis(node: &Node) {
    let looking = async {
        while !node.process().unwrap().log().contains("the bus lost Redis") {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("a node asks Redis all the time whether it is there");
}

/// The node whose subscribers are looked at writes nothing, so it hears of the others over Redis only, and by its polls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_is_silently_lost() {
    const WRITERS: Range<usize> = 0..1;
    const READER: usize = 1;
    const FOLLOWERS: usize = 3;
    let redis = Redis::start().await.unwrap();
    let proxy = Proxy::to_redis(redis.port()).await.unwrap();
    let wire = Wire::Single(format!("redis://{}", proxy.address()));
    let ground = Ground::over(Postgres::shared().await, Some(wire)).await;
    let mut cluster = Cluster::with(ground, &[None, Some("api")], Manner::Signed, "standard").await;
    cluster.start().await;
    let (client, token) = cluster.sign_in(READER).await;
    let one = Follower { addresses: vec![cluster.graphql(READER)], by_id: true, ..Follower::of(&cluster, &client, &token).await };
    let followers: Vec<_> = (0..FOLLOWERS).map(|number| follow(Follower { name: format!("follower {number}"), ..one.clone() })).collect();
    let total = AMOUNT.total();
    let mut traffic = Traffic::start_on(&cluster, &token, AMOUNT, Course { nodes: WRITERS, parts: PARTS }, |_| {}).await;
    let polls = async || sum(&metrics(&cluster.nodes[READER]).await, "tributary_tail_wakes_total", "by=\"poll\"");
    for follower in &followers {
        follower.reaches(total / PARTS).await;
    }
    let before = polls().await;
    proxy.set(Mode::LosePublished);
    traffic.go_on();
    for follower in &followers {
        follower.reaches(total * 2 / PARTS).await;
    }
    assert!(proxy.lost() > 0, "nothing was published meanwhile");
    assert!(polls().await > before, "what was not told was found");
    proxy.set(Mode::Pass);
    traffic.go_on();

    let mut written = traffic.written().await;
    traffic.end(&mut written).await;
    let texts = cluster.texts().await;
    for follower in followers {
        follower.reaches_or_not(total + 1).await;
        check(&written.journals, &[follower.journal_by_id(&texts).await]).assert_none();
    }
    tell_by_bus(&cluster, WRITERS.start, READER).await;
}
