//! F2: the database crashes under traffic; what was acknowledged is there, and everybody hears it once, in order.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use tributary_tests::{
    checker::check,
    postgres::{Durability, Postgres},
    redis::Redis,
};

use super::{
    cluster::Cluster,
    follower::{Follower, Six},
    traffic::{Amount, Traffic},
};
use crate::backend::Ground;

const AMOUNT: Amount = Amount { batches: 60, per_batch: 10, notes: 400 };
const CRASHES: usize = 3;
/// Five seconds are promised; a debug build beside other tests on two processors gets more.
const RECOVERY: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_crashes_under_traffic() {
    let mut postgres = Postgres::start(Durability::Full).await.unwrap();
    let ground = Ground::on(&postgres, Some(Redis::shared().await)).await;
    let mut cluster = Cluster::new(ground, 2).await;
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let six = Six::start(&Follower::of(&cluster, &client, &token).await, &cluster.nodes[1], 16 * 1024).await;
    let followers = &six.followers;
    let total = AMOUNT.total();
    let mut traffic = Traffic::start(&cluster, &token, AMOUNT, |_| {}).await;
    for crash in 0..CRASHES {
        followers[0].reaches(total * (crash + 1) / (CRASHES + 2)).await;
        postgres.crash().unwrap();
        let heard = *followers[0].heard.borrow();
        assert!(heard < total, "the traffic was over before the crashes were");
        postgres.restart().await.unwrap();
        let back = Instant::now();
        // Everything committed before the crash may come first.
        followers[0].reaches((heard + total / 10).min(total)).await;
        assert!(back.elapsed() < RECOVERY, "it took {:?} until events came again", back.elapsed());
    }
    let mut written = traffic.written().await;
    assert!(written.repeats > 0, "no writer has noticed any crash");
    traffic.end(&mut written).await;
    six.come_to(total + 1).await;
    let mut journals = Vec::new();
    for follower in six.followers {
        journals.push(follower.journal().await);
    }
    check(&written.journals, &journals).assert_none();

    let rows = cluster.texts().await;
    let distinct: BTreeSet<_> = rows.values().collect();
    // Besides what was written: the first message and the end.
    assert_eq!((rows.len(), distinct.len()), (total + 2, total + 2), "every acknowledged text has one row");
}
