//! The event log: numbers, order, versions, places.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::Duration;
use tokio::sync::{Notify, Semaphore};
use tributary_domain::{
    Error,
    entity::{interaction, tag},
    event::{
        ActorRef, Audience, EntityType, EventDraft, EventKind, Patch, Position, Seq,
        cursor::CursorKey,
        log::{self, RETENTION},
    },
    ids::{InboxId, TagId, WorkspaceId},
    store::{BeforeCommit, Store},
};
use uuid::Uuid;

use super::{
    place::Place,
    seed::{add_interaction, add_tag, new, seed},
};

pub(super) fn tag_changed(id: TagId) -> EventDraft {
    EventDraft::new(EventKind::TagChanged, EntityType::Tag, id)
}

/// Commits `count` events; returns the last place.
pub(super) async fn commit_events(store: &Store, workspace: WorkspaceId, count: usize) -> Position {
    let (_, committed) = store
        .transact(workspace, |tx| {
            Box::pin(async move {
                for _ in 0..count {
                    tx.emit(tag_changed(new()));
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    committed.position.unwrap()
}

pub(super) async fn numbers_have_no_holes_and_follow_the_commits(place: &Place) {
    const WRITERS: usize = 16;
    const ROUNDS: usize = 12;
    let seed = seed(&place.store).await;
    let is_done = Arc::new(AtomicBool::new(false));

    // Passes only its last number, so it loses whatever becomes visible behind a later one.
    let reader = tokio::spawn({
        let (store, is_done) = (place.store.clone(), is_done.clone());
        async move {
            let mut seen: Vec<i64> = Vec::new();
            loop {
                let is_last_look = is_done.load(Ordering::SeqCst);
                let read = store.read(seed.workspace).await.unwrap();
                let last = Seq(seen.last().copied().unwrap_or(0));
                let events = log::after(&read, last, 50).await.unwrap();
                seen.extend(events.iter().map(|event| event.seq.0));
                if is_last_look && events.is_empty() {
                    return seen;
                }
            }
        }
    });
    let writers = (0..WRITERS).map(|writer| {
        let store = place.store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            for round in 0..ROUNDS {
                if (writer + round) % 5 == 0 {
                    let mut tx = store.write(seed.workspace).await.unwrap();
                    tx.emit(tag_changed(new()));
                    tx.rollback().await.unwrap();
                }
                let count = 1 + (writer + round) % 3;
                let (_, committed) = store
                    .transact(seed.workspace, |tx| {
                        Box::pin(async move {
                            let id = add_tag(tx, &format!("{writer}-{round}")).await;
                            for _ in 0..count {
                                tx.emit(tag_changed(id));
                            }
                            Ok(())
                        })
                    })
                    .await
                    .unwrap();
                assert_eq!(committed.events.len(), count);
                assert_eq!(committed.previous().unwrap().seq.next(), committed.events[0].seq);
                mine.extend(committed.events.iter().map(|event| event.seq.0));
            }
            mine
        })
    });
    let mut numbers = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        let mine = writer.await.unwrap();
        assert!(mine.is_sorted(), "one writer's commits are in order");
        numbers.extend(mine);
    }
    is_done.store(true, Ordering::SeqCst);
    let seen = reader.await.unwrap();
    numbers.sort_unstable();
    let all: Vec<i64> = (1..=i64::try_from(numbers.len()).unwrap()).collect();
    assert_eq!(numbers, all, "given out without a hole");
    assert_eq!(seen, all, "and read without a hole while they were given out");
    let read = place.store.read(seed.workspace).await.unwrap();
    assert_eq!(read.position().await.unwrap().seq.0, *all.last().unwrap());
}

pub(super) async fn a_paused_commit_holds_back_later_numbers(place: &Place) {
    let seed = seed(&place.store).await;
    let (reached, go_on) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let is_first = Arc::new(AtomicBool::new(true));
    let hook: BeforeCommit = Arc::new({
        let (reached, go_on) = (reached.clone(), go_on.clone());
        move |_| {
            let (reached, go_on, is_first) = (reached.clone(), go_on.clone(), is_first.swap(false, Ordering::SeqCst));
            Box::pin(async move {
                if is_first {
                    reached.notify_one();
                    go_on.acquire().await.unwrap().forget();
                }
            })
        }
    });
    let store = place.pausing(hook).await;
    let first = tokio::spawn({
        let store = store.clone();
        async move { commit_events(&store, seed.workspace, 1).await }
    });
    reached.notified().await;

    // The first has its number and has not committed. Nobody may see a later one now.
    let second = tokio::spawn({
        let store = store.clone();
        async move { commit_events(&store, seed.workspace, 1).await }
    });
    for _ in 0..20 {
        let read = store.read(seed.workspace).await.unwrap();
        assert!(log::after(&read, Seq::UNNUMBERED, 10).await.unwrap().is_empty());
        assert!(!second.is_finished());
    }
    go_on.add_permits(1);
    assert_eq!(first.await.unwrap().seq, Seq(1));
    assert_eq!(second.await.unwrap().seq, Seq(2));
}

pub(super) async fn rows_get_the_number_of_their_last_event(place: &Place) {
    let seed = seed(&place.store).await;
    let mut tx = place.store.write(seed.workspace).await.unwrap();
    let (twice, once, silent) = (add_tag(&tx, "twice").await, add_tag(&tx, "once").await, add_tag(&tx, "silent").await);
    let interaction = add_interaction(&tx, &seed, 1).await;
    let inbox = Audience::Inbox(seed.inbox);
    tx.emit(tag_changed(twice).by(ActorRef::Person(seed.person)));
    tx.emit(tag_changed(once).also(EntityType::Interaction, interaction).to(inbox));
    tx.emit(tag_changed(twice).with(Patch { inbox_before: Some(seed.inbox), is_removed: true, ..Patch::default() }));
    tx.emit(EventDraft::new(EventKind::ReadChanged, EntityType::Interaction, interaction).within(interaction));
    let committed = tx.commit().await.unwrap();

    let read = place.store.read(seed.workspace).await.unwrap();
    let version = async |id: TagId| tag::by_id(seed.workspace, id).one(read.conn()).await.unwrap().unwrap().version;
    assert_eq!(version(twice).await, Seq(3));
    assert_eq!(version(once).await, Seq(2));
    assert_eq!(version(silent).await, Seq::UNNUMBERED);
    let interaction = interaction::by_id(seed.workspace, interaction).one(read.conn()).await.unwrap().unwrap();
    assert_eq!(interaction.version, Seq(2), "a read mark is no change of the interaction");

    let events = log::after(&read, Seq::UNNUMBERED, 10).await.unwrap();
    assert_eq!(events, *committed.events, "what the commit says is what the log says");
    assert_eq!(events.iter().map(|event| event.entity_version).collect::<Vec<_>>(), [Some(Seq(1)), Some(Seq(2)), Some(Seq(3)), None]);
    assert_eq!((events[0].actor, events[1].audience), (ActorRef::Person(seed.person), inbox));
    assert_eq!(events[2].patch.as_ref().unwrap().inbox_before, Some(seed.inbox));

    // Many rows of one table, more than one statement takes.
    let mut tx = place.store.write(seed.workspace).await.unwrap();
    let mut ids = Vec::new();
    for n in 0..230 {
        ids.push(add_tag(&tx, &format!("many {n}")).await);
    }
    for id in &ids {
        tx.emit(tag_changed(*id));
    }
    tx.commit().await.unwrap();
    let read = place.store.read(seed.workspace).await.unwrap();
    for (n, id) in (5..).zip(&ids) {
        assert_eq!(tag::by_id(seed.workspace, *id).one(read.conn()).await.unwrap().unwrap().version, Seq(n));
    }
}

pub(super) async fn a_snapshot_agrees_with_its_position(place: &Place) {
    let seed = seed(&place.store).await;
    commit_events(&place.store, seed.workspace, 3).await;
    let read = place.store.read(seed.workspace).await.unwrap();
    assert_eq!(read.position().await.unwrap().seq, Seq(3));

    let mut tx = place.store.write(seed.workspace).await.unwrap();
    let id = add_tag(&tx, "later").await;
    tx.emit(tag_changed(id));
    tx.commit().await.unwrap();
    assert!(tag::by_id(seed.workspace, id).one(read.conn()).await.unwrap().is_none(), "the snapshot is from before");
    assert_eq!(read.position().await.unwrap().seq, Seq(3));
    drop(read);
    let read = place.store.read(seed.workspace).await.unwrap();
    assert!(tag::by_id(seed.workspace, id).one(read.conn()).await.unwrap().is_some());
    assert_eq!(read.position().await.unwrap().seq, Seq(4));
}

pub(super) async fn a_place_is_checked_against_epoch_head_and_retention(place: &Place) {
    let seed = seed(&place.store).await;
    let key = CursorKey::new(b"a key of this test");
    commit_events(&place.store, seed.workspace, 600).await;
    place.clock.advance(RETENTION);
    assert_eq!(log::prune(&place.store, seed.workspace, place.store.clock().now()).await.unwrap(), 0, "the day is not over");
    place.clock.advance(Duration::days(1));
    let kept = commit_events(&place.store, seed.workspace, 5).await;
    place.clock.advance(Duration::microseconds(1));
    let now = place.store.clock().now();
    assert_eq!(log::prune(&place.store, seed.workspace, now).await.unwrap(), 600);
    assert_eq!(log::prune(&place.store, seed.workspace, now).await.unwrap(), 0, "again, without effect");

    let read = place.store.read(seed.workspace).await.unwrap();
    let check = async |seq: i64, epoch: i64| {
        let cursor = key.encode(seed.workspace, Position { epoch, seq: Seq(seq) });
        log::check(&read, key.decode(seed.workspace, &cursor).unwrap()).await
    };
    for good in [600, 601, 604, 605] {
        check(good, kept.epoch).await.unwrap();
    }
    for gone in [0, 1, 599, -1, 606, i64::MAX, i64::MIN] {
        assert!(matches!(check(gone, kept.epoch).await, Err(Error::StreamReset)), "{gone}");
    }
    for epoch in [0, kept.epoch + 1, -1] {
        assert!(matches!(check(605, epoch).await, Err(Error::StreamReset)), "epoch {epoch}");
    }
    drop(read);

    let raised = place.store.raise_epoch(seed.workspace).await.unwrap();
    let read = place.store.read(seed.workspace).await.unwrap();
    assert!(matches!(log::check(&read, kept).await, Err(Error::StreamReset)));
    log::check(&read, raised).await.unwrap();
    drop(read);
    place.clock.advance(RETENTION + RETENTION);
    log::prune(&place.store, seed.workspace, place.store.clock().now()).await.unwrap();
    let read = place.store.read(seed.workspace).await.unwrap();
    log::check(&read, raised).await.unwrap();
    assert!(matches!(log::check(&read, Position { seq: Seq(604), ..raised }).await, Err(Error::StreamReset)), "all are gone");
}

pub(super) async fn a_transaction_without_events_moves_nothing(place: &Place) {
    let seed = seed(&place.store).await;
    let tx = place.store.write(seed.workspace).await.unwrap();
    add_tag(&tx, "quiet").await;
    let committed = tx.commit().await.unwrap();
    assert_eq!((committed.position, committed.previous(), committed.events.len()), (None, None, 0));
    assert_eq!(place.store.read(seed.workspace).await.unwrap().position().await.unwrap().seq, Seq::UNNUMBERED);
}

pub(super) async fn a_refused_change_leaves_no_trace(place: &Place) {
    let seed = seed(&place.store).await;
    let refused = place
        .store
        .transact(seed.workspace, |tx| {
            Box::pin(async move {
                let id = add_tag(tx, "refused").await;
                tx.emit(tag_changed(id));
                Err::<(), _>(Error::Conflict("no".to_owned()))
            })
        })
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    assert_eq!(commit_events(&place.store, seed.workspace, 1).await.seq, Seq(1), "its number was given back");
    let read = place.store.read(seed.workspace).await.unwrap();
    assert!(tag::in_workspace(seed.workspace).all(read.conn()).await.unwrap().is_empty());
    drop(read);

    // A workspace that does not exist has no counter, so nothing can be told in it.
    let nowhere = WorkspaceId::from(Uuid::now_v7());
    let mut tx = place.store.write(nowhere).await.unwrap();
    tx.emit(EventDraft::new(EventKind::InboxChanged, EntityType::Inbox, new::<InboxId>()));
    assert!(matches!(tx.commit().await, Err(Error::NotFound("workspace"))));
}
