//! A node that speaks TLS by itself: requests over both versions of HTTP, and a socket whose frames come whole and in order.

use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use tributary_tests::{certificate::Certificate, client::GraphqlClient, host::free_port};

use super::{PATIENCE, cluster::Cluster, follower::cursor};
use crate::backend::{Backend, on_both};

on_both!(requests_and_sockets_come_over_tls);

type Socket = WebSocketStream<TlsStream<TcpStream>>;

const NOTES: usize = 50;
const FOLLOW: &str = "subscription($after: LogCursor!) { workspaceEvents(after: $after, filter: { kinds: [NOTE_ADDED] }) { \
    events { entity { ... on Message { text } } } } }";
const NOTE: &str = "mutation($input: AddNoteInput!) { addNote(input: $input) { errors { code message } } }";

async fn requests_and_sockets_come_over_tls(backend: Backend) {
    let (certificate, port) = (Certificate::issue().unwrap(), free_port());
    let mut cluster = Cluster::new(backend.open().await, 1).await;
    cluster.set("SERVER__TLS_LISTEN", &format!("127.0.0.1:{port}"));
    cluster.set("SERVER__TLS_CERTIFICATE", &certificate.file());
    cluster.set("SERVER__TLS_KEY", &certificate.key_file());
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;

    for (version, builder) in
        [(reqwest::Version::HTTP_11, builder(&certificate).http1_only()), (reqwest::Version::HTTP_2, builder(&certificate))]
    {
        let answer = builder.build().unwrap().get(format!("https://localhost:{port}/healthz")).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
    }

    let after = cursor(&client).await;
    let mut socket = connect(&certificate, port).await;
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } });
    socket.send(Message::text(init.to_string())).await.unwrap();
    assert_eq!(next(&mut socket).await, json!({ "type": "connection_ack" }));
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": FOLLOW, "variables": { "after": after } } });
    socket.send(Message::text(subscribe.to_string())).await.unwrap();
    // Nobody reads meanwhile, so the node has to do with what the system takes.
    let written = write(&client, cluster.first_interaction(&client).await).await;
    let mut heard = Vec::new();
    while heard.len() < NOTES {
        let message = next(&mut socket).await;
        let events = message.pointer("/payload/data/workspaceEvents/events").and_then(Value::as_array);
        heard.extend(events.into_iter().flatten().map(|event| event["entity"]["text"].as_str().unwrap().to_owned()));
    }
    assert!(heard == written, "what was heard is not what was written");
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("nothing more comes").unwrap().unwrap();
        if let Message::Text(text) = message {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

fn builder(certificate: &Certificate) -> reqwest::ClientBuilder {
    tributary_tests::install_tls();
    #[expect(clippy::disallowed_methods, reason = "tests talk to 127.0.0.1, which the guarded client refuses")]
    let builder = reqwest::Client::builder();
    builder.no_proxy().tls_certs_only([reqwest::Certificate::from_der(certificate.der()).unwrap()]).timeout(PATIENCE)
}

async fn connect(certificate: &Certificate, port: u16) -> Socket {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = certificate.connector().unwrap().connect(name, stream).await.unwrap();
    let mut request = "wss://localhost/graphql".into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    tokio_tungstenite::client_async(request, stream).await.unwrap().0
}

/// The texts that were acknowledged, in order.
async fn write(client: &GraphqlClient, on: Value) -> Vec<String> {
    let mut written = Vec::new();
    for number in 0..NOTES {
        // Small frames and frames of several records.
        let text = format!("note {number} {}", "x".repeat(1 + number * 190));
        let input = json!({ "input": { "interactionId": on, "clientId": number.to_string(), "text": text } });
        let added = client.post(NOTE, input).await.unwrap().ok().unwrap();
        assert_eq!(added["addNote"]["errors"], json!([]));
        written.push(text);
    }
    written
}
