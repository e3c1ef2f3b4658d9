//! Who wrote a mail, to whom, where its answer goes, and what is heard of the answer later.

use serde_json::{Value, json};
use tributary_tests::mail::{CUSTOMER as MAILBOX, MailServers, SECOND_AGENT};

use super::{
    on_both,
    sending::{send, with_mail_servers},
    server::{ADDRESS, CUSTOMER, Server, Storage},
};

on_both!(
    the_sender_is_who_it_is_from,
    our_own_address_as_the_sender_answers_nothing,
    answers_go_where_the_contact_wants_them,
    warnings_are_shown_with_what_was_sent,
);

fn mail(id: &str, from: &str, headers: &str) -> String {
    format!("From: {from}\nTo: {ADDRESS}\nSubject: Jacket\nMessage-ID: <{id}@customer.test>\n{headers}\n{id}\n")
}

async fn the_sender_is_who_it_is_from(storage: Storage) {
    let server = Server::start(storage).await;
    let headers = format!("Reply-To: Victim <{CUSTOMER}>\nCc: \"Meier, Bernd\" <Bernd@elsewhere.test>\n");
    server.take(&[&mail("one", CUSTOMER, ""), &mail("two", "Mallory <Mallory@bad.test>", &headers)]).await;
    let found = server.interactions("author { name } replyTo recipients { kind address name }").await;
    assert_eq!(found.len(), 2, "a stranger joined the victim's conversation");
    assert_eq!(found[1]["contact"]["name"], "Mallory");
    let message = &found[1]["messages"]["nodes"][0];
    assert_eq!((&message["author"]["name"], &message["replyTo"]), (&json!("Mallory"), &json!(CUSTOMER)));
    let recipients = json!([
        { "kind": "TO", "address": ADDRESS, "name": null },
        { "kind": "CC", "address": "bernd@elsewhere.test", "name": "Meier, Bernd" },
    ]);
    assert_eq!(message["recipients"], recipients);
    assert_eq!(found[0]["messages"]["nodes"][0]["replyTo"], Value::Null);
    // Capitals make nobody somebody else.
    server.take(&[&mail("three", "MALLORY@BAD.TEST", "In-Reply-To: <two@customer.test>\n")]).await;
    let found = server.interactions("entry author { name } replyTo").await;
    let entries = found[1]["messages"]["nodes"].as_array().unwrap();
    assert!(entries.iter().all(|entry| entry["entry"] == "MESSAGE" && entry["author"]["name"] == "Mallory"), "{entries:?}");
    assert!(entries.iter().any(|entry| entry["replyTo"] == "MALLORY@bad.test"), "{entries:?}");
}

async fn our_own_address_as_the_sender_answers_nothing(storage: Storage) {
    let server = Server::start(storage).await;
    let waiting = async || {
        let data = server.ask("{ interactions(first: 9) { nodes { reference waitingSince } } }", json!({})).await;
        let nodes = data["interactions"]["nodes"].as_array().unwrap().clone();
        nodes.iter().find(|one| one["reference"] == "T-1").unwrap()["waitingSince"].clone()
    };
    server.take(&[&mail("one", CUSTOMER, "")]).await;
    let since = waiting().await;
    assert!(since.is_string(), "the customer waits");
    let forged = "Cc: someone@elsewhere.test\nIn-Reply-To: <one@customer.test>\n";
    server.take(&[&mail("two", ADDRESS, forged)]).await;
    assert_eq!(waiting().await, since, "a forged answer ended the waiting");
    let found = server.interactions("text direction isAutomatic").await;
    let entries: Vec<&Value> = found.iter().flat_map(|one| one["messages"]["nodes"].as_array().unwrap()).collect();
    let forged = entries.iter().find(|entry| entry["text"].as_str().is_some_and(|text| text.trim() == "two")).unwrap();
    assert_eq!((&forged["direction"], &forged["isAutomatic"]), (&json!("INBOUND"), &json!(true)));
}

