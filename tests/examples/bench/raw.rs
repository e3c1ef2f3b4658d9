//! The raw limit: texts from Redis straight to the sockets of a room, with nothing but the operation's id put in.
//!
//! It speaks just enough of graphql-transport-ws for the same readers. No database, no rights, no resuming: what any
//! server would have to do at the least.

use std::collections::HashMap;

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        http::HeaderValue,
        protocol::WebSocketConfig,
    },
};
use tokio_util::either::Either;

/// The first argument of the process that does this.
pub(crate) const ROLE: &str = "raw-limit";
/// The topic on Redis. A text begins with a line that names its room.
pub(crate) const TOPIC: &str = "bench";
/// Largest length that fits two bytes of a frame's head.
const MEDIUM: usize = 65_535;

struct Subscriber {
    /// What stands before the payload.
    head: Vec<u8>,
    socket: WebSocketStream<Either<TcpStream, Box<TlsStream<TcpStream>>>>,
}

/// Serves until it is killed.
pub(crate) async fn serve(redis: &str, port: u16, tls: Option<TlsAcceptor>) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let (joined, mut joining) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (joined, tls) = (joined.clone(), tls.clone());
            tokio::spawn(async move {
                if let Ok(subscriber) = shake_hands(stream, tls).await {
                    drop(joined.send(subscriber));
                }
            });
        }
    });
    let mut topic = redis::Client::open(redis)?.get_async_pubsub().await?;
    topic.subscribe(TOPIC).await?;
    let mut texts = topic.on_message();
    let (mut rooms, mut frame) = (HashMap::<u64, Vec<Subscriber>>::new(), Vec::new());
    loop {
        tokio::select! {
            biased;
            Some((room, subscriber)) = joining.recv() => rooms.entry(room).or_default().push(subscriber),
            text = texts.next() => {
                let text = text.context("Redis is gone")?;
                let text = text.get_payload_bytes();
                let end = text.iter().position(|byte| *byte == b'\n').context("a text without a room")?;
                let (room, payload) = (std::str::from_utf8(&text[..end])?.parse()?, &text[end + 1..]);
                for subscriber in rooms.get_mut(&room).into_iter().flatten() {
                    write(subscriber, payload, &mut frame).await?;
                }
            }
        }
    }
}

async fn shake_hands(stream: TcpStream, tls: Option<TlsAcceptor>) -> Result<(u64, Subscriber)> {
    stream.set_nodelay(true)?;
    let stream = match tls {
        None => Either::Left(stream),
        Some(tls) => Either::Right(Box::new(tls.accept(stream).await?)),
    };
    let config = WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(0);
    #[expect(clippy::result_large_err, reason = "the library's type")]
    let protocol = |_: &Request, mut response: Response| {
        response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        Ok(response)
    };
    let mut socket = tokio_tungstenite::accept_hdr_async_with_config(stream, protocol, Some(config)).await?;
    loop {
        let Message::Text(text) = socket.next().await.context("the client left")?? else { continue };
        let message: Value = serde_json::from_str(&text)?;
        if message["type"] == "connection_init" {
            socket.send(Message::text(r#"{"type":"connection_ack"}"#)).await?;
        } else if message["type"] == "subscribe" {
            let head = format!(r#"{{"id":{},"type":"next","payload":"#, message["id"]).into_bytes();
            return Ok((message["payload"]["room"].as_u64().unwrap_or_default(), Subscriber { head, socket }));
        }
    }
}

async fn write(subscriber: &mut Subscriber, payload: &[u8], frame: &mut Vec<u8>) -> Result<()> {
    let length = subscriber.head.len() + payload.len() + 1;
    frame.clear();
    frame.push(0x81);
    match u16::try_from(length) {
        Ok(length) if length < 126 => frame.push(u8::try_from(length)?),
        Ok(length) => {
            frame.push(126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        Err(_) => anyhow::bail!("{length} bytes are more than the {MEDIUM} of this comparison"),
    }
    frame.extend_from_slice(&subscriber.head);
    frame.extend_from_slice(payload);
    frame.push(b'}');
    let mut written = 0;
    let stream = match subscriber.socket.get_mut() {
        Either::Left(stream) => stream,
        Either::Right(stream) => {
            stream.write_all(frame).await?;
            return Ok(stream.flush().await?);
        }
    };
    while written < frame.len() {
        match stream.try_write(&frame[written..]) {
            Ok(count) => written += count,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
