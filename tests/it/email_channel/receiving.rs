//! Mails that come, over every kind of server and connection.

use super::*;

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

pub(super) async fn wait_for_next_second() {
    let start = chrono::DateTime::from(std::time::SystemTime::now());
    let second = |at: chrono::DateTime<chrono::Utc>| at.timestamp();
    while second(chrono::DateTime::from(std::time::SystemTime::now())) == second(start) {
        tokio::time::sleep(Duration::from_millis(20)).await;
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
