//! Which conversation a mail joins, in the order of the signs, and who joins with it.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    on_both,
    server::{ADDRESS, CUSTOMER, Server, Storage},
};

on_both!(
    a_known_mail_decides_before_every_other_sign,
    a_token_leads_back_when_the_ids_are_lost,
    a_reference_is_believed_from_participants_only,
    outlook_conversations_stay_together,
    whoever_joins_is_told,
    an_ended_conversation_goes_on_in_one_new_one,
    a_doubtful_sender_is_marked,
    one_mail_in_two_mailboxes_is_known_in_both,
);

const FIELDS: &str = "text entry system { kind text contact { name } message { text } } author { name }";

/// A mail of its own: `headers` end with a line break.
fn mail(id: &str, from: &str, headers: &str) -> String {
    format!("From: {from}\nTo: {ADDRESS}\nSubject: Jacket\nMessage-ID: <{id}@customer.test>\n{headers}\n{id}\n")
}

/// What the customer wrote in each interaction, oldest first.
fn texts(interactions: &[Value]) -> Vec<Vec<String>> {
    let of = |one: &Value| {
        let entries = one["messages"]["nodes"].as_array().unwrap();
        entries.iter().filter(|entry| entry["entry"] == "MESSAGE").map(|entry| entry["text"].as_str().unwrap().trim().to_owned()).collect()
    };
    interactions.iter().map(of).collect()
}

