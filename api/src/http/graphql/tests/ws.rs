//! Tests of GraphQL over WebSocket.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::support::{Server, limits};
use crate::http::graphql::Limits;

fn next(id: &str, data: &Value) -> Result<Value, u16> {
    Ok(json!({"id": id, "type": "next", "payload": {"data": data}}))
}

fn complete(id: &str) -> Result<Value, u16> {
    Ok(json!({"id": id, "type": "complete"}))
}

fn code(message: &Result<Value, u16>) -> (String, String) {
    let message = message.as_ref().unwrap();
    let errors = if message["type"] == "error" { &message["payload"] } else { &message["payload"]["errors"] };
    (message["type"].as_str().unwrap().into(), errors[0]["extensions"]["code"].as_str().unwrap().into())
}

#[tokio::test]
async fn queries_mutations_and_subscriptions() {
    let server = Server::start(limits()).await;
    let mut socket = server.sign_in("user:ana").await;
    socket.subscribe("q", "{whoami}").await;
    assert_eq!(socket.receive().await, next("q", &json!({"whoami": "ana"})));
    assert_eq!(socket.receive().await, complete("q"));
    socket.subscribe("m", "mutation{touch}").await;
    assert_eq!(socket.receive().await, next("m", &json!({"touch": true})));
    assert_eq!(socket.receive().await, complete("m"));
    socket.subscribe("s", "subscription{count(to:2)}").await;
    assert_eq!(socket.receive().await, next("s", &json!({"count": 1})));
    assert_eq!(socket.receive().await, next("s", &json!({"count": 2})));
    assert_eq!(socket.receive().await, complete("s"));
    // The id is free again.
    socket.subscribe("s", "{hello}").await;
    assert_eq!(socket.receive().await, next("s", &json!({"hello": "Hello world"})));
    assert_eq!(socket.receive().await, complete("s"));
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.receive().await, Ok(json!({"type": "pong"})));
    drop(socket);
    server.all_closed().await;
}

#[tokio::test]
async fn errors_travel_as_the_protocol_says() {
    let server = Server::start(limits()).await;
    let mut socket = server.sign_in("user:ana").await;
    for (query, expected) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{nothing}", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription{nothing}", "GRAPHQL_VALIDATION_FAILED"),
        ("{...A} fragment A on Query{...A}", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription{refused}", "FORBIDDEN"),
        ("subscription{reset(after:0)}", "STREAM_RESET"),
        ("{boom}", "INTERNAL"),
    ] {
        socket.subscribe("e", query).await;
        let message = socket.receive().await;
        assert_eq!(code(&message), ("error".into(), expected.into()), "{query}");
        assert!(!message.unwrap().to_string().contains("secret"));
    }
    // `error` is the last word of an operation: what comes next belongs to the next one.
    socket.subscribe("f", "{foreign}").await;
    assert_eq!(code(&socket.receive().await), ("next".into(), "INTERNAL".into()), "it was executed");
    assert_eq!(socket.receive().await, complete("f"));
    socket.subscribe("g", "subscription{fails}").await;
    assert_eq!(socket.receive().await, next("g", &json!({"fails": 1})));
    // What fails would be missed for ever by a client that hears what comes after it: the stream ends.
    assert_eq!(code(&socket.receive().await), ("error".into(), "CONFLICT".into()));
    socket.subscribe("r", "subscription{reset(after:1)}").await;
    assert_eq!(socket.receive().await, next("r", &json!({"reset": 1})));
    assert_eq!(code(&socket.receive().await), ("error".into(), "STREAM_RESET".into()));
    socket.subscribe("b", "subscription{boom}").await;
    assert_eq!(socket.receive().await, next("b", &json!({"boom": 1})));
    assert_eq!(code(&socket.receive().await), ("error".into(), "INTERNAL".into()));
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.receive().await, Ok(json!({"type": "pong"})));
}

#[tokio::test]
async fn a_completed_operation_is_silent_and_its_id_free() {
    let server = Server::start(limits()).await;
    let mut socket = server.sign_in("user:ana").await;
    socket.subscribe("n", "subscription{news}").await;
    socket.subscribe("t", "subscription{tick(everyMs:1)}").await;
    assert_eq!(socket.of("t").await, next("t", &json!({"tick": 0})));
    socket.say(json!({"id": "t", "type": "complete"})).await;
    socket.say(json!({"id": "unknown", "type": "complete"})).await;
    socket.subscribe("t", "{hello}").await;
    loop {
        // What was already on its way when we completed may still arrive.
        let message = socket.of("t").await.unwrap();
        if message["payload"]["data"]["tick"].is_null() {
            assert_eq!(Ok(message), next("t", &json!({"hello": "Hello world"})));
            break;
        }
    }
    assert_eq!(socket.receive().await, complete("t"));
    server.news.send("fresh".into()).unwrap();
    assert_eq!(socket.receive().await, next("n", &json!({"news": "fresh"})));
}

