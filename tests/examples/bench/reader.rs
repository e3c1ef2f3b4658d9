//! Subscribers who note what arrives and when.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};
use tokio_util::either::Either;

/// What is followed everywhere: events with all that a client shows of a message.
pub(crate) const SUBSCRIPTION: &str = "subscription($after: LogCursor!, $kinds: [EventKind!], $on: [ID!]) { \
    workspaceEvents(after: $after, filter: { kinds: $kinds, interactionIds: $on }) { \
    prev cursor events { seq kind at interactionId entity { __typename ... on Message { id text at author { name } \
    interaction { id reference status contact { name } channel { name } } } } } } }";
/// Stands before the number and the time in every text that is sent.
pub(crate) const MARK: &str = "bench ";
/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The clock of senders and readers, who are one process.
#[derive(Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// A text that says its number and when it was sent.
    pub(crate) fn text(self, number: u64) -> String {
        format!("{MARK}{number} {}", self.0.elapsed().as_micros())
    }

    fn age(self, micros: u64) -> Duration {
        self.0.elapsed().saturating_sub(Duration::from_micros(micros))
    }
}

/// What all readers together have seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) out_of_order: u64,
    pub(crate) waits: Vec<Duration>,
}

impl Seen {
    /// What others have seen besides.
    pub(crate) fn add(&mut self, others: Seen) {
        self.delivered += others.delivered;
        self.lost += others.lost;
        self.doubled += others.doubled;
        self.out_of_order += others.out_of_order;
        self.waits.extend(others.waits);
    }

    /// The wait that this share of deliveries did not exceed, in milliseconds.
    pub(crate) fn percentile(&mut self, share: f64) -> f64 {
        self.waits.sort_unstable();
        let last = self.waits.len().saturating_sub(1);
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let at = (last as f64 * share).round() as usize;
        self.waits.get(at).map_or(0.0, |wait| wait.as_secs_f64() * 1000.0)
    }
}

type Socket = WebSocketStream<Either<TcpStream, Box<TlsStream<TcpStream>>>>;

/// Where readers connect to.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) port: u16,
    pub(crate) tls: Option<TlsConnector>,
}

/// Whom readers read for, and how.
pub(crate) struct Readers<'a> {
    /// These, tokens and payloads are used in turn.
    pub(crate) addresses: &'a [Address],
    pub(crate) tokens: &'a [String],
    pub(crate) payloads: &'a [Value],
    pub(crate) count: usize,
    /// Sockets that are being opened at the same time.
    pub(crate) abreast: usize,
}

impl Readers<'_> {
    /// Opens a socket for each reader. Everyone reads from then on, and ends with the text that has the last number.
    pub(crate) async fn open(&self, clock: Clock, last: u64) -> Result<Reading> {
        let (mut tasks, arrived) = (JoinSet::new(), Arc::<AtomicU64>::default());
        let (mut opening, mut begun) = (JoinSet::new(), 0);
        while tasks.len() < self.count {
            while begun < self.count && opening.len() < self.abreast {
                let address = self.addresses[begun % self.addresses.len()].clone();
                let (token, payload) = (self.tokens[begun % self.tokens.len()].clone(), self.payloads[begun % self.payloads.len()].clone());
                opening.spawn(async move { open(&address, &token, &payload).await });
                begun += 1;
            }
            let socket = opening.join_next().await.context("nobody is left")???;
            tasks.spawn(read(socket, clock, last, Arc::clone(&arrived)));
        }
        Ok(Reading { tasks, arrived })
    }
}

/// Readers at work.
pub(crate) struct Reading {
    tasks: JoinSet<Result<Seen>>,
    arrived: Arc<AtomicU64>,
}

impl Reading {
    /// Deliveries so far.
    pub(crate) fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    pub(crate) async fn end(mut self) -> Result<Seen> {
        let mut all = Seen::default();
        while let Some(seen) = self.tasks.join_next().await {
            all.add(seen??);
        }
        Ok(all)
    }
}

async fn open(address: &Address, token: &str, payload: &Value) -> Result<Socket> {
    let stream = TcpStream::connect(("127.0.0.1", address.port)).await?;
    stream.set_nodelay(true)?;
    let stream = match &address.tls {
        None => Either::Left(stream),
        Some(tls) => Either::Right(Box::new(tls.connect(ServerName::try_from("localhost")?, stream).await?)),
    };
    let mut request = "ws://localhost/graphql".into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    let config = WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(0);
    let (mut socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } });
    socket.send(Message::text(init.to_string())).await?;
    let ack = socket.next().await.context("closed before the acknowledgement")??;
    ensure!(ack.to_text()?.contains("connection_ack"), "instead of connection_ack came {ack}");
    let subscribe = json!({ "id": "operation-1", "type": "subscribe", "payload": payload });
    socket.send(Message::text(subscribe.to_string())).await?;
    Ok(socket)
}

async fn read(mut socket: Socket, clock: Clock, last: u64, arrived: Arc<AtomicU64>) -> Result<Seen> {
    let (mut seen, mut newest) = (Seen::default(), 0);
    let mut got = std::collections::HashSet::new();
    while newest < last {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.with_context(|| format!("nothing after number {newest}"))?;
        let message = message.context("the server closed the socket")??;
        let Message::Text(text) = message else { continue };
        // A batch may hold several.
        for (at, _) in text.match_indices(MARK) {
            let mut words = text[at + MARK.len()..].split(|character: char| !character.is_ascii_digit());
            let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
            let (Some(number), Some(micros)) = (number(), number()) else { continue };
            if !got.insert(number) {
                seen.doubled += 1;
                continue;
            }
            if number < newest {
                seen.out_of_order += 1;
            }
            newest = newest.max(number);
            seen.delivered += 1;
            seen.waits.push(clock.age(micros));
            arrived.fetch_add(1, Ordering::Relaxed);
        }
    }
    seen.lost = last - seen.delivered;
    Ok(seen)
}
