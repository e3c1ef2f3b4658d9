//! Tests of the listener over real sockets.

use axum::routing::{get, post};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
    task::JoinHandle,
};

use super::*;

/// After this a test fails instead of waiting on.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    /// Lets `/wait` answer.
    go: Arc<Notify>,
    /// Notified when `/wait` was reached.
    reached: Arc<Notify>,
    serving: JoinHandle<usize>,
}

fn limits() -> ListenLimits {
    ListenLimits { connections: 10, header: PATIENCE, write: PATIENCE, drain: PATIENCE }
}

async fn start(limits: ListenLimits) -> Server {
    let (go, reached) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (go_inside, reached_inside) = (Arc::clone(&go), Arc::clone(&reached));
    let wait = async move || {
        reached_inside.notify_one();
        go_inside.notified().await;
        "done"
    };
    let router = Router::new()
        .route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()))
        .route("/wait", get(wait))
        .route("/large", get(async || vec![b'x'; 64 << 20]))
        .route("/echo", post(async |body: String| body))
        .route("/refuse", post(async || "not wanted"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
    let serving = tokio::spawn(serve(Doors { plain: listener, tls: None }, router, limits, shutdown.clone()));
    Server { address, shutdown, go, reached, serving }
}

impl Server {
    async fn say(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

/// Everything until the server closes; a reset counts as closing.
async fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match soon(stream.read(&mut chunk)).await {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&all).into_owned(),
            Ok(read) => all.extend_from_slice(&chunk[..read]),
        }
    }
}

#[tokio::test]
async fn requests_are_answered_and_know_their_peer() {
    let server = start(limits()).await;
    let answer = rest(server.say("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn silent_and_slow_heads_are_cut() {
    let server = start(ListenLimits { header: Duration::from_millis(500), ..limits() }).await;
    // Nothing at all, the beginning of both protocols, a head without an end, and a connection that stays idle.
    for text in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nhost: a\r\nx: "] {
        let answer = rest(server.say(text).await).await;
        assert!(!answer.contains("200 OK"), "{text:?}: {answer}");
    }
    let idle = rest(server.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await).await;
    assert!(idle.contains("200 OK"), "{idle}");
}

#[tokio::test]
async fn absurd_heads_are_refused() {
    let server = start(limits()).await;
    let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(64 * 1024));
    assert!(rest(server.say(&head).await).await.starts_with("HTTP/1.1 431"));
    assert!(rest(server.say("\u{1}nonsense\r\n\r\n").await).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn who_sends_more_than_is_wanted_gets_the_answer() {
    let server = start(limits()).await;
    let body = "x".repeat(10 << 20);
    let head = format!("POST /refuse HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    // Written to the end before anything is read, as simple clients do.
    let answer = rest(server.say(&(head + &body)).await).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("not wanted"), "{answer}");
    // Of a body without an end so much is read, and no more.
    let mut endless = server.say("POST /refuse HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut written = 0;
    while soon(endless.write_all(chunk.as_bytes())).await.is_ok() {
        written += chunk.len();
        assert!(written < 128 << 20, "nobody ends it");
    }
    assert!(written > 10 << 20, "{written}");
}

#[tokio::test]
async fn further_connections_wait_for_a_place() {
    let server = start(ListenLimits { connections: 1, ..limits() }).await;
    let first = server.say("GET /wait HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    soon(server.reached.notified()).await;
    let second = server.say("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let mut peeked = [0; 1];
    let waited = tokio::time::timeout(Duration::from_millis(100), second.peek(&mut peeked)).await;
    assert!(waited.is_err(), "the second was served beside the first");
    server.go.notify_one();
    assert!(rest(first).await.ends_with("done"));
    assert!(rest(second).await.ends_with("127.0.0.1"));
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_cut() {
    let server = start(ListenLimits { connections: 1, write: Duration::from_millis(500), ..limits() }).await;
    let frozen = server.say("GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    soon(frozen.readable()).await.unwrap();
    // Its place becomes free although it never reads.
    assert!(rest(server.say("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await).await.ends_with("127.0.0.1"));
    drop(frozen);
}

#[tokio::test]
async fn exchanges_in_flight_are_finished_and_nobody_new_is_let_in() {
    let server = start(limits()).await;
    let waiting = server.say("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let _idle = server.say("").await;
    soon(server.reached.notified()).await;
    server.shutdown.cancel();
    soon(async { while TcpStream::connect(server.address).await.is_ok() {} }).await;
    server.go.notify_one();
    assert!(rest(waiting).await.contains("done"));
    drop(_idle);
    assert_eq!(soon(server.serving).await.unwrap(), 0);
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_and_counted() {
    let server = start(ListenLimits { drain: Duration::from_millis(50), ..limits() }).await;
    let waiting = server.say("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    soon(server.reached.notified()).await;
    server.shutdown.cancel();
    assert_eq!(soon(server.serving).await.unwrap(), 1);
    assert_eq!(rest(waiting).await, "");
}

#[tokio::test]
async fn a_crowd_that_comes_at_once_is_let_in() {
    // More than systems keep waiting when nobody asks them for more. Nobody accepts them meanwhile.
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok().and_then(|allowed| allowed.trim().parse().ok());
    let crowd = allowed.unwrap_or(usize::MAX).min(1_000);
    crate::open_files::raise_limit();
    let listener = open("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let connecting = futures_util::future::join_all((0..crowd).map(|_| TcpStream::connect(address)));
    let connected: Vec<TcpStream> = soon(connecting).await.into_iter().collect::<io::Result<_>>().unwrap();
    for _ in 0..connected.len() {
        soon(listener.accept()).await.unwrap();
    }
}
