//! F24: five hundred subscribers and two hundred messages per second, for two seconds with every change and for ten minutes by
//! `make soak`. Only then, on a machine with nothing else to do, is it measured how long a message takes.

use std::time::{Duration, Instant};

use tributary_tests::{checker::check, size::by_size};

use super::{
    cluster::Cluster,
    follower::{Follower, follow},
    traffic::{Amount, Course, Traffic},
};
use crate::backend::Backend;

const NODES: usize = 2;
const SUBSCRIBERS: usize = 500;
/// Those who write down everything and when it came. The others keep a sum.
const WITNESSES: usize = 6;
const PER_BATCH: usize = 10;
/// Between two batches.
const EVERY: Duration = Duration::from_millis(50);
/// What a node may need by itself: caches, connections, statements. More would be a queue.
const GROWTH: u64 = 24 * 1024 * 1024;
/// For a message from its sender to 95 of 100 subscribers.
const FAST: Duration = Duration::from_millis(150);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_follow_steady_traffic() {
    let seconds = by_size(2, 600);
    let amount = Amount { batches: seconds * 20, per_batch: PER_BATCH, notes: 0 };
    let mut cluster = Cluster::new(Backend::Servers.open().await, NODES).await;
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let one = Follower::of(&cluster, &client, &token).await;
    let begin = |number: usize| {
        let addresses = vec![cluster.graphql(number % NODES)];
        follow(Follower { name: format!("follower {number}"), addresses, is_counting: number >= WITNESSES, ..one.clone() })
    };
    let followers: Vec<_> = (0..SUBSCRIBERS).map(begin).collect();
    let memory = || cluster.nodes.iter().map(|node| node.process().unwrap().resident_bytes().unwrap()).collect::<Vec<_>>();
    // Each batch is a part of its own, and the first one tells that everybody is there.
    let course = Course { nodes: 0..NODES, parts: amount.batches };
    let (mut began, total) = (vec![Instant::now()], amount.total());
    let mut traffic = Traffic::start_on(&cluster, &token, amount, course, |_| {}).await;
    for follower in &followers {
        follower.reaches(PER_BATCH).await;
    }
    let mut clock = tokio::time::interval(EVERY);
    let mut before = memory();
    while began.len() < amount.batches {
        clock.tick().await;
        if began.len() == amount.batches / 4 {
            before = memory();
        }
        began.push(Instant::now());
        traffic.go_on();
    }
    let mut written = traffic.written().await;
    for (before, now) in before.iter().zip(memory()) {
        assert!(now < before + before / 5 + GROWTH, "a node has grown from {before} to {now} bytes");
    }
    traffic.end(&mut written).await;
    let (mut journals, mut sums, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    for (number, follower) in followers.into_iter().enumerate() {
        follower.reaches_or_not(total + 1).await;
        let heard = follower.end().await;
        sums.push(heard.sum);
        // The first batch came while sockets were still being opened.
        let came = heard.arrivals().filter_map(|(text, at)| Some((batch_of(text)?, at))).filter(|(batch, _)| *batch > 0);
        waits.extend(came.map(|(batch, at)| at - began[batch]));
        if number < WITNESSES {
            journals.push(heard.journal(format!("follower {number}"), str::to_owned));
        }
    }
    check(&written.journals, &journals).assert_none();
    let odd = sums.iter().filter(|sum| **sum != sums[0]).count();
    assert_eq!(odd, 0, "followers have heard something else than the witnesses");
    waits.sort_unstable();
    let slow = waits[waits.len() * 95 / 100];
    assert!(slow <= by_size(Duration::MAX, FAST), "95 of 100 came within {slow:?}");
}

/// Of a text of the traffic; the last one of all has none.
fn batch_of(text: &str) -> Option<usize> {
    text.split(' ').nth(1)?.parse().ok()
}
