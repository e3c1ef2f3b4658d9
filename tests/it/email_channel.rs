//! The e-mail adapter against a real Dovecot and a real Exim.

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
}

impl Listening {
    /// Starts; returns when the first position is stored, so that what comes later is new.
    async fn start(cx: &Cx, channel: &OpenChannel, cursor: Option<Value>) -> Self {
        let (sender, found) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let (cx, listened, token) = (cx.clone(), channel.clone(), stop.clone());
        let is_new = cursor.is_none();
        let known = cursor.clone();
        let task = tokio::spawn(async move { Email::default().listen(&cx, &listened, known, &Inbox(sender), token).await });
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
            user: to.into(),
            user_name: Some("Carla Kundin".to_owned()),
            thread: None,
            subject: Some("Größe der Jacke".to_owned()),
            references: references.iter().map(|id| (*id).into()).collect(),
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

#[tokio::test]
async fn a_mail_is_seen_in_idle_and_never_twice() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    servers.deliver(CUSTOMER, AGENT, &mail("old", "History", "\r\nbefore the channel\r\n")).await.unwrap();
    servers.wait_for_mails(AGENT, "INBOX", 1).await.unwrap();
    // Servers keep the time of receipt in whole seconds; the channel is made in a later one.
    tokio::time::timeout(PATIENCE, wait_for_next_second()).await.unwrap();
    let channel = channel(&servers, &json!({}));
    let mut listening = Listening::start(&cx, &channel, None).await;
    let html = "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
                <p>Gr\u{fc}\u{df}e <img src=\"cid:a@x\"><script>x()</script></p>\r\n--r\r\nContent-Type: image/png; name=a.png\r\n\
                Content-ID: <a@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--r--\r\n";
    servers.deliver(CUSTOMER, AGENT, &mail("new", "Bild", html)).await.unwrap();
    let message = listening.next_message().await;
    assert_eq!((message.external_id.as_str(), message.subject.as_deref()), ("new@customer.test", Some("Bild")));
    assert_eq!((message.contact.external_id.as_str(), message.contact.name.as_deref()), (CUSTOMER, Some("Carla Kundin")));
    let RichContent::Formatted(formatted) = &message.content else { panic!("no HTML: {:?}", message.content) };
    assert_eq!(formatted.source.trim(), "<p>Grüße <img src=\"cid:a@x\"></p>");
    let [picture] = message.attachments.as_slice() else { panic!("one picture: {:?}", message.attachments) };
    assert_eq!(picture.content_id.as_deref(), Some("a@x"));
    assert_eq!(picture.source, AttachmentSource::Inline(b"\x89PNG\r\n\x1a\n".as_slice().into()));
    assert!(message.raw.is_some_and(|raw| raw.starts_with(b"Return-path:") || raw.starts_with(b"Return-Path:")));

    // The second one comes in a long IDLE, the third while nobody listens.
    servers.deliver(CUSTOMER, AGENT, &mail("second", "Zwei", "\r\nzwei\r\n")).await.unwrap();
    assert_eq!(listening.next_message().await.external_id.as_str(), "second@customer.test");
    let cursor = listening.end().await;
    servers.deliver(CUSTOMER, AGENT, &mail("third", "Drei", "\r\ndrei\r\n")).await.unwrap();
    servers.wait_for_mails(AGENT, "INBOX", 4).await.unwrap();
    let mut listening = Listening::start(&cx, &channel, Some(cursor)).await;
    assert_eq!(listening.next_message().await.external_id.as_str(), "third@customer.test");
    listening.end().await;
    assert!(servers.fetch_all(AGENT, "INBOX").await.unwrap().iter().all(|mail| !mail.is_seen), "reading marked a mail as seen");
    servers.stop().unwrap();
}

async fn wait_for_next_second() {
    let start = chrono::DateTime::from(std::time::SystemTime::now());
    let second = |at: chrono::DateTime<chrono::Utc>| at.timestamp();
    while second(chrono::DateTime::from(std::time::SystemTime::now())) == second(start) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_renumbered_mailbox_brings_the_same_mails_under_the_same_keys() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let channel = channel(&servers, &json!({ "imap_security": "tls", "imap_port": servers.imaps_port }));
    let mut listening = Listening::start(&cx, &channel, None).await;
    for id in ["a", "b"] {
        servers.deliver(CUSTOMER, AGENT, &mail(id, "Frage", &format!("\r\n{id}\r\n"))).await.unwrap();
    }
    let mut before = Vec::new();
    while before.len() < 2 {
        before.extend(listening.next().await.into_iter().map(|item| item.dedupe_key));
    }
    let cursor = listening.end().await;
    servers.recreate(AGENT, "INBOX").await.unwrap();
    let mut listening = Listening::start(&cx, &channel, Some(cursor)).await;
    let mut after = Vec::new();
    while after.len() < 2 {
        after.extend(listening.next().await.into_iter().map(|item| item.dedupe_key));
    }
    before.sort();
    after.sort();
    assert_eq!(before, after);
    listening.end().await;
    servers.stop().unwrap();
}

#[tokio::test]
async fn a_large_mail_arrives_whole_and_without_tls_on_this_machine() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let channel = channel(&servers, &json!({ "imap_host": "127.0.0.1", "imap_security": "none" }));
    let mut listening = Listening::start(&cx, &channel, None).await;
    let line = "0123456789abcdef".repeat(4);
    let body = format!(
        "MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=big.bin\r\n\r\n{}",
        format!("{line}\r\n").repeat(3 * 1024 * 1024 / 66)
    );
    servers.deliver(CUSTOMER, AGENT, &mail("big", "Anhang", &body)).await.unwrap();
    let message = listening.next_message().await;
    let AttachmentSource::Inline(bytes) = &message.attachments[0].source else { panic!("no bytes") };
    assert!(bytes.len() > 3_000_000, "{} bytes", bytes.len());
    let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let damaged = lines.position(|found| !found.is_empty() && found != line.as_bytes());
    assert_eq!(damaged, None, "a line is damaged");
    listening.end().await;
    servers.stop().unwrap();
}

