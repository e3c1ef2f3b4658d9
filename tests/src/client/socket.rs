//! graphql-transport-ws from the client's side: [`GraphqlSocket`] keeps the protocol, [`RawSocket`] breaks it on demand.
//!
//! A task owns the socket and hands each operation its messages; it ends when the socket closes, when it is cut, or when
//! the [`GraphqlSocket`] and all its subscriptions are dropped. It answers pings. It never reconnects: that is what the
//! tests are about.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, Stream, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, client::IntoClientRequest, http::HeaderValue},
};

const PROTOCOL: &str = "graphql-transport-ws";
/// Every single wait of these clients.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came for one operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A result: `{ "data": …, "errors": … }`.
    Next(Value),
    /// The operation was refused; the list of errors.
    Error(Value),
    /// The operation ended by itself.
    Complete,
    /// The socket closed under it, with code and reason when the server gave them.
    Closed(Option<(u16, String)>),
}

enum Command {
    Subscribe { id: String, payload: Value, messages: mpsc::UnboundedSender<Message> },
    Complete { id: String },
    Cut(oneshot::Sender<()>),
}

/// An acknowledged connection.
#[derive(Debug, Clone)]
pub struct GraphqlSocket {
    commands: mpsc::UnboundedSender<Command>,
    closed: watch::Receiver<Option<Option<(u16, String)>>>,
    is_reading: watch::Sender<bool>,
    ids: Arc<AtomicU64>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Command::Subscribe { id, .. } => write!(formatter, "subscribe {id}"),
            Command::Complete { id } => write!(formatter, "complete {id}"),
            Command::Cut(_) => formatter.write_str("cut"),
        }
    }
}

impl GraphqlSocket {
    /// Connects and waits for `connection_ack`; `http` and `ws` addresses both do.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses the upgrade or does not acknowledge; with its close code.
    pub async fn connect(url: &str, token: Option<&str>) -> Result<GraphqlSocket> {
        let mut raw = RawSocket::connect(url).await?;
        let payload = token.map_or_else(|| json!({}), |token| json!({ "authorization": format!("Bearer {token}") }));
        raw.send(&json!({ "type": "connection_init", "payload": payload })).await?;
        let answer = raw.next().await?;
        ensure!(answer["type"] == "connection_ack", "instead of connection_ack came {answer}");
        let (commands, to_do) = mpsc::unbounded_channel();
        let (closed_now, closed) = watch::channel(None);
        let (is_reading, reads) = watch::channel(true);
        let task = Task { socket: raw.socket, operations: HashMap::new(), reads };
        tokio::spawn(task.run(to_do, closed_now));
        Ok(GraphqlSocket { commands, closed, is_reading, ids: Arc::default() })
    }

    /// Starts an operation; its messages are a stream of [`Message`], and `data` alone comes from [`Subscription::data`].
    ///
    /// # Errors
    /// When the socket is closed.
    pub fn subscribe(&self, query: &str, variables: Value) -> Result<Subscription> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed).to_string();
        let (messages, received) = mpsc::unbounded_channel();
        let payload = json!({ "query": query, "variables": variables });
        let command = Command::Subscribe { id: id.clone(), payload, messages };
        self.commands.send(command).ok().context("the socket is closed")?;
        Ok(Subscription { id, received, socket: self.clone() })
    }

    /// Stops reading: what the server sends piles up in the kernels, as with a frozen client.
    pub fn stop_reading(&self) {
        self.is_reading.send_replace(false);
    }

    /// Reads on.
    pub fn go_on_reading(&self) {
        self.is_reading.send_replace(true);
    }

    /// Resets the connection (RST, no close frame) and returns once that has happened.
    pub async fn cut(&self) {
        let (done, is_done) = oneshot::channel();
        if self.commands.send(Command::Cut(done)).is_ok() {
            // An error means that the task had ended before: the socket is closed already.
            drop(is_done.await);
        }
    }

    /// Waits until the server closes; the code and reason, none when it went without a close frame.
    ///
    /// # Errors
    /// When it is still open after `within`.
    pub async fn wait_closed(&self, within: Duration) -> Result<Option<(u16, String)>> {
        let mut closed = self.closed.clone();
        let closed = timeout(within, closed.wait_for(Option::is_some)).await.context("the server did not close in time")?;
        Ok(closed.ok().and_then(|closed| closed.clone()).flatten())
    }
}

/// The messages of one operation; dropping it sends `complete`.
#[derive(Debug)]
pub struct Subscription {
    id: String,
    received: mpsc::UnboundedReceiver<Message>,
    /// Keeps the socket's task alive.
    socket: GraphqlSocket,
}

impl Subscription {
    /// The next message.
    ///
    /// # Errors
    /// When none comes within thirty seconds.
    pub async fn next_message(&mut self) -> Result<Message> {
        let message = timeout(PATIENCE, self.received.recv()).await.context("no message within thirty seconds")?;
        Ok(message.unwrap_or(Message::Closed(None)))
    }

    /// `data` of the next result.
    ///
    /// # Errors
    /// When something else than a result without errors comes, or nothing.
    pub async fn data(&mut self) -> Result<Value> {
        match self.next_message().await? {
            Message::Next(mut result) if result.get("errors").is_none_or(Value::is_null) => Ok(result["data"].take()),
            other => bail!("instead of a result came {other:?}"),
        }
    }

    /// A message that is here already, without waiting.
    pub fn try_next(&mut self) -> Option<Message> {
        self.received.try_recv().ok()
    }
}

impl Stream for Subscription {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Message>> {
        self.received.poll_recv(cx)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // The socket may be gone already, and the operation with it.
        drop(self.socket.commands.send(Command::Complete { id: std::mem::take(&mut self.id) }));
    }
}

