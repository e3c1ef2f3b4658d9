//! Requests that are too large, too slow, no requests, or sent by a foreign page, written to the connection byte by byte.

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::Target;

const BODY_BYTES: usize = 10 << 20;
/// Connections at the same time that do not get on.
const SLOW: usize = 100;
const JSON: &str = "content-type: application/json\r\n";
const FOREIGN: &str = "origin: https://evil.example\r\nsec-fetch-site: cross-site\r\n";

pub(super) async fn attack(target: &Target) {
    for (what, request, status, code) in refused() {
        let answer = exchange(target, &[request]).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {}", answer.text);
        assert!(!answer.text.to_ascii_lowercase().contains("access-control-allow-origin"), "{what}: {}", answer.text);
    }
    let (announced, chunked) = (large_announced(), large_chunked());
    for _ in 0..4 {
        for body in [&announced, &chunked] {
            let answer = exchange(target, std::slice::from_ref(body)).await;
            assert_eq!((answer.status, answer.code()), (413, "LIMIT_BODY"), "{}", answer.text);
        }
    }
    endless(target).await;
}

/// Heads and bodies that do not come to their end, many at the same time.
pub(super) async fn slow(target: &Target) {
    let silent = ["", "P", "PRI * HTTP/2.0\r\n", "POST /graphql HTTP/1.1\r\nhost: a\r\nx: "];
    let slow_body = format!("{}content-length: 100\r\n\r\n{{", head("POST /graphql", JSON));
    join_all((0..SLOW).flat_map(|_| silent).map(async |start| {
        let answer = exchange(target, &[start.into()]).await;
        assert!(answer.status == 0 || answer.status == 408, "{start:?}: {}", answer.text);
    }))
    .await;
    join_all((0..SLOW).map(async |_| {
        let answer = exchange(target, &[slow_body.clone().into_bytes()]).await;
        assert_eq!((answer.status, answer.code()), (408, "BAD_REQUEST"), "{}", answer.text);
    }))
    .await;
}

/// What it is, the request, and the status and the code of the answer.
fn refused() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let post = |headers: &str, body: &[u8]| {
        let head = format!("{}content-length: {}\r\n\r\n", head("POST /graphql", headers), body.len());
        [head.as_bytes(), body].concat()
    };
    let get = |target: &str, headers: &str| format!("{}\r\n", head(&format!("GET {target}"), headers)).into_bytes();
    let question = br#"{"query":"{viewer{role}}"}"#;
    let batch = format!("[{}]", vec![String::from_utf8_lossy(question); 10_000].join(","));
    let deep = format!("{{\"query\":\"{{viewer{{role}}}}\",\"variables\":{{\"a\":{}", "[".repeat(500_000));
    let long_head = format!("x: {}\r\n", "x".repeat(64 * 1024));
    let foreign = |kind: &str| format!("{FOREIGN}content-type: {kind}\r\n");
    let upgrade = "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    vec![
        ("bytes that are not UTF-8", post(JSON, b"{\"query\":\"\xff\xfe\"}"), 400, "BAD_REQUEST"),
        ("half of a surrogate pair", post(JSON, br#"{"query":"\ud800"}"#), 400, "BAD_REQUEST"),
        ("deep JSON", post(JSON, deep.as_bytes()), 400, "BAD_REQUEST"),
        ("a compressed body", post(&format!("{JSON}content-encoding: gzip\r\n"), b"\x1f\x8b\x08\0\0"), 400, "BAD_REQUEST"),
        ("ten thousand in one", post(JSON, batch.as_bytes()), 400, "BATCHING_NOT_SUPPORTED"),
        ("a form of a foreign page", post(&foreign("application/x-www-form-urlencoded"), b"query=%7Bviewer%7D"), 415, "BAD_REQUEST"),
        ("text of a foreign page", post(&foreign("text/plain"), question), 415, "BAD_REQUEST"),
        ("files of a foreign page", post(&foreign("multipart/form-data; boundary=a"), question), 415, "BAD_REQUEST"),
        ("no type at all", post(FOREIGN, question), 415, "BAD_REQUEST"),
        ("a picture's address on a foreign page", get("/graphql?query=%7Bviewer%7Brole%7D%7D", FOREIGN), 400, "CSRF_GUARD"),
        (
            "a stream of a foreign page",
            get("/graphql?query=%7Ba%7D", &format!("{FOREIGN}accept: text/event-stream\r\n")),
            400,
            "CSRF_GUARD",
        ),
        ("a change by GET", get("/graphql?query=mutation%7Ba%7D", "graphql-require-preflight: 1\r\n"), 405, "BAD_REQUEST"),
        ("another method", format!("{}\r\n", head("DELETE /graphql", "")).into_bytes(), 405, "BAD_REQUEST"),
        ("a socket of another kind", get("/graphql", &format!("connection: upgrade\r\n{upgrade}")), 400, "BAD_REQUEST"),
        ("a wrong token", post(&format!("{JSON}authorization: Bearer wrong\r\n"), question), 401, "UNAUTHENTICATED"),
        // What is no HTTP has no GraphQL error either.
        ("a long head", get("/graphql", &long_head), 431, ""),
        ("no HTTP", b"\x16\x03\x01\x02\0\x01\0\r\n\r\n".to_vec(), 400, ""),
        ("two lengths", b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}".to_vec(), 400, ""),
    ]
}