#[tokio::test]
async fn an_answer_goes_out_in_its_thread_with_files_and_a_copy() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let channel = channel(&servers, &json!({}));
    servers.deliver(CUSTOMER, AGENT, &mail("q1", "Groesse", "\r\nWelche?\r\n")).await.unwrap();
    servers.wait_for_mails(AGENT, "INBOX", 1).await.unwrap();
    let file = AttachmentId::from(Uuid::now_v7());
    let bytes = futures_util::stream::iter([std::io::Result::Ok(bytes::Bytes::from_static(b"%PDF-1.4 table"))]);
    cx.media.put(channel.workspace, file, bytes, 1024).await.unwrap();
    let attachments = vec![OutboundAttachment { id: file, name: "Größen.pdf".to_owned(), mime: "application/pdf".to_owned(), bytes: 14 }];
    let content = RichContent::Formatted(Formatted { markup: Markup::Markdown, source: "Größe **M** passt.\n\n.dot".to_owned() });
    let work = outbound(CUSTOMER, &["q1@customer.test"], content, "Größe M passt.\n\n.dot", attachments);
    let receipts = send(&cx, &channel, &work).await.unwrap();
    let id = receipts[0].external_id.clone().unwrap();
    let note = receipts[1].note.clone().unwrap();
    assert_eq!(note, "copy in Sent");
    let received = servers.wait_for_mails(CUSTOMER, "INBOX", 1).await.unwrap();
    let copies = servers.fetch_all(AGENT, "Sent").await.unwrap();
    assert!(copies[0].is_seen && copies[0].text().contains(id.as_str()));
    let parsed = mail_parser::MessageParser::default().parse(&received[0].raw).unwrap();
    assert_eq!(parsed.message_id(), Some(id.as_str()));
    assert_eq!(parsed.in_reply_to().as_text(), Some("q1@customer.test"));
    assert_eq!(parsed.references().as_text(), Some("q1@customer.test"));
    assert_eq!(parsed.subject(), Some("Re: Größe der Jacke"));
    assert_eq!(parsed.body_text(0).unwrap().trim(), "Größe M passt.\r\n\r\n.dot");
    assert!(parsed.body_html(0).unwrap().contains("<p>Größe <strong>M</strong> passt.</p>"));
    assert_eq!(parsed.attachment(0).unwrap().contents(), b"%PDF-1.4 table");
    assert!(servers.fetch_all(AGENT, "INBOX").await.unwrap()[0].is_seen, "the answered mail is not marked");

    // A second attempt is the same mail.
    send(&cx, &channel, &work).await.unwrap();
    let received = servers.wait_for_mails(CUSTOMER, "INBOX", 2).await.unwrap();
    let again = mail_parser::MessageParser::default().parse(&received[1].raw).unwrap();
    assert_eq!((again.message_id(), again.raw_message.len()), (Some(id.as_str()), parsed.raw_message.len()));
    servers.stop().unwrap();
}

