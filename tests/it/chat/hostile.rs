//! What no widget sends. Every answer has a code, nothing is stored, and the visitor can go on.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::backend::{Backend, on_both};

use super::{
    server::{Server, text},
    visitor::Visitor,
};

on_both!(wrong_frames_are_told_what_is_wrong, what_is_no_frame_closes_the_socket, wrong_requests_have_a_status_and_a_code,);

async fn wrong_frames_are_told_what_is_wrong(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let (mut socket, _) = visitor.connect(None).await;
    let long = "x".repeat(20_001);
    let content = |content: Value| json!({"type": "message", "content": content});
    let question = "msg_00000000000000000000000000000001";
    let wrong = [
        (content(text("")), "INVALID"),
        (content(text(" \n ")), "INVALID"),
        (content(text(&long)), "INVALID"),
        (content(json!({"kind": "ATTACHMENT", "caption": "no file"})), "INVALID"),
        (content(json!({"kind": "FORMATTED", "markup": "HTML", "source": "<b>x</b>"})), "INVALID"),
        (content(json!({"kind": "NOPE"})), "INVALID"),
        (content(json!("text")), "INVALID"),
        (json!({"type": "message"}), "INVALID"),
        (json!({"type": "message", "content": text("x"), "attachment_ids": ["att_1"]}), "INVALID"),
        (json!({"type": "message", "content": text("x"), "attachment_ids": ["att_00000000000000000000000000000001"]}), "NOT_FOUND"),
        (json!({"type": "answer", "content": {"kind": "SELECTION", "question": null, "items": [{"id": "a", "title": "A"}]}}), "INVALID"),
        (
            json!({"type": "answer", "content": {"kind": "SELECTION", "question": question, "items": [{"id": "a", "title": "A"}]}}),
            "NOT_FOUND",
        ),
        (json!({"type": "seen", "message_id": question}), "NOT_FOUND"),
        (json!({"type": "react", "message_id": question, "emoji": "", "is_added": true}), "INVALID"),
        (json!({"type": "history", "before": "🙂"}), "INVALID"),
        (json!({"type": "leave_message", "email": "a@b.c\r\nbcc: d@e.f", "text": "x"}), "INVALID"),
        (json!({"type": "leave_message", "email": 7, "text": "x"}), "INVALID"),
        (json!({"type": "end"}), "NOT_FOUND"),
    ];
    for (mut frame, code) in wrong {
        let id = Uuid::now_v7();
        frame["id"] = json!(id);
        socket.send(frame.clone()).await;
        let reply = socket.reply(id).await;
        assert_eq!((&reply["type"], &reply["code"]), (&json!("error"), &json!(code)), "{frame}: {reply}");
    }
    socket.send(json!({"type": "from_the_future", "id": Uuid::now_v7(), "x": [[[]]]})).await;
    assert!(server.stored().await.is_empty());
    assert_eq!(socket.says("geht noch").await.1["type"], "ack");
    // U+0000 is a character that PostgreSQL does not take; it must not be a way to break anything.
    let (_, reply) = socket.says("a\u{0}b").await;
    assert!(reply["type"] == "ack" || reply["code"] == "INVALID", "{reply}");
}

async fn what_is_no_frame_closes_the_socket(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for (message, code) in [
        (Message::text("not json"), 4400),
        (Message::text("{\"type\":7}"), 4400),
        (Message::text(deep), 4400),
        (Message::binary(vec![1, 2, 3]), 4400),
        (Message::text(json!({"type": "message", "id": Uuid::now_v7(), "content": text(&"x".repeat(70_000))}).to_string()), 1009),
    ] {
        let (mut socket, _) = visitor.connect(None).await;
        socket.raw(message).await;
        assert_eq!(socket.closed().await, code);
    }
    for frame in [json!({"type": "ping", "id": Uuid::now_v7()}), json!({"type": "message", "id": Uuid::now_v7(), "content": text("x")})] {
        let mut socket = visitor.open().await;
        socket.send(frame).await;
        assert_eq!(socket.closed().await, 4400, "before hello");
    }
    for token in ["", "x", "a.b", &format!("{}x", visitor.token)] {
        let mut socket = visitor.open().await;
        socket.send(json!({"type": "hello", "id": Uuid::now_v7(), "token": token, "after": null})).await;
        assert_eq!(socket.closed().await, 4401);
    }
    let mut forged = visitor.open().await;
    forged.send(json!({"type": "hello", "id": Uuid::now_v7(), "token": visitor.token, "after": "forged"})).await;
    assert_eq!(forged.closed().await, 4401);
    assert!(server.stored().await.is_empty());
}

async fn wrong_requests_have_a_status_and_a_code(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let raw = async |path: &str, kind: &str, body: Vec<u8>| {
        let response = visitor
            .request(reqwest::Method::POST, path)
            .header("content-type", kind)
            .header("connection", "close")
            .body(body)
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let json = "application/json";
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    for (path, kind, body, status) in [
        ("session", json, b"{".to_vec(), 400),
        ("session", json, b"\xff\xfe".to_vec(), 400),
        // A list is no session, however deep it goes on.
        ("session", json, deep, 422),
        ("session", "text/plain", b"{}".to_vec(), 415),
        ("session", json, b"{\"token\":7}".to_vec(), 422),
        ("frames", json, b"{\"frames\":7}".to_vec(), 422),
        ("frames", json, vec![b' '; 3_000_000], 413),
        ("files", json, b"{}".to_vec(), 400),
        ("files", "multipart/form-data; boundary=x", b"--x\r\n\r\nbroken".to_vec(), 400),
        ("files", "multipart/form-data; boundary=x", b"--x--\r\n".to_vec(), 400),
    ] {
        let found = raw(path, kind, body).await;
        assert_eq!(found, (status, "INVALID".to_owned()), "{path} {kind}");
    }
    let many: Vec<Value> = (0..21).map(|_| json!({"type": "ping", "id": Uuid::now_v7()})).collect();
    assert_eq!(visitor.post("frames", json!({"frames": many})).await.0, 400);
    let replies = visitor.frames(json!([7, {}, {"type": "nope"}, {"type": "end", "id": "x"}])).await;
    assert!(replies.len() == 3 && replies.iter().all(|reply| reply["code"] == "INVALID"), "{replies:?}");
    let mut nobody = Visitor::new(&server).await;
    nobody.token = "x.y".to_owned();
    assert_eq!(nobody.post("frames", json!({"frames": []})).await.0, 401);
    assert_eq!(nobody.upload("a.txt", "text/plain", b"a".to_vec()).await.0, 401);
    assert_eq!(nobody.request(reqwest::Method::GET, "stream").send().await.unwrap().status(), 401);
}
