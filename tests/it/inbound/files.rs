//! Files of inbound messages: fetched after their message is stored, through the guarded client, with a cap.

use bytes::Bytes;
use serde_json::json;
use tributary_domain::{
    actor::Scope,
    clock::Clock,
    content::{Image, RichContent, RichLink},
    entity::attachment::{self, AttachmentState},
    event::EventKind,
    ids::AttachmentId,
    inbound::{AttachmentSource, InboundAttachment, InboundEvent, InboundMessage, Sender},
    media::{NewUpload, add_upload},
    message::{self, NewMessage, Received},
};

use crate::{
    stage::{Heard, Stage, bot_of, on_both, text},
    store_contract::place::Place,
};

on_both!(
    files_are_fetched_after_the_message,
    bytes_that_come_along_are_stored_once,
    a_dead_address_is_not_asked_without_pause,
    many_dead_addresses_delay_nobody,
    files_go_with_their_message,
    uploads_that_were_never_sent_go,
);

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

pub(super) fn with_files(stage: &Stage, id: &str, files: Vec<Bytes>) -> InboundEvent {
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
        reply_to: None,
        recipients: Vec::new(),
        is_echo: false,
        client_reference: None,
        thread: None,
        in_reply_to: Vec::new(),
        signs: Vec::new(),
        quoted: None,
        subject: None,
        content: text("with files"),
        attachments: attachments.collect(),
        at: stage.clock.now(),
        is_automatic: false,
        failed_proofs: Vec::new(),
        raw: None,
    }))
}

async fn bytes_that_come_along_are_stored_once(place: Place) {
    let stage = Stage::new(place).await;
    let found = stage.channel().await;
    let event = with_files(&stage, "m-1", vec![Bytes::from(PNG), Bytes::from(vec![b'x'; 65 * 1024])]);
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

async fn many_dead_addresses_delay_nobody(place: Place) {
    let stage = Stage::new(place).await;
    let dead = stage.integrator.serve("/files/busy", 503, None, "");
    for n in 0..5 {
        let urls = vec![json!({"url": dead}); 10];
        stage
            .post(
                &format!("e-{n}"),
                "message.created",
                &Heard::new(&format!("m-{n}"), "mara", "See these").with("attachments", json!(urls)).data(stage.clock.now()),
            )
            .await;
    }
    let good = stage.integrator.serve("/files/good", 200, None, "here");
    stage.hear(&Heard::new("m-9", "mara", "See this").with("attachments", json!([{"url": good}]))).await;
    let id = stage.find("m-9").await.unwrap().id;
    assert_eq!(stage.files_of(id).await[0].state, AttachmentState::Stored, "without waiting for the fifty before it");
    assert_eq!(stage.worker.fetch().await.unwrap(), 0);
    stage.pass(16).await;
    assert_eq!(stage.worker.fetch().await.unwrap(), 8, "they are tried again");
}

async fn files_go_with_their_message(place: Place) {
    let stage = Stage::new(place).await;
    let found = stage.channel().await;
    for id in ["m-1", "m-2"] {
        stage.worker.ingest_event(&found, with_files(&stage, id, vec![Bytes::from("the plan")])).await.unwrap();
    }
    assert_eq!(stage.count_blobs(), 2);
    stage.event("message.deleted", json!({"idOnExternalPlatform": "m-1"})).await;
    let gone = stage.find("m-1").await.unwrap();
    assert_eq!(stage.files_of(gone.id).await[0].state, AttachmentState::Removed, "nobody is given it any more");
    stage.worker.prune().await.unwrap();
    assert_eq!((stage.count_blobs(), stage.files_of(gone.id).await.len()), (1, 0));
    let kept = stage.find("m-2").await.unwrap();
    let file = stage.files_of(kept.id).await.remove(0);
    assert_eq!(stage.worker.cx.media.read(stage.workspace, file.id).await.unwrap(), Bytes::from("the plan"));
}

async fn uploads_that_were_never_sent_go(place: Place) {
    let stage = Stage::new(place).await;
    stage.set("capabilities", r#"{"attachments": {"types": ["*"], "maxMegabytes": 25, "maxCount": 10}}"#).await;
    let talk = stage.conversation("mara").await;
    let bot = bot_of(stage.workspace, &[Scope::ReadInteractions, Scope::SendMessages]);
    let mut ids = Vec::new();
    for (words, by) in [("forgotten", &stage.agent), ("sent", &stage.agent), ("shown", &bot)] {
        let id: AttachmentId = tributary_domain::random::id();
        let stream = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(words))]);
        let stored = stage.worker.cx.media.put(stage.workspace, id, stream, 1_000).await.unwrap();
        let new = NewUpload { id, name: Some(words.to_owned()), claimed: None, stored, uploader: by.reference() };
        stage
            .command(move |tx| {
                let new = new.clone();
                Box::pin(async move { add_upload(tx, new).await.map(|_| ()) })
            })
            .await
            .unwrap();
        ids.push(id);
    }
    let link = RichLink {
        url: "https://shop.example/".parse().unwrap(),
        title: "Shop".to_owned(),
        description: None,
        image: Some(Image::Attachment(ids[2])),
    };
    let capabilities = stage.capabilities().await;
    let by_agent = (stage.agent.clone(), text("Here"), vec![ids[1]]);
    for (actor, content, attachments) in [by_agent, (bot, RichContent::RichLink(link), Vec::new())] {
        let capabilities = capabilities.clone();
        let new = NewMessage {
            interaction: talk,
            client_id: tributary_domain::random::token(),
            content,
            attachments,
            quoted: None,
            seen: None,
            then_status: None,
        };
        stage
            .command(move |tx| {
                let (actor, capabilities, new) = (actor.clone(), capabilities.clone(), new.clone());
                Box::pin(async move { message::send(tx, &actor, &capabilities, new).await })
            })
            .await
            .unwrap();
    }
    stage.pass(86_000).await;
    stage.worker.prune().await.unwrap();
    assert_eq!(stage.count_blobs(), 3, "there is still time");
    stage.pass(1_000).await;
    stage.worker.prune().await.unwrap();
    assert_eq!(stage.count_blobs(), 2);
    let read = stage.store.read(stage.workspace).await.unwrap();
    let left: Vec<_> = attachment::in_workspace(stage.workspace).all(read.conn()).await.unwrap().iter().map(|file| file.id).collect();
    assert!(!left.contains(&ids[0]) && left.contains(&ids[1]) && left.contains(&ids[2]), "{left:?}");
}
