//! Tests over real connections.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Semaphore,
};

use super::*;
use crate::http::tls::tests::{connect, ends};

/// After this a test fails instead of waiting on.
const PATIENCE: Duration = Duration::from_secs(20);

trait Peer: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Peer for T {}

/// Our side and the peer's, without TLS and with it.
async fn pairs() -> [(Watched, Box<dyn Peer>); 2] {
    let (acceptor, connector) = ends();
    let place = || Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    let (ours, peer) = connection().await;
    let plain = (Watched::plain(ours, PATIENCE, place()), Box::new(peer) as _);
    let (ours, peer) = connection().await;
    let (ours, peer) = tokio::join!(acceptor.accept(ours), connect(&connector, peer));
    [plain, (Watched::tls(ours.unwrap(), PATIENCE, place()), Box::new(peer) as _)]
}

async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (peer, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (accepted.unwrap().0, peer.unwrap())
}

/// A frame that can be told apart: its number, its length, and that often the same byte.
fn frame(number: u8, length: u32) -> Vec<u8> {
    let mut frame = vec![number];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.resize(5 + length as usize, number);
    frame
}

fn write(socket: &Socket, frame: &[u8]) -> Written {
    socket.write(|| true, frame)
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

#[tokio::test]
async fn frames_of_both_sides_arrive_whole_and_in_order_however_slow_the_peer_is() {
    for (ours, peer) in pairs().await {
        frames_arrive(ours, peer).await;
    }
}

async fn frames_arrive(mut ours: Watched, mut peer: Box<dyn Peer>) {
    let socket = ours.socket();
    let mut sent = Vec::new();
    // The peer reads nothing, so at some point a frame is taken only in part and the next ones are refused.
    let mut number = 0;
    loop {
        let written = write(&socket, &frame(number, 60_000));
        if written != Written::No {
            sent.push(number);
        }
        if written == Written::Part {
            soon(socket.stuck()).await;
            assert_eq!(write(&socket, &frame(250, 10)), Written::No, "another one is not finished");
        }
        if written != Written::Whole {
            break;
        }
        number = number.wrapping_add(1);
    }
    assert!(!sent.is_empty());
    let library = tokio::spawn(async move {
        ours.write_all(&frame(251, 300_000)).await.unwrap();
        ours.flush().await.unwrap();
        assert_eq!(write(&ours.socket(), &frame(252, 10)), Written::Whole);
        drop(ours);
    });
    sent.extend([251, 252]);
    for expected in sent {
        let (number, length) = soon(async { (peer.read_u8().await.unwrap(), peer.read_u32().await.unwrap()) }).await;
        let mut body = vec![0; length as usize];
        soon(peer.read_exact(&mut body)).await.unwrap();
        assert!(number == expected && body.iter().all(|byte| *byte == number), "instead of {expected} came {number}");
    }
    soon(library).await.unwrap();
}

#[tokio::test]
async fn nothing_is_written_into_what_the_library_has_begun() {
    for (mut ours, mut peer) in pairs().await {
        let socket = ours.socket();
        let large = frame(1, 16 << 20);
        let mut begun = 0;
        // As a library does: as much as is taken now.
        std::future::poll_fn(|cx| {
            while let Poll::Ready(count) = Pin::new(&mut ours).poll_write(cx, &large[begun..]) {
                begun += count.unwrap();
            }
            Poll::Ready(())
        })
        .await;
        assert!(begun < large.len(), "the system takes everything");
        assert_eq!(write(&socket, &frame(2, 10)), Written::No);
        let rest = large[begun..].to_vec();
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.unwrap();
            all
        });
        ours.write_all(&rest).await.unwrap();
        ours.flush().await.unwrap();
        assert_eq!(write(&socket, &frame(2, 10)), Written::Whole);
        ours.shutdown().await.unwrap();
        assert_eq!(soon(reading).await.unwrap(), [large, frame(2, 10)].concat());
    }
}

#[tokio::test]
async fn the_end_of_the_connection_is_the_end_for_all() {
    for (mut ours, mut peer) in pairs().await {
        let socket = ours.socket();
        assert_eq!(socket.write(|| false, b"abcd"), Written::No);
        assert_eq!(socket.write(|| true, b"abcd"), Written::Whole);
        ours.shutdown().await.unwrap();
        drop(ours);
        assert_eq!(socket.write(|| true, b"efgh"), Written::No);
        let mut all = Vec::new();
        soon(peer.read_to_end(&mut all)).await.unwrap();
        assert_eq!(all, b"abcd");
    }
}
