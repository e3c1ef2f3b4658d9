//! What the bus promises, run in memory and over every kind of Redis: functions over a [`Buses`].

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use secrecy::SecretString;
use tokio::time::{Instant, timeout};
use tributary_domain::{
    bus::{Bus, Member, MemoryBus, Reach, RedisBus, RedisServers, Signal, Subscription, Unreachable},
    event::Seq,
    ids::WorkspaceId,
};
use tributary_tests::redis::{Redis, RedisCluster, RedisSentinels};
use uuid::Uuid;

/// Longer than anything here takes, a failover included; a hang is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// Two nodes on the same bus; in memory they are one.
struct Buses {
    here: Arc<dyn Bus>,
    there: Arc<dyn Bus>,
}

impl Buses {
    fn memory() -> Self {
        let bus = MemoryBus::new();
        Self { here: Arc::new(bus.clone()), there: Arc::new(bus) }
    }

    /// Two buses over the same servers, with a prefix of their own, once both reach them.
    async fn over(servers: impl Fn() -> RedisServers) -> Self {
        let prefix = Redis::prefix();
        let open = || Arc::new(RedisBus::open(servers(), prefix.clone()).unwrap());
        let (here, there): (Arc<dyn Bus>, Arc<dyn Bus>) = (open(), open());
        for bus in [&here, &there] {
            reaches(bus, Reach::Nodes).await;
        }
        Self { here, there }
    }

    async fn redis() -> Self {
        let redis = Redis::shared().await;
        Self::over(|| single(redis)).await
    }

    async fn cluster() -> Self {
        let cluster = RedisCluster::shared().await;
        Self::over(|| members(cluster)).await
    }

    async fn sentinels() -> Self {
        let sentinels = RedisSentinels::shared().await;
        Self::over(|| watched(sentinels)).await
    }
}

fn single(redis: &Redis) -> RedisServers {
    RedisServers::Single(redis.url().into())
}

fn secret(urls: Vec<String>) -> Vec<SecretString> {
    urls.into_iter().map(SecretString::from).collect()
}

fn members(cluster: &RedisCluster) -> RedisServers {
    RedisServers::Cluster(secret(cluster.urls()))
}

fn watched(sentinels: &RedisSentinels) -> RedisServers {
    RedisServers::Sentinels { addresses: secret(sentinels.urls()), master: RedisSentinels::MASTER.to_owned(), password: None }
}

async fn reaches(bus: &Arc<dyn Bus>, expected: Reach) {
    let mut reach = bus.reach();
    timeout(PATIENCE, reach.wait_for(|reach| *reach == expected)).await.expect("in time").unwrap();
}

/// The next message, whatever resumptions come before it.
async fn message<T: Clone>(subscription: &mut Subscription<T>) -> T {
    timeout(PATIENCE, async {
        loop {
            if let Signal::Message(message) = subscription.next().await {
                return message;
            }
        }
    })
    .await
    .expect("in time")
}

/// Waits until a subscription is in force on its bus.
async fn in_force<T: Clone + PartialEq + std::fmt::Debug>(bus: &Arc<dyn Bus>, subscription: &mut Subscription<T>) {
    if *bus.reach().borrow() == Reach::Nodes {
        let first = timeout(PATIENCE, subscription.next()).await.expect("in time");
        assert_eq!(first, Signal::Resumed, "it says so itself");
    }
}

macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(&super::Buses::memory()).await;
            })*
        }

        mod over_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(&super::Buses::redis().await).await;
            })*
        }

        mod over_a_cluster {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(&super::Buses::cluster().await).await;
            })*
        }

        mod behind_sentinels {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(&super::Buses::sentinels().await).await;
            })*
        }
    };
}

contract! {
    heads_reach_their_workspace_only,
    messages_reach_every_subscriber_of_their_topic,
    a_topic_can_be_left_and_joined_again,
    members_come_stay_and_expire,
    a_slow_subscriber_is_told_that_it_missed_something,
}

fn workspace() -> WorkspaceId {
    WorkspaceId::from(Uuid::now_v7())
}

async fn heads_reach_their_workspace_only(buses: &Buses) {
    let (ours, theirs) = (workspace(), workspace());
    let mut heads = buses.there.heads(ours);
    in_force(&buses.there, &mut heads).await;
    buses.here.publish_head(theirs, Seq(99));
    buses.here.publish_head(ours, Seq(7));
    assert_eq!(message(&mut heads).await, Seq(7));
    // The own node hears of it as well, at the latest with the echo.
    let mut own = buses.here.heads(ours);
    buses.here.publish_head(ours, Seq(8));
    assert_eq!(message(&mut own).await, Seq(8));
    assert_eq!(message(&mut heads).await, Seq(8));
}

