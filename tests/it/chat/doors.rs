//! Who gets in, and to what.

use serde_json::{Value, json};
use tributary_api::http::chat::ChatLimits;
use uuid::Uuid;

use crate::backend::{Backend, on_both};

use super::{
    server::{SECRET, SHOP, Server, generous, text},
    visitor::{Socket, Visitor, base, said},
};

on_both!(
    another_visitor_sees_and_touches_nothing,
    only_named_pages_may_speak,
    a_signed_identity_takes_along_what_the_browser_wrote,
    files_belong_to_their_visitor,
    too_much_is_refused_with_a_time_to_wait,
    who_is_blocked_is_sent_away,
    a_node_that_leaves_says_so,
);

async fn another_visitor_sees_and_touches_nothing(backend: Backend) {
    let server = Server::start(backend).await;
    let (mara, eve) = (Visitor::new(&server).await, Visitor::new(&server).await);
    assert_ne!(mara.id, eve.id);
    let (mut socket, _) = mara.connect(None).await;
    let (_, ack) = socket.says("privat").await;
    let on = server.interaction().await.id;
    let answer = server.says(on, text("auch privat")).await;
    socket.event("message_created").await;
    socket.until(|frame| frame["event"]["data"]["id"] == json!(answer)).await;
    let (_, file) = mara.upload("a.txt", "text/plain", b"geheim".to_vec()).await;

    let (mut other, ready) = eve.connect(None).await;
    assert_eq!(ready["history"]["messages"], json!([]));
    let foreign = [
        json!({"type": "seen", "message_id": answer}),
        json!({"type": "received", "message_id": ack["message_id"]}),
        json!({"type": "react", "message_id": answer, "emoji": "x", "is_added": true}),
        json!({"type": "answer", "content": {"kind": "FORM_ANSWERS", "question": answer, "answers": []}}),
        json!({"type": "message", "content": text("x"), "quoted": answer}),
        json!({"type": "message", "content": {"kind": "ATTACHMENT"}, "attachment_ids": [file["id"]]}),
        json!({"type": "end"}),
    ];
    for mut frame in foreign {
        let id = Uuid::now_v7();
        frame["id"] = json!(id);
        other.send(frame.clone()).await;
        let reply = other.reply(id).await;
        assert_eq!(reply["code"], "NOT_FOUND", "{frame}");
    }
    assert_eq!(eve.post(&format!("files/{}/url", file["id"].as_str().unwrap()), json!({})).await.0, 404);
    let stolen = socket.cursor.clone().unwrap();
    let mut thief = eve.open().await;
    thief.send(json!({"type": "hello", "id": Uuid::now_v7(), "token": eve.token, "after": stolen})).await;
    assert_eq!(thief.closed().await, 4401);
    assert!(other.drained().await.is_empty(), "nothing of what happened to others");
    assert_eq!(server.stored().await.len(), 1);

    let elsewhere = Server::start(backend).await;
    let mut guest = Visitor::new(&elsewhere).await.open().await;
    guest.send(json!({"type": "hello", "id": Uuid::now_v7(), "token": mara.token, "after": null})).await;
    assert_eq!(guest.closed().await, 4401, "a token of another channel");
}

