//! What visitors and agents say to each other.

use serde_json::json;
use tributary_domain::{message::Direction, state::DeliveryState};
use uuid::Uuid;

use crate::backend::{Backend, on_both};

use super::{
    server::{Server, text},
    visitor::{Visitor, said},
};

on_both!(
    a_visitor_writes_an_agent_answers_and_the_visitor_taps,
    after_a_lost_socket_nothing_is_missing_or_there_twice,
    typing_goes_both_ways,
    typing_is_heard_in_the_conversation_that_follows,
    older_pages_follow_each_other_without_holes,
    behind_a_proxy_the_same_comes_as_a_stream,
    a_message_is_left_while_nobody_is_there,
    the_channels_own_words_are_shown,
);

async fn a_visitor_writes_an_agent_answers_and_the_visitor_taps(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let (mut socket, ready) = visitor.connect(None).await;
    assert_eq!(ready["status"], "NONE");
    assert_eq!(ready["history"], json!({"messages": [], "before": null}));

    let id = Uuid::now_v7();
    socket.send(said(id, "Moin")).await;
    let created = socket.event("message_created").await;
    assert_eq!(created["client_id"], json!(id));
    assert_eq!(
        (&created["direction"], &created["author"]["kind"], &created["author"]["name"]),
        (&json!("in"), &json!("VISITOR"), &json!(null))
    );
    let on = server.interaction().await.id;
    let contact = server.contacts().await.remove(0);
    assert_eq!(contact.language.as_deref(), Some("de-DE"));

    let asked = server.says(on, json!({"kind": "QUICK_REPLIES", "text": "Rot oder blau?", "replies": [{"id": "r", "title": "Rot"}, {"id": "b", "title": "Blau"}]})).await;
    let agent = socket.event("agent").await;
    assert_eq!(agent["agent"]["name"], "Ada");
    assert_eq!(socket.event("status").await["status"], "ACTIVE");
    let question = socket.event("message_created").await;
    assert_eq!(question["id"], json!(asked));
    assert_eq!(question["content"]["replies"][1]["title"], "Blau");
    assert_eq!((&question["author"]["kind"], &question["state"]), (&json!("AGENT"), &json!("SENT")));

    let answer = Uuid::now_v7();
    socket
        .send(json!({"type": "answer", "id": answer, "attachment_ids": [], "quoted": asked,
        "content": {"kind": "SELECTION", "question": asked, "items": [{"id": "b", "title": "something else"}]}}))
        .await;
    let ack = socket.reply(answer).await;
    assert_eq!((&ack["type"], &ack["is_repeat"]), (&json!("ack"), &json!(false)), "{ack}");
    let stored = server.stored().await;
    assert_eq!(stored.len(), 2);
    assert_eq!(
        serde_json::to_value(&stored[1].content.0).unwrap(),
        json!({"kind": "SELECTION", "question": asked, "items": [{"id": "b", "title": "Blau"}]})
    );
    assert_eq!(stored[1].quoted_id, Some(asked));

    socket.send(json!({"type": "received", "id": Uuid::now_v7(), "message_id": asked})).await;
    assert_eq!(socket.event("delivery").await, json!({"message_id": asked, "state": "DELIVERED", "is_watermark": false}));
    socket.send(json!({"type": "seen", "id": Uuid::now_v7(), "message_id": asked})).await;
    assert_eq!(socket.event("delivery").await["state"], "READ");
    assert_eq!(server.messages(Direction::Out).await[0].delivery, Some(DeliveryState::Read));
    server.reads(on).await;
    assert_eq!(socket.event("delivery").await, json!({"message_id": stored[1].id, "state": "READ", "is_watermark": true}));

    let react = Uuid::now_v7();
    socket.send(json!({"type": "react", "id": react, "message_id": asked, "emoji": "👍", "is_added": true})).await;
    assert_eq!(socket.event("message_changed").await["reactions"], json!([{"emoji": "👍", "count": 1, "is_mine": true}]));
    let end = Uuid::now_v7();
    socket.send(json!({"type": "end", "id": end})).await;
    assert_eq!(socket.event("status").await["status"], "ENDED");

    let (_, again) = visitor.connect(None).await;
    let page = again["history"]["messages"].as_array().unwrap();
    assert_eq!(page.iter().map(|one| one["state"].as_str().unwrap()).collect::<Vec<_>>(), ["READ", "READ", "READ"]);
    assert_eq!(page[2]["quoted"]["text"], page[1]["text"]);
    assert_eq!(again["status"], "ENDED");
    let fields = server.contacts().await.remove(0).fields.0;
    assert_eq!(fields["page_url"], "https://shop.example/cart", "without what stands behind the question mark");
}

