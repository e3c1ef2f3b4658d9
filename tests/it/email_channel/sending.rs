//! Mails that go, and signing in for it.

use super::*;

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
async fn a_replaced_refresh_token_is_used_and_kept() {
    let (mut cx, _folder) = cx();
    let kept = Arc::new(KeptSecrets::default());
    cx.secrets = kept.clone();
    let servers = MailServers::start().await.unwrap();
    // A service that takes each refresh token once.
    let (valid, good) = (Arc::new(std::sync::Mutex::new(1)), servers.xoauth2_token(AGENT));
    let service = Router::new().route(
        "/token",
        post(move |body: String| async move {
            let mut valid = valid.lock().unwrap();
            if !body.split('&').any(|pair| pair == format!("refresh_token=r{valid}")) {
                return (axum::http::StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" })));
            }
            *valid += 1;
            // Over at once, so that the next sign-in buys another.
            let answer = json!({ "access_token": good, "expires_in": 0, "refresh_token": format!("r{valid}") });
            (axum::http::StatusCode::OK, Json(answer))
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let token_url = format!("http://{}/token", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    let mut channel = channel(&servers, &json!({ "auth": "xoauth2", "oauth_client_id": "client", "oauth_token_url": token_url }));
    channel.secrets = BTreeMap::from([("oauth_refresh_token".to_owned(), "r1".into())]);
    // The probe signs in twice, and two such probes at once never use one refresh token twice.
    let email = Email::default();
    let (one, two) = tokio::join!(email.probe(&cx, &channel), email.probe(&cx, &channel));
    one.unwrap();
    two.unwrap();
    let newest = kept.get("oauth_refresh_token").expect("the new token is kept");
    assert_ne!(newest, "r1");
    // Another process knows what was kept, and nothing else.
    channel.secrets = BTreeMap::from([("oauth_refresh_token".to_owned(), newest.into())]);
    Email::default().probe(&cx, &channel).await.unwrap();
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
