//! The task of one socket: a feed on one side, the visitor's frames on the other.
//!
//! Ends when the visitor leaves, when a rule of the protocol closes it, or on the shutdown token. Wakes: frames, the
//! feed, deadlines. Every write has a deadline and nothing is queued, so a slow client is cut and harms only itself.

use std::{borrow::Cow, net::IpAddr, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::time::Instant;
use tributary_domain::entity::channel;

use super::{
    Chat, Visit,
    error::Refused,
    feed::{End, Feed},
    limits::Open,
    protocol::{ClientBody, ClientFrame, FRAME_BYTES, Hello, NotTaken},
};

/// For the first frame.
const HELLO: Duration = Duration::from_secs(10);
/// For the client to take a frame.
const WRITE: Duration = Duration::from_secs(10);
/// Silence of the client after which it is asked for a sign of life, and after which it is gone.
const PING: Duration = Duration::from_secs(25);
const DEAD: Duration = Duration::from_secs(60);
/// For the client to take the close frame and to answer it.
const CLOSING: Duration = Duration::from_secs(2);
/// Frames refused for their number in a row before the socket is closed.
const MAX_REFUSED: u32 = 20;

/// A way to end a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close {
    code: u16,
    reason: &'static str,
}

impl Close {
    pub(super) const TOO_LARGE: Self = Self { code: 1009, reason: "frame too large" };
    pub(super) const LEAVING: Self = Self { code: 1012, reason: "node leaves" };
    pub(super) const FOREIGN: Self = Self { code: 4400, reason: "not our frames" };
    pub(super) const SIGN_IN: Self = Self { code: 4401, reason: "session gone" };
    pub(super) const REFUSED: Self = Self { code: 4403, reason: "refused" };
    pub(super) const SLOW: Self = Self { code: 4408, reason: "too slow" };
    pub(super) const TOO_MANY: Self = Self { code: 4429, reason: "too many" };

    fn frame(self) -> Message {
        Message::Close(Some(CloseFrame { code: self.code, reason: Cow::Borrowed(self.reason).into_owned().into() }))
    }
}

/// How a socket ends.
enum Ended {
    Close(Close),
    Gone,
}