struct Task {
    socket: WebSocketStream<TcpStream>,
    operations: HashMap<String, mpsc::UnboundedSender<Message>>,
    reads: watch::Receiver<bool>,
}

impl Task {
    async fn run(mut self, mut to_do: mpsc::UnboundedReceiver<Command>, closed: watch::Sender<Option<Option<(u16, String)>>>) {
        let reason = loop {
            let is_reading = *self.reads.borrow_and_update();
            tokio::select! {
                command = to_do.recv() => match command {
                    None => break None,
                    Some(Command::Cut(done)) => {
                        drop(self.socket.get_ref().set_zero_linger());
                        drop(self.socket);
                        self.operations.values().for_each(|operation| drop(operation.send(Message::Closed(None))));
                        closed.send_replace(Some(None));
                        // Nobody may wait for it any more.
                        let _ = done.send(());
                        return;
                    }
                    Some(Command::Subscribe { id, payload, messages }) => {
                        self.operations.insert(id.clone(), messages);
                        if self.send(&json!({ "id": id, "type": "subscribe", "payload": payload })).await.is_err() { break None }
                    }
                    Some(Command::Complete { id }) => {
                        let is_open = self.operations.remove(&id).is_some();
                        if is_open && self.send(&json!({ "id": id, "type": "complete" })).await.is_err() { break None }
                    }
                },
                changed = self.reads.changed() => if changed.is_err() { break None },
                frame = self.socket.next(), if is_reading => match frame {
                    Some(Ok(tungstenite::Message::Text(text))) => {
                        if self.handle(&text).await.is_err() { break None }
                    }
                    Some(Ok(tungstenite::Message::Close(frame))) => {
                        break frame.map(|frame| (u16::from(frame.code), frame.reason.to_string()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break None,
                },
            }
        };
        for operation in self.operations.values() {
            drop(operation.send(Message::Closed(reason.clone())));
        }
        closed.send_replace(Some(reason));
    }

    async fn handle(&mut self, text: &str) -> Result<()> {
        let message: Value = serde_json::from_str(text)?;
        let id = message["id"].as_str().unwrap_or_default();
        let (event, is_last) = match message["type"].as_str() {
            Some("ping") => return self.send(&json!({ "type": "pong" })).await,
            Some("next") => (Message::Next(message["payload"].clone()), false),
            Some("error") => (Message::Error(message["payload"].clone()), true),
            Some("complete") => (Message::Complete, true),
            _ => return Ok(()),
        };
        if let Some(operation) = self.operations.get(id) {
            // The test may have dropped its end; then `complete` is on its way to the server.
            drop(operation.send(event));
        }
        if is_last {
            self.operations.remove(id);
        }
        Ok(())
    }

    async fn send(&mut self, message: &Value) -> Result<()> {
        Ok(self.socket.send(tungstenite::Message::text(message.to_string())).await?)
    }
}

/// A socket after the upgrade, with nothing said yet: for tests that send what no client should.
#[derive(Debug)]
pub struct RawSocket {
    /// The socket itself, for frames other than text.
    pub socket: WebSocketStream<TcpStream>,
}

impl RawSocket {
    /// Connects with the right subprotocol.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses the upgrade.
    pub async fn connect(url: &str) -> Result<RawSocket> {
        RawSocket::connect_as(url, Some(PROTOCOL), &[]).await
    }

    /// Connects with any subprotocol, or none, and more headers.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses the upgrade.
    pub async fn connect_as(url: &str, protocol: Option<&str>, headers: &[(&'static str, &str)]) -> Result<RawSocket> {
        let url = url.replacen("http://", "ws://", 1);
        let mut request = url.as_str().into_client_request()?;
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_str(protocol)?);
        }
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value)?);
        }
        let address = request.uri().authority().context("an address has a host")?.to_string();
        let stream = TcpStream::connect(&address).await.with_context(|| format!("no connection to {address}"))?;
        stream.set_nodelay(true)?;
        let upgrade = tokio_tungstenite::client_async(request, stream);
        let (socket, _) = timeout(PATIENCE, upgrade).await.context("no answer to the upgrade")?.context("the upgrade was refused")?;
        Ok(RawSocket { socket })
    }

    /// Sends JSON as a text frame.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn send(&mut self, message: &Value) -> Result<()> {
        self.send_text(&message.to_string()).await
    }

    /// Sends any text frame.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn send_text(&mut self, text: &str) -> Result<()> {
        Ok(self.socket.send(tungstenite::Message::text(text)).await?)
    }

    /// The next text frame as JSON; control frames are passed over.
    ///
    /// # Errors
    /// When the server closes (with code and reason) or nothing comes within thirty seconds.
    pub async fn next(&mut self) -> Result<Value> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.context("no frame within thirty seconds")? {
                Some(Ok(tungstenite::Message::Text(text))) => return Ok(serde_json::from_str(&text)?),
                Some(Ok(tungstenite::Message::Close(frame))) => bail!("closed by the server: {frame:?}"),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => bail!("the connection ended without a close frame"),
            }
        }
    }

    /// Reads on until the server closes; the code and reason, none when it went without a close frame.
    ///
    /// # Errors
    /// When it is still open after `within`.
    pub async fn wait_closed(&mut self, within: Duration) -> Result<Option<(u16, String)>> {
        let closed = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(tungstenite::Message::Close(frame))) => {
                        return frame.map(|frame| (u16::from(frame.code), frame.reason.to_string()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        timeout(within, closed).await.context("the server did not close in time")
    }

    /// Resets the connection: RST, no close frame.
    pub fn cut(self) {
        // A refused option shows as a clean end, which the test that expects a reset notices.
        drop(self.socket.get_ref().set_zero_linger());
    }
}
