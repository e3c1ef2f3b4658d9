//! What an administrator can set, against the same real servers: where answers go, what stands below a mail, what happens to
//! received mails, how large a mail may be, how we sign in.

use tributary_channels::channel::MailStep;
use tributary_domain::content::{AppointmentRequest, PaymentRequest, TimeSlot};
use tributary_tests::mail::StoredMail;

use super::*;

/// A file in the store.
async fn file(cx: &Cx, channel: &OpenChannel, name: &str, bytes: usize) -> OutboundAttachment {
    let id = AttachmentId::from(Uuid::now_v7());
    let content = futures_util::stream::iter([std::io::Result::Ok(bytes::Bytes::from(vec![b'x'; bytes]))]);
    cx.media.put(channel.workspace, id, content, u64::MAX).await.unwrap();
    OutboundAttachment { id, name: name.to_owned(), mime: "application/octet-stream".to_owned(), bytes: bytes as u64 }
}

fn parsed(mail: &StoredMail) -> mail_parser::Message<'_> {
    mail_parser::MessageParser::default().parse(&mail.raw).unwrap()
}

fn rendered(channel: &OpenChannel, work: &Outbound) -> MailStep {
    match Email::default().render(channel, work).swap_remove(0) {
        Step::Mail(mail) => *mail,
        other => panic!("no mail: {other:?}"),
    }
}

#[tokio::test]
async fn an_answer_to_the_token_comes_back_proved() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let channel = channel(&servers, &json!({ "plus_addressing": true, "subject_reference": true, "aliases": "info@example.test" }));
    let mut listening = Listening::start(&cx, &channel, None).await;
    send(&cx, &channel, &outbound(CUSTOMER, &[], text("Hallo"), "Hallo", Vec::new())).await.unwrap();
    let ours = servers.wait_for_mails(CUSTOMER, "INBOX", 1).await.unwrap().remove(0);
    let ours = parsed(&ours);
    assert_eq!(ours.subject(), Some("Größe der Jacke [#T-1042]"));
    let answer_to = ours.reply_to().unwrap().first().unwrap().address().unwrap().to_owned();
    assert!(answer_to.starts_with("agent+1042-"), "{answer_to}");
    // A program that keeps neither the ids nor the subject.
    let answer = format!(
        "From: {CUSTOMER}\r\nTo: info@example.test, {answer_to}\r\nSubject: Antwort\r\nMessage-ID: <a@customer.test>\r\n\r\nJa\r\n"
    );
    servers.deliver(CUSTOMER, AGENT, answer.as_bytes()).await.unwrap();
    let message = listening.next_message().await;
    assert_eq!(message.signs, [tributary_domain::inbound::ThreadSign::Proved(1042)]);
    assert_eq!((message.contact.external_id.as_str(), message.is_echo), (CUSTOMER, false));
    // With the alias as the sender, which anybody can write: it came in, and no machine answers it.
    let claimed = format!("From: info@example.test\r\nTo: {answer_to}, {CUSTOMER}\r\nMessage-ID: <b@example.test>\r\n\r\nNoch etwas\r\n");
    servers.deliver(AGENT, AGENT, claimed.as_bytes()).await.unwrap();
    let message = listening.next_message().await;
    assert_eq!((message.contact.external_id.as_str(), message.is_echo, message.is_automatic), ("info@example.test", false, true));
    listening.end().await;
    servers.stop().unwrap();
}

