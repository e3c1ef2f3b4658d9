//! The e-mail adapter against a real Dovecot and a real Exim.

mod options;
mod receiving;
mod refused;
mod sending;
mod silent;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use tributary_channels::{
    channel::{Channel, Cx, Found, FoundItem, Ingress, Listen, Sink, Step, StepReceipt},
    email::Email,
    error::{FailCode, ParseError, Verdict},
    shared::{
        guard::AddressGuard,
        http::{GuardedClient, Limits},
    },
};
use tributary_domain::{
    clock::SystemClock,
    content::{Formatted, Markup, RichContent, Text},
    ids::{AttachmentId, ChannelId, InteractionId, MessageId, OutboundId, WorkspaceId},
    inbound::{AttachmentSource, InboundEvent, InboundMessage},
    media::{MediaLinks, MediaStore},
    outbound::{Action, Destination, OpenChannel, Outbound, OutboundAttachment, OutboundMessage},
    state::DeliveryState,
};
use tributary_tests::{
    fake::secrets::KeptSecrets,
    install_tls,
    mail::{AGENT, BOUNCED, CUSTOMER, DEFERRED, MailServers, PASSWORD, REJECTED},
};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);

/// What adapters get from the worker, with 127.0.0.1 opened.
fn cx() -> (Cx, tempfile::TempDir) {
    install_tls();
    let folder = tempfile::tempdir().unwrap();
    let guard = AddressGuard::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
    let cx = Cx {
        clock: Arc::new(SystemClock),
        http: GuardedClient::new(guard, Limits::default()).unwrap(),
        media: MediaStore::folder(folder.path()).unwrap(),
        public_url: "https://tributary.example".parse().unwrap(),
        links: MediaLinks::new([7; 32]),
        secrets: Arc::new(KeptSecrets::default()),
    };
    (cx, folder)
}

/// A channel of the agent's mailbox, made now.
fn channel(servers: &MailServers, changes: &Value) -> OpenChannel {
    let mut settings = json!({
        "address": AGENT, "display_name": "Beispiel-Support", "user": AGENT, "ca_pem": servers.ca_pem,
        "imap_host": "localhost", "imap_port": servers.imap_port, "imap_security": "starttls",
        "smtp_host": "localhost", "smtp_port": servers.smtp_port, "smtp_security": "starttls",
    });
    for (key, value) in changes.as_object().unwrap() {
        settings[key] = value.clone();
    }
    OpenChannel {
        workspace: WorkspaceId::from(Uuid::from_u128(1)),
        id: ChannelId::from(Uuid::now_v7()),
        name: "Support".to_owned(),
        token: "channel-token".to_owned(),
        settings: settings.as_object().cloned().unwrap(),
        secrets: BTreeMap::from([("password".to_owned(), PASSWORD.into())]),
    }
}

/// A listener at work, and what it found.
struct Listening {
    found: mpsc::UnboundedReceiver<Found>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), Verdict>>,
    cursor: Value,
    channel: OpenChannel,
}

struct Inbox(mpsc::UnboundedSender<Found>);

#[async_trait]
impl Sink for Inbox {
    async fn store(&self, found: Found) -> Result<(), Verdict> {
        self.0.send(found).unwrap();
        Ok(())
    }

    async fn signed_in(&self) -> Result<(), Verdict> {
        Ok(())
    }
}

impl Listening {
    /// Starts; returns when the first position is stored, so that what comes later is new.
    async fn start(cx: &Cx, channel: &OpenChannel, cursor: Option<Value>) -> Self {
        Self::by(Email::default(), cx, channel, cursor).await
    }

    async fn by(adapter: Email, cx: &Cx, channel: &OpenChannel, cursor: Option<Value>) -> Self {
        let (sender, found) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let (cx, listened, token) = (cx.clone(), channel.clone(), stop.clone());
        let is_new = cursor.is_none();
        let known = cursor.clone();
        let task = tokio::spawn(async move { adapter.listen(&cx, &listened, known, &Inbox(sender), token).await });
        let mut listening = Self { found, stop, task, cursor: cursor.unwrap_or_default(), channel: channel.clone() };
        if is_new {
            let first = listening.next().await;
            assert!(first.is_empty(), "history was taken in: {first:?}");
        }
        listening
    }

    async fn next(&mut self) -> Vec<FoundItem> {
        let found = timeout(PATIENCE, self.found.recv()).await.expect("something is found in time").expect("the listener runs");
        self.cursor = found.cursor;
        found.items
    }

    async fn next_event(&mut self) -> Result<InboundEvent, ParseError> {
        loop {
            if let Some(item) = self.next().await.into_iter().next() {
                return Email::default().parse(&self.channel, &item.raw)?.remove(0);
            }
        }
    }

    async fn next_message(&mut self) -> InboundMessage {
        match self.next_event().await {
            Ok(InboundEvent::Message(message)) => *message,
            other => panic!("no message: {other:?}"),
        }
    }

    /// Stops in order; the last position.
    async fn end(self) -> Value {
        self.stop.cancel();
        timeout(PATIENCE, self.task).await.expect("the listener stops in time").unwrap().expect("it stops without an error");
        self.cursor
    }
}

fn mail(id: &str, subject: &str, body: &str) -> Vec<u8> {
    format!(
        "From: Carla Kundin <{CUSTOMER}>\r\nTo: {AGENT}\r\nSubject: {subject}\r\nMessage-ID: <{id}@customer.test>\r\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0100\r\n{body}"
    )
    .into_bytes()
}

fn outbound(to: &str, references: &[&str], content: RichContent, fallback: &str, attachments: Vec<OutboundAttachment>) -> Outbound {
    Outbound {
        id: OutboundId::from(Uuid::now_v7()),
        to: Destination {
            interaction: InteractionId::from(Uuid::now_v7()),
            number: 1042,
            language: tributary_domain::content::Language::En,
            user: to.into(),
            user_name: Some("Carla Kundin".to_owned()),
            thread: None,
            subject: Some("Größe der Jacke".to_owned()),
            references: references.iter().map(|id| (*id).into()).collect(),
            answers: references.last().map(|id| (*id).into()),
        },
        action: Action::Send(Box::new(OutboundMessage {
            id: MessageId::from(Uuid::now_v7()),
            asked: content.clone(),
            content,
            fallback: fallback.to_owned(),
            attachments,
            quoted: None,
            author_name: None,
            is_automatic: false,
            at: "2026-11-20T12:00:00Z".parse().unwrap(),
        })),
    }
}

fn text(text: &str) -> RichContent {
    RichContent::Text(Text { text: text.to_owned() })
}

async fn send(cx: &Cx, channel: &OpenChannel, outbound: &Outbound) -> Result<Vec<StepReceipt>, Verdict> {
    let email = Email::default();
    let mut done = Vec::new();
    for step in email.render(channel, outbound) {
        let receipt = email.deliver(cx, channel, &step, &done).await?;
        done.push(receipt);
    }
    Ok(done)
}
