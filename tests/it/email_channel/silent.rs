//! Servers that fall silent, and listeners that stop at the wrong moment.

use tributary_channels::email::Waits;
use tributary_tests::proxy::{Mode, Proxy};

use super::{receiving::wait_for_next_second, *};

/// Far below the real times, so that many of them pass in a test.
const QUICK: Waits = Waits { idle: Duration::from_millis(200), answer: Duration::from_secs(2) };

/// A channel that reaches its server through a proxy.
async fn behind_a_proxy(servers: &MailServers) -> (Proxy, OpenChannel) {
    let proxy = Proxy::to_port(servers.imap_port).await.unwrap();
    let channel = channel(servers, &json!({ "imap_host": "127.0.0.1", "imap_port": proxy.port(), "imap_security": "none" }));
    (proxy, channel)
}

#[test]
fn a_server_that_is_gone_is_noticed_within_five_minutes() {
    let waits = Waits::default();
    assert!(waits.idle + waits.answer <= Duration::from_mins(5));
    assert!(waits.idle <= Duration::from_mins(25), "servers end an IDLE of half an hour");
}

#[tokio::test]
async fn idling_is_renewed_on_the_same_connection() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let (proxy, channel) = behind_a_proxy(&servers).await;
    let mut listening = Listening::by(Email::with_waits(QUICK), &cx, &channel, None).await;
    let before = proxy.bytes_to_server();
    // Each renewal is at least `DONE` and another `IDLE`.
    let renewed = async {
        while proxy.bytes_to_server() < before + 10 * 20 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, renewed).await.expect("the listener renews its IDLE");
    servers.deliver(CUSTOMER, AGENT, &mail("late", "Frage", "\r\nx\r\n")).await.unwrap();
    assert_eq!(listening.next_message().await.external_id.as_str(), "late@customer.test");
    assert_eq!(proxy.accepted(), 1, "nothing was wrong with the connection");
    listening.end().await;
    servers.stop().unwrap();
}

#[tokio::test]
async fn a_frozen_server_is_noticed_and_read_again() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    for frozen in [Mode::Stall, Mode::SwallowToClient, Mode::HalfOpen] {
        // Servers keep times in whole seconds: the mail before is none of this channel's.
        wait_for_next_second().await;
        let (proxy, channel) = behind_a_proxy(&servers).await;
        let mut listening = Listening::by(Email::with_waits(QUICK), &cx, &channel, None).await;
        proxy.set(frozen);
        let ended = timeout(PATIENCE, &mut listening.task).await.expect("silence is noticed").unwrap();
        assert!(matches!(ended, Err(Verdict::Retry { .. })), "{frozen:?}: {ended:?}");
        let id = format!("{frozen:?}");
        servers.deliver(CUSTOMER, AGENT, &mail(&id, "Frage", "\r\nx\r\n")).await.unwrap();
        proxy.set(Mode::Pass);
        let mut listening = Listening::by(Email::with_waits(QUICK), &cx, &channel, Some(listening.cursor)).await;
        assert_eq!(listening.next_message().await.external_id.as_str(), format!("{id}@customer.test"));
        listening.end().await;
    }
    servers.stop().unwrap();
}

/// Stores, and dies before anything else is done.
struct Dying(mpsc::UnboundedSender<Found>);

#[async_trait]
impl Sink for Dying {
    async fn store(&self, found: Found) -> Result<(), Verdict> {
        let has_mails = !found.items.is_empty();
        self.0.send(found).unwrap();
        if has_mails { std::future::pending().await } else { Ok(()) }
    }

    async fn signed_in(&self) -> Result<(), Verdict> {
        Ok(())
    }
}

#[tokio::test]
async fn what_was_stored_and_not_yet_moved_is_moved_by_the_next() {
    let (cx, _folder) = cx();
    let servers = MailServers::start().await.unwrap();
    let channel = channel(&servers, &json!({ "after_fetch": "move", "archive_folder": "Junk" }));
    let start = Listening::start(&cx, &channel, None).await.end().await;
    servers.deliver(CUSTOMER, AGENT, &mail("q1", "Frage", "\r\nWelche?\r\n")).await.unwrap();
    servers.wait_for_mails(AGENT, "INBOX", 1).await.unwrap();
    let (sender, mut stored) = mpsc::unbounded_channel();
    let (dying_cx, dying_channel) = (cx.clone(), channel.clone());
    let dying = tokio::spawn(async move {
        Email::default().listen(&dying_cx, &dying_channel, Some(start), &Dying(sender), CancellationToken::new()).await
    });
    let cursor = loop {
        let found = timeout(PATIENCE, stored.recv()).await.expect("the mail is found in time").expect("the listener runs");
        if !found.items.is_empty() {
            break found.cursor;
        }
    };
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
    assert_eq!(servers.fetch_all(AGENT, "INBOX").await.unwrap().len(), 1, "nobody has moved it");

    let mut listening = Listening::start(&cx, &channel, Some(cursor.clone())).await;
    let moved = servers.wait_for_mails(AGENT, "Junk", 1).await.unwrap();
    assert!(moved[0].text().contains("<q1@customer.test>"));
    assert!(servers.fetch_all(AGENT, "INBOX").await.unwrap().is_empty());
    servers.deliver(CUSTOMER, AGENT, &mail("q2", "Frage", "\r\nx\r\n")).await.unwrap();
    assert_eq!(listening.next_message().await.external_id.as_str(), "q2@customer.test", "it goes on");
    servers.wait_for_mails(AGENT, "Junk", 2).await.unwrap();
    listening.end().await;

    // Another one that knows no more than that does no harm.
    let mut listening = Listening::start(&cx, &channel, Some(cursor)).await;
    servers.deliver(CUSTOMER, AGENT, &mail("q3", "Frage", "\r\nx\r\n")).await.unwrap();
    assert_eq!(listening.next_message().await.external_id.as_str(), "q3@customer.test");
    servers.wait_for_mails(AGENT, "Junk", 3).await.unwrap();
    listening.end().await;
    servers.stop().unwrap();
}