#[tokio::test]
async fn what_is_too_large_for_the_mail_goes_as_a_link() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let channel = channel(&servers, &json!({ "max_mail_mb": 1, "link_days": 10 }));
    let (small, large) = (file(&cx, &channel, "klein.txt", 1_000).await, file(&cx, &channel, "groß & weit.bin", 900_000).await);
    let (small_id, large_id) = (small.id, large.id);
    let content = RichContent::Formatted(Formatted { markup: Markup::Markdown, source: "Im **Anhang**.".to_owned() });
    let mut work = outbound(CUSTOMER, &[], content, "Im Anhang.", vec![small, large]);
    work.to.language = tributary_domain::content::Language::De;
    let receipts = send(&cx, &channel, &work).await.unwrap();
    assert_eq!(receipts[0].linked, [large_id]);
    let received = servers.wait_for_mails(CUSTOMER, "INBOX", 1).await.unwrap();
    let mail = parsed(&received[0]);
    let names: Vec<_> = mail.attachments().filter_map(|part| mail_parser::MimeHeaders::attachment_name(part)).collect();
    assert_eq!(names, ["klein.txt"]);
    let words = mail.body_text(0).unwrap().replace("\r\n", "\n");
    assert!(words.contains("Im Anhang.\n\nDateien zum Herunterladen bis 30.11.2026:\n- groß & weit.bin (0.9 MB): https://"), "{words}");
    let link: url::Url = words.split_whitespace().find(|word| word.starts_with("https://")).unwrap().parse().unwrap();
    assert!(mail.body_html(0).unwrap().contains(&link.as_str().replace('&', "&amp;")), "both parts name the same link");
    let until = |days: i64| "2026-11-20T12:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() + chrono::Duration::days(days);
    assert_eq!(cx.links.verify(large_id, link.query().unwrap(), until(9)), Ok(channel.workspace));
    assert!(
        cx.links.verify(large_id, link.query().unwrap(), until(11)).is_err()
            && cx.links.verify(small_id, link.query().unwrap(), until(9)).is_err()
    );
    let copy = servers.fetch_all(AGENT, "Sent").await.unwrap().remove(0);
    assert_eq!(parsed(&copy).body_text(0).unwrap(), mail.body_text(0).unwrap(), "the copy is what was sent");

    // What no link can help is refused before anything is sent.
    let long = "x".repeat(2 * 1024 * 1024);
    let refused = send(&cx, &channel, &outbound(CUSTOMER, &[], text(&long), &long, Vec::new())).await.unwrap_err();
    assert!(matches!(&refused, Verdict::Fail { code: FailCode::TooLarge, .. }), "{refused:?}");
    assert_eq!(servers.fetch_all(CUSTOMER, "INBOX").await.unwrap().len(), 1);
    servers.stop().unwrap();
}

#[tokio::test]
async fn the_servers_own_limit_counts_too() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    // The server says 40 MB; the setting allows more.
    let channel = channel(&servers, &json!({ "max_mail_mb": 200 }));
    let (one, two) = (file(&cx, &channel, "eins.bin", 20_000_000).await, file(&cx, &channel, "zwei.bin", 20_000_001).await);
    let two_id = two.id;
    let receipts = send(&cx, &channel, &outbound(CUSTOMER, &[], text("Zwei Dateien"), "Zwei Dateien", vec![one, two])).await.unwrap();
    assert_eq!(receipts[0].linked, [two_id], "one more than needed, or one too few");
    let received = servers.wait_for_mails(CUSTOMER, "INBOX", 1).await.unwrap();
    assert_eq!(parsed(&received[0]).attachment_count(), 1);
    servers.stop().unwrap();
}

