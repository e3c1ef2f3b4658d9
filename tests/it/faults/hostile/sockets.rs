//! Sockets that say nothing, the wrong thing, or too much.

use std::time::Duration;

use futures_util::{SinkExt, future::join_all};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};
use tributary_tests::client::RawSocket;

use super::{
    Target,
    documents::{init, signed_in, subscribe},
};

/// Opened and never heard of again.
const IDLE: usize = 1_000;
/// So many are being opened at the same time.
const OPENING: usize = 50;
/// More than any second's worth of messages. Who is still sending when the time for a farewell is over sees the connection
/// break instead of the close code.
const FLOOD: usize = 1_000;
/// What a socket takes in one message.
const FRAME_BYTES: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn attack(target: &Target) {
    tokio::join!(before_signing_in(target), unreadable(target), too_much(target));
}

/// Sockets without an init, all of them open at once.
pub(super) async fn idle(target: &Target) {
    let mut sockets = Vec::new();
    for _ in 0..IDLE / OPENING {
        sockets.extend(join_all((0..OPENING).map(|_| RawSocket::connect(&target.url))).await);
    }
    let closed = join_all(sockets.into_iter().map(async |socket| socket.unwrap().wait_closed(PATIENCE).await.unwrap())).await;
    assert_eq!(closed.len(), IDLE);
    for close in closed {
        assert_eq!(close, Some((4408, "Connection initialisation timeout".to_owned())));
    }
}

async fn before_signing_in(target: &Target) {
    let nothing = json!({ "type": "connection_init" });
    for (messages, code) in [
        (vec![nothing], 4401),
        (vec![init("wrong")], 4401),
        (vec![init(&"x".repeat(60_000))], 4401),
        (vec![subscribe("1", "{ viewer { role } }")], 4401),
        (vec![init(&target.token), init(&target.token)], 4429),
        (vec![json!({ "type": "ping", "payload": { "authorization": "Bearer wrong" } })], 4401),
        (vec![json!({ "type": "pong" }); FLOOD], 4429),
    ] {
        let mut socket = RawSocket::connect(&target.url).await.unwrap();
        for message in &messages {
            // It may be closed before all is said.
            if socket.send(message).await.is_err() {
                break;
            }
        }
        let close = socket.wait_closed(PATIENCE).await.unwrap().map(|(code, _)| code);
        assert!(close == Some(code) || messages.len() == FLOOD && close.is_none(), "{}: {close:?}", messages[0]);
    }
}

async fn unreadable(target: &Target) {
    let text = |bytes: &[u8], is_last| Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), is_last));
    let more = Message::Frame(Frame::message(vec![b' '; FRAME_BYTES / 2], OpCode::Data(Data::Continue), false));
    let long_id = subscribe(&"x".repeat(257), "{ viewer { role } }").to_string();
    for (what, messages) in [
        ("not JSON", vec![Message::text("{\"type\":")]),
        ("an unknown type", vec![Message::text("{\"type\":\"start\"}")]),
        ("an empty id", vec![Message::text(subscribe("", "{a}").to_string())]),
        ("a long id", vec![Message::text(long_id)]),
        ("deep JSON", vec![Message::text("[".repeat(60_000))]),
        ("bytes", vec![Message::binary(vec![1, 2, 3])]),
        ("text that is not UTF-8", vec![text(b"{\"type\":\"\xff\"}", true)]),
        ("too large: a frame", vec![Message::text("x".repeat(FRAME_BYTES + 1))]),
        ("too large: parts without an end", [vec![text(b"{", false)], vec![more; 200]].concat()),
    ] {
        let mut socket = signed_in(target).await;
        for message in messages {
            if socket.socket.send(message).await.is_err() {
                break;
            }
        }
        let close = socket.wait_closed(PATIENCE).await.unwrap().map(|(code, _)| code);
        // What is too large is not read to its end, and the unread rest may reset the connection.
        assert!(close == Some(4400) || what.starts_with("too large") && close.is_none(), "{what}: {close:?}");
    }
    // A client that does not mask its frames speaks another protocol.
    let mut socket = signed_in(target).await;
    socket.socket.get_mut().write_all(b"\x81\x02{}").await.unwrap();
    assert_eq!(socket.wait_closed(PATIENCE).await.unwrap().map(|(code, _)| code), Some(4400));
}

async fn too_much(target: &Target) {
    // An id that is in use.
    let endless = format!("subscription {{ workspaceEvents(after: \"{}\") {{ cursor }} }}", target.cursor);
    let mut twice = signed_in(target).await;
    twice.send(&subscribe("1", &endless)).await.unwrap();
    twice.send(&subscribe("1", &endless)).await.unwrap();
    assert_eq!(twice.wait_closed(PATIENCE).await.unwrap().map(|(code, _)| code), Some(4409));

    for message in [
        Message::text(json!({ "type": "ping" }).to_string()),
        Message::Ping(vec![0; 125].into()),
        Message::text(json!({ "type": "complete", "id": "nobody's" }).to_string()),
        Message::text(subscribe("same", "{").to_string()),
    ] {
        let mut socket = signed_in(target).await;
        for _ in 0..FLOOD {
            if socket.socket.send(message.clone()).await.is_err() {
                break;
            }
        }
        let close = socket.wait_closed(PATIENCE).await.unwrap().map(|(code, _)| code);
        assert!(matches!(close, Some(4429) | None), "{message:?}: {close:?}");
    }
}