/// System lines of an interaction: kind and text.
fn lines(interaction: &Value) -> Vec<(String, String)> {
    let entries = interaction["messages"]["nodes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries
        .iter()
        .filter(|entry| entry["entry"] == "SYSTEM")
        .map(|entry| (text(&entry["system"]["kind"]), text(&entry["system"]["text"])))
        .collect()
}

async fn a_known_mail_decides_before_every_other_sign(storage: Storage) {
    let server = Server::start(storage).await;
    let token = server.answer_address(2).await;
    server
        .take(&[
            &mail("one", CUSTOMER, ""),
            &mail("two", CUSTOMER, ""),
            &mail(
                "three",
                CUSTOMER,
                &format!("Cc: {token}\nIn-Reply-To: <unknown@x>\nReferences: <two@customer.test> <one@customer.test>\n"),
            ),
            &mail("four", CUSTOMER, "In-Reply-To: <two@customer.test>\nReferences: <one@customer.test>\n"),
        ])
        .await;
    assert_eq!(texts(&server.interactions(FIELDS).await), [vec!["one", "three"], vec!["two", "four"]]);
}

async fn a_token_leads_back_when_the_ids_are_lost(storage: Storage) {
    let server = Server::start(storage).await;
    server.take(&[&mail("one", CUSTOMER, ""), &mail("two", CUSTOMER, "")]).await;
    let token = server.answer_address(1).await;
    let forged = token.replace("+1-", "+2-");
    server
        .take(&[
            &mail("three", CUSTOMER, &format!("Delivered-To: {token}\nReferences: <lost@x>\n")),
            &mail("four", "other@elsewhere.test", &format!("X-Original-To: {}\n", token.to_uppercase())),
            &mail("five", CUSTOMER, &format!("Delivered-To: {forged}\n")),
        ])
        .await;
    let found = server.interactions(FIELDS).await;
    assert_eq!(texts(&found), [vec!["one", "three", "four"], vec!["two"], vec!["five"]]);
    assert_eq!(lines(&found[0]), [("PARTICIPANT_JOINED".to_owned(), "other@elsewhere.test".to_owned())]);
}

async fn a_reference_is_believed_from_participants_only(storage: Storage) {
    let server = Server::start(storage).await;
    let with_reference = |id: &str, from: &str| mail(id, from, "").replace("Subject: Jacket", "Subject: AW: something else [#T-1]");
    server
        .take(&[
            &mail("one", CUSTOMER, ""),
            &with_reference("two", "stranger@elsewhere.test"),
            &with_reference("three", CUSTOMER),
            &mail("four", "friend@elsewhere.test", "In-Reply-To: <one@customer.test>\n"),
            &with_reference("five", "friend@elsewhere.test"),
        ])
        .await;
    let found = server.interactions(FIELDS).await;
    assert_eq!(texts(&found), [vec!["one", "three", "four", "five"], vec!["two"]]);
    assert_eq!(found[1]["subject"], "AW: something else [#T-1]");
}

async fn outlook_conversations_stay_together(storage: Storage) {
    let server = Server::start(storage).await;
    // 22 bytes in common, then what each answer adds.
    let begins: Vec<u8> = (1..=22).collect();
    let (first, next) = (BASE64_STANDARD.encode(&begins), BASE64_STANDARD.encode([&begins[..], &[0x80, 0, 0, 0, 1]].concat()));
    let other = BASE64_STANDARD.encode([7; 22]);
    server
        .take(&[
            &mail("one", CUSTOMER, ""),
            &mail("two", CUSTOMER, &format!("In-Reply-To: <one@customer.test>\nThread-Index: {first}\n")),
            &mail("three", CUSTOMER, &format!("Thread-Index: {next}\n")),
            &mail("four", CUSTOMER, &format!("Thread-Index: {other}\n")),
            &mail("five", CUSTOMER, "Thread-Index: AQHa\n"),
        ])
        .await;
    let found = texts(&server.interactions(FIELDS).await);
    assert_eq!(found, [vec!["one", "two", "three"], vec!["four"], vec!["five"]], "the same subject joins nothing");
}

async fn whoever_joins_is_told(storage: Storage) {
    let server = Server::start(storage).await;
    let from = |name: &str| format!("{name} <{name}@elsewhere.test>");
    server
        .take(&[
            &mail("one", CUSTOMER, ""),
            &mail("two", &from("nils"), "In-Reply-To: <one@customer.test>\n"),
            &mail("three", &from("nils"), "In-Reply-To: <two@customer.test>\n"),
            &mail("four", CUSTOMER, "In-Reply-To: <three@customer.test>\n"),
        ])
        .await;
    let found = server.interactions(FIELDS).await;
    assert_eq!(texts(&found), [["one", "two", "three", "four"]]);
    assert_eq!(lines(&found[0]), [("PARTICIPANT_JOINED".to_owned(), "nils".to_owned())], "once, and not for the contact itself");
    let entries = found[0]["messages"]["nodes"].as_array().unwrap();
    let line = entries.iter().find(|entry| entry["entry"] == "SYSTEM").unwrap();
    assert_eq!(line["system"]["contact"]["name"], "nils");
    assert_eq!(entries.iter().find(|entry| entry["text"] == "two").unwrap()["author"]["name"], "nils");
    assert_eq!(found[0]["contact"]["name"], CUSTOMER, "the conversation stays with whom it began");
}

async fn an_ended_conversation_goes_on_in_one_new_one(storage: Storage) {
    let server = Server::start(storage).await;
    server.take(&[&mail("one", CUSTOMER, "")]).await;
    let id = server.interactions("id").await[0]["id"].clone();
    let close = "mutation($input: SetInteractionStatusInput!) { setInteractionStatus(input: $input) { errors { code } } }";
    let closed = server.ask(close, json!({ "input": { "interactionId": id, "status": "CLOSED" } })).await;
    assert_eq!(closed["setInteractionStatus"]["errors"], json!([]));
    server
        .take(&[
            &mail("two", CUSTOMER, "In-Reply-To: <one@customer.test>\n"),
            &mail("three", CUSTOMER, "In-Reply-To: <one@customer.test>\n"),
        ])
        .await;
    let found = server.interactions(FIELDS).await;
    assert_eq!(texts(&found), [vec!["one"], vec!["two", "three"]], "who answers the old mail again goes on in the new conversation");
    assert_eq!((&found[1]["continues"]["reference"], &found[0]["continues"]), (&json!("T-1"), &Value::Null));
}

async fn a_doubtful_sender_is_marked(storage: Storage) {
    let server = Server::with(storage, &[], &[("authserv_id", "mx.example.test")]).await;
    let results = "Authentication-Results: mx.example.test; spf=fail smtp.mailfrom=x; dkim=none; dmarc=fail header.from=x\n";
    let forged = "Authentication-Results: mx.elsewhere.test; spf=fail\n";
    server.take(&[&mail("one", CUSTOMER, results), &mail("two", CUSTOMER, &format!("In-Reply-To: <one@customer.test>\n{forged}"))]).await;
    let found = server.interactions(FIELDS).await;
    assert_eq!(lines(&found[0]), [("SENDER_DOUBTFUL".to_owned(), "SPF, DMARC".to_owned())]);
    let entries = found[0]["messages"]["nodes"].as_array().unwrap();
    let line = entries.iter().find(|entry| entry["entry"] == "SYSTEM").unwrap();
    assert_eq!(line["system"]["message"]["text"].as_str().unwrap().trim(), "one");
}

/// A mail to two of our addresses: two interactions, each with its own people, that name each other.
async fn one_mail_in_two_mailboxes_is_known_in_both(storage: Storage) {
    let server = Server::start(storage).await;
    let sales = server.another_mailbox("sales@example.test").await;
    let both = mail("both", CUSTOMER, "Date: Fri, 20 Nov 2026 10:00:00 +0100\nCc: sales@example.test\n");
    server.take(&[&both, &mail("alone", CUSTOMER, "")]).await;
    server.take_in(sales, &[&format!("Received: by mx.test\n{both}")]).await;
    let related = async || {
        let query = "{ interactions(first: 20) { nodes { reference channel { name } related { reference } } } }";
        let data = server.ask(query, json!({})).await;
        let mut found: Vec<_> = data["interactions"]["nodes"].as_array().unwrap().iter().map(Value::to_string).collect();
        found.sort();
        found
    };
    let line = |channel: &str, reference: &str, others: &[&str]| {
        let others: Vec<_> = others.iter().map(|one| json!({ "reference": one })).collect();
        json!({ "reference": reference, "channel": { "name": channel }, "related": others }).to_string()
    };
    let mut expected = vec![line("Support", "T-1", &["T-3"]), line("Support", "T-2", &[]), line("sales@example.test", "T-3", &["T-1"])];
    expected.sort();
    assert_eq!(related().await, expected);
    // Another mail under the same id, as some programs write them, is another mail.
    server.take_in(sales, &[&mail("alone", CUSTOMER, "Date: Sat, 21 Nov 2026 10:00:00 +0100\n")]).await;
    expected.push(line("sales@example.test", "T-4", &[]));
    expected.sort();
    assert_eq!(related().await, expected);
}
