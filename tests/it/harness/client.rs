//! The GraphQL clients, against a scripted server that speaks just enough of the protocols.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{
        WebSocketUpgrade,
        ws::{CloseFrame, Message as Frame, WebSocket},
    },
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::get,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};
use tributary_tests::client::{GraphqlClient, GraphqlSocket, Message, RawSocket};

const PATIENCE: Duration = Duration::from_secs(10);

/// Answers a query with itself; a socket acknowledges `Bearer good`, streams 1 2 3, and closes 4400 on `"nonsense"`.
async fn server() -> (String, mpsc::UnboundedReceiver<String>) {
    let (ends, ended) = mpsc::unbounded_channel();
    let socket = move |upgrade: WebSocketUpgrade| async move {
        upgrade.protocols(["graphql-transport-ws"]).on_upgrade(move |socket| async move {
            let end = speak(socket).await;
            // The test may be over.
            drop(ends.send(end));
        })
    };
    let post = |headers: HeaderMap, Json(body): Json<Value>| async move {
        let token = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or("none").to_owned();
        match body["query"].as_str() {
            Some("{ refused }") => {
                let error = json!({ "message": "no", "extensions": { "code": "FORBIDDEN" } });
                (StatusCode::OK, Json(json!({ "data": null, "errors": [error] }))).into_response()
            }
            query => Json(json!({ "data": { "query": query, "token": token, "variables": body["variables"] } })).into_response(),
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let app = Router::new().route("/graphql", get(socket).post(post));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, ended)
}

/// Returns how the connection ended.
async fn speak(mut socket: WebSocket) -> String {
    while let Some(frame) = socket.recv().await {
        let text = match frame {
            Ok(Frame::Text(text)) => text,
            Ok(Frame::Close(_)) => return "closed".to_owned(),
            Ok(_) => continue,
            Err(error) => return format!("broken: {error:?}"),
        };
        let message: Value = serde_json::from_str(&text).unwrap_or_default();
        let id = &message["id"];
        let answers = match message["type"].as_str() {
            Some("connection_init") if message["payload"]["authorization"] == "Bearer good" => {
                vec![json!({ "type": "connection_ack" }), json!({ "type": "ping" })]
            }
            Some("connection_init") => return close(socket, 4403, "Forbidden").await,
            Some("subscribe") if message["payload"]["query"] == "refused" => {
                vec![json!({ "id": id, "type": "error", "payload": [{ "message": "no" }] })]
            }
            Some("subscribe") => {
                let next = |n| json!({ "id": id, "type": "next", "payload": { "data": { "n": n } } });
                vec![next(1), next(2), next(3)]
            }
            Some("complete") => vec![json!({ "id": id, "type": "complete" })],
            Some("pong") => continue,
            _ => return close(socket, 4400, "Invalid message").await,
        };
        for answer in answers {
            if socket.send(Frame::text(answer.to_string())).await.is_err() {
                return "broken while sending".to_owned();
            }
        }
    }
    "ended".to_owned()
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str) -> String {
    let sent = socket.send(Frame::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
    format!("refused with {code} ({})", sent.is_ok())
}

#[tokio::test]
async fn posts_and_reads_answers_and_errors() {
    let (url, _ended) = server().await;
    let client = GraphqlClient::new(&url).unwrap().with_token("good");
    let answer = client.post("{ me }", json!({ "a": 1 })).await.unwrap();
    assert_eq!(answer.at("/token"), "Bearer good");
    assert_eq!(answer.ok().unwrap(), json!({ "query": "{ me }", "token": "Bearer good", "variables": { "a": 1 } }));
    let refused = client.post("{ refused }", json!({})).await.unwrap();
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    refused.ok().unwrap_err();
}

#[tokio::test]
async fn subscribes_and_tells_results_from_refusals() {
    let (url, _ended) = server().await;
    let socket = GraphqlSocket::connect(&url, Some("good")).await.unwrap();
    let mut numbers = socket.subscribe("subscription { n }", json!({})).unwrap();
    for n in 1..=3 {
        assert_eq!(numbers.data().await.unwrap(), json!({ "n": n }));
    }
    assert_eq!(numbers.try_next(), None);
    let mut refused = socket.subscribe("refused", json!({})).unwrap();
    assert_eq!(refused.next_message().await.unwrap(), Message::Error(json!([{ "message": "no" }])));
    let error = format!("{:#}", GraphqlSocket::connect(&url, Some("bad")).await.unwrap_err());
    assert!(error.contains("4403"), "{error}");
}

#[tokio::test]
async fn a_cut_is_a_reset_for_the_server_and_an_end_for_the_streams() {
    let (url, mut ended) = server().await;
    let socket = GraphqlSocket::connect(&url, Some("good")).await.unwrap();
    let mut numbers = socket.subscribe("subscription { n }", json!({})).unwrap();
    assert_eq!(numbers.data().await.unwrap(), json!({ "n": 1 }));
    socket.cut().await;
    let end = tokio::time::timeout(PATIENCE, ended.recv()).await.unwrap().unwrap();
    assert!(end.contains("broken"), "{end}");
    while let Message::Next(_) = numbers.next_message().await.unwrap() {}
    assert_eq!(socket.wait_closed(PATIENCE).await.unwrap(), None);
    socket.subscribe("subscription { n }", json!({})).unwrap_err();
}

#[tokio::test]
async fn a_client_that_does_not_read_gets_everything_later() {
    let (url, _ended) = server().await;
    let socket = GraphqlSocket::connect(&url, Some("good")).await.unwrap();
    socket.stop_reading();
    let mut numbers = socket.subscribe("subscription { n }", json!({})).unwrap();
    tokio::time::timeout(Duration::from_millis(150), numbers.next_message()).await.unwrap_err();
    socket.go_on_reading();
    assert_eq!(numbers.data().await.unwrap(), json!({ "n": 1 }));
}

#[tokio::test]
async fn a_raw_socket_may_say_anything_and_sees_the_close_code() {
    let (url, _ended) = server().await;
    let mut socket = RawSocket::connect(&url).await.unwrap();
    socket.send_text("nonsense").await.unwrap();
    assert_eq!(socket.wait_closed(PATIENCE).await.unwrap(), Some((4400, "Invalid message".to_owned())));
    let mut polite = RawSocket::connect_as(&url, None, &[("origin", "http://elsewhere.test")]).await.unwrap();
    polite.send(&json!({ "type": "connection_init", "payload": { "authorization": "Bearer good" } })).await.unwrap();
    assert_eq!(polite.next().await.unwrap(), json!({ "type": "connection_ack" }));
}
