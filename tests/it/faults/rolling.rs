//! F23: every node is restarted under traffic, over a Redis cluster and over a master behind sentinels. Whoever is on a node
//! that leaves is told so and goes on at another one, from its cursor.

use tokio::time::timeout;
use tributary_tests::{
    checker::check,
    postgres::Postgres,
    redis::{RedisCluster, RedisSentinels},
};

use super::{
    PATIENCE,
    cluster::Cluster,
    follower::{Follower, PAUSE, Six},
    traffic::{Amount, Course, Traffic},
    wakes::tell_by_bus,
};
use crate::backend::{Ground, Wire};

const AMOUNT: Amount = Amount { batches: 48, per_batch: 10, notes: 96 };
const NODES: usize = 3;
/// One for each node, and one when all of them are back.
const PARTS: usize = NODES + 1;
/// Bytes per second of the slow subscriber.
const SLOW: u64 = 16 * 1024;
/// What a socket is closed with by a node that leaves.
const COME_BACK: u16 = 1012;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_restarted_over_a_redis_cluster() {
    let redis = RedisCluster::start().await.unwrap();
    let ground = Ground::over(Postgres::shared().await, Some(Wire::to_cluster(&redis))).await;
    restart_each(ground, async |cluster| {
        let workspace = cluster.place.workspace.uuid().simple().to_string();
        let looking = async {
            while redis.home_of_channel(&workspace).await.unwrap().is_none() {
                tokio::time::sleep(PAUSE).await;
            }
        };
        timeout(PATIENCE, looking).await.expect("the log is heard of through the shard of its channel");
    })
    .await;
}

/// The master dies between two restarts, and nodes leave and come while the sentinels choose another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_restarted_and_the_master_dies_behind_sentinels() {
    let mut redis = RedisSentinels::start().await.unwrap();
    let ground = Ground::over(Postgres::shared().await, Some(Wire::behind(&redis))).await;
    restart_each(ground, async |_| redis.servers[0].kill().unwrap()).await;
    let master = redis.servers[1].text(&["INFO", "replication"]).await.unwrap();
    assert!(master.contains("role:master"), "{master}");
}

/// Does something else between the first restart and the second.
async fn restart_each(ground: Ground, between: impl AsyncFnOnce(&Cluster)) {
    let mut between = Some(between);
    let mut cluster = Cluster::new(ground, NODES).await;
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let one = Follower { by_id: true, ..Follower::of(&cluster, &client, &token).await };
    let six = Six::start(&one, &cluster.nodes[0], SLOW).await;
    let total = AMOUNT.total();
    let mut traffic = Traffic::start_on(&cluster, &token, AMOUNT, Course { nodes: 0..NODES, parts: PARTS }, |_| {}).await;
    for node in 0..NODES {
        // The second half of a part is written while the node leaves and is away, and heard before it is back.
        six.followers[0].reaches(total * (2 * node + 1) / (2 * PARTS)).await;
        cluster.nodes[node].terminate(PATIENCE).unwrap();
        for follower in &six.followers[..5] {
            follower.reaches(total * (node + 1) / PARTS).await;
        }
        cluster.nodes[node].start().await.unwrap();
        if let Some(between) = between.take() {
            between(&cluster).await;
        }
        traffic.go_on();
    }
    let mut written = traffic.written().await;
    traffic.end(&mut written).await;
    six.come_to(total + 1).await;
    for follower in &six.followers[..5] {
        let codes = follower.codes.borrow();
        assert!(codes.contains(&COME_BACK), "whoever is on a node that leaves is told so: {codes:?}");
    }
    let texts = cluster.texts().await;
    let mut journals = Vec::new();
    for follower in six.followers {
        journals.push(follower.journal_by_id(&texts).await);
    }
    check(&written.journals, &journals).assert_none();
    for node in 0..NODES {
        tell_by_bus(&cluster, node, (node + 1) % NODES).await;
    }
}