#[tokio::test]
async fn rules_of_the_protocol_close_with_their_codes() {
    let server = Server::start(Limits { init: Duration::from_secs(2), ..limits() }).await;
    let init = |token: &str| json!({"type": "connection_init", "payload": {"authorization": token}});
    let subscribe = json!({"id": "1", "type": "subscribe", "payload": {"query": "subscription{never}"}});
    let signed_in = init("Bearer user:ana");
    for (messages, expected) in [
        (vec![subscribe.clone()], 4401),
        (vec![json!({"type": "connection_init"})], 4401),
        (vec![init("Bearer wrong")], 4401),
        (vec![init("Bearer expired")], 4403),
        (vec![init("Bearer away")], 1013),
        (vec![json!({"type": "ping", "payload": {"authorization": "Bearer user:ana"}})], 4401),
        (vec![signed_in.clone(), signed_in.clone()], 4429),
        (vec![json!({"type": "pong"})], 4408),
        (vec![json!({"type": "nonsense"})], 4400),
        (vec![json!([])], 4400),
    ] {
        let mut socket = server.open().await;
        for message in &messages {
            socket.say(message.clone()).await;
        }
        assert_eq!(socket.closed().await, expected, "{messages:?}");
    }
    let mut socket = server.sign_in("user:ana").await;
    socket.say(subscribe.clone()).await;
    socket.say(subscribe).await;
    assert_eq!(socket.closed().await, 4409);
    server.all_closed().await;
}

#[tokio::test]
async fn only_our_subprotocol_is_spoken() {
    let server = Server::start(limits()).await;
    for protocol in [None, Some("graphql-ws"), Some("chat, graphql-ws")] {
        assert_eq!(server.try_open(protocol).await.err(), Some(StatusCode::BAD_REQUEST), "{protocol:?}");
    }
    assert!(server.try_open(Some("graphql-ws, graphql-transport-ws")).await.is_ok());
}

#[tokio::test]
async fn tokens_are_renewed_on_the_open_socket() {
    let server = Server::start(limits()).await;
    let mut socket = server.sign_in("user:ana:2000").await;
    let renew = |token: &str| json!({"type": "ping", "payload": {"authorization": format!("Bearer {token}")}});
    socket.subscribe("n", "subscription{news}").await;
    socket.say(renew("wrong")).await;
    assert_eq!(socket.receive().await, Ok(json!({"type": "pong", "payload": {"renewed": false, "code": "UNAUTHENTICATED"}})));
    socket.say(renew("away")).await;
    assert_eq!(socket.receive().await, Ok(json!({"type": "pong", "payload": {"renewed": false, "code": "UNAVAILABLE"}})));
    socket.say(renew("user:ana:4000")).await;
    assert_eq!(socket.receive().await, Ok(json!({"type": "pong", "payload": {"renewed": true}})));
    // The second tick comes after the first token's end.
    socket.subscribe("t", "subscription{tick(everyMs:2500)}").await;
    assert_eq!(socket.of("t").await, next("t", &json!({"tick": 0})));
    assert_eq!(socket.of("t").await, next("t", &json!({"tick": 1})));
    server.news.send("still here".into()).unwrap();
    assert_eq!(socket.of("n").await, next("n", &json!({"news": "still here"})));
    assert_eq!(socket.closed().await, 4403, "the second token runs out as well");

    let mut socket = server.sign_in("user:ana").await;
    socket.say(renew("user:bo")).await;
    assert_eq!(socket.closed().await, 4403);
}

#[tokio::test]
async fn revocation_closes_and_a_gatekeeper_that_is_away_does_not() {
    let server = Server::start(Limits { recheck: Duration::from_millis(20), ..limits() }).await;
    let mut socket = server.sign_in("user:ana").await;
    *server.gate.is_away.lock().unwrap() = true;
    server.gate.revoked.lock().unwrap().insert("ana".into());
    socket.subscribe("t", "subscription{tick(everyMs:100)}").await;
    assert_eq!(socket.of("t").await, next("t", &json!({"tick": 0})));
    assert_eq!(socket.of("t").await, next("t", &json!({"tick": 1})), "several questions went unanswered meanwhile");
    *server.gate.is_away.lock().unwrap() = false;
    assert_eq!(socket.closed().await, 4403);
    server.all_closed().await;
}

#[tokio::test]
async fn a_client_that_closes_gets_its_answer() {
    let server = Server::start(limits()).await;
    let mut socket = server.sign_in("user:ana").await;
    socket.subscribe("n", "subscription{news}").await;
    let frame = CloseFrame { code: CloseCode::Normal, reason: "bye".into() };
    socket.send(Message::Close(Some(frame))).await;
    assert_eq!(socket.closed().await, 1000);
    server.all_closed().await;
}

#[tokio::test]
async fn leaving_closes_all_sockets_and_lets_nobody_in() {
    let server = Server::start(Limits { drain: Duration::from_millis(50), ..limits() }).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(server.sign_in("user:ana").await);
    }
    server.shutdown.cancel();
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, 1012);
    }
    drop(sockets);
    assert_eq!(super::support::soon(server.serving).await.unwrap(), 0, "no connection had to be cut");
}
