//! The proxy misbehaves as asked, and only then.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tributary_tests::{
    proxy::{Mode, Proxy},
    redis::Redis,
};

/// Long enough for bytes over loopback, short enough for a test of silence.
const SILENCE: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends back what it gets.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = socket.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    address
}

async fn through(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.unwrap()
}

async fn say(socket: &mut TcpStream, text: &str) -> String {
    socket.write_all(text.as_bytes()).await.unwrap();
    hear(socket, text.len()).await
}

async fn hear(socket: &mut TcpStream, length: usize) -> String {
    let mut heard = vec![0; length];
    timeout(PATIENCE, socket.read_exact(&mut heard)).await.expect("bytes in time").unwrap();
    String::from_utf8(heard).unwrap()
}

async fn is_silent(socket: &mut TcpStream) -> bool {
    timeout(SILENCE, socket.read(&mut [0; 8])).await.is_err()
}

async fn is_reset(socket: &mut TcpStream) -> bool {
    let read = timeout(PATIENCE, socket.read(&mut [0; 8])).await.expect("an end in time");
    read.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
}

#[tokio::test]
async fn passes_counts_and_ends_in_order() {
    let proxy = Proxy::start(echo().await).await.unwrap();
    let mut socket = through(&proxy).await;
    assert_eq!(say(&mut socket, "hello").await, "hello");
    assert_eq!((proxy.bytes_to_server(), proxy.bytes_to_client(), proxy.accepted(), proxy.open()), (5, 5, 1, 1));
    socket.shutdown().await.unwrap();
    assert_eq!(timeout(PATIENCE, socket.read(&mut [0; 8])).await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn delays_without_limiting_the_rate() {
    let proxy = Proxy::start(echo().await).await.unwrap();
    proxy.set(Mode::Delay(Duration::from_millis(100)));
    let mut socket = through(&proxy).await;
    let start = Instant::now();
    for _ in 0..10 {
        socket.write_all(b"abc").await.unwrap();
        tokio::task::yield_now().await;
    }
    hear(&mut socket, 30).await;
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(200), "{took:?}");
    assert!(took < Duration::from_millis(1_000), "one chunk after the other: {took:?}");
}

#[tokio::test]
async fn stalls_and_goes_on_where_it_stopped() {
    let proxy = Proxy::start(echo().await).await.unwrap();
    let mut socket = through(&proxy).await;
    assert_eq!(say(&mut socket, "before").await, "before");
    proxy.set(Mode::Stall);
    socket.write_all(b"during").await.unwrap();
    assert!(is_silent(&mut socket).await);
    // A sender feels it after kilobytes.
    let flood = async { while socket.write_all(&[b'.'; 4096]).await.is_ok() {} };
    assert!(timeout(SILENCE, flood).await.is_err());
    assert!(proxy.bytes_to_server() <= 12);
    proxy.set(Mode::Pass);
    assert_eq!(hear(&mut socket, 10).await, "during....");
}

#[tokio::test]
async fn cuts_open_and_new_connections() {
    let proxy = Proxy::start(echo().await).await.unwrap();
    let mut socket = through(&proxy).await;
    assert_eq!(say(&mut socket, "hello").await, "hello");
    proxy.cut_now();
    assert!(is_reset(&mut socket).await);
    let mut socket = through(&proxy).await;
    assert_eq!(say(&mut socket, "again").await, "again");
    proxy.set(Mode::Cut);
    assert!(is_reset(&mut socket).await);
    assert!(is_reset(&mut through(&proxy).await).await);
}

/// A server that tells how its one connection ended.
async fn witness() -> (SocketAddr, JoinHandle<std::io::Result<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let end = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await?;
        socket.write_all(b"hello").await?;
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).await
    });
    (address, end)
}

