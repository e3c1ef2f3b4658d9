//! A browser with the widget in it, as far as the protocol goes.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};
use uuid::Uuid;

use super::server::{SHOP, Server};

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Visitor {
    base: String,
    http: reqwest::Client,
    pub(super) id: String,
    pub(super) token: String,
}

pub(super) struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What the client would go on from.
    pub(super) cursor: Option<String>,
}

impl Visitor {
    pub(super) async fn new(server: &Server) -> Self {
        let mut visitor =
            Self { base: base(server), http: tributary_tests::client::http_client().unwrap(), id: String::new(), token: String::new() };
        visitor.sign_in(json!({"language": "de-DE", "time_zone": "Europe/Berlin", "page": {"url": "https://shop.example/cart?s=1", "title": "Cart"}})).await;
        visitor
    }

    pub(super) async fn sign_in(&mut self, body: Value) {
        let answer = self.post("session", body).await;
        assert_eq!(answer.0, 200, "{}", answer.1);
        answer.1["visitor_id"].as_str().unwrap().clone_into(&mut self.id);
        answer.1["token"].as_str().unwrap().clone_into(&mut self.token);
    }

    pub(super) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("http://{}/{path}", self.base)).header("origin", SHOP);
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.request(reqwest::Method::POST, path).json(&body).send().await.unwrap()).await
    }

    /// Sends frames by POST; gives the replies.
    pub(super) async fn frames(&self, frames: Value) -> Vec<Value> {
        let (status, body) = self.post("frames", json!({"frames": frames})).await;
        assert_eq!(status, 200, "{body}");
        body["frames"].as_array().unwrap().clone()
    }

    pub(super) async fn upload(&self, name: &str, mime: &str, bytes: Vec<u8>) -> (u16, Value) {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned()).mime_str(mime).unwrap();
        let form = reqwest::multipart::Form::new().part("file", part);
        // An upload that is refused early ends its connection, which must not be taken for the next request.
        let request = self.request(reqwest::Method::POST, "files").header("connection", "close");
        read(request.multipart(form).send().await.unwrap()).await
    }

    /// A socket that has said hello, and the answer.
    pub(super) async fn connect(&self, after: Option<&str>) -> (Socket, Value) {
        let mut socket = Socket::open(&self.base, SHOP).await;
        socket.send(json!({"type": "hello", "id": Uuid::now_v7(), "token": self.token, "after": after})).await;
        let ready = socket.next().await;
        (socket, ready)
    }

    pub(super) async fn open(&self) -> Socket {
        Socket::open(&self.base, SHOP).await
    }
}

impl Socket {
    pub(super) async fn open(base: &str, origin: &str) -> Self {
        let mut request = format!("ws://{base}/socket").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("tributary-chat.v1"));
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Self { socket, cursor: None }
    }

    pub(super) async fn send(&mut self, frame: Value) {
        self.raw(Message::text(frame.to_string())).await;
    }

    pub(super) async fn raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The next frame. Checks the chain of cursors as the client does.
    pub(super) async fn next(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("a frame in time").expect("an open socket").unwrap();
            let Message::Text(text) = message else {
                assert!(!message.is_close(), "closed: {message:?}");
                continue;
            };
            let frame: Value = serde_json::from_str(&text).unwrap();
            match frame["type"].as_str().unwrap() {
                "ready" => self.cursor = frame["cursor"].as_str().map(str::to_owned),
                "event" | "heartbeat" if frame["cursor"].is_string() => {
                    assert_eq!(frame["prev"].as_str(), self.cursor.as_deref(), "a hole before {frame}");
                    self.cursor = frame["cursor"].as_str().map(str::to_owned);
                }
                _ => {}
            }
            return frame;
        }
    }

    /// The next frame that fits, passing over others.
    pub(super) async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await;
            if fits(&frame) {
                return frame;
            }
        }
    }

    /// The data of the next event of a type.
    pub(super) async fn event(&mut self, kind: &str) -> Value {
        self.until(|frame| frame["event"]["type"] == kind).await["event"]["data"].clone()
    }

    /// The answer to a frame.
    pub(super) async fn reply(&mut self, id: Uuid) -> Value {
        self.until(|frame| frame["id"] == json!(id)).await
    }

    /// Everything up to the answer to a ping: what has happened so far.
    pub(super) async fn drained(&mut self) -> Vec<Value> {
        self.send(json!({"type": "ping", "id": Uuid::now_v7()})).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["type"] == "heartbeat" {
                return frames;
            }
            frames.push(frame);
        }
    }

    /// Sends a text and waits for its answer.
    pub(super) async fn says(&mut self, words: &str) -> (Uuid, Value) {
        let id = Uuid::now_v7();
        self.send(said(id, words)).await;
        (id, self.reply(id).await)
    }

    /// The code with which the server closes.
    pub(super) async fn closed(&mut self) -> u16 {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(Message::Close(None))) => return 1005,
                None | Some(Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::Protocol(_) | tungstenite::Error::Io(_))) => {
                    return 1006;
                }
                Some(Ok(_)) => {}
                Some(Err(other)) => panic!("{other}"),
            }
        }
    }
}

pub(super) fn said(id: Uuid, words: &str) -> Value {
    json!({"type": "message", "id": id, "content": {"kind": "TEXT", "text": words}, "attachment_ids": [], "quoted": null})
}

pub(super) fn base(server: &Server) -> String {
    format!("{}/chat/v1/{}", server.address, server.key)
}

async fn read(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}