async fn only_named_pages_may_speak(backend: Backend) {
    let server = Server::start(backend).await;
    let client = tributary_tests::client::http_client().unwrap();
    let ask = async |method: reqwest::Method, path: &str, origin: Option<&str>| {
        let mut request = client.request(method, format!("http://{}/chat/v1/{path}", server.address)).json(&json!({}));
        if let Some(origin) = origin {
            request = request.header("origin", origin).header("access-control-request-method", "POST");
        }
        let response = request.send().await.unwrap();
        let named = response.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), named)
    };
    use reqwest::Method;
    let (session, config) = (format!("{}/session", server.key), format!("{}/config", server.key));
    let own = format!("http://{}", server.address);
    for (method, path, origin, status) in [
        (Method::POST, &*session, Some(SHOP), 200),
        (Method::POST, &session, Some(&*own), 200),
        (Method::POST, &session, Some("https://chat.example"), 200),
        (Method::POST, &session, Some("https://evil.example"), 403),
        (Method::POST, &session, Some("null"), 403),
        (Method::POST, &session, None, 403),
        (Method::GET, &config, None, 200),
        (Method::GET, &config, Some("https://evil.example"), 403),
        (Method::OPTIONS, &session, Some(SHOP), 204),
        (Method::OPTIONS, &session, Some("https://evil.example"), 403),
        (Method::GET, "nobody/config", Some(SHOP), 404),
        (Method::GET, "..%2f/config", Some(SHOP), 404),
    ] {
        let (found, named) = ask(method.clone(), path, origin).await;
        assert_eq!(found, status, "{method} {path} {origin:?}");
        assert_eq!(named.as_deref(), origin, "the page may read why");
    }
    let mut refused = Socket::open(&base(&server), "https://evil.example").await;
    assert_eq!(refused.closed().await, 4403);
    let bare = client.get(format!("http://{}/socket", base(&server))).header("origin", SHOP).send().await.unwrap();
    assert_eq!(bare.status(), 400);
}

async fn a_signed_identity_takes_along_what_the_browser_wrote(backend: Backend) {
    let server = Server::start(backend).await;
    let mut visitor = Visitor::new(&server).await;
    let anonymous = visitor.id.clone();
    let id = Uuid::now_v7();
    visitor.frames(json!([said(id, "vorher")])).await;
    let sign = |claims: Value, secret: &str| {
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256), &claims, &key).unwrap()
    };
    let claims = json!({"sub": "42", "aud": server.key, "exp": 4_000_000_000_u64, "name": "Mara", "email": "mara@example.org"});
    let bad = visitor.post("session", json!({"token": visitor.token, "identity": sign(claims.clone(), "guessed")})).await;
    assert_eq!((bad.0, &bad.1["error"]["code"]), (401, &json!("UNAUTHENTICATED")));
    let good = sign(claims, SECRET);
    visitor.sign_in(json!({"token": visitor.token, "identity": good})).await;
    assert_ne!(visitor.id, anonymous);
    let (mut socket, ready) = visitor.connect(None).await;
    assert_eq!(ready["history"]["messages"][0]["client_id"], json!(id));
    assert_eq!(visitor.frames(json!([said(id, "vorher")])).await[0]["is_repeat"], true, "known under the name before");
    socket.says("nachher").await;
    let on = server.interaction().await;
    assert_eq!(server.stored().await.iter().filter(|one| one.interaction_id == on.id).count(), 2, "one conversation");
    let names: Vec<_> = server.contacts().await.into_iter().map(|contact| contact.name).collect();
    assert!(names.contains(&"Mara".to_owned()), "{names:?}");

    // The same person in another browser; and another person, who claims nothing but a name.
    let mut elsewhere = Visitor::new(&server).await;
    elsewhere.sign_in(json!({"token": elsewhere.token, "identity": good})).await;
    assert_eq!(elsewhere.connect(None).await.1["history"]["messages"].as_array().unwrap().len(), 2);
    let stranger = Visitor::new(&server).await;
    let left = json!({"type": "leave_message", "id": Uuid::now_v7(), "name": "Mara", "email": "mara@example.org", "text": "Ich bin's"});
    stranger.frames(json!([left])).await;
    assert_eq!(stranger.connect(None).await.1["history"]["messages"].as_array().unwrap().len(), 1);
}