impl From<Close> for Ended {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

/// Tells a client that it is refused, in the only way that a page can hear.
pub(super) async fn refuse(socket: WebSocket, close: Close) {
    finish(socket, Ended::Close(close)).await;
}

/// Serves a socket until it ends.
pub(super) async fn serve(chat: Chat, mut socket: WebSocket, channel: Arc<channel::Model>, address: Option<IpAddr>) {
    metrics::gauge!("tributary_chat_sockets").increment(1);
    let mut connection = Connection { chat, channel, address, feed: None, open: None, refused: 0, heard_at: Instant::now() };
    let ended = connection.run(&mut socket).await;
    drop(connection);
    metrics::gauge!("tributary_chat_sockets").decrement(1);
    finish(socket, ended).await;
}

async fn finish(mut socket: WebSocket, ended: Ended) {
    let Ended::Close(close) = ended else {
        metrics::counter!("tributary_chat_socket_closes_total", "code" => "gone").increment(1);
        return;
    };
    metrics::counter!("tributary_chat_socket_closes_total", "code" => close.code.to_string()).increment(1);
    let closing = async {
        // The client answers the close frame; without reading it to the end it would see an accident.
        if socket.send(close.frame()).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    if tokio::time::timeout(CLOSING, closing).await.is_err() {
        tracing::debug!("A chat client did not finish the closing of its socket and was cut off");
    }
}

struct Connection {
    chat: Chat,
    channel: Arc<channel::Model>,
    address: Option<IpAddr>,
    feed: Option<Feed>,
    open: Option<Open>,
    refused: u32,
    heard_at: Instant,
}

impl Connection {
    async fn run(&mut self, socket: &mut WebSocket) -> Ended {
        let hello_by = Instant::now() + HELLO;
        let mut leaving = std::pin::pin!(self.chat.clone().leaves());
        let mut ping_at = Instant::now() + PING;
        loop {
            let is_greeted = self.feed.is_some() || self.open.is_some();
            let step = tokio::select! {
                inbound = socket.recv() => match inbound {
                    None | Some(Ok(Message::Close(_))) => return Ended::Gone,
                    // Not UTF-8, against the rules of the protocol below, much too large, or the connection broke.
                    Some(Err(_unreadable)) => return Close::FOREIGN.into(),
                    Some(Ok(message)) => {
                        self.heard_at = Instant::now();
                        self.inbound(socket, message).await
                    }
                },
                work = wait(&mut self.feed) => match work {
                    Ok(work) => self.tell(socket, work).await,
                    Err(end) => self.ended(socket, end).await,
                },
                () = &mut leaving => return Close::LEAVING.into(),
                () = tokio::time::sleep_until(hello_by), if !is_greeted => return Close::SLOW.into(),
                () = tokio::time::sleep_until(ping_at) => {
                    ping_at = Instant::now() + PING;
                    if self.heard_at.elapsed() > DEAD { Err(Ended::Gone) } else { send(socket, Message::Ping(Default::default())).await }
                }
            };
            if let Err(ended) = step {
                return ended;
            }
        }
    }

    async fn tell(&mut self, socket: &mut WebSocket, work: super::feed::Work) -> Result<(), Ended> {
        for piece in work.pieces() {
            let Some(feed) = &mut self.feed else { return Ok(()) };
            match feed.frames(piece).await {
                Ok(frames) => write(socket, frames).await?,
                Err(end) => return self.ended(socket, end).await,
            }
        }
        Ok(())
    }

    async fn ended(&mut self, socket: &mut WebSocket, end: End) -> Result<(), Ended> {
        self.feed = None;
        match end {
            // The client says hello again, without a cursor.
            End::Reset => write(socket, [json!({"type": "reset"})]).await,
            End::Close(close) => Err(close.into()),
            // The client comes back at its cursor, to this node or another.
            End::Failed(refused) => {
                write(socket, [refused.frame(None)]).await?;
                Err(Close::LEAVING.into())
            }
        }
    }

    async fn inbound(&mut self, socket: &mut WebSocket, message: Message) -> Result<(), Ended> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Close::FOREIGN.into()),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Ok(()),
        };
        if text.len() > FRAME_BYTES {
            return Err(Close::TOO_LARGE.into());
        }
        let frame = match ClientFrame::read(&text) {
            Ok(frame) => frame,
            Err(NotTaken::Unknown) if self.open.is_some() => return Ok(()),
            Err(NotTaken::Invalid(id, refused)) if self.open.is_some() => return self.reply(socket, refused.frame(id)).await,
            Err(_) => {
                write(socket, [Refused::invalid("not a frame of this protocol").frame(None)]).await?;
                return Err(Close::FOREIGN.into());
            }
        };
        match (frame.body, &mut self.feed) {
            (ClientBody::Hello(hello), _) => self.hello(socket, hello).await,
            // Between `reset` and the next hello the client's frames are lost to it: it sends them again.
            (_, None) if self.open.is_some() => Ok(()),
            (_, None) => Err(Close::FOREIGN.into()),
            (ClientBody::Ping, Some(feed)) => {
                if let Err(refused) = feed.visit().may_ask() {
                    return self.reply(socket, refused.frame(Some(frame.id))).await;
                }
                let beat = feed.heartbeat();
                self.reply(socket, beat).await
            }
            (body, Some(feed)) => {
                let visit = feed.visit();
                match visit.act(ClientFrame { id: frame.id, body }).await {
                    Some(reply) => self.reply(socket, reply).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn hello(&mut self, socket: &mut WebSocket, hello: Hello) -> Result<(), Ended> {
        let now = self.chat.now();
        let Some(claims) = self.chat.key().verify(self.channel.id, &hello.token, now) else { return Err(Close::SIGN_IN.into()) };
        let visit = Visit::new(self.chat.clone(), self.channel.clone(), claims, self.address);
        if self.open.is_some() && visit.may_ask().is_err() {
            return Err(Close::TOO_MANY.into());
        }
        // The place of a hello before is given back first: it may be the same visitor's last one.
        self.open = None;
        self.open = Some(self.chat.limits().open(&visit.who()).ok_or(Close::TOO_MANY)?);
        self.feed = None;
        match Feed::begin(visit, hello.after.as_deref()).await {
            Ok((ready, feed)) => {
                self.feed = Some(feed);
                write(socket, [ready]).await
            }
            Err(end) => self.ended(socket, end).await,
        }
    }

    /// Answers a frame; who goes on after being told that it is too often is cut off.
    async fn reply(&mut self, socket: &mut WebSocket, reply: Value) -> Result<(), Ended> {
        self.refused = if reply.get("code").and_then(Value::as_str) == Some("RATE_LIMITED") { self.refused + 1 } else { 0 };
        if self.refused > MAX_REFUSED {
            return Err(Close::TOO_MANY.into());
        }
        write(socket, [reply]).await
    }
}

async fn wait(feed: &mut Option<Feed>) -> Result<super::feed::Work, End> {
    match feed {
        Some(feed) => feed.wait().await,
        None => std::future::pending().await,
    }
}

async fn write(socket: &mut WebSocket, frames: impl IntoIterator<Item = Value>) -> Result<(), Ended> {
    for frame in frames {
        send(socket, Message::Text(frame.to_string().into())).await?;
    }
    Ok(())
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Ended> {
    match tokio::time::timeout(WRITE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_broken)) => Err(Ended::Gone),
        Err(_elapsed) => {
            metrics::counter!("tributary_chat_slow_closes_total", "transport" => "socket").increment(1);
            Err(Close::SLOW.into())
        }
    }
}