async fn after_a_lost_socket_nothing_is_missing_or_there_twice(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let (mut socket, _) = visitor.connect(None).await;
    let first = Uuid::now_v7();
    socket.send(said(first, "eins")).await;
    // The answer and the event come in any order, and the cursor stands behind both.
    let (mut is_acknowledged, mut is_heard) = (false, false);
    while !(is_acknowledged && is_heard) {
        let frame = socket.next().await;
        is_acknowledged |= frame["type"] == "ack" && frame["id"] == json!(first);
        is_heard |= frame["event"]["data"]["client_id"] == json!(first);
    }
    let cursor = socket.cursor.clone().unwrap();
    drop(socket);
    let on = server.interaction().await.id;
    server.notes(on, "geheim").await;
    let mut sent = Vec::new();
    for word in ["a", "b", "c"] {
        sent.push(json!(server.says(on, text(word)).await));
    }
    // Written while nobody was connected, and repeated because its answer was lost.
    let lost = Uuid::now_v7();
    assert_eq!(visitor.frames(json!([said(lost, "zwei")])).await[0]["is_repeat"], false);
    let repeated = visitor.frames(json!([said(lost, "zwei"), said(first, "eins")])).await;
    assert!(repeated.iter().all(|reply| reply["type"] == "ack" && reply["is_repeat"] == true), "{repeated:?}");

    let (mut socket, ready) = visitor.connect(Some(&cursor)).await;
    assert_eq!((&ready["history"], &ready["cursor"]), (&json!(null), &json!(cursor)));
    let (mut out, mut own) = (Vec::new(), Vec::new());
    while out.len() < 3 || own.is_empty() {
        let message = socket.event("message_created").await;
        assert!(!message.to_string().contains("geheim"));
        if message["direction"] == "out" { out.push(message["id"].clone()) } else { own.push(message["client_id"].clone()) }
    }
    assert_eq!(out, sent);
    assert_eq!(own, [json!(lost)]);
    assert!(socket.drained().await.iter().all(|frame| frame["event"]["type"] != "message_created"));
    assert_eq!(server.stored().await.len(), 2);
}

async fn typing_goes_both_ways(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let (mut socket, _) = visitor.connect(None).await;
    socket.says("Moin").await;
    let on = server.interaction().await.id;
    socket.send(json!({"type": "typing", "id": Uuid::now_v7(), "is_typing": true})).await;
    socket.drained().await;
    assert!(server.contact_is_typing(on).await);
    server.is_replying(on, true).await;
    let typing = socket.event("typing").await;
    assert_eq!((&typing["is_typing"], &typing["author"]["name"]), (&json!(true), &json!("Ada")));
    server.is_replying(on, false).await;
    loop {
        // It is said again while it goes on.
        if socket.event("typing").await["is_typing"] == false {
            return;
        }
    }
}

/// A conversation that was closed is followed by another one: who is connected all the while hears of that one from then on.
async fn typing_is_heard_in_the_conversation_that_follows(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let (mut socket, _) = visitor.connect(None).await;
    socket.says("Moin").await;
    let first = server.interaction().await.id;
    server.closes(first).await;
    socket.until(|frame| frame["event"]["type"] == "status" && frame["event"]["data"]["status"] == "ENDED").await;
    socket.says("Noch etwas").await;
    let second = server.interaction().await.id;
    assert_ne!(first, second);
    // Its own message comes back after the new conversation was noticed.
    socket.until(|frame| frame["event"]["data"]["text"] == "Noch etwas").await;
    socket.drained().await;
    server.is_replying(first, true).await;
    assert!(socket.drained().await.iter().all(|frame| frame["event"]["type"] != "typing"), "of the old one nothing more is told");
    server.is_replying(second, true).await;
    let typing = socket.event("typing").await;
    assert_eq!((&typing["is_typing"], &typing["author"]["name"]), (&json!(true), &json!("Ada")));
}

