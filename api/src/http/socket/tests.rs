//! Tests over real connections.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Semaphore,
};

use super::*;

/// After this a test fails instead of waiting on.
const PATIENCE: Duration = Duration::from_secs(20);

/// Our side and the peer's.
async fn pair() -> (Watched, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (peer, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
    (Watched::new(accepted.unwrap().0, PATIENCE, place), peer.unwrap())
}

/// A frame that can be told apart: its number, its length, and that often the same byte.
fn frame(number: u8, length: u32) -> Vec<u8> {
    let mut frame = vec![number];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.resize(5 + length as usize, number);
    frame
}

fn write(socket: &Socket, frame: &[u8]) -> Written {
    let (start, end) = frame.split_at(frame.len() / 2);
    socket.write(|| true, [&start[..1], &start[1..], end, b""])
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

#[tokio::test]
async fn frames_of_both_sides_arrive_whole_and_in_order_however_slow_the_peer_is() {
    let (mut ours, mut peer) = pair().await;
    let socket = ours.socket();
    let mut sent = Vec::new();
    // The peer reads nothing, so at some point a frame is taken only in part and the next ones are refused.
    let mut number = 0;
    loop {
        let next = frame(number, 60_000);
        match write(&socket, &next) {
            Written::Whole => sent.push(number),
            Written::Part => {
                sent.push(number);
                break;
            }
            Written::No => break,
        }
        number = number.wrapping_add(1);
    }
    assert!(!sent.is_empty());
    if !socket.out().rest.is_empty() {
        soon(socket.stuck()).await;
        assert_eq!(write(&socket, &frame(250, 10)), Written::No, "another one is not finished");
    }
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
    let (mut ours, mut peer) = pair().await;
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
    assert_eq!(write(&socket, &frame(2, 10)), Written::Whole);
    drop(ours);
    assert_eq!(soon(reading).await.unwrap(), [large, frame(2, 10)].concat());
}

#[tokio::test]
async fn the_end_of_the_connection_is_the_end_for_all() {
    let (ours, mut peer) = pair().await;
    let socket = ours.socket();
    assert_eq!(socket.write(|| false, [b"a", b"b", b"c", b"d"]), Written::No);
    assert_eq!(socket.write(|| true, [b"a", b"b", b"c", b"d"]), Written::Whole);
    drop(ours);
    assert_eq!(socket.write(|| true, [b"e", b"f", b"g", b"h"]), Written::No);
    let mut all = Vec::new();
    soon(peer.read_to_end(&mut all)).await.unwrap();
    assert_eq!(all, b"abcd");
}