#[tokio::test]
async fn half_open_resets_the_server_and_leaves_the_client_in_silence() {
    let (address, end) = witness().await;
    let proxy = Proxy::start(address).await.unwrap();
    let mut socket = through(&proxy).await;
    assert_eq!(hear(&mut socket, 5).await, "hello");
    proxy.set(Mode::HalfOpen);
    let end = timeout(PATIENCE, end).await.unwrap().unwrap();
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    socket.write_all(b"anybody there?").await.unwrap();
    assert!(is_silent(&mut socket).await);
    // New connections are accepted and meet the same silence.
    let mut second = through(&proxy).await;
    assert!(is_silent(&mut second).await);
    assert_eq!(proxy.bytes_to_server(), 0);
}

#[tokio::test]
async fn a_client_that_resets_is_seen_by_the_server() {
    let (address, end) = witness().await;
    let proxy = Proxy::start(address).await.unwrap();
    let mut socket = through(&proxy).await;
    assert_eq!(hear(&mut socket, 5).await, "hello");
    socket.set_zero_linger().unwrap();
    drop(socket);
    assert!(timeout(PATIENCE, end).await.unwrap().unwrap().is_err());
}

#[tokio::test]
async fn trickles_towards_the_client() {
    let proxy = Proxy::start(echo().await).await.unwrap();
    proxy.set(Mode::Trickle(1_000));
    let mut socket = through(&proxy).await;
    let start = Instant::now();
    let text = "x".repeat(500);
    assert_eq!(say(&mut socket, &text).await, text);
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(450) && took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn swallows_one_way_only() {
    let proxy = Proxy::start(echo().await).await.unwrap();
    let mut socket = through(&proxy).await;
    assert_eq!(say(&mut socket, "heard").await, "heard");
    proxy.set(Mode::SwallowToClient);
    socket.write_all(b"lost").await.unwrap();
    assert!(is_silent(&mut socket).await);
    assert_eq!(proxy.bytes_to_server(), 9);
    proxy.set(Mode::SwallowToServer);
    socket.write_all(b"lost").await.unwrap();
    assert!(is_silent(&mut socket).await);
    assert_eq!(proxy.bytes_to_server(), 9);
    proxy.set(Mode::Pass);
    assert_eq!(say(&mut socket, "after").await, "after");
}

#[tokio::test]
async fn truncates_an_answer() {
    let proxy = Proxy::start(echo().await).await.unwrap();
    proxy.set(Mode::Truncate(4));
    let mut socket = through(&proxy).await;
    socket.write_all(b"whole answer").await.unwrap();
    let mut heard = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut heard)).await.expect("an end in time").unwrap_err();
    assert!(b"whol".starts_with(&heard), "{heard:?}");
    assert_eq!(proxy.bytes_to_client(), 4);
}

#[tokio::test]
async fn what_redis_publishes_is_lost_and_the_connection_is_well() {
    let redis = Redis::shared().await;
    let proxy = Proxy::to_redis(redis.port()).await.unwrap();
    let (hears, mut heard) = mpsc::unbounded_channel();
    let client = redis::Client::open(format!("redis://{}/?protocol=resp3", proxy.address())).unwrap();
    let config = redis::AsyncConnectionConfig::new().set_push_sender(hears);
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.unwrap();
    let channel = Redis::prefix();
    connection.subscribe(&channel).await.unwrap();
    let mut texts = Vec::new();
    for (mode, text) in [(Mode::Pass, "heard"), (Mode::LosePublished, "lost"), (Mode::Pass, "heard again")] {
        proxy.set(mode);
        let receivers = redis.command(&["PUBLISH", &channel, text]).await.unwrap();
        assert_eq!(receivers, redis::Value::Int(1), "Redis believes that somebody hears it");
        // What was published before the answer comes before it.
        redis::cmd("PING").exec_async(&mut connection).await.unwrap();
        while let Ok(push) = heard.try_recv() {
            if push.kind == redis::PushKind::Message {
                texts.push(redis::from_redis_value::<String>(push.data[1].clone()).unwrap());
            }
        }
    }
    assert_eq!((texts.as_slice(), proxy.lost()), (["heard".to_owned(), "heard again".to_owned()].as_slice(), 1));
}