async fn older_pages_follow_each_other_without_holes(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    for start in (0..120).step_by(20) {
        let frames: Vec<_> = (start..start + 20).map(|n| said(Uuid::now_v7(), &n.to_string())).collect();
        assert!(visitor.frames(json!(frames)).await.iter().all(|reply| reply["type"] == "ack"));
    }
    let (mut socket, ready) = visitor.connect(None).await;
    let texts = |page: &serde_json::Value| {
        page["messages"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (mut all, mut before) = (texts(&ready["history"]), ready["history"]["before"].clone());
    assert_eq!(all.len(), 50);
    while before.is_string() {
        let id = Uuid::now_v7();
        socket.send(json!({"type": "history", "id": id, "before": before})).await;
        let page = socket.reply(id).await;
        assert_eq!(page["type"], "history");
        all.splice(0..0, texts(&page));
        before = page["before"].clone();
    }
    assert_eq!(all, (0..120).map(|n| n.to_string()).collect::<Vec<_>>());
}

async fn behind_a_proxy_the_same_comes_as_a_stream(backend: Backend) {
    use futures_util::StreamExt;
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let response = visitor.request(reqwest::Method::GET, "stream").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.bytes_stream();
    let id = Uuid::now_v7();
    assert_eq!(visitor.frames(json!([said(id, "Moin")])).await[0]["type"], "ack");
    let mut heard = String::new();
    while !heard.contains("message_created") {
        heard.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
    }
    let mut frames =
        heard.lines().filter_map(|line| line.strip_prefix("data: ")).map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    assert_eq!(frames.next().unwrap()["type"], "ready");
    assert!(frames.any(|frame| frame["event"]["data"]["client_id"] == json!(id)));
}

async fn the_channels_own_words_are_shown(backend: Backend) {
    let settings = [
        ("subtitle", "Wir sind gern da"),
        ("subtitle_en", "Glad to help"),
        ("greeting_de", "Moin!"),
        ("greeting_en", "Hello!"),
        ("offline_text", "Morgen wieder."),
    ];
    let server = Server::with(backend, super::server::generous(), &settings).await;
    let visitor = Visitor::new(&server).await;
    let config: serde_json::Value = visitor.request(reqwest::Method::GET, "config").send().await.unwrap().json().await.unwrap();
    let texts = json!({
        "de": {"subtitle": "Wir sind gern da", "greeting": "Moin!", "offline": "Morgen wieder."},
        "en": {"subtitle": "Glad to help", "greeting": "Hello!", "offline": "Morgen wieder."},
    });
    assert_eq!(config["texts"], texts);
}

async fn a_message_is_left_while_nobody_is_there(backend: Backend) {
    let hours = r#"{"timeZone":"Europe/Berlin","days":{}}"#;
    let server = Server::with(backend, super::server::generous(), &[("office_hours", hours), ("greeting", "Moin!")]).await;
    let visitor = Visitor::new(&server).await;
    let config: serde_json::Value = visitor.request(reqwest::Method::GET, "config").send().await.unwrap().json().await.unwrap();
    assert_eq!((&config["is_online"], &config["offline_form"]["is_enabled"]), (&json!(false), &json!(true)));
    assert_eq!(config["texts"]["de"]["greeting"], "Moin!");
    let leave =
        |email: &str| json!({"type": "leave_message", "id": Uuid::now_v7(), "name": "Mara", "email": email, "text": "Bitte melden"});
    let replies = visitor.frames(json!([leave("nonsense"), leave("mara@example.org")])).await;
    assert_eq!((&replies[0]["code"], &replies[1]["type"]), (&json!("INVALID"), &json!("ack")), "{replies:?}");
    let contact = server.contacts().await.remove(0);
    assert_eq!((contact.name.as_str(), contact.email.as_deref()), ("Mara", Some("mara@example.org")));
    assert_eq!(server.stored().await[0].text, "Bitte melden");
}