fn head(start: &str, headers: &str) -> String {
    let connection = if headers.contains("upgrade") { "" } else { "connection: close\r\n" };
    format!("{start} HTTP/1.1\r\nhost: a\r\naccept: application/graphql-response+json\r\n{connection}{headers}")
}

fn large_announced() -> Vec<u8> {
    let head = format!("{}content-length: {BODY_BYTES}\r\n\r\n", head("POST /graphql", JSON));
    [head.into_bytes(), vec![b' '; BODY_BYTES]].concat()
}

fn large_chunked() -> Vec<u8> {
    let head = format!("{}transfer-encoding: chunked\r\n\r\n{BODY_BYTES:x}\r\n", head("POST /graphql", JSON));
    [head.into_bytes(), vec![b' '; BODY_BYTES], b"\r\n0\r\n\r\n".to_vec()].concat()
}

/// A body without an end: the answer is there while it is being sent, and then somebody hangs up.
async fn endless(target: &Target) {
    let (mut read, mut write) = connect(target).await;
    let head = format!("{}transfer-encoding: chunked\r\n\r\n", head("POST /graphql", JSON));
    write.write_all(head.as_bytes()).await.unwrap();
    let chunk = [format!("{:x}\r\n", 1 << 16).into_bytes(), vec![b' '; 1 << 16], b"\r\n".to_vec()].concat();
    let sending = async { while write.write_all(&chunk).await.is_ok() {} };
    let (answer, ()) = tokio::join!(answer(&mut read), sending);
    assert_eq!((answer.status, answer.code()), (413, "LIMIT_BODY"), "{}", answer.text);
}

/// What came back until the connection was closed.
struct Answer {
    /// 0 when nothing came.
    status: u16,
    text: String,
}

impl Answer {
    /// The code of the first error; empty when it is none of GraphQL.
    fn code(&self) -> &str {
        let Some((_, after)) = self.text.split_once("\"code\":\"") else { return "" };
        after.split('"').next().unwrap_or_default()
    }
}

/// Writes all of it before it reads anything, as simple clients do.
async fn exchange(target: &Target, parts: &[Vec<u8>]) -> Answer {
    let (mut read, mut write) = connect(target).await;
    for part in parts {
        write.write_all(part).await.unwrap();
    }
    answer(&mut read).await
}

async fn connect(target: &Target) -> (OwnedReadHalf, OwnedWriteHalf) {
    TcpStream::connect(&target.authority).await.unwrap().into_split()
}

async fn answer(read: &mut OwnedReadHalf) -> Answer {
    let mut bytes = Vec::new();
    // A reset ends it as well as an orderly end; what came before counts.
    drop(read.read_to_end(&mut bytes).await);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or_default();
    Answer { status, text }
}
