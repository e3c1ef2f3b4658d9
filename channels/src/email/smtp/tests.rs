//! The dialogue against a scripted server, and every outcome as the worker sees it.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;

/// Runs `hand_over` against a server that answers each line with the next of `answers`; `None` closes the connection.
/// Returns the outcome and what the server received.
async fn against(abilities: &str, answers: &[Option<&str>], mail: &[u8]) -> (Result<String, SmtpError>, String) {
    let envelope = Envelope { from: "support@example.test".into(), to: "anna@example.test".into() };
    from_to(abilities, answers, envelope, mail).await
}

async fn from_to(abilities: &str, answers: &[Option<&str>], envelope: Envelope, mail: &[u8]) -> (Result<String, SmtpError>, String) {
    let (client, mut server) = tokio::io::duplex(1 << 20);
    let mut dialogue = Dialogue::over(Box::new(client));
    let script = async {
        let mut seen = String::new();
        read_line(&mut server, &mut seen).await;
        server.write_all(abilities.as_bytes()).await.expect("written");
        for answer in answers {
            let is_mail = seen.ends_with("DATA\r\n");
            loop {
                let line = read_line(&mut server, &mut seen).await;
                if !is_mail || line == ".\r\n" || line.is_empty() {
                    break;
                }
            }
            match answer {
                Some(answer) => server.write_all(format!("{answer}\r\n").as_bytes()).await.expect("written"),
                None => break,
            }
        }
        drop(server);
        seen
    };
    let talk = async {
        dialogue.hello("example.test").await.expect("greeted");
        hand_over(&mut dialogue, &envelope, mail).await
    };
    tokio::join!(talk, script)
}

async fn read_line(server: &mut DuplexStream, seen: &mut String) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        match server.read_u8().await {
            Ok(byte) => line.push(byte),
            Err(_) => break,
        }
    }
    let line = String::from_utf8(line).expect("UTF-8");
    seen.push_str(&line);
    line
}

const ABILITIES: &str = "250-mail.example.test\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n";
const OK: Option<&str> = Some("250 OK");
const GO: Option<&str> = Some("354 go ahead");

#[tokio::test]
async fn a_mail_is_written_out_as_the_standard_wants() {
    let (outcome, seen) = against(ABILITIES, &[OK, OK, GO, Some("250 2.0.0 queued as 1")], b"Subject: x\r\n\r\n.dot\n..two\nend").await;
    assert_eq!(outcome, Ok("250 2.0.0 queued as 1".to_owned()));
    assert_eq!(
        seen,
        "EHLO example.test\r\nMAIL FROM:<support@example.test> SIZE=28\r\nRCPT TO:<anna@example.test>\r\nDATA\r\n\
         Subject: x\r\n\r\n..dot\r\n...two\r\nend\r\n.\r\n"
    );
}

#[tokio::test]
async fn every_break_and_every_refusal_has_its_verdict() {
    let fail = |code| move |verdict: &Verdict| matches!(verdict, Verdict::Fail { code: found, .. } if *found == code);
    let retry = |verdict: &Verdict| matches!(verdict, Verdict::Retry { .. });
    type Holds = Box<dyn Fn(&Verdict) -> bool>;
    let cases: Vec<(&str, Vec<Option<&str>>, Holds)> = vec![
        ("lost at MAIL", vec![None], Box::new(retry)),
        ("lost at RCPT", vec![OK, None], Box::new(retry)),
        ("lost at DATA", vec![OK, OK, None], Box::new(retry)),
        ("lost after the dot", vec![OK, OK, GO, None], Box::new(|verdict| matches!(verdict, Verdict::Ambiguous { .. }))),
        ("nonsense after the dot", vec![OK, OK, GO, Some("hello")], Box::new(|verdict| matches!(verdict, Verdict::Ambiguous { .. }))),
        ("greylisted", vec![OK, Some("451 4.3.0 try again later")], Box::new(retry)),
        ("busy", vec![Some("421 4.7.0 slow down")], Box::new(|verdict| matches!(verdict, Verdict::Retry { after: Some(_), .. }))),
        ("full queue", vec![OK, OK, GO, Some("452 4.3.1 no space")], Box::new(retry)),
        ("no such user", vec![OK, Some("550 5.1.1 mailbox unavailable")], Box::new(fail(FailCode::RecipientUnknown))),
        ("no relay", vec![OK, Some("550 relay not permitted")], Box::new(fail(FailCode::NotPermitted))),
        ("full mailbox", vec![OK, Some("552 5.2.2 over quota")], Box::new(fail(FailCode::RecipientUnknown))),
        ("sender refused", vec![Some("553 sorry")], Box::new(fail(FailCode::NotPermitted))),
        ("too large", vec![OK, OK, GO, Some("552 too much")], Box::new(fail(FailCode::TooLarge))),
        ("spam", vec![OK, OK, GO, Some("554 5.7.1 this looks like spam")], Box::new(fail(FailCode::ContentRefused))),
        ("policy", vec![OK, OK, GO, Some("554 no")], Box::new(fail(FailCode::ContentRefused))),
        ("signed out", vec![Some("530 5.7.0 authentication required")], Box::new(|verdict| matches!(verdict, Verdict::Suspend { .. }))),
    ];
    for (name, answers, holds) in cases {
        let (outcome, _) = against(ABILITIES, &answers, b"Subject: x\r\n\r\nbody\r\n").await;
        let verdict = Verdict::from(outcome.expect_err(name));
        assert!(holds(&verdict), "{name}: {verdict:?}");
    }
}