async fn messages_reach_every_subscriber_of_their_topic(buses: &Buses) {
    let mut here = buses.here.subscribe("typing:int_1");
    let mut there = buses.there.subscribe("typing:int_1");
    let mut other = buses.there.subscribe("typing:int_2");
    for (bus, subscription) in [(&buses.here, &mut here), (&buses.there, &mut there), (&buses.there, &mut other)] {
        in_force(bus, subscription).await;
    }
    let body = Bytes::from_static(b"\0\xff{\"a\": 1}\r\n");
    buses.here.publish("typing:int_1", body.clone());
    buses.here.publish("typing:int_1", Bytes::from_static(b"second"));
    buses.here.publish("typing:int_2", Bytes::from_static(b"other"));
    for subscription in [&mut here, &mut there] {
        assert_eq!(message(subscription).await, body);
        assert_eq!(message(subscription).await, "second");
    }
    assert_eq!(message(&mut other).await, "other");
}

async fn a_topic_can_be_left_and_joined_again(buses: &Buses) {
    for round in 0..5_u8 {
        let mut subscription = buses.there.subscribe("topic");
        let second = buses.there.subscribe("topic");
        in_force(&buses.there, &mut subscription).await;
        drop(second);
        buses.here.publish("topic", Bytes::copy_from_slice(&[round]));
        assert_eq!(message(&mut subscription).await, [round].as_slice());
    }
}

fn member(name: &str, value: &str) -> Member {
    Member { name: name.to_owned(), value: value.to_owned() }
}

