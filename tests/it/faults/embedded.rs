//! F25: one node on a SQLite file is killed again and again under traffic; and nobody else gets at the file.

use tributary_tests::{checker::check, node::Node};

use super::{
    PATIENCE,
    cluster::Cluster,
    follower::{Follower, Six},
    traffic::{Amount, Traffic},
};
use crate::backend::Backend;

const AMOUNT: Amount = Amount { batches: 60, per_batch: 5, notes: 900 };
const KILLS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_on_sqlite_is_killed_under_traffic() {
    let mut cluster = Cluster::new(Backend::Embedded.open().await, 1).await;
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let six = Six::start(&Follower::of(&cluster, &client, &token).await, &cluster.nodes[0], 32 * 1024).await;
    let followers = &six.followers;
    let total = AMOUNT.total();
    let mut traffic = Traffic::start(&cluster, &token, AMOUNT, |_| {}).await;
    for kill in 0..KILLS {
        followers[0].reaches(total * (kill + 1) / (KILLS + 2)).await;
        assert!(*followers[0].heard.borrow() < total, "the traffic was over before the kills were");
        cluster.nodes[0].kill9().unwrap();
        cluster.nodes[0].start().await.unwrap();
    }
    let mut written = traffic.written().await;
    assert!(written.repeats >= KILLS, "the writers have noticed too little: {}", written.repeats);
    traffic.end(&mut written).await;
    six.come_to(total + 1).await;
    for follower in six.followers {
        let journal = follower.journal().await;
        assert!(journal.count_reconnects() > 0);
        check(&written.journals, &[journal]).assert_none();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_node_on_the_same_file_is_told_so() {
    let mut cluster = Cluster::new(Backend::Embedded.open().await, 2).await;
    let second: &mut Node = &mut cluster.nodes[1];
    let mut second = std::mem::replace(second, Node::new("unused").unwrap());
    cluster.nodes.truncate(1);
    cluster.start().await;
    let refused = tokio::time::timeout(PATIENCE, second.start()).await.expect("it ends by itself").unwrap_err();
    let said = format!("{refused:#}");
    assert!(said.contains("ended") && said.contains("used by another process"), "{said}");
    let (client, _) = cluster.sign_in(0).await;
    assert!(cluster.first_interaction(&client).await.is_string(), "the first one goes on");
}