#[tokio::test]
async fn refusals_are_told_apart_and_a_bounce_settles_the_message() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let channel = channel(&servers, &json!({ "smtp_host": "127.0.0.1", "smtp_security": "none" }));
    let mut listening = Listening::start(&cx, &channel, None).await;
    let to = |address: &str| outbound(address, &[], text("Hallo"), "Hallo", Vec::new());
    let refused = send(&cx, &channel, &to(REJECTED)).await.unwrap_err();
    assert!(matches!(&refused, Verdict::Fail { code: FailCode::RecipientUnknown, .. }), "{refused:?}");
    let deferred = send(&cx, &channel, &to(DEFERRED)).await.unwrap_err();
    assert!(matches!(&deferred, Verdict::Retry { .. }), "{deferred:?}");
    let sent = send(&cx, &channel, &to(BOUNCED)).await.unwrap();
    match listening.next_event().await {
        Ok(InboundEvent::Receipt(receipt)) => {
            assert_eq!(Some(&receipt.message), sent[0].external_id.as_ref());
            assert_eq!(receipt.state, DeliveryState::Failed);
            assert_eq!(receipt.failure.unwrap().code, "RECIPIENT_UNKNOWN");
        }
        other => panic!("no receipt: {other:?}"),
    }
    listening.end().await;
    servers.stop().unwrap();
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let tokens = Arc::new(std::sync::Mutex::new(vec![servers.xoauth2_token(AGENT), servers.expired_token(AGENT)]));
    let given = Arc::clone(&tokens);
    let service = Router::new().route(
        "/token",
        post(move |body: String| async move {
            assert!(body.contains("grant_type=refresh_token") && body.contains("refresh_token=r1"), "{body}");
            Json(json!({ "access_token": given.lock().unwrap().pop(), "expires_in": 3600 }))
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let token_url = format!("http://{}/token", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    let mut channel = channel(&servers, &json!({ "auth": "xoauth2", "oauth_client_id": "client", "oauth_token_url": token_url }));
    channel.secrets = BTreeMap::from([("oauth_refresh_token".to_owned(), "r1".into())]);
    Email::default().probe(&cx, &channel).await.unwrap();
    assert!(tokens.lock().unwrap().is_empty(), "the token was not renewed");
    // Two more that are both over: the channel is to be suspended, not tried for ever.
    *tokens.lock().unwrap() = vec![servers.expired_token(AGENT), servers.expired_token(AGENT)];
    let (sender, _found) = mpsc::unbounded_channel();
    let ended = Email::default().listen(&cx, &channel, None, &Inbox(sender), CancellationToken::new()).await;
    assert!(matches!(&ended, Err(Verdict::Suspend { .. })), "{ended:?}");
    serving.abort();
    servers.stop().unwrap();
}

#[tokio::test]
async fn the_probe_says_what_is_wrong() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let said = async |changes: Value| match Email::default().probe(&cx, &channel(&servers, &changes)).await {
        Ok(()) => (None, String::new()),
        Err(error) => (error.field, error.sentence),
    };
    assert_eq!(said(json!({})).await, (None, String::new()));
    assert_eq!(said(json!({ "sent_folder": "Sent" })).await.1, "");
    let cases = [
        (json!({ "imap_host": "no-such-host.invalid" }), Some("imap_host"), "is not known"),
        (json!({ "imap_port": 1 }), Some("imap_host"), "No connection to localhost:1"),
        (json!({ "ca_pem": null }), Some("imap_host"), "authority that is not known"),
        (json!({ "imap_security": "tls" }), Some("imap_host"), "perhaps the port wants STARTTLS"),
        (json!({ "sent_folder": "Nowhere" }), Some("sent_folder"), "Nowhere"),
        (json!({ "user": "nobody@example.test" }), Some("user"), "refuses user name and password"),
        (json!({ "address": "agent" }), Some("address"), "not a mail address"),
        (json!({ "smtp_port": servers.imap_port }), Some("smtp_host"), "no SMTP"),
        (json!({ "imap_host": "mail.example.com", "imap_security": "none" }), Some("imap_security"), "Without TLS"),
        (json!({ "imap_host": "10.0.0.1" }), Some("imap_host"), "not allowed"),
    ];
    for (changes, field, words) in cases {
        let (found, sentence) = said(changes.clone()).await;
        assert!(found == field && sentence.contains(words), "{changes}: {found:?} {sentence}");
    }
    servers.stop().unwrap();
}

#[tokio::test]
async fn a_broken_connection_is_a_reason_to_come_back() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let channel = channel(&servers, &json!({}));
    let listening = Listening::start(&cx, &channel, None).await;
    servers.stop().unwrap();
    let ended = timeout(PATIENCE, listening.task).await.expect("it notices").unwrap();
    assert!(matches!(&ended, Err(Verdict::Retry { .. })), "{ended:?}");
}

#[tokio::test]
async fn the_adapter_listens_and_sends_two_steps() {
    let email = Email::default();
    assert!(matches!(email.ingress(), Ingress::Listen(_)));
    let channel = OpenChannel {
        workspace: WorkspaceId::from(Uuid::from_u128(1)),
        id: ChannelId::from(Uuid::from_u128(2)),
        name: "Support".to_owned(),
        token: "t".to_owned(),
        settings: json!({ "address": AGENT }).as_object().cloned().unwrap(),
        secrets: BTreeMap::new(),
    };
    let steps = email.render(&channel, &outbound(CUSTOMER, &[], text("Hallo"), "Hallo", Vec::new()));
    let [Step::Mail(mail), Step::MailCopy(copy)] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!((mail, mail.subject.as_str(), mail.in_reply_to.as_deref()), (copy, "Größe der Jacke", None));
}

/// An IMAP server of the simple kind: no IDLE, no ID, no special folders. Its second mail appears with the first NOOP.
async fn simple_imap(listener: tokio::net::TcpListener) -> Vec<String> {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"* OK simple\r\n").await.unwrap();
    let (mut seen, mut newest) = (Vec::new(), 1);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return seen;
        }
        let (tag, command) = line.trim_end().split_once(' ').unwrap();
        seen.push(command.to_owned());
        let answer = match command {
            "CAPABILITY" => "* CAPABILITY IMAP4rev1\r\n".to_owned(),
            "SELECT \"INBOX\"" => "* 1 EXISTS\r\n* OK [UIDVALIDITY 9] x\r\n* OK [UIDNEXT 2] x\r\n".to_owned(),
            "NOOP" => {
                newest = 2;
                "* 2 EXISTS\r\n".to_owned()
            }
            _ if command.starts_with("UID SEARCH") => "* SEARCH\r\n".to_owned(),
            // Whatever is asked for, `n:*` means at least the newest.
            _ if command.ends_with("RFC822.SIZE)") => {
                format!("* {newest} FETCH (UID {newest} INTERNALDATE \"20-Nov-2026 10:00:00 +0000\" RFC822.SIZE 90)\r\n")
            }
            _ if command.contains("BODY.PEEK[]") => {
                let mail = String::from_utf8(mail("simple", "x", "\r\nx\r\n")).unwrap();
                format!("* 2 FETCH (UID 2 BODY[] {{{}}}\r\n{mail})\r\n", mail.len())
            }
            "LOGOUT" => "* BYE\r\n".to_owned(),
            _ => String::new(),
        };
        stream.get_mut().write_all(format!("{answer}{tag} OK done\r\n").as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_without_idle_is_asked_again_and_again() {
    let (cx, _folder) = cx();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut channel = OpenChannel {
        workspace: WorkspaceId::from(Uuid::from_u128(1)),
        id: ChannelId::from(Uuid::now_v7()),
        name: "Support".to_owned(),
        token: "t".to_owned(),
        settings: json!({
            "address": AGENT, "imap_host": "127.0.0.1", "imap_port": listener.local_addr().unwrap().port(), "imap_security": "none",
            "smtp_host": "127.0.0.1", "smtp_security": "none", "poll_interval_s": 1,
        })
        .as_object()
        .cloned()
        .unwrap(),
        secrets: BTreeMap::new(),
    };
    channel.secrets.insert("password".to_owned(), PASSWORD.into());
    let server = tokio::spawn(simple_imap(listener));
    let mut listening = Listening::start(&cx, &channel, None).await;
    let message = listening.next_message().await;
    assert_eq!(message.external_id.as_str(), "simple@customer.test");
    let cursor = listening.end().await;
    assert_eq!((&cursor["uidvalidity"], &cursor["uid"]), (&json!(9), &json!(2)));
    let seen = timeout(PATIENCE, server).await.unwrap().unwrap();
    assert_eq!(seen.last().map(String::as_str), Some("LOGOUT"));
    assert_eq!(seen.iter().filter(|command| command.contains("BODY.PEEK[]")).count(), 1, "{seen:?}");
}
