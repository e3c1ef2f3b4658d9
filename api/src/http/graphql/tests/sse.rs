//! Tests of GraphQL over server-sent events.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::ServiceExt;

use super::support::{Answer, Server, ask, limits, post, router, soon, with};
use crate::http::graphql::Limits;

fn stream(query: &str) -> Request<Body> {
    with(post(json!({"query": query}).to_string()), "accept", "text/event-stream")
}

/// Results of the `next` events; the last entry is null when `complete` came.
fn events(text: &str) -> Vec<Value> {
    let events = text.split("\n\n").filter(|event| !event.is_empty() && !event.starts_with(':'));
    events
        .map(|event| match event.split_once('\n').unwrap() {
            ("event: next", data) => serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap(),
            ("event: complete", "data:") => Value::Null,
            other => panic!("{other:?}"),
        })
        .collect()
}

async fn all(limits: Limits, query: &str) -> Vec<Value> {
    let answer = ask(&router(limits), stream(query)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/event-stream; charset=utf-8");
    events(&answer.text)
}

#[tokio::test]
async fn results_then_the_end() {
    let results = all(limits(), "subscription{count(to:3)}").await;
    assert_eq!(results, [json!({"data": {"count": 1}}), json!({"data": {"count": 2}}), json!({"data": {"count": 3}}), Value::Null]);
    assert_eq!(all(limits(), "{hello}").await, [json!({"data": {"hello": "Hello world"}}), Value::Null]);
    assert_eq!(all(limits(), "mutation{touch}").await, [json!({"data": {"touch": true}}), Value::Null]);
    let get = Request::get("/graphql?query=subscription%7Bcount(to:1)%7D")
        .header("accept", "text/event-stream")
        .header("graphql-require-preflight", "1");
    let answer = ask(&router(limits()), get.body(Body::empty()).unwrap()).await;
    assert_eq!(events(&answer.text), [json!({"data": {"count": 1}}), Value::Null]);
}

#[tokio::test]
async fn refused_requests_are_no_streams() {
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription{nothing}", "GRAPHQL_VALIDATION_FAILED"),
        ("{...A} fragment A on Query{...A}", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        let answer: Answer = ask(&router(limits()), stream(query)).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, code), "{query}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/graphql-response+json; charset=utf-8");
    }
    let answer = ask(&router(limits()), with(stream("subscription{never}"), "authorization", "Bearer wrong")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn streams_that_fail_say_so_and_end() {
    let code = |value: &Value| value["errors"][0]["extensions"]["code"].as_str().map(str::to_owned);
    let results = all(limits(), "subscription{reset(after:2)}").await;
    assert_eq!((results.len(), code(&results[2]).as_deref(), &results[3]), (4, Some("STREAM_RESET"), &Value::Null));
    let results = all(limits(), "subscription{boom}").await;
    assert_eq!((results.len(), code(&results[1]).as_deref(), &results[2]), (3, Some("INTERNAL"), &Value::Null));
    let results = all(limits(), "subscription{refused}").await;
    assert_eq!((results.len(), code(&results[0]).as_deref()), (2, Some("FORBIDDEN")));
    let results = all(Limits { execution: Duration::from_millis(30), ..limits() }, "{endless}").await;
    assert_eq!((results.len(), code(&results[0]).as_deref()), (2, Some("UNAVAILABLE")));
}

#[tokio::test]
async fn heartbeats_keep_a_quiet_stream_alive() {
    let router = router(Limits { ping: Duration::from_millis(10), ..limits() });
    let response = router.oneshot(stream("subscription{never}")).await.unwrap();
    let chunks: Vec<_> = soon(response.into_body().into_data_stream().take(4).map(Result::unwrap).collect()).await;
    assert!(chunks.iter().all(|chunk| &chunk[..] == b":\n\n"));
}

#[tokio::test]
async fn an_expired_or_revoked_viewer_is_told_and_the_stream_ends() {
    let quick = || Limits { recheck: Duration::from_millis(20), ..limits() };
    let answer = ask(&router(quick()), with(stream("subscription{never}"), "authorization", "Bearer user:ana:30")).await;
    let results = events(&answer.text);
    assert_eq!(results[0]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(results[1], Value::Null);

    let server = Server::start(quick()).await;
    let router = server.transport.router();
    server.gate.revoked.lock().unwrap().insert("bo".into());
    let answer = ask(&router, with(stream("subscription{never}"), "authorization", "Bearer user:bo")).await;
    assert_eq!(events(&answer.text)[0]["errors"][0]["message"], "You are no longer signed in.");
    server.all_closed().await;
}

#[tokio::test]
async fn streams_count_as_connections_of_their_user() {
    let server = Server::start(Limits { connections_per_user: 1, ..limits() }).await;
    let router = server.transport.router();
    let ask_as = |user: &str| with(stream("subscription{never}"), "authorization", &format!("Bearer user:{user}"));
    let first = router.clone().oneshot(ask_as("ana")).await.unwrap();
    let second = ask(&router, ask_as("ana")).await;
    assert_eq!((second.status, second.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"));
    assert_eq!(router.clone().oneshot(ask_as("bo")).await.unwrap().status(), StatusCode::OK);
    drop(first);
    server.all_closed().await;
    assert_eq!(router.oneshot(ask_as("ana")).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_reader_that_is_frozen_is_dropped() {
    let server = Server::start(Limits { write: Duration::from_millis(500), ..limits() }).await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    let body = json!({"query": "subscription{flood}"}).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    // The first bytes prove that it flows; after them nothing is read.
    soon(client.read_exact(&mut [0; 64])).await.unwrap();
    assert_eq!(server.transport.open_connections(), 1);
    server.all_closed().await;
}

#[tokio::test]
async fn leaving_breaks_streams_off_without_complete() {
    let server = Server::start(Limits { drain: Duration::from_millis(20), ..limits() }).await;
    let response = server.transport.router().oneshot(stream("subscription{never}")).await.unwrap();
    server.shutdown.cancel();
    let text = soon(axum::body::to_bytes(response.into_body(), 1_000)).await.unwrap();
    assert_eq!(&text[..], b":\n\n");
    let answer = ask(&server.transport.router(), stream("subscription{never}")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}
