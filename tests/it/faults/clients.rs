//! F6 and F7: clients that take nothing any more, or little. They are let go or fall behind, and nobody else notices.

use tokio::time::timeout;
use tributary_tests::{
    checker::check,
    node::Node,
    proxy::{Mode, Proxy},
};

use super::{
    PATIENCE,
    cluster::Cluster,
    follower::{Follower, Following, PAUSE, follow},
    traffic::{Amount, Course, Traffic},
    wakes::{metrics, sum},
};
use crate::backend::{Backend, on_both};

on_both!(sockets_of_the_half_open_are_freed, one_of_a_hundred_readers_is_slow);

/// What a node may need by itself besides a queue for a slow client: caches, connections, statements.
const GROWTH: u64 = 24 * 1024 * 1024;

fn begin(one: &Follower, name: String, address: String) -> Following {
    follow(Follower { name, addresses: vec![address], ..one.clone() })
}

fn through(proxy: &Proxy) -> String {
    format!("http://{}/graphql", proxy.address())
}

/// Waits until so many sockets are open at a node, by its own count.
async fn has_sockets(node: &Node, count: u16) {
    let looking = async {
        while (sum(&metrics(node).await, "tributary_graphql_connections", "") - f64::from(count)).abs() > 0.5 {
            tokio::time::sleep(PAUSE).await;
        }
    };
    timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("there are not {count} sockets"));
}

/// A router on the way forwards nothing any more, in either direction, and nobody is told.
async fn sockets_of_the_half_open_are_freed(backend: Backend) {
    const AMOUNT: Amount = Amount { batches: 8, per_batch: 5, notes: 40 };
    const SILENT: u16 = 20;
    let mut cluster = Cluster::new(backend.open().await, 1).await;
    // A fraction of the defaults, and more than a busy machine makes somebody wait.
    for (key, value) in [("GRAPHQL__SOCKET_PING_S", "2"), ("GRAPHQL__SOCKET_DEAD_S", "10"), ("GRAPHQL__SOCKET_WRITE_S", "5")] {
        cluster.set(key, value);
    }
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let one = Follower::of(&cluster, &client, &token).await;
    let proxy = Proxy::to_port(cluster.nodes[0].port()).await.unwrap();
    let healthy = begin(&one, "the healthy one".to_owned(), cluster.graphql(0));
    let silent: Vec<_> = (0..SILENT).map(|number| begin(&one, format!("the silent one {number}"), through(&proxy))).collect();
    let total = AMOUNT.total();
    let mut traffic = Traffic::start_on(&cluster, &token, AMOUNT, Course { nodes: 0..1, parts: 2 }, |_| {}).await;
    for follower in silent.iter().chain([&healthy]) {
        follower.reaches(total / 2).await;
    }
    has_sockets(&cluster.nodes[0], SILENT + 1).await;
    proxy.set(Mode::Stall);
    traffic.go_on();
    let mut written = traffic.written().await;
    healthy.reaches(total).await;
    has_sockets(&cluster.nodes[0], 1).await;
    assert_eq!(proxy.accepted(), usize::from(SILENT), "nobody has noticed by itself");

    proxy.set(Mode::Pass);
    traffic.end(&mut written).await;
    let mut journals = Vec::new();
    for follower in silent.into_iter().chain([healthy]) {
        follower.reaches_or_not(total + 1).await;
        journals.push(follower.journal().await);
    }
    check(&written.journals, &journals).assert_none();
    assert!(journals[..usize::from(SILENT)].iter().all(|journal| journal.count_reconnects() > 0), "all have come back");
}

/// That it is still far behind when all others have everything shows that nobody waited for it.
async fn one_of_a_hundred_readers_is_slow(backend: Backend) {
    const AMOUNT: Amount = Amount { batches: 40, per_batch: 5, notes: 80 };
    const READERS: u16 = 100;
    // Bytes per second: even on a machine that is busy with other things it gets nowhere.
    const SLOW: u64 = 128;
    let mut cluster = Cluster::new(backend.open().await, 1).await;
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let one = Follower::of(&cluster, &client, &token).await;
    let proxy = Proxy::to_port(cluster.nodes[0].port()).await.unwrap();
    let slow = begin(&one, "the slow one".to_owned(), through(&proxy));
    let mut others: Vec<_> = (1..READERS).map(|number| begin(&one, format!("follower {number}"), cluster.graphql(0))).collect();
    has_sockets(&cluster.nodes[0], READERS).await;
    proxy.set(Mode::Trickle(SLOW));
    let total = AMOUNT.total();
    let memory = || cluster.nodes[0].process().unwrap().resident_bytes().unwrap();
    let mut traffic = Traffic::start_on(&cluster, &token, AMOUNT, Course { nodes: 0..1, parts: 4 }, |_| {}).await;
    for follower in &others {
        follower.reaches(total / 4).await;
    }
    let before = memory();
    for part in 2..=4 {
        traffic.go_on();
        for follower in &others {
            follower.reaches(total * part / 4).await;
        }
    }
    let (now, heard) = (memory(), *slow.heard.borrow());
    assert!(now < before + before / 5 + GROWTH, "the node has grown from {before} to {now} bytes");
    assert!(heard < total / 2, "it is far behind, and not at {heard} of {total}");

    let mut written = traffic.written().await;
    traffic.end(&mut written).await;
    proxy.set(Mode::Pass);
    others.push(slow);
    let mut journals = Vec::new();
    for follower in others {
        follower.reaches_or_not(total + 1).await;
        journals.push(follower.journal().await);
    }
    check(&written.journals, &journals).assert_none();
}
