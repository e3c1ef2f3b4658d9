//! Files of inbound messages: fetched after their message is stored, through the guarded client, with a cap.

use bytes::Bytes;
use serde_json::json;
use tributary_domain::{
    clock::Clock,
    entity::attachment::{self, AttachmentState},
    event::EventKind,
    inbound::{AttachmentSource, InboundAttachment, InboundEvent, InboundMessage, Sender},
    message::Received,
};

use crate::{
    stage::{Heard, Stage, on_both, text},
    store_contract::place::Place,
};

on_both!(files_are_fetched_after_the_message, bytes_that_come_along_are_stored_once, a_dead_address_is_not_asked_without_pause);

const PNG: &str = "\u{89}PNG is what the name says";

async fn files_are_fetched_after_the_message(place: Place) {
    let stage = Stage::new(place).await;
    let fake = &stage.integrator;
    let good = fake.serve("/files/plan.txt", 200, Some(("content-type", "text/plain")), "the plan");
    let large = fake.serve("/files/large.bin", 200, None, &"x".repeat(65 * 1024));
    let gone = fake.serve("/files/gone", 404, None, "");
    let trap = fake.serve("/files/trap", 302, Some(("location", "http://169.254.169.254/latest/meta-data/")), "");
    let files = [&good, &large, &gone, &trap].map(|url| json!({"url": url, "fileName": "../../a.txt", "mimeType": "text/plain"}));
    let talk = stage.hear(&Heard::new("m-1", "mara", "See these").with("attachments", json!(files))).await;
    stage.settle().await;

    let found = stage.find("m-1").await.unwrap();
    let files = stage.files_of(found.id).await;
    let states: Vec<_> = files.iter().map(|file| file.state).collect();
    use AttachmentState::{Failed, Refused, Stored};
    assert_eq!(states, [Stored, Refused, Failed, Failed], "{files:?}");
    assert_eq!((files[0].name.as_str(), files[0].mime.as_str(), files[0].bytes), ("a.txt", "text/plain", 8));
    let stored = stage.worker.cx.media.read(stage.workspace, files[0].id).await.unwrap();
    assert_eq!(stored, Bytes::from("the plan"));
    assert!(stage.worker.cx.media.read(stage.workspace, files[1].id).await.is_err(), "nothing is kept of a file that is too large");
    assert!(files[3].error.as_deref().unwrap().contains("not allowed"), "{:?}", files[3].error);
    let told = stage.events().await.iter().filter(|event| event.kind == EventKind::MessageChanged).count();
    assert_eq!(told, 4, "once for each file");
    assert_eq!(stage.worker.fetch().await.unwrap(), 0);
    assert_eq!(stage.interaction(talk).await.message_count, 1);
}

fn message(stage: &Stage, id: &str, files: Vec<Bytes>) -> InboundEvent {
    let attachments = files.into_iter().map(|bytes| InboundAttachment {
        name: Some("note.txt".to_owned()),
        mime: Some("text/plain".to_owned()),
        content_id: None,
        source: AttachmentSource::Inline(bytes),
    });
    InboundEvent::Message(Box::new(InboundMessage {
        external_id: id.into(),
        part: 0,
        contact: Sender::known_by_id("mara"),
        is_echo: false,
        client_reference: None,
        thread: None,
        in_reply_to: Vec::new(),
        quoted: None,
        subject: None,
        content: text("with files"),
        attachments: attachments.collect(),
        at: stage.clock.now(),
        is_automatic: false,
        raw: None,
    }))
}

async fn bytes_that_come_along_are_stored_once(place: Place) {
    let stage = Stage::new(place).await;
    let found = stage.channel().await;
    let event = message(&stage, "m-1", vec![Bytes::from(PNG), Bytes::from(vec![b'x'; 65 * 1024])]);
    let Received::Stored(id) = stage.worker.ingest_event(&found, event.clone()).await.unwrap() else { panic!("it is new") };
    let files = stage.files_of(id).await;
    assert_eq!(files.len(), 2, "a file that is too large takes neither its message nor its neighbours away");
    let stored = files.iter().find(|file| file.state == AttachmentState::Stored).unwrap();
    assert_eq!(stage.worker.cx.media.read(stage.workspace, stored.id).await.unwrap(), Bytes::from(PNG));
    let refused = files.iter().find(|file| file.state == AttachmentState::Refused).unwrap();
    assert!(refused.error.as_deref().unwrap().contains("larger than"), "{refused:?}");

    assert_eq!(stage.worker.ingest_event(&found, event).await.unwrap(), Received::Duplicate);
    let read = stage.store.read(stage.workspace).await.unwrap();
    assert_eq!(attachment::in_workspace(stage.workspace).all(read.conn()).await.unwrap().len(), 2);
    drop(read);
    assert_eq!(stage.count_blobs(), 1, "the second copy's bytes are gone again");
}

async fn a_dead_address_is_not_asked_without_pause(place: Place) {
    let stage = Stage::new(place).await;
    let url = stage.integrator.serve("/files/busy", 503, None, "");
    stage.hear(&Heard::new("m-1", "mara", "See this").with("attachments", json!([{"url": url}]))).await;
    let id = stage.find("m-1").await.unwrap().id;
    assert_eq!(stage.files_of(id).await[0].state, AttachmentState::Pending);
    assert_eq!(stage.worker.fetch().await.unwrap(), 0, "nothing is done, so the loop pauses");
    stage.integrator.serve("/files/busy", 200, None, "here");
    stage.pass(30).await;
    assert_eq!(stage.worker.fetch().await.unwrap(), 1);
    assert_eq!(stage.files_of(id).await[0].state, AttachmentState::Stored);
}