#[tokio::test]
async fn received_mails_are_moved_away_and_still_marked_as_answered() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let channel = channel(&servers, &json!({ "after_fetch": "move", "archive_folder": "Junk" }));
    let mut listening = Listening::start(&cx, &channel, None).await;
    servers.deliver(CUSTOMER, AGENT, &mail("q1", "Frage", "\r\nWelche?\r\n")).await.unwrap();
    assert_eq!(listening.next_message().await.external_id.as_str(), "q1@customer.test");
    let moved = servers.wait_for_mails(AGENT, "Junk", 1).await.unwrap();
    assert!(moved[0].text().contains("<q1@customer.test>") && !moved[0].is_seen);
    servers.deliver(CUSTOMER, AGENT, &mail("q2", "Frage", "\r\nUnd?\r\n")).await.unwrap();
    assert_eq!(listening.next_message().await.external_id.as_str(), "q2@customer.test");
    servers.wait_for_mails(AGENT, "Junk", 2).await.unwrap();
    assert!(servers.fetch_all(AGENT, "INBOX").await.unwrap().is_empty());
    send(&cx, &channel, &outbound(CUSTOMER, &["q1@customer.test"], text("Die"), "Die", Vec::new())).await.unwrap();
    let seen: Vec<bool> = servers.fetch_all(AGENT, "Junk").await.unwrap().iter().map(|mail| mail.is_seen).collect();
    assert_eq!(seen, [true, false]);
    listening.end().await;

    let nowhere = super::channel(&servers, &json!({ "after_fetch": "move" }));
    let (sender, _found) = mpsc::unbounded_channel();
    let ended = Email::default().listen(&cx, &nowhere, None, &Inbox(sender), CancellationToken::new()).await;
    assert!(matches!(&ended, Err(Verdict::Suspend { reason }) if reason.contains("archive")), "{ended:?}");
    servers.stop().unwrap();
}

#[tokio::test]
async fn what_others_read_is_heard_once() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let channel = channel(&servers, &json!({}));
    let mut listening = Listening::start(&cx, &channel, None).await;
    assert!(listening.cursor["modseq"].is_u64(), "{:?}", listening.cursor);
    for id in ["one", "two"] {
        servers.deliver(CUSTOMER, AGENT, &mail(id, "Frage", "\r\nx\r\n")).await.unwrap();
        assert_eq!(listening.next_message().await.external_id.as_str(), format!("{id}@customer.test"));
    }
    // While we wait in IDLE, and while nobody listens.
    servers.mark_seen(AGENT, "INBOX", 2).await.unwrap();
    let read = |event: Result<InboundEvent, ParseError>| match event {
        Ok(InboundEvent::ReadElsewhere { message }) => message.as_str().to_owned(),
        other => panic!("nobody read: {other:?}"),
    };
    assert_eq!(read(listening.next_event().await), "two@customer.test");
    let cursor = listening.end().await;
    servers.mark_seen(AGENT, "INBOX", 1).await.unwrap();
    servers.deliver(CUSTOMER, AGENT, &mail("three", "Frage", "\r\nx\r\n")).await.unwrap();
    servers.wait_for_mails(AGENT, "INBOX", 3).await.unwrap();
    let mut listening = Listening::start(&cx, &channel, Some(cursor)).await;
    assert_eq!(listening.next_message().await.external_id.as_str(), "three@customer.test");
    assert_eq!(read(listening.next_event().await), "one@customer.test");
    let cursor = listening.end().await;
    // The same position again: nothing is told a second time.
    let mut listening = Listening::start(&cx, &channel, Some(cursor)).await;
    servers.deliver(CUSTOMER, AGENT, &mail("four", "Frage", "\r\nx\r\n")).await.unwrap();
    assert_eq!(listening.next_message().await.external_id.as_str(), "four@customer.test");
    listening.end().await;
    servers.stop().unwrap();
}