#[tokio::test]
async fn the_servers_limit_is_asked_before_the_mail_is_sent() {
    let (outcome, seen) = against(ABILITIES, &[], &[b'x'; 1001]).await;
    assert_eq!(outcome, Err(SmtpError::TooLarge { bytes: 1001, limit: 1000 }));
    assert_eq!(seen, "EHLO example.test\r\n");
}

#[tokio::test]
async fn what_the_mail_needs_is_asked_for_where_it_is_offered() {
    let answers = [OK, OK, GO, Some("250 queued")];
    let mail = "Subject: x\r\n\r\nGrüße\r\n".as_bytes();
    let (outcome, seen) = against(ABILITIES, &answers, mail).await;
    assert!(outcome.is_ok() && seen.contains(" SIZE=23 BODY=8BITMIME\r\n"), "{outcome:?} {seen}");
    let (outcome, seen) = against("250-mail\r\n250 AUTH PLAIN\r\n", &answers, mail).await;
    assert!(outcome.is_ok() && seen.contains("MAIL FROM:<support@example.test>\r\n"), "{outcome:?} {seen}");
    let foreign = || Envelope { from: "support@example.test".into(), to: "jürgen@example.test".into() };
    let (outcome, seen) = from_to(&ABILITIES.replace("250-8BIT", "250-SMTPUTF8\r\n250-8BIT"), &answers, foreign(), b"x").await;
    assert!(outcome.is_ok() && seen.contains(" SMTPUTF8\r\nRCPT TO:<jürgen@example.test>\r\n"), "{outcome:?} {seen}");
    let (outcome, seen) = from_to(ABILITIES, &[], foreign(), b"x").await;
    assert_eq!(outcome, Err(SmtpError::NoInternationalAddresses));
    assert_eq!(seen, "EHLO example.test\r\n", "nothing is sent to the wrong address");
}

#[tokio::test]
async fn a_refused_token_is_answered_with_an_empty_line() {
    let (client, mut server) = tokio::io::duplex(4096);
    let mut dialogue = Dialogue::over(Box::new(client));
    let script = async {
        let mut seen = String::new();
        read_line(&mut server, &mut seen).await;
        server.write_all(b"334 eyJzdGF0dXMiOiI0MDEifQ==\r\n").await.expect("written");
        let second = read_line(&mut server, &mut seen).await;
        server.write_all(b"535 5.7.8 no\r\n").await.expect("written");
        second
    };
    let way = Sasl { mechanism: "XOAUTH2", message: "x".to_owned(), after_refusal: "" };
    let (outcome, second) = tokio::join!(dialogue.auth(&way), script);
    assert_eq!(second, "\r\n");
    assert!(matches!(outcome, Err(Problem::Refused(Reply { code: 535, .. }))), "{outcome:?}");
}

#[tokio::test]
async fn an_address_with_a_line_break_is_no_second_command() {
    let (client, server) = tokio::io::duplex(4096);
    let mut dialogue = Dialogue::over(Box::new(client));
    let outcome = dialogue.command("RCPT TO:<a@x>\r\nRCPT TO:<b@x>").await;
    drop(server);
    assert!(matches!(outcome, Err(Problem::Lost(_))));
}
