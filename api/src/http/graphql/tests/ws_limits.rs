//! Tests of the limits of a WebSocket.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::support::{Server, limits, soon};
use crate::http::graphql::Limits;

fn short(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[tokio::test]
async fn idle_sockets_without_init_are_closed() {
    let server = Server::start(Limits { init: short(30), ..limits() }).await;
    let mut socket = server.open().await;
    assert_eq!(socket.closed().await, 4408);
    server.all_closed().await;
}

#[tokio::test]
async fn pings_come_and_silence_is_death() {
    let server = Server::start(Limits { ping: short(50), dead: short(1_500), ..limits() }).await;
    let mut socket = server.sign_in("user:ana").await;
    socket.subscribe("t", "subscription{tick(everyMs:2500)}").await;
    // Answering pings is what keeps it alive: reading answers them.
    assert_eq!(socket.of("t").await.unwrap()["payload"]["data"]["tick"], 0);
    assert_eq!(socket.of("t").await.unwrap()["payload"]["data"]["tick"], 1);
    // Nothing is read any more, so nothing is answered.
    server.all_closed().await;
    drop(socket);
}

#[tokio::test]
async fn a_frozen_reader_loses_its_socket_and_nobody_else_does() {
    let server = Server::start(Limits { write: short(500), operations_per_second: 1_000_000, ..limits() }).await;
    let mut neighbour = server.sign_in("user:bo").await;
    let mut frozen = server.sign_in("user:ana").await;
    frozen.subscribe("f", "subscription{flood}").await;
    frozen.subscribe("n", "subscription{news}").await;
    soon(async {
        while server.transport.open_connections() > 1 {
            neighbour.subscribe("q", "{hello}").await;
            assert!(neighbour.of("q").await.unwrap()["payload"]["data"]["hello"].is_string());
            assert_eq!(neighbour.receive().await.unwrap()["type"], "complete");
        }
    })
    .await;
    // Its operations were stopped with it.
    soon(async {
        while server.news.receiver_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(frozen);
}

#[tokio::test]
async fn a_busy_operation_does_not_starve_others() {
    let server = Server::start(limits()).await;
    let mut socket = server.sign_in("user:ana").await;
    socket.subscribe("flood", "subscription{flood}").await;
    socket.subscribe("count", "subscription{count(to:50)}").await;
    let (mut flood, mut count) = (0_u32, 0_u32);
    while count < 50 {
        let message = socket.receive().await.unwrap();
        match message["id"].as_str().unwrap() {
            "flood" => flood += 1,
            _ => count += 1,
        }
    }
    // They take turns: the flood gets about as many, plus what fits into the network's buffers before.
    assert!(flood < 200, "{flood} of the flood before 50 of the other");
}

#[tokio::test]
async fn too_many_operations_connections_and_messages() {
    let server = Server::start(Limits { operations: 2, connections_per_user: 2, operations_per_second: 5, ..limits() }).await;
    let mut socket = server.sign_in("user:ana").await;
    socket.subscribe("1", "subscription{never}").await;
    socket.subscribe("2", "subscription{never}").await;
    socket.subscribe("3", "subscription{never}").await;
    let message = socket.receive().await.unwrap();
    assert_eq!((message["type"].as_str(), message["id"].as_str()), (Some("error"), Some("3")));
    assert_eq!(message["payload"][0]["extensions"], json!({"code": "LIMIT_CONCURRENT_OPERATIONS", "limit": 2, "retryable": false}));
    socket.say(json!({"id": "1", "type": "complete"})).await;
    socket.subscribe("3", "{hello}").await;
    assert_eq!(socket.receive().await.unwrap()["type"], "next", "there is room again");

    let second = server.sign_in("user:ana").await;
    let mut third = server.open().await;
    third.init("user:ana").await;
    assert_eq!(third.closed().await, 4429);
    drop(second);

    let mut quick = server.sign_in("user:bo").await;
    for number in 0..6 {
        quick.subscribe(&number.to_string(), "{").await;
    }
    assert_eq!(quick.closed().await, 4429);
    let mut noisy = server.sign_in("user:cy").await;
    for _ in 0..25 {
        noisy.say(json!({"type": "pong"})).await;
    }
    assert_eq!(noisy.closed().await, 4429);
}

#[tokio::test]
async fn unreadable_messages_close_with_4400() {
    let server = Server::start(limits()).await;
    let invalid = Frame::message(&b"{\"type\":\"\xff\"}"[..], OpCode::Data(Data::Text), true);
    for message in [
        Message::binary(&b"{}"[..]),
        Message::text("{\"type\":"),
        Message::text("x".repeat(64 * 1024 + 1)),
        Message::text("[".repeat(60_000)),
        Message::Frame(invalid),
    ] {
        let mut socket = server.sign_in("user:ana").await;
        socket.send(message.clone()).await;
        let code = socket.closed().await;
        // A frame that is too large is not read to its end, and the unread rest may reset the connection.
        let is_large = message.len() > 64 * 1024;
        assert!(code == 4400 || is_large && code == 1006, "{code}: {} bytes", message.len());
    }
    let exact = json!({"id": "1", "type": "subscribe", "payload": {"query": "{hello}"}}).to_string();
    let padded = format!("{}{exact}", " ".repeat(64 * 1024 - exact.len()));
    let mut socket = server.sign_in("user:ana").await;
    socket.send(Message::text(padded)).await;
    assert_eq!(socket.receive().await.unwrap()["type"], "next", "64 KiB exactly");
    drop(socket);
    server.all_closed().await;
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_nothing_running() {
    let server = Server::start(limits()).await;
    let mut socket = server.sign_in("user:ana").await;
    socket.subscribe("n", "subscription{news}").await;
    socket.subscribe("q", "{hello}").await;
    assert_eq!(socket.of("q").await.unwrap()["type"], "next");
    assert_eq!(server.news.receiver_count(), 1);
    let mut stream = socket.0.into_inner();
    stream.shutdown().await.unwrap();
    soon(stream.read_to_end(&mut Vec::new())).await.unwrap();
    server.all_closed().await;
    soon(async {
        while server.news.receiver_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
