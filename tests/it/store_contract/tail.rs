//! Following a log.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use tributary_domain::{
    Error,
    event::{
        Position, Seq,
        tail::{PollIntervals, Tail, Tailers},
    },
};

use super::{log::commit_events, place::Place, seed::seed};

/// Longer than anything here takes; a hang is a failure.
const PATIENCE: Duration = Duration::from_secs(20);
/// Polls that cannot be the reason for anything that happens in time.
const NEVER: PollIntervals = PollIntervals { reached: Duration::from_secs(600), unreached: Duration::from_secs(600) };

/// Fetches until `last`; returns the numbers.
async fn follow_to(tail: &mut Tail, last: i64, limit: usize) -> Vec<i64> {
    let mut seen = Vec::new();
    while tail.position().seq.0 < last {
        let events = timeout(PATIENCE, tail.next(limit)).await.expect("in time").unwrap();
        assert!(!events.is_empty() && events.len() <= limit);
        seen.extend(events.iter().map(|event| event.seq.0));
    }
    seen
}

pub(super) async fn followers_get_every_event_once_in_order(place: &Place) {
    let seed = seed(&place.store).await;
    let tailers = Tailers::new(place.store.clone(), NEVER);
    let mut followers = Vec::new();
    for limit in [1, 7, 200] {
        let mut tail = tailers.follow(seed.workspace, None).await.unwrap();
        followers.push(tokio::spawn(async move { follow_to(&mut tail, 240, limit).await }));
    }
    let writers = (0..8).map(|_| {
        let store = place.store.clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                commit_events(&store, seed.workspace, 3).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    for follower in followers {
        assert_eq!(follower.await.unwrap(), (1..=240).collect::<Vec<_>>());
    }
}

pub(super) async fn a_sleeper_is_woken_for_what_concerns_it_and_misses_none_of_it(place: &Place) {
    let seed = seed(&place.store).await;
    let tailers = Tailers::new(place.store.clone(), NEVER);
    let mut tail = tailers.follow(seed.workspace, None).await.unwrap();
    tail.only(Arc::new(|event| event.seq.0 % 50 == 0));
    let writers = (0..8).map(|_| {
        let store = place.store.clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                commit_events(&store, seed.workspace, 3).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let (mut seen, mut wakes) = (Vec::new(), 0);
    while seen.last().is_none_or(|last| *last < 200) {
        let events = timeout(PATIENCE, tail.next(1_000)).await.expect("in time").unwrap();
        seen.extend(events.iter().map(|event| event.seq.0));
        wakes += 1;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(seen.is_sorted() && [50, 100, 150, 200].iter().all(|wanted| seen.contains(wanted)), "{seen:?}");
    // While it is served more may come that it looks at too.
    assert!(wakes <= 8, "woken {wakes} times for 4 events of 240");
    // It sleeps, and what does not concern it passes by.
    let passed = async {
        while tail.position().seq < Seq(240) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, passed).await.expect("what does not concern it passes by");
    assert!(timeout(Duration::from_millis(50), tail.next(1_000)).await.is_err(), "there is nothing for it");
    // It still notices that the log is another one.
    place.store.raise_epoch(seed.workspace).await.unwrap();
    commit_events(&place.store, seed.workspace, 1).await;
    assert!(matches!(timeout(PATIENCE, tail.next(1_000)).await.expect("in time"), Err(Error::StreamReset)));
}

pub(super) async fn a_follower_far_behind_catches_up(place: &Place) {
    let seed = seed(&place.store).await;
    let early = commit_events(&place.store, seed.workspace, 1).await;
    commit_events(&place.store, seed.workspace, 700).await;
    let tailers = Tailers::new(place.store.clone(), NEVER);
    let mut behind = tailers.follow(seed.workspace, Some(early)).await.unwrap();
    commit_events(&place.store, seed.workspace, 10).await;
    assert_eq!(follow_to(&mut behind, 711, 200).await, (2..=711).collect::<Vec<_>>());

    // More than the ring keeps, while the follower does nothing.
    for _ in 0..10 {
        commit_events(&place.store, seed.workspace, 450).await;
    }
    assert_eq!(follow_to(&mut behind, 5211, 500).await, (712..=5211).collect::<Vec<_>>());

    for wrong in [Position { seq: Seq(5212), ..early }, Position { epoch: early.epoch + 1, ..early }] {
        assert!(matches!(tailers.follow(seed.workspace, Some(wrong)).await, Err(Error::StreamReset)), "{wrong:?}");
    }
}

pub(super) async fn a_tailer_lives_as_long_as_its_followers(place: &Place) {
    let (one, other) = (seed(&place.store).await, seed(&place.store).await);
    let tailers = Tailers::new(place.store.clone(), NEVER);
    assert_eq!(tailers.running(), 0);
    let first = tailers.follow(one.workspace, None).await.unwrap();
    let second = tailers.follow(one.workspace, None).await.unwrap();
    let third = tailers.follow(other.workspace, None).await.unwrap();
    assert_eq!(tailers.running(), 2, "one per workspace");
    drop((first, third));
    let mut second = second;
    commit_events(&place.store, one.workspace, 1).await;
    assert_eq!(follow_to(&mut second, 1, 10).await, [1]);
    drop(second);
    // The task may be in the middle of catching up, and then holds on for that long.
    timeout(PATIENCE, async {
        while tailers.running() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it stops");

    let mut again = tailers.follow(one.workspace, None).await.unwrap();
    commit_events(&place.store, one.workspace, 1).await;
    assert_eq!(follow_to(&mut again, 2, 10).await, [2]);
}

pub(super) async fn a_raised_epoch_ends_every_follower(place: &Place) {
    let seed = seed(&place.store).await;
    let before = commit_events(&place.store, seed.workspace, 2).await;
    let tailers = Tailers::new(place.store.clone(), NEVER);
    let mut tail = tailers.follow(seed.workspace, Some(before)).await.unwrap();
    let after = place.store.raise_epoch(seed.workspace).await.unwrap();
    assert!(after.epoch > before.epoch);
    let ended = timeout(PATIENCE, tail.next(10)).await.expect("in time");
    assert!(matches!(ended, Err(Error::StreamReset)), "{ended:?}");
    assert!(matches!(tailers.follow(seed.workspace, Some(before)).await, Err(Error::StreamReset)));

    let mut fresh = tailers.follow(seed.workspace, Some(after)).await.unwrap();
    commit_events(&place.store, seed.workspace, 1).await;
    assert_eq!(follow_to(&mut fresh, 3, 10).await, [3]);
}

/// A node whose bus hears nothing of the others finds their events by looking.
pub(super) async fn a_lost_wake_up_is_made_up_for(place: &Place) {
    let seed = seed(&place.store).await;
    let elsewhere = place.other_node().await;
    let tailers = Tailers::new(place.store.clone(), PollIntervals { unreached: Duration::from_millis(20), ..NEVER });
    let mut tail = tailers.follow(seed.workspace, None).await.unwrap();
    commit_events(&elsewhere, seed.workspace, 3).await;
    assert_eq!(follow_to(&mut tail, 3, 10).await, [1, 2, 3]);
    assert!(!tail.state().is_stale);
}
