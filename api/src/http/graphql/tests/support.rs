//! A server on a free port, a gatekeeper that can be told what to say, and clients.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Body, response::Response};
use chrono::TimeDelta;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
    task::JoinHandle,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tributary_domain::clock::{Clock, SystemClock};

use super::schema::{TestSchema, schema};
use crate::{
    auth::{Gatekeeper, Refusal, Viewer},
    config::Config,
    http::{
        graphql::{Limits, Transport},
        listen::{Doors, ListenLimits, serve},
    },
};

/// After this a test fails instead of waiting on.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub(super) struct Actor(pub(super) String);

/// Admits `user:<name>` and `user:<name>:<milliseconds>`; knows `expired` and `away`.
#[derive(Default)]
pub(super) struct Gate {
    pub(super) revoked: Mutex<HashSet<String>>,
    pub(super) is_away: Mutex<bool>,
}

#[async_trait]
impl Gatekeeper for Gate {
    type Actor = Actor;

    async fn admit(&self, bearer: &str) -> Result<Viewer<Actor>, Refusal> {
        let mut parts = bearer.split(':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("expired"), ..) => Err(Refusal::Expired),
            (Some("away"), ..) => Err(Refusal::Unavailable),
            (Some("user"), Some(name), ms) => Ok(Viewer {
                actor: Actor(name.to_owned()),
                user_key: name.to_owned(),
                expires_at: ms.map(|ms| SystemClock.now() + TimeDelta::milliseconds(ms.parse().unwrap())),
            }),
            _ => Err(Refusal::Invalid),
        }
    }

    async fn is_still_admitted(&self, viewer: &Viewer<Actor>) -> Result<bool, Refusal> {
        if *self.is_away.lock().unwrap() {
            return Err(Refusal::Unavailable);
        }
        Ok(!self.revoked.lock().unwrap().contains(&viewer.user_key))
    }
}

pub(super) fn limits() -> Limits {
    Limits::from(&Config::from_parts(None, []).unwrap())
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) transport: Transport<TestSchema, Gate>,
    pub(super) gate: Arc<Gate>,
    pub(super) news: broadcast::Sender<String>,
    pub(super) shutdown: CancellationToken,
    pub(super) serving: JoinHandle<usize>,
}

impl Server {
    pub(super) async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (gate, shutdown, news) = (Arc::new(Gate::default()), CancellationToken::new(), broadcast::Sender::new(16));
        let transport = Transport::new(schema(news.clone()), Arc::clone(&gate), limits, Arc::new(SystemClock), shutdown.clone());
        let listen = ListenLimits { connections: 100, header: PATIENCE, write: PATIENCE, drain: PATIENCE };
        let address = listener.local_addr().unwrap();
        let doors = Doors { plain: listener, tls: None };
        let serving = tokio::spawn(serve(doors, transport.router(), listen, shutdown.clone()));
        Self { address, transport, gate, news, shutdown, serving }
    }

    /// A socket that has not said anything yet.
    pub(super) async fn open(&self) -> Socket {
        self.try_open(Some("graphql-transport-ws")).await.unwrap()
    }

    pub(super) async fn try_open(&self, protocol: Option<&str>) -> Result<Socket, StatusCode> {
        let mut request = format!("ws://{}/graphql", self.address).into_client_request().unwrap();
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        match soon(tokio_tungstenite::client_async(request, stream)).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status()),
            Err(other) => panic!("{other}"),
        }
    }

    /// A socket signed in with `token`.
    pub(super) async fn sign_in(&self, token: &str) -> Socket {
        let mut socket = self.open().await;
        socket.init(token).await;
        assert_eq!(socket.receive().await, Ok(json!({"type": "connection_ack"})));
        socket
    }

    pub(super) async fn all_closed(&self) {
        soon(self.transport.all_closed()).await;
    }
}

pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

pub(super) struct Socket(pub(super) WebSocketStream<TcpStream>);

impl Socket {
    pub(super) async fn init(&mut self, token: &str) {
        self.say(json!({"type": "connection_init", "payload": {"authorization": format!("Bearer {token}")}})).await;
    }

    pub(super) async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    pub(super) async fn send(&mut self, message: Message) {
        soon(self.0.send(message)).await.unwrap();
    }

    pub(super) async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({"id": id, "type": "subscribe", "payload": {"query": query}})).await;
    }

    /// The next message, or the code the socket was closed with (1006 when it broke off).
    pub(super) async fn receive(&mut self) -> Result<Value, u16> {
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| u16::from(frame.code))),
                Some(Ok(other)) => panic!("{other:?}"),
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// The next message about an operation.
    pub(super) async fn of(&mut self, id: &str) -> Result<Value, u16> {
        loop {
            let message = self.receive().await?;
            if message["id"] == id {
                return Ok(message);
            }
        }
    }

    /// Reads on until the socket is closed.
    pub(super) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.receive().await {
                return code;
            }
        }
    }
}

/// An entrance without sockets.
pub(super) fn router(limits: Limits) -> Router {
    let clock = Arc::new(SystemClock);
    Transport::new(schema(broadcast::Sender::new(1)), Arc::new(Gate::default()), limits, clock, CancellationToken::new()).router()
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(super) fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

pub(super) async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response: Response = soon(router.clone().oneshot(request)).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = soon(axum::body::to_bytes(body, 1 << 24)).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(body.to_vec()).unwrap() }
}

pub(super) fn post(body: impl Into<Body>) -> Request<Body> {
    Request::post("/graphql")
        .header("content-type", "application/json")
        .header("accept", "application/graphql-response+json")
        .body(body.into())
        .unwrap()
}

pub(super) fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}
