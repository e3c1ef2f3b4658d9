//! What is heard of a message before the message is there.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::Duration;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tributary_domain::{
    Error,
    clock::Clock,
    delivery::{self, Claimed, Outcome},
    entity::{parked_event, reaction},
    inbound::{InboundEvent, Receipt},
    message::{Received, Source, receive},
    prune,
    state::DeliveryState,
    store::BeforeCommit,
};

use super::files::with_files;
use crate::{
    stage::{Heard, Stage, on_both},
    store_contract::place::Place,
};

on_both!(changes_wait_for_their_message, what_waits_in_vain_is_forgotten, a_receipt_and_the_answer_do_not_miss_each_other);

async fn parked(stage: &Stage) -> usize {
    let read = stage.store.read(stage.workspace).await.unwrap();
    parked_event::in_workspace(stage.workspace).all(read.conn()).await.unwrap().len()
}

async fn changes_wait_for_their_message(place: Place) {
    let stage = Stage::new(place).await;
    let now = stage.clock.now();
    let content = |text: &str| json!({"type": "TEXT", "payload": {"text": text}});
    let edited = |text: &str, second: i64| {
        let at = (now + Duration::seconds(second)).to_rfc3339();
        json!({"idOnExternalPlatform": "m-1", "messageContent": content(text), "updatedAtOnExternal": at})
    };
    stage.event("message.updated", edited("Hello?", 2)).await;
    stage.event("message.updated", edited("Hello!", 3)).await;
    let like = json!({"idOnExternalPlatform": "m-1", "reaction": "👍", "author": {"endUserIdentity": {"idOnExternalPlatform": "mara"}}});
    stage.event("reaction.added", like).await;
    stage.event("message.deleted", json!({"idOnExternalPlatform": "m-2"})).await;
    assert_eq!(parked(&stage).await, 4);
    let neighbour = stage.hear(&Heard::new("m-0", "mara", "Another")).await;
    assert_eq!(parked(&stage).await, 4, "another message takes nothing of it");

    stage.hear(&Heard::new("m-1", "mara", "Hello")).await;
    let first = stage.find("m-1").await.unwrap();
    assert_eq!((first.text.as_str(), first.edited_at), ("Hello!", Some(now + Duration::seconds(3))));
    let read = stage.store.read(stage.workspace).await.unwrap();
    let reactions = reaction::in_workspace(stage.workspace).all(read.conn()).await.unwrap();
    drop(read);
    assert_eq!(reactions.iter().map(|found| (found.message_id, found.emoji.as_str())).collect::<Vec<_>>(), [(first.id, "👍")]);
    stage.hear(&Heard::new("m-2", "mara", "Never mind")).await;
    let second = stage.find("m-2").await.unwrap();
    assert!(second.deleted_at.is_some() && second.text.is_empty(), "{second:?}");
    assert_eq!(parked(&stage).await, 0);
    assert_eq!(stage.interaction(neighbour).await.message_count, 3);
}

async fn what_waits_in_vain_is_forgotten(place: Place) {
    let stage = Stage::new(place).await;
    stage.event("message.deleted", json!({"idOnExternalPlatform": "m-1"})).await;
    stage.pass(86_300).await;
    prune::prune(&stage.store, stage.workspace).await.unwrap();
    assert_eq!(parked(&stage).await, 1);
    stage.pass(200).await;
    prune::prune(&stage.store, stage.workspace).await.unwrap();
    assert_eq!(parked(&stage).await, 0);
}

/// The receipt finds no message and is being parked while the answer with the id is being stored.
async fn a_receipt_and_the_answer_do_not_miss_each_other(place: Place) {
    let stage = Stage::new(place).await;
    for round in 0..6 {
        let talk = stage.conversation(&format!("person-{round}")).await;
        let id = stage.send(talk, "Hello").await;
        let lane = delivery::claim(&stage.store, "first", std::time::Duration::from_secs(15), 10, &|_| 10).await.unwrap().remove(0);
        let read = stage.store.read(stage.workspace).await.unwrap();
        let Claimed::Fresh(row) = delivery::next(&read, &lane).await.unwrap() else { panic!("it was queued") };
        drop(read);
        let (held, of) = (lane.clone(), row.id);
        let begun = stage.command(move |tx| {
            let held = held.clone();
            Box::pin(async move { delivery::begin(tx, &held, of).await })
        });
        begun.await.unwrap();

        let found = stage.channel().await;
        let spec = stage.registry().spec(found.kind);
        let receipt = Receipt {
            message: format!("p-{round}").into(),
            client_reference: None,
            state: DeliveryState::Read,
            failure: None,
            at: stage.clock.now(),
            is_watermark: false,
        };
        let mut hearing = stage.store.write(stage.workspace).await.unwrap();
        let capabilities = stage.capabilities().await;
        let from = Source { spec, capabilities: &capabilities, channel: &found };
        let heard = receive(&mut hearing, from, InboundEvent::Receipt(receipt), Vec::new()).await.unwrap();
        assert_eq!(heard, Received::Parked);
        let store = stage.store.clone();
        let answer = tokio::spawn(async move {
            let answered = store.transact(lane.workspace, |tx| {
                let outcome = Outcome::Sent { external_id: Some(format!("p-{round}").into()) };
                let lane = lane.clone();
                Box::pin(async move { delivery::record(tx, &lane, of, outcome).await })
            });
            answered.await.map(|_| ())
        });
        // As long as the other one needs to come to its commit, if nothing holds it back.
        for _ in 0..20 {
            stage.store.ping().await.unwrap();
        }
        hearing.commit().await.unwrap();
        answer.await.unwrap().unwrap();
        assert_eq!(stage.message(id).await.delivery, Some(DeliveryState::Read), "round {round}");
    }
    assert_eq!(parked(&stage).await, 0);
}

/// The connection breaks in the commit: nobody knows whether the message is there, so its file must stay. (A SQLite file
/// is not reached over a connection.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_outlives_a_commit_of_unknown_outcome() {
    let mut place = Place::postgres_standing().await;
    // Its own role may end its connections.
    let url = place.url.clone();
    let is_armed = Arc::new(AtomicBool::new(false));
    let armed = is_armed.clone();
    let hook: BeforeCommit = Arc::new(move |_| {
        let (url, cut) = (url.clone(), armed.swap(false, Ordering::SeqCst));
        Box::pin(async move {
            if cut {
                let other = tributary_tests::postgres::connect(&url).await.unwrap();
                let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                           WHERE datname = current_database() AND state = 'idle in transaction' AND pid <> pg_backend_pid()";
                other.execute_unprepared(cut).await.unwrap();
                other.close().await.unwrap();
            }
        })
    });
    place.store = place.pausing(hook).await;
    let stage = Stage::new(place).await;
    let found = stage.channel().await;
    let event = with_files(&stage, "m-1", vec![bytes::Bytes::from("the plan")]);
    is_armed.store(true, Ordering::SeqCst);
    let lost = stage.worker.ingest_event(&found, event.clone()).await.unwrap_err();
    assert!(matches!(lost, Error::Storage(_)), "{lost:?}");
    assert_eq!(stage.count_blobs(), 1, "nobody knows whether it is needed");
    let Received::Stored(id) = stage.worker.ingest_event(&found, event).await.unwrap() else { panic!("it is new") };
    let files = stage.files_of(id).await;
    assert_eq!(stage.worker.cx.media.read(stage.workspace, files[0].id).await.unwrap(), bytes::Bytes::from("the plan"));
}
