//! One of three nodes is killed under traffic and never comes back: who followed there goes on elsewhere, and what it had in
//! hand is finished by the others.

use tokio::time::timeout;
use tributary_tests::{checker::check, fake::byoc::Stall};

use super::{
    PATIENCE,
    cluster::Cluster,
    follower::{Follower, Six},
    traffic::{Amount, Course, Traffic},
    workers::{send, settled},
};
use crate::{backend::Backend, stage::sent_text};

const AMOUNT: Amount = Amount { batches: 40, per_batch: 10, notes: 80 };
const NODES: usize = 3;
/// The node that is lost, and two of six subscribers with it.
const LOST: usize = 0;
/// Where the slow subscriber is.
const KEPT: usize = 1;
/// Bytes per second of the slow subscriber.
const SLOW: u64 = 16 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_nodes_is_lost() {
    let mut cluster = Cluster::new(Backend::Servers.open().await, NODES).await;
    // As long as it is alone, what is to be sent is in its hands and nobody else's.
    cluster.nodes[LOST].start().await.unwrap();
    let (client, token) = cluster.sign_in(LOST).await;
    let on = cluster.first_interaction(&client).await;
    let stalled = cluster.integrator.stall_next(Stall::Answering);
    let in_hand = send(&client, &on, "in hand").await;
    timeout(PATIENCE, stalled.reached()).await.expect("it is being sent");
    let behind = send(&client, &on, "behind it").await;
    for node in (0..NODES).filter(|node| *node != LOST) {
        cluster.nodes[node].start().await.unwrap();
    }

    let one = Follower { by_id: true, ..Follower::of(&cluster, &client, &token).await };
    let six = Six::start(&one, &cluster.nodes[KEPT], SLOW).await;
    let total = AMOUNT.total();
    let mut traffic = Traffic::start_on(&cluster, &token, AMOUNT, Course { nodes: 0..NODES, parts: 2 }, |_| {}).await;
    for follower in &six.followers[..5] {
        follower.reaches(total / 4).await;
    }
    // The customer's middleware has taken the message, and nobody is left to hear of it.
    cluster.nodes[LOST].kill9().unwrap();
    drop(stalled);
    traffic.go_on();

    let mut written = traffic.written().await;
    assert!(written.repeats > 0, "no writer has noticed the loss");
    traffic.end(&mut written).await;
    six.come_to(total + 1).await;
    let texts = cluster.texts().await;
    let mut journals = Vec::new();
    for follower in six.followers {
        journals.push(follower.journal_by_id(&texts).await);
    }
    check(&written.journals, &journals).assert_none();
    for number in [LOST, LOST + NODES] {
        assert!(journals[number].count_reconnects() > 0, "whoever was on the lost node has noticed");
    }

    let (client, _) = cluster.sign_in(KEPT).await;
    for id in [&in_hand, &behind] {
        settled(&client, id, &["SENT"]).await;
    }
    cluster.integrator.idle().await;
    let calls = cluster.integrator.received();
    let sent: Vec<_> = calls.iter().filter_map(|call| Some((sent_text(&call.body)?, call.is_repeat))).collect();
    let sent: Vec<_> = sent.iter().map(|(text, is_repeat)| (text.as_str(), *is_repeat)).collect();
    assert_eq!(sent, [("in hand", false), ("in hand", true), ("behind it", false)]);
}