#[tokio::test]
async fn every_mail_is_signed_and_requests_have_their_own_form() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let signature = "**Beispiel GmbH**\n\n[beispiel.test](https://beispiel.test)";
    let channel = channel(&servers, &json!({ "signature": signature, "reply_to": "answers@example.test" }));
    send(&cx, &channel, &outbound(CUSTOMER, &[], text("Hallo <Du>"), "Hallo <Du>", Vec::new())).await.unwrap();
    let received = servers.wait_for_mails(CUSTOMER, "INBOX", 1).await.unwrap();
    let mail = parsed(&received[0]);
    let shown = mail.body_text(0).unwrap().replace("\r\n", "\n");
    assert!(shown.starts_with("Hallo <Du>\n\n-- \nBeispiel GmbH\n"), "{shown}");
    let html = mail.body_html(0).unwrap();
    assert!(html.contains("<p>Hallo &lt;Du&gt;</p>") && html.contains("<strong>Beispiel GmbH</strong>"), "{html}");
    assert_eq!(mail.reply_to().unwrap().first().unwrap().address(), Some("answers@example.test"));

    let slot = TimeSlot { id: "s".to_owned(), start: "2026-12-01T09:00:00Z".parse().unwrap(), duration_min: 30 };
    let appointment = RichContent::AppointmentRequest(AppointmentRequest {
        title: "Anprobe".to_owned(),
        text: None,
        location: Some("Laden".to_owned()),
        time_zone: "Europe/Berlin".to_owned(),
        slots: vec![slot],
        url: Some("https://beispiel.test/termin".parse().unwrap()),
    });
    // What the domain hands over: what was asked, and what it became as text.
    let mut work = outbound(CUSTOMER, &[], text("Anprobe"), "Anprobe", Vec::new());
    let Action::Send(message) = &mut work.action else { panic!("a message") };
    message.asked = appointment;
    send(&cx, &channel, &work).await.unwrap();
    let received = servers.wait_for_mails(CUSTOMER, "INBOX", 2).await.unwrap();
    let mail = parsed(&received[1]);
    let calendar =
        mail.parts.iter().find(|part| mail_parser::MimeHeaders::content_type(*part).is_some_and(|kind| kind.subtype() == Some("calendar")));
    let calendar = calendar.expect("a calendar part");
    assert_eq!(mail_parser::MimeHeaders::content_type(calendar).unwrap().attribute("method"), Some("REQUEST"));
    let events = calendar.text_contents().unwrap();
    assert!(
        events.contains("DTSTART:20261201T090000Z\r\nDTEND:20261201T093000Z\r\n") && events.contains("mailto:customer@example.test"),
        "{events}"
    );
    assert!(mail.body_html(0).unwrap().contains("href=\"https://beispiel.test/termin\""));

    let payment = PaymentRequest {
        description: "Rechnung 7".to_owned(),
        amount_minor: 1999,
        currency: "EUR".to_owned(),
        url: "https://beispiel.test/zahlen".parse().unwrap(),
        reference: None,
    };
    let mut work = outbound(CUSTOMER, &[], text("x"), "Rechnung 7\n19,99 €", Vec::new());
    let Action::Send(message) = &mut work.action else { panic!("a message") };
    message.asked = RichContent::PaymentRequest(payment);
    let html = rendered(&channel, &work).html.unwrap();
    assert!(html.contains("<a href=\"https://beispiel.test/zahlen\"") && html.contains("Rechnung 7<br>"), "{html}");
    servers.stop().unwrap();
}

#[tokio::test]
async fn a_token_can_be_presented_as_the_standard_has_it() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let tokens = Arc::new(std::sync::Mutex::new(vec![servers.xoauth2_token(AGENT), servers.expired_token(AGENT)]));
    let given = Arc::clone(&tokens);
    let service = Router::new()
        .route("/token", post(move || async move { Json(json!({ "access_token": given.lock().unwrap().pop(), "expires_in": 3600 })) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let token_url = format!("http://{}/token", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    let mut channel = channel(&servers, &json!({ "auth": "oauthbearer", "oauth_client_id": "client", "oauth_token_url": token_url }));
    channel.secrets = BTreeMap::from([("oauth_refresh_token".to_owned(), "r1".into())]);
    let email = Email::default();
    email.probe(&cx, &channel).await.unwrap();
    assert!(tokens.lock().unwrap().is_empty(), "the token was not renewed");
    // Exim knows only the other mechanism, which carries the same token.
    let steps = email.render(&channel, &outbound(CUSTOMER, &[], text("Hallo"), "Hallo", Vec::new()));
    email.deliver(&cx, &channel, &steps[0], &[]).await.unwrap();
    servers.wait_for_mails(CUSTOMER, "INBOX", 1).await.unwrap();
    serving.abort();
    servers.stop().unwrap();
}
