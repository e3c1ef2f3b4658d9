//! The past is read again after a wrong reader was repaired: what it left out comes, and nothing comes twice.

use std::sync::{Arc, atomic::Ordering};

use serde_json::json;
use tributary_domain::{
    ErrorCode,
    actor::Actor,
    audit::{AuditFilter, page},
    channel::{NewRaw, ReplayedBatch, ReplayedUpTo, Span, StoredRaw, finish_raw, replay_inbound, store_raw},
    clock::Clock,
    entity::{contact, dead_letter::DeadLetterState},
    event::EventKind,
    store::page::PageRequest,
};

use super::concurrent::{Odd, stage_of};
use crate::{
    stage::{Heard, Stage, on_both},
    store_contract::place::Place,
};

on_both!(a_repaired_reader_reads_the_past_again, a_long_past_is_put_back_in_steps);

async fn replay(stage: &Stage, actor: &Actor, span: Span, after: Option<ReplayedUpTo>) -> Result<ReplayedBatch, ErrorCode> {
    let actor = actor.clone();
    let replayed = stage.command(move |tx| {
        let actor = actor.clone();
        Box::pin(async move { replay_inbound(tx, &actor, span, after).await })
    });
    replayed.await.map_err(|error| error.code())
}

async fn a_repaired_reader_reads_the_past_again(place: Place) {
    let odd = Arc::new(Odd::default());
    odd.is_blind.store(true, Ordering::SeqCst);
    let stage = stage_of(place, odd.clone()).await;
    let before = stage.clock.now();
    stage.hear(&Heard::new("m-0", "mara", "before all this")).await;
    stage.pass(60).await;
    let since = stage.clock.now();
    let talk = stage.hear(&Heard::new("m-1", "mara", "Hello")).await;
    let heard = |id: &str, text: &str| (format!("e-{id}"), "message.created", Heard::new(id, "mara", text).data(since));
    let poison = ("e-x".to_owned(), "message.created", json!({"direction": "sideways"}));
    stage.post_batch(&[heard("m-2", "overlooked"), poison, heard("m-3", "seen")]).await;
    stage.settle().await;
    let renamed = |name: &str| json!({"endUserIdentity": {"idOnExternalPlatform": "mara", "firstName": name}});
    stage.event("contact.updated", renamed("Mara B.")).await;
    stage.pass(60).await;
    let until = stage.clock.now();
    stage.event("contact.updated", renamed("Mara Berg")).await;
    assert!(stage.find("m-2").await.is_none() && stage.find("m-3").await.is_some());
    let letter = stage.letters().await[0].clone();
    let last_heard = stage.channel().await.last_event_at;

    odd.is_blind.store(false, Ordering::SeqCst);
    let span = Span { channel: stage.channel, since, until: Some(until) };
    assert_eq!(replay(&stage, &stage.agent, span, None).await, Err(ErrorCode::Forbidden));
    assert_eq!(replay(&stage, &stage.admin, Span { until: Some(since), ..span }, None).await, Err(ErrorCode::Invalid));
    let stranger = Span { channel: tributary_domain::random::id(), ..span };
    assert_eq!(replay(&stage, &stage.admin, stranger, None).await, Err(ErrorCode::NotFound));
    assert_eq!(replay(&stage, &stage.admin, span, None).await, Ok(ReplayedBatch { requests: 3, next: None }));
    assert_eq!(replay(&stage, &stage.admin, span, None).await.unwrap().requests, 0, "they are waiting already");
    assert_eq!(stage.letters().await[0].state, DeadLetterState::Replayed);
    stage.pass(60).await;
    stage.post("e-4", "message.created", &Heard::new("m-4", "mara", "new meanwhile").data(stage.clock.now())).await;
    stage.settle().await;

    let (late, new) = (stage.find("m-2").await.expect("what was overlooked is here"), stage.find("m-4").await.unwrap());
    assert_eq!((late.interaction_id, late.text.as_str(), late.at), (talk, "overlooked", since));
    assert!(new.version < late.version, "what is new does not wait for the past");
    assert_eq!(stage.interaction(talk).await.inbound_count, 5);
    let received = stage.events().await.iter().filter(|event| event.kind == EventKind::MessageReceived).count();
    assert_eq!(received, 5, "the others are as they were");
    let letters = stage.letters().await;
    assert_eq!(letters.iter().map(|letter| (letter.id, letter.state)).collect::<Vec<_>>(), [(letter.id, DeadLetterState::Open)]);
    let read = stage.store.read(stage.workspace).await.unwrap();
    let found = contact::by_id(stage.workspace, late.author_id.unwrap().into()).one(read.conn()).await.unwrap().unwrap();
    assert_eq!(found.name, "Mara Berg", "an old name does not come back");
    let filter = AuditFilter { action: Some("channel.replay".to_owned()), ..AuditFilter::default() };
    let entries = page(&read, &stage.admin, &filter, &PageRequest::first(10)).await.unwrap().items;
    let oldest = entries.last().unwrap();
    assert!(oldest.detail.as_deref().is_some_and(|detail| detail.starts_with("3 requests from ")), "{oldest:?}");
    assert_eq!(oldest.entity_id, stage.channel.uuid());
    drop(read);

    // All of it once more: the present reader has understood everything before.
    let told = stage.events().await.len();
    let heard_at = stage.channel().await.last_event_at;
    assert!(heard_at > last_heard, "of the new message");
    stage.pass(600).await;
    assert_eq!(replay(&stage, &stage.admin, Span { since: before, until: None, ..span }, None).await.unwrap().requests, 6);
    stage.settle().await;
    let news: Vec<_> = stage.events().await[told..].iter().map(|event| event.kind).collect();
    assert_eq!(news, [EventKind::DeadLetterChanged, EventKind::DeadLetterChanged], "closed and opened again");
    assert_eq!(stage.channel().await.last_event_at, heard_at, "the platform has said nothing new");
}

async fn a_long_past_is_put_back_in_steps(place: Place) {
    let stage = Stage::new(place).await;
    let tx = stage.store.write(stage.workspace).await.unwrap();
    for n in 0..501 {
        let raw = NewRaw {
            dedupe_key: format!("key-{n}"),
            form: "unheard of".to_owned(),
            headers: Default::default(),
            body: Vec::new(),
            // Many of one moment: the step ends among them.
            at: tx.now() + chrono::Duration::seconds(n / 400),
        };
        let StoredRaw::New(id) = store_raw(&tx, stage.channel, raw).await.unwrap() else { panic!("it is new") };
        finish_raw(&tx, &[id], 0, None).await.unwrap();
    }
    tx.commit().await.unwrap();
    let since = stage.clock.now();
    stage.pass(60).await;
    let span = Span { channel: stage.channel, since, until: None };
    let first = replay(&stage, &stage.admin, span, None).await.unwrap();
    assert_eq!((first.requests, first.next.is_some()), (500, true));
    assert_eq!(replay(&stage, &stage.admin, span, first.next).await, Ok(ReplayedBatch { requests: 1, next: None }));
}
