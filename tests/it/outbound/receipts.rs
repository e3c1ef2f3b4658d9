//! What platforms say about our messages, in any order.

use chrono::Duration;
use serde_json::json;
use tributary_domain::{clock::Clock, entity::parked_event, event::EventKind, message::AuthorKind, state::DeliveryState};
use tributary_tests::fake::byoc::Stall;

use crate::{
    stage::{Stage, on_both},
    store_contract::place::Place,
};

on_both!(
    states_only_move_forward,
    a_status_may_come_before_the_answer,
    an_echo_may_come_before_the_answer,
    a_watermark_covers_what_was_sent_before,
    a_late_failure_marks_the_message,
);

/// F11, second half: read, delivered, sent.
async fn states_only_move_forward(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let id = stage.send(talk, "Hello").await;
    assert_eq!(stage.message(id).await.delivery, Some(DeliveryState::Queued));
    stage.settle().await;
    let sent = stage.message(id).await;
    assert_eq!(sent.delivery, Some(DeliveryState::Sent));
    let external = sent.external_id.clone().unwrap();
    let mut times = Vec::new();
    for status in ["seen", "delivered", "sent", "failed", "seen", "delivered"] {
        stage.pass(1).await;
        times.push(stage.clock.now());
        stage.status(external.as_str(), status).await;
    }
    let read = stage.message(id).await;
    assert_eq!(read.delivery, Some(DeliveryState::Read));
    assert_eq!((read.read_at, read.delivered_at), (Some(times[0]), Some(times[1])), "each time is written once");
    assert_eq!(read.sent_at, sent.sent_at);
    assert!(read.queued_at <= read.sending_at && read.sending_at <= read.sent_at);
    assert_eq!((read.failed_at, read.error_code), (None, None), "nobody believes that a message that was read has failed");
    assert!(!stage.interaction(talk).await.has_failed);
    let told = stage.events().await.iter().filter(|event| event.kind == EventKind::DeliveryChanged).count();
    assert_eq!(told, 4, "sending, sent, read, and the time of delivery");
}

/// F11, first half: the status overtakes the answer to the send.
async fn a_status_may_come_before_the_answer(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let stalled = stage.integrator.stall_next(Stall::Answering);
    let id = stage.send(talk, "Hello").await;
    stage.worker.dispatch().await.unwrap();
    stalled.reached().await;
    let external = stage.integrator.received().last().unwrap().external_id.clone();
    for status in ["seen", "delivered"] {
        let data = json!({"idOnExternalPlatform": external, "status": status, "at": stage.clock.now().to_rfc3339()});
        stage.post(status, "message.status", &data).await;
    }
    while stage.worker.ingest().await.unwrap() > 0 {}
    assert_eq!(stage.message(id).await.delivery, Some(DeliveryState::Sending));
    stalled.release();
    stage.settle().await;
    let read = stage.message(id).await;
    assert_eq!(read.delivery, Some(DeliveryState::Read));
    assert!(read.sent_at.is_some() && read.delivered_at.is_some() && read.read_at.is_some());
    let rest = stage.store.read(stage.workspace).await.unwrap();
    assert!(parked_event::in_workspace(stage.workspace).all(rest.conn()).await.unwrap().is_empty(), "nothing stays behind");
}

/// The platform shows us our own message, without our reference, before it answers: it is one message, not two.
async fn an_echo_may_come_before_the_answer(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let stalled = stage.integrator.stall_next(Stall::Answering);
    let id = stage.send(talk, "Hello").await;
    stage.worker.dispatch().await.unwrap();
    stalled.reached().await;
    let external = stage.integrator.received().last().unwrap().external_id.clone();
    stage.echo(&external, None, "mara", "Hello").await;
    assert_eq!(stage.find(&external).await.unwrap().author_kind, AuthorKind::External, "who else should it be from?");
    stalled.release();
    stage.settle().await;
    assert_eq!(stage.thread(talk).await.len(), 2);
    let ours = stage.message(id).await;
    assert_eq!((ours.delivery, ours.external_id.unwrap().as_str()), (Some(DeliveryState::Sent), external.as_str()));
    let row = stage.interaction(talk).await;
    assert_eq!((row.message_count, row.last_message_id), (2, Some(id)));
    assert_eq!(stage.delivered(), ["Hello"]);
}

async fn a_watermark_covers_what_was_sent_before(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let mut ids = Vec::new();
    for words in ["one", "two", "three"] {
        ids.push(stage.send(talk, words).await);
        stage.pass(1).await;
        stage.settle().await;
    }
    let second = stage.message(ids[1]).await.external_id.unwrap();
    let data =
        json!({"idOnExternalPlatform": second.as_str(), "status": "seen", "at": stage.clock.now().to_rfc3339(), "includesEarlier": true});
    stage.event("message.status", data).await;
    let mut states = Vec::new();
    for id in ids {
        states.push(stage.message(id).await.delivery.unwrap());
    }
    assert_eq!(states, [DeliveryState::Read, DeliveryState::Read, DeliveryState::Sent]);
}

/// A bounce: the platform had taken it. Trying again is a new call, which it must not take for a repeat.
async fn a_late_failure_marks_the_message(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let id = stage.send(talk, "Hello").await;
    stage.settle().await;
    let first = stage.message(id).await.external_id.unwrap();
    stage.pass(1).await;
    stage.status(first.as_str(), "failed").await;
    let failed = stage.message(id).await;
    assert_eq!((failed.delivery, failed.error_code.as_deref()), (Some(DeliveryState::Failed), Some("OTHER")));
    assert!(stage.interaction(talk).await.has_failed);

    stage.retry(id).await.unwrap();
    stage.settle().await;
    let again = stage.message(id).await;
    assert_eq!((again.delivery, again.error_code), (Some(DeliveryState::Sent), None));
    assert_ne!(again.external_id.unwrap(), first);
    assert_eq!(stage.delivered(), ["Hello", "Hello"]);
    assert!(!stage.interaction(talk).await.has_failed);
    assert!(again.sent_at.unwrap() + Duration::seconds(1) <= stage.clock.now(), "the first time stands");
}