async fn members_come_stay_and_expire(buses: &Buses) {
    let (long, short) = (Duration::from_secs(60), Duration::from_millis(50));
    let (here, there) = (&buses.here, &buses.there);
    assert_eq!(here.list("viewers").await.unwrap(), []);
    here.put("viewers", member("tab-2", "replying"), long).await.unwrap();
    there.put("viewers", member("tab-1", "viewing"), long).await.unwrap();
    here.put("others", member("tab-9", "x"), long).await.unwrap();
    assert_eq!(there.list("viewers").await.unwrap(), [member("tab-1", "viewing"), member("tab-2", "replying")]);
    here.put("viewers", member("tab-1", "away"), long).await.unwrap();
    there.remove("viewers", "tab-2").await.unwrap();
    there.remove("viewers", "nobody").await.unwrap();
    assert_eq!(here.list("viewers").await.unwrap(), [member("tab-1", "away")]);

    there.put("viewers", member("tab-3", "brief"), short).await.unwrap();
    timeout(PATIENCE, async {
        while here.list("viewers").await.unwrap() != [member("tab-1", "away")] {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it expires, and the one that stays does not");
    assert_eq!(there.list("others").await.unwrap(), [member("tab-9", "x")]);
}

async fn a_slow_subscriber_is_told_that_it_missed_something(buses: &Buses) {
    let mut slow = buses.here.subscribe("busy");
    in_force(&buses.here, &mut slow).await;
    let mut quick = buses.here.subscribe("busy");
    for n in 0..200_u8 {
        buses.here.publish("busy", Bytes::copy_from_slice(&[n]));
        // One at a time, so that only the subscriber is slow and not the way to it.
        assert_eq!(message(&mut quick).await, [n].as_slice());
    }
    assert_eq!(slow.next().await, Signal::Resumed);
    let mut last = message(&mut slow).await;
    assert!(last[0] > 100, "what is left is the newest");
    while last[0] < 199 {
        last = message(&mut slow).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_may_die_and_come_back() {
    let mut redis = Redis::start().await.unwrap();
    let buses = Buses::over(|| single(&redis)).await;
    let ours = workspace();
    let mut heads = buses.there.heads(ours);
    in_force(&buses.there, &mut heads).await;
    redis.kill().unwrap();
    for bus in [&buses.here, &buses.there] {
        reaches(bus, Reach::Broken).await;
    }
    assert_eq!(heads.next().await, Signal::Resumed, "look for yourself");

    // Callers notice nothing but the truth.
    let begun = Instant::now();
    for n in 0..10_000 {
        buses.here.publish_head(ours, Seq(n));
        buses.here.publish("topic", Bytes::from_static(b"x"));
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "publishing waits for nobody");
    assert_eq!(buses.here.list("viewers").await, Err(Unreachable));
    assert_eq!(buses.here.put("viewers", member("a", "b"), PATIENCE).await, Err(Unreachable));

    redis.restart().await.unwrap();
    for bus in [&buses.here, &buses.there] {
        reaches(bus, Reach::Nodes).await;
    }
    assert_eq!(timeout(PATIENCE, heads.next()).await.expect("in time"), Signal::Resumed, "subscribed again by itself");
    buses.here.publish_head(ours, Seq(20_000));
    assert_eq!(message(&mut heads).await, Seq(20_000));
    buses.here.put("viewers", member("a", "b"), PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_redis_that_hangs_blocks_nobody() {
    let redis = Redis::start().await.unwrap();
    let buses = Buses::over(|| single(&redis)).await;
    redis.freeze().unwrap();
    let begun = Instant::now();
    reaches(&buses.here, Reach::Broken).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "noticed after {:?}", begun.elapsed());
    for n in 0..10_000 {
        buses.here.publish_head(workspace(), Seq(n));
    }
    assert_eq!(buses.here.list("viewers").await, Err(Unreachable));
    redis.thaw().unwrap();
    reaches(&buses.here, Reach::Nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_bus_may_be_opened_before_redis_runs() {
    let mut redis = Redis::start().await.unwrap();
    redis.kill().unwrap();
    let bus: Arc<dyn Bus> = Arc::new(RedisBus::open(single(&redis), "test").unwrap());
    let ours = workspace();
    let mut heads = bus.heads(ours);
    assert_eq!(*bus.reach().borrow(), Reach::Broken);
    // Within the process it works all the same.
    bus.publish_head(ours, Seq(1));
    assert_eq!(message(&mut heads).await, Seq(1));
    redis.restart().await.unwrap();
    reaches(&bus, Reach::Nodes).await;
}

#[tokio::test]
async fn addresses_that_are_none_are_refused_at_once() {
    let addresses = |texts: &[&str]| texts.iter().map(|text| SecretString::from(*text)).collect::<Vec<_>>();
    let sentinels = |texts: &[&str]| RedisServers::Sentinels { addresses: addresses(texts), master: "main".to_owned(), password: None };
    for servers in [
        RedisServers::Single("nonsense".into()),
        RedisServers::Cluster(addresses(&["redis://a", "nonsense"])),
        RedisServers::Cluster(addresses(&[])),
        RedisServers::Cluster(addresses(&["redis://a", "rediss://b"])),
        sentinels(&["nonsense"]),
        sentinels(&[]),
    ] {
        assert!(RedisBus::open(servers, "test").is_err());
    }
}

/// Heads of our workspace are heard on the other node once both reach Redis: one may still be lost, not all of them.
async fn heard_again(buses: &Buses, ours: WorkspaceId, heads: &mut Subscription<Seq>) {
    for bus in [&buses.here, &buses.there] {
        reaches(bus, Reach::Nodes).await;
    }
    let heard = async {
        let mut head = Seq(20_000);
        loop {
            head.0 += 1;
            buses.here.publish_head(ours, head);
            if timeout(Duration::from_millis(500), message(heads)).await.is_ok_and(|heard| heard == head) {
                return;
            }
        }
    };
    timeout(PATIENCE, heard).await.expect("in time");
    timeout(PATIENCE, async { while buses.here.put("viewers", member("a", "b"), PATIENCE).await.is_err() {} }).await.expect("in time");
    assert_eq!(buses.there.list("viewers").await.unwrap(), [member("a", "b")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_replica_of_the_cluster_takes_the_place_of_its_master() {
    let mut cluster = RedisCluster::start_with_replicas().await.unwrap();
    let buses = Buses::over(|| members(&cluster)).await;
    let ours = workspace();
    let mut heads = buses.there.heads(ours);
    in_force(&buses.there, &mut heads).await;
    let (home, _) = cluster.home_of_channel(&ours.uuid().simple().to_string()).await.unwrap().expect("it is subscribed to");
    cluster.nodes[home].kill().unwrap();
    reaches(&buses.there, Reach::Broken).await;
    assert_eq!(timeout(PATIENCE, heads.next()).await.expect("in time"), Signal::Resumed, "look for yourself");
    heard_again(&buses, ours, &mut heads).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_channel_whose_slot_moves_is_followed() {
    let cluster = RedisCluster::start().await.unwrap();
    let buses = Buses::over(|| members(&cluster)).await;
    let ours = workspace();
    let mut heads = buses.there.heads(ours);
    in_force(&buses.there, &mut heads).await;
    let (home, channel) = cluster.home_of_channel(&ours.uuid().simple().to_string()).await.unwrap().expect("it is subscribed to");
    cluster.move_slot_of(&channel, home, (home + 1) % 3).await.unwrap();
    assert_eq!(timeout(PATIENCE, heads.next()).await.expect("in time"), Signal::Resumed, "look for yourself");
    heard_again(&buses, ours, &mut heads).await;
    let (moved, _) = cluster.home_of_channel(&channel).await.unwrap().expect("it is subscribed to");
    assert_eq!(moved, (home + 1) % 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_master_that_the_sentinels_choose_is_followed() {
    let mut sentinels = RedisSentinels::start().await.unwrap();
    let buses = Buses::over(|| watched(&sentinels)).await;
    let ours = workspace();
    let mut heads = buses.there.heads(ours);
    in_force(&buses.there, &mut heads).await;
    sentinels.servers[0].kill().unwrap();
    // One of those who watch is gone as well; the others are enough.
    sentinels.sentinels[0].kill().unwrap();
    reaches(&buses.there, Reach::Broken).await;
    assert_eq!(timeout(PATIENCE, heads.next()).await.expect("in time"), Signal::Resumed, "look for yourself");
    heard_again(&buses, ours, &mut heads).await;

    // The old master comes back, and finds that it follows.
    sentinels.servers[0].restart().await.unwrap();
    heard_again(&buses, ours, &mut heads).await;
    assert!(sentinels.servers[1].text(&["INFO", "replication"]).await.unwrap().contains("role:master"));
}
