//! Many items at once: what they cost, and that each is stored as if it had come alone.

use std::sync::{Arc, atomic::Ordering};

use sea_orm::{ColumnTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use tributary_domain::{
    channel::{NewRaw, RawDoor, StoredRaw},
    clock::Clock,
    entity::{channel, contact, interaction, search_document},
    event::{EntityType, EventKind},
    ids::InteractionId,
    state::InteractionStatus,
};

use super::concurrent::{Odd, stage_of};
use crate::{
    stage::{Heard, Stage, on_both},
    store_contract::place::Place,
};

on_both!(
    a_batch_costs_the_same_however_large,
    many_requests_cost_the_same_as_one,
    messages_of_one_person_follow_each_other,
    a_batch_tells_what_its_messages_would_tell,
    a_refused_item_leaves_its_batch,
    what_comes_together_is_stored_together,
);

type Events = Vec<(String, &'static str, Value)>;

fn written(stage: &Stage, ids: std::ops::Range<usize>, round: &str) -> Events {
    let now = stage.clock.now();
    let heard = |n: usize| Heard::new(&format!("{round}-{n}"), &format!("person-{n}"), &format!("text {n} of {round}"));
    ids.map(|n| (format!("e-{round}-{n}"), "message.created", heard(n).data(now))).collect()
}

/// Statements that the worker needs for what is stored.
async fn cost(stage: &Stage) -> u64 {
    let before = stage.store.statements();
    assert!(stage.worker.ingest().await.unwrap() > 0);
    stage.store.statements() - before
}

async fn without_script(stage: &Stage) {
    let tx = stage.store.write(stage.workspace).await.unwrap();
    let none = channel::updates(stage.workspace).col_expr(channel::Column::DefaultScriptId, Expr::value(Option::<uuid::Uuid>::None));
    none.exec(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
}

/// New people, known people, and one alone: no statement for each of them.
async fn a_batch_costs_the_same_however_large(place: Place) {
    let stage = Stage::new(place).await;
    without_script(&stage).await;
    stage.conversation("somebody").await;
    let mut costs = Vec::new();
    for (round, people) in [("first", 0..1), ("few", 1..11), ("many", 11..111), ("again", 0..1), ("more", 0..10), ("all", 0..100)] {
        stage.post_batch(&written(&stage, people.clone(), round)).await;
        costs.push(cost(&stage).await);
        for n in people {
            let found = stage.find(&format!("{round}-{n}")).await.unwrap_or_else(|| panic!("{n} of {round} is lost"));
            assert_eq!(found.text, format!("text {n} of {round}"));
        }
    }
    let [first, few, many, again, more, all] = costs[..] else { panic!("six rounds") };
    assert!(first == few && few == many, "statements for 1, 10 and 100 new people: {first}, {few} and {many}");
    assert!(again == more && more == all, "statements for 1, 10 and 100 known people: {again}, {more} and {all}");
    assert!(many <= 30 && all <= 26, "{many} and {all}");
    let interactions = stage.interactions().await;
    assert_eq!(interactions.len(), 112);
    assert!(interactions[1..101].iter().all(|one| one.inbound_count >= 2 && one.message_count == one.inbound_count));
    assert!(interactions.iter().all(|one| one.version.0 > 0), "everybody has a version");
    let read = stage.store.read(stage.workspace).await.unwrap();
    let documents = search_document::in_workspace(stage.workspace).filter(search_document::Column::EntityType.eq(EntityType::Message));
    assert_eq!(documents.all(read.conn()).await.unwrap().len(), 1 + 1 + 10 + 100 + 1 + 10 + 100);
}

/// A hundred requests of one event each, as most platforms send them.
async fn many_requests_cost_the_same_as_one(place: Place) {
    let stage = Stage::new(place).await;
    stage.post_batch(&written(&stage, 0..100, "first")).await;
    stage.settle().await;
    let mut costs = Vec::new();
    for (round, count) in [("one", 1), ("ten", 10), ("hundred", 100)] {
        for (id, kind, data) in written(&stage, 0..count, round) {
            stage.post(&id, kind, &data).await;
        }
        costs.push(cost(&stage).await);
        assert_eq!(stage.worker.ingest().await.unwrap(), 0, "all were ended");
    }
    assert!(costs.windows(2).all(|pair| pair[0] == pair[1]), "statements for 1, 10 and 100 requests: {costs:?}");
    assert_eq!(stage.interactions().await.iter().map(|one| one.inbound_count).sum::<i32>(), 100 + 111);
}

/// A person who is new, writes a lot at once, answers and quotes themselves, and is told apart from others.
async fn messages_of_one_person_follow_each_other(place: Place) {
    let stage = Stage::new(place).await;
    let now = stage.clock.now();
    let mut events: Events = Vec::new();
    for n in 0..20 {
        let from = if n % 4 == 3 { "nils" } else { "mara" };
        let mut heard = Heard { thread: None, ..Heard::new(&format!("m-{n}"), from, &format!("text {n}")) };
        if n == 8 {
            heard = heard.with("replyToMessage", json!({"idOnExternalPlatform": "m-4"}));
        }
        events.push((format!("e-{n}"), "message.created", heard.data(now)));
    }
    // The same message in another event, and the same event again.
    events.push(("e-x".to_owned(), "message.created", events[5].2.clone()));
    events.push(events[6].clone());
    stage.post_batch(&events).await;
    stage.settle().await;

    assert!(stage.letters().await.is_empty());
    let interactions = stage.interactions().await;
    assert_eq!(
        interactions.iter().map(|one| (one.inbound_count, one.status)).collect::<Vec<_>>(),
        [(15, InteractionStatus::New), (5, InteractionStatus::New)]
    );
    let thread: Vec<String> = stage.thread(interactions[0].id).await.into_iter().filter_map(|row| row.external_id).map(|id| id.0).collect();
    let expected: Vec<String> = (0..20).filter(|n| n % 4 != 3).map(|n| format!("m-{n}")).collect();
    assert_eq!(thread, expected);
    assert_eq!(stage.find("m-8").await.unwrap().quoted_id, Some(stage.find("m-4").await.unwrap().id));
    assert_eq!(interactions[0].last_message_id, Some(stage.find("m-18").await.unwrap().id));
    let order: Vec<_> = received(&stage).await;
    let mut sorted = Vec::new();
    for n in 0..20 {
        sorted.push(stage.find(&format!("m-{n}")).await.unwrap().id.uuid());
    }
    let of = |interaction: InteractionId| order.iter().filter(|(at, _)| *at == Some(interaction)).map(|(_, id)| *id).collect::<Vec<_>>();
    let of_mara: Vec<_> = sorted.iter().enumerate().filter(|(n, _)| n % 4 != 3).map(|(_, id)| *id).collect();
    assert_eq!(of(interactions[0].id), of_mara, "the log tells them in their order");
}

async fn received(stage: &Stage) -> Vec<(Option<InteractionId>, uuid::Uuid)> {
    let events = stage.events().await.into_iter().filter(|event| event.kind == EventKind::MessageReceived);
    events.map(|event| (event.interaction_id, event.entity_id)).collect()
}

/// The same traffic in one batch and item by item comes to the same: changes in between, a closed interaction, somebody
/// who is blocked.
async fn a_batch_tells_what_its_messages_would_tell(place: Place) {
    let stage = Stage::new(place).await;
    let closed = stage.conversation("mara").await;
    let blocked = stage.conversation("nils").await;
    let tx = stage.store.write(stage.workspace).await.unwrap();
    interaction::updates(stage.workspace)
        .col_expr(interaction::Column::Status, Expr::value(InteractionStatus::Closed))
        .filter(interaction::Column::Id.eq(closed))
        .exec(tx.conn())
        .await
        .unwrap();
    let blocked = stage.interaction(blocked).await;
    contact::updates(stage.workspace)
        .col_expr(contact::Column::IsBlocked, Expr::value(true))
        .filter(contact::Column::Id.eq(blocked.contact_id))
        .exec(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let now = stage.clock.now();
    let heard = |id: &str, from: &str| (format!("e-{id}"), "message.created", Heard::new(id, from, id).data(now));
    let deleted = |id: &str| (format!("d-{id}"), "message.deleted", json!({"idOnExternalPlatform": id}));
    stage
        .post_batch(&[
            deleted("m-3"),
            heard("m-1", "mara"),
            heard("m-2", "nils"),
            heard("m-3", "mara"),
            heard("m-4", "tim"),
            deleted("m-1"),
            heard("m-5", "mara"),
        ])
        .await;
    stage.settle().await;

    assert!(stage.letters().await.is_empty());
    let next = stage.find("m-1").await.unwrap();
    assert!(next.deleted_at.is_some(), "what comes behind it in the batch changes it");
    assert!(stage.find("m-3").await.unwrap().deleted_at.is_some(), "and so does what came before it");
    assert!(stage.find("m-2").await.is_none(), "the blocked one is not heard");
    let opened = stage.interaction(next.interaction_id).await;
    assert_eq!((opened.linked_to, opened.inbound_count), (Some(closed), 3));
    assert_eq!(stage.find("m-5").await.unwrap().interaction_id, opened.id);
    assert_eq!(stage.interaction(stage.find("m-4").await.unwrap().interaction_id).await.inbound_count, 1);
    let script = |one: &interaction::Model| one.script_state.is_some();
    assert!(script(&opened) && script(&stage.interaction(stage.find("m-4").await.unwrap().interaction_id).await), "both scripts ran");
}

/// An item that the rules refuse takes nobody with it, whatever stands around it.
async fn a_refused_item_leaves_its_batch(place: Place) {
    let odd = Arc::new(Odd::default());
    let stage = stage_of(place, odd.clone()).await;
    odd.loses_files.store(true, Ordering::SeqCst);
    let mut events = written(&stage, 0..40, "good");
    for at in [7, 25] {
        events.insert(
            at,
            (format!("e-lost-{at}"), "message.created", Heard::new(&format!("lost-{at}"), "mara", "lost").data(stage.clock.now())),
        );
    }
    stage.post_batch(&events).await;
    stage.settle().await;

    let letters = stage.letters().await;
    assert_eq!(letters.iter().map(|letter| letter.item).collect::<Vec<_>>(), [7, 25]);
    assert!(letters.iter().all(|letter| letter.error.contains("still free")), "{letters:?}");
    assert_eq!(received(&stage).await.len(), 40);
    assert!(stage.find("lost-7").await.is_none());
    assert_eq!(stage.worker.ingest().await.unwrap(), 0, "the request is ended");
    let numbers: Vec<i64> = stage.events().await.iter().map(|event| event.seq.0).collect();
    assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<_>>(), "what was undone leaves no hole");
}

/// Requests at the same time: each is told what it is, and one that is refused takes nobody with it.
async fn what_comes_together_is_stored_together(place: Place) {
    let stage = Stage::new(place).await;
    let door = RawDoor::new(stage.store.clone());
    let raw = |key: usize, body: &str| NewRaw {
        dedupe_key: format!("key-{key}"),
        form: "structured".to_owned(),
        headers: [].into(),
        body: body.as_bytes().to_vec(),
        at: stage.clock.now(),
    };
    let gone = tributary_domain::random::id();
    let store = |n: usize| {
        let (channel, raw) = match n {
            13 => (gone, raw(n, "of no channel")),
            40..50 => (stage.channel, raw(n - 40, "same")),
            50..60 => (stage.channel, raw(n - 50, "other")),
            _ => (stage.channel, raw(n, "same")),
        };
        door.store(stage.workspace, channel, raw)
    };
    let answers = futures_util::future::join_all((0..60).map(store)).await;
    for (n, answer) in answers.iter().enumerate() {
        match (n, answer) {
            (13, answer) => assert!(answer.is_err(), "{answer:?}"),
            (40..60, _) => {}
            (_, answer) => assert!(matches!(answer, Ok(StoredRaw::New(_))), "{n}: {answer:?}"),
        }
    }
    for n in 0..10 {
        let Ok(StoredRaw::New(id)) = answers[n] else { panic!("it was new") };
        assert_eq!(answers[40 + n].as_ref().unwrap(), &StoredRaw::Duplicate(id));
        assert_eq!(answers[50 + n].as_ref().unwrap(), &StoredRaw::Conflict(id));
    }
    let again = door.store(stage.workspace, stage.channel, raw(3, "same")).await.unwrap();
    assert!(matches!(again, StoredRaw::Duplicate(_)), "alone, too");
}