async fn files_belong_to_their_visitor(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let png = [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0CRC!"[..], b"\0\0\0\x04tEXtMaraCRC!"].concat();
    let (status, file) = visitor.upload("../Bild.png", "text/html", png).await;
    assert_eq!(status, 200, "{file}");
    assert_eq!(
        (&file["name"], &file["mime"], &file["width"], &file["height"]),
        (&json!("Bild.png"), &json!("image/png"), &json!(2), &json!(3))
    );
    let frame = json!({"type": "message", "id": Uuid::now_v7(), "content": {"kind": "ATTACHMENT", "caption": "siehe"}, "attachment_ids": [file["id"]]});
    assert_eq!(visitor.frames(json!([frame.clone()])).await[0]["is_repeat"], false);
    assert_eq!(visitor.frames(json!([frame])).await[0]["is_repeat"], true, "although the file is taken by now");
    let twice = json!({"type": "message", "id": Uuid::now_v7(), "content": {"kind": "ATTACHMENT"}, "attachment_ids": [file["id"]]});
    assert_eq!(visitor.frames(json!([twice])).await[0]["code"], "NOT_FOUND");

    let (_, ready) = visitor.connect(None).await;
    let url = ready["history"]["messages"][0]["attachments"][0]["url"].as_str().unwrap().to_owned();
    let get = async |url: &str| reqwest::get(format!("http://{}{url}", server.address)).await.unwrap();
    let response = get(&url).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-security-policy"], "sandbox; default-src 'none'");
    assert_eq!(response.headers()["content-disposition"], "inline; filename*=UTF-8''Bild.png");
    assert!(!response.bytes().await.unwrap().windows(4).any(|four| four == b"Mara"), "what stands beside the picture is gone");
    let (path, query) = url.split_once('?').unwrap();
    for wrong in [path.to_owned(), format!("{path}?{}0", query), url.replace("expires=", "expires=1")] {
        assert!(matches!(get(&wrong).await.status().as_u16(), 403 | 404), "{wrong}");
    }
    let id = file["id"].as_str().unwrap();
    let (status, fresh) = visitor.post(&format!("files/{id}/url"), json!({})).await;
    assert_eq!((status, get(fresh["url"].as_str().unwrap()).await.status().as_u16()), (200, 200));

    let (status, large) = visitor.upload("a.bin", "application/pdf", vec![b'x'; 250_000]).await;
    assert_eq!((status, &large["error"]["code"]), (413, &json!("TOO_LARGE")));
    assert_eq!(visitor.upload("a.txt", "text/plain", Vec::new()).await.0, 400);
    let html = visitor.upload("a.html", "text/html", b"<!doctype html><script>alert(1)</script>".to_vec()).await.1;
    let response = get(html["url"].as_str().unwrap()).await;
    assert!(response.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
}

async fn too_much_is_refused_with_a_time_to_wait(backend: Backend) {
    let limits = ChatLimits { messages_per_minute: 2, sockets: 1, ..generous() };
    let server = Server::with(backend, limits, &[]).await;
    let visitor = Visitor::new(&server).await;
    let replies = visitor.frames(json!([said(Uuid::now_v7(), "1"), said(Uuid::now_v7(), "2"), said(Uuid::now_v7(), "3")])).await;
    assert_eq!(replies.iter().map(|reply| reply["type"].as_str().unwrap()).collect::<Vec<_>>(), ["ack", "ack", "error"]);
    assert_eq!((&replies[2]["code"], &replies[2]["retryable"]), (&json!("RATE_LIMITED"), &json!(true)));
    assert!(replies[2]["retry_after_ms"].as_u64().unwrap() <= 60_000);
    assert_eq!(server.stored().await.len(), 2);
    let (_first, _) = visitor.connect(None).await;
    let mut second = visitor.open().await;
    second.send(json!({"type": "hello", "id": Uuid::now_v7(), "token": visitor.token, "after": null})).await;
    assert_eq!(second.closed().await, 4429);
}

async fn who_is_blocked_is_sent_away(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let (mut socket, _) = visitor.connect(None).await;
    socket.says("Moin").await;
    server.blocks_all().await;
    assert_eq!(socket.closed().await, 4403);
    assert_eq!(visitor.frames(json!([said(Uuid::now_v7(), "noch da?")])).await[0]["code"], "FORBIDDEN");
    let again = visitor.post("session", json!({"token": visitor.token})).await;
    assert_eq!(again.0, 403, "and gets no new face");
    assert_eq!(server.stored().await.len(), 1);
}

async fn a_node_that_leaves_says_so(backend: Backend) {
    let server = Server::start(backend).await;
    let visitor = Visitor::new(&server).await;
    let (mut socket, _) = visitor.connect(None).await;
    server.shutdown.cancel();
    assert_eq!(socket.closed().await, 1012);
}