async fn answers_go_where_the_contact_wants_them(storage: Storage) {
    let (server, servers) = with_mail_servers(storage, &[]).await;
    let other = mail("two", "friend@elsewhere.test", &format!("Reply-To: {MAILBOX}\nIn-Reply-To: <one@customer.test>\n"));
    server.take(&[&mail("one", &format!("Carla <{MAILBOX}>"), &format!("Reply-To: {SECOND_AGENT}\n")), &other]).await;
    let interaction = server.interactions("id").await.remove(0);
    for text in ["First answer", "Second answer"] {
        send(&server, &interaction, text, &[]).await;
    }
    let received = servers.wait_for_mails(SECOND_AGENT, "INBOX", 2).await.unwrap();
    for one in &received {
        let parsed = mail_parser::MessageParser::default().parse(&one.raw).unwrap();
        let to = parsed.to().unwrap().first().unwrap();
        assert_eq!((to.address(), to.name()), (Some(SECOND_AGENT), None), "the name is that of another address");
        assert_eq!(parsed.in_reply_to().as_text(), Some("two@customer.test"), "our own mail was answered");
    }
    assert!(servers.fetch_all(MAILBOX, "INBOX").await.unwrap().is_empty(), "somebody else turned the answers away");
    servers.stop().unwrap();
}

/// A report about the mail with this id.
fn report(kind: &str, part: &str, id: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.test\nTo: {ADDRESS}\nSubject: Report\nMessage-ID: <{kind}@mx.test>\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type={kind}; boundary=r\n\n--r\nContent-Type: text/plain\n\nA report.\n--r\n{part}\n--r\n\
         Content-Type: text/rfc822-headers\n\nMessage-ID: <{id}>\n\n--r--\n"
    )
}

async fn warnings_are_shown_with_what_was_sent(storage: Storage) {
    let (server, servers): (Server, MailServers) = with_mail_servers(storage, &[]).await;
    server.take(&[&mail("one", MAILBOX, "")]).await;
    let interaction = server.interactions("id").await.remove(0);
    send(&server, &interaction, "Hello", &[]).await;
    let sent = servers.wait_for_mails(MAILBOX, "INBOX", 1).await.unwrap().remove(0);
    let id = mail_parser::MessageParser::default().parse(&sent.raw).unwrap().message_id().unwrap().to_owned();
    let delivery = async || {
        let found = server.interactions("direction delivery { state errorCode errorDetail }").await;
        let entries = found[0]["messages"]["nodes"].as_array().unwrap().clone();
        entries.into_iter().find(|entry| entry["direction"] == "OUTBOUND").unwrap()["delivery"].clone()
    };
    assert_eq!(delivery().await, json!({ "state": "SENT", "errorCode": null, "errorDetail": null }));
    let delayed = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; c@x.test\nAction: delayed\n\
         Status: 4.4.1\nDiagnostic-Code: smtp; connection timed out\n";
    server.take(&[&report("delivery-status", delayed, &id)]).await;
    assert_eq!(delivery().await, json!({ "state": "SENT", "errorCode": "DELAYED", "errorDetail": "connection timed out" }));
    let arrived = delayed.replace("Action: delayed", "Action: delivered").replace("4.4.1", "2.0.0");
    server.take(&[&report("delivery-status", &arrived, &id)]).await;
    assert_eq!(delivery().await, json!({ "state": "DELIVERED", "errorCode": null, "errorDetail": null }), "no warning outlives its cause");
    // Late news of a delay is no news.
    let late = report("delivery-status", delayed, &id).replace("Subject: Report", "Subject: Late");
    server.take(&[&late]).await;
    assert_eq!(delivery().await["errorCode"], Value::Null);
    let complaint = "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n";
    server.take(&[&report("feedback-report", complaint, &id)]).await;
    assert_eq!(delivery().await, json!({ "state": "DELIVERED", "errorCode": "COMPLAINT", "errorDetail": null }));
    let read = "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; c@x.test\n\
         Disposition: manual-action/MDN-sent-manually; displayed\n";
    server.take(&[&report("disposition-notification", read, &id)]).await;
    let complained = json!({ "state": "READ", "errorCode": "COMPLAINT", "errorDetail": null });
    assert_eq!(delivery().await, complained, "whoever complained has read it, of course");
    server.take(&[&late.replace("Subject: Late", "Subject: Later")]).await;
    assert_eq!(delivery().await, complained, "nor does anything else that is no failure undo it");
    servers.stop().unwrap();
}
