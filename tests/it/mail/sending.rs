//! From the API through the worker to a real mail server, and what the thread says about it.

use reqwest::{StatusCode, multipart};
use serde_json::{Value, json};
use tributary_tests::{client::http_client, mail::MailServers};

use super::{
    on_both,
    server::{CUSTOMER, Server, Storage},
};

on_both!(machines_do_not_write_for_ever, a_large_file_is_said_to_be_a_link, what_is_read_elsewhere_is_read_by_its_assignee);

/// A server whose mailbox is on real mail servers; every new conversation is greeted.
pub(super) async fn with_mail_servers(storage: Storage, mailbox: &[(&str, &str)]) -> (Server, MailServers) {
    let servers = MailServers::start().await.unwrap();
    let (imap, smtp) = (servers.imap_port.to_string(), servers.smtp_port.to_string());
    let mut settings = vec![
        ("address", tributary_tests::mail::AGENT),
        ("password", tributary_tests::mail::PASSWORD),
        ("imap_host", "127.0.0.1"),
        ("imap_port", imap.as_str()),
        ("imap_security", "none"),
        ("smtp_host", "127.0.0.1"),
        ("smtp_port", smtp.as_str()),
        ("smtp_security", "none"),
    ];
    settings.extend_from_slice(mailbox);
    let server = Server::with(storage, &[("TRIBUTARY__CHANNELS__ALLOW_NETWORKS", "127.0.0.0/8")], &settings).await;
    (server, servers)
}

fn mail(id: &str, headers: &str) -> String {
    let customer = tributary_tests::mail::CUSTOMER;
    format!("From: {customer}\nTo: agent@example.test\nSubject: Question\nMessage-ID: <{id}@customer.test>\n{headers}\n{id}\n")
}

/// State and error of every message of ours, oldest interaction first.
async fn deliveries(server: &Server) -> Vec<(String, Value)> {
    let found = server.interactions("text direction delivery { state errorCode }").await;
    let messages = found.iter().flat_map(|one| one["messages"]["nodes"].as_array().unwrap().clone());
    let ours = messages.filter(|message| message["direction"] == "OUTBOUND" && !message["delivery"].is_null());
    ours.map(|message| (message["delivery"]["state"].as_str().unwrap().to_owned(), message["delivery"]["errorCode"].clone())).collect()
}

const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { code message } } }";

pub(super) async fn send(server: &Server, interaction: &Value, text: &str, files: &[Value]) {
    let input =
        json!({ "interactionId": interaction["id"], "clientId": text, "content": { "text": { "text": text } }, "attachmentIds": files });
    let sent = server.ask(SEND, json!({ "input": input })).await;
    assert_eq!(sent["sendMessage"]["errors"], json!([]), "{sent}");
    server.dispatch().await;
}

async fn machines_do_not_write_for_ever(storage: Storage) {
    let (server, servers) = with_mail_servers(storage, &[]).await;
    server.greet("Thank you, we will answer soon").await;
    for n in 1..=6 {
        server.take(&[&mail(&format!("q{n}"), "")]).await;
        server.dispatch().await;
    }
    assert_eq!(deliveries(&server).await, vec![("SENT".to_owned(), Value::Null); 5]);
    let received = servers.wait_for_mails(tributary_tests::mail::CUSTOMER, "INBOX", 5).await.unwrap();
    assert!(
        received
            .iter()
            .all(|mail| mail.text().contains("Auto-Submitted: auto-replied") && mail.text().contains("X-Auto-Response-Suppress: All"))
    );
    // A person is no machine.
    let last = server.interactions("id").await.pop().unwrap();
    send(&server, &last, "I am Anna", &[]).await;
    let received = servers.wait_for_mails(tributary_tests::mail::CUSTOMER, "INBOX", 6).await.unwrap();
    assert!(!received[5].text().contains("Auto-Submitted"));
    servers.stop().unwrap();
}

async fn a_large_file_is_said_to_be_a_link(storage: Storage) {
    let (server, servers) = with_mail_servers(storage, &[("max_mail_mb", "1")]).await;
    server.take(&[&mail("q1", "")]).await;
    let interaction = server.interactions("id").await.remove(0);
    let http = http_client().unwrap();
    let part = multipart::Part::bytes(vec![b'x'; 1_200_000]).file_name("plan.bin");
    let upload =
        http.post(format!("{}/media", server.origin)).bearer_auth(&server.token).multipart(multipart::Form::new().part("file", part));
    let file: Value = upload.send().await.unwrap().json().await.unwrap();
    send(&server, &interaction, "Here is the plan", &[file["id"].clone()]).await;
    let found = server.interactions("direction delivery { state } attachments { name } renderedAs { support notes }").await;
    let ours = found[0]["messages"]["nodes"].as_array().unwrap().iter().find(|message| message["direction"] == "OUTBOUND").unwrap().clone();
    assert_eq!(ours["delivery"]["state"], "SENT");
    assert_eq!(ours["renderedAs"], json!({ "support": "CONVERTED", "notes": ["FILES_AS_LINKS"] }));
    assert_eq!(ours["attachments"], json!([{ "name": "plan.bin" }]));
    let received = servers.wait_for_mails(tributary_tests::mail::CUSTOMER, "INBOX", 1).await.unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&received[0].raw).unwrap();
    assert_eq!(parsed.attachment_count(), 0);
    let text = parsed.body_text(0).unwrap().into_owned();
    let link = text.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let download = http.get(link).send().await.unwrap();
    assert_eq!((download.status(), download.bytes().await.unwrap().len()), (StatusCode::OK, 1_200_000));
    servers.stop().unwrap();
}

async fn what_is_read_elsewhere_is_read_by_its_assignee(storage: Storage) {
    let server = Server::start(storage).await;
    let from = |id: &str, headers: &str| mail(id, headers).replace(tributary_tests::mail::CUSTOMER, CUSTOMER);
    server
        .take(&[&from("one", ""), &from("two", "In-Reply-To: <one@customer.test>\n"), &from("three", "In-Reply-To: <one@customer.test>\n")])
        .await;
    let unread =
        async || server.ask("{ interactions(first: 1) { nodes { id unreadCount } } }", json!({})).await["interactions"]["nodes"][0].clone();
    let before = unread().await;
    assert_eq!(before["unreadCount"], 3);
    server.read_elsewhere("two").await;
    assert_eq!(unread().await["unreadCount"], 3, "nobody has it, so nobody knows who read it");
    let me = server.ask("{ viewer { person { id } } }", json!({})).await["viewer"]["person"]["id"].clone();
    let assign = "mutation($input: AssignInteractionInput!) { assignInteraction(input: $input) { errors { code } } }";
    let assigned = server.ask(assign, json!({ "input": { "interactionId": before["id"], "assigneeId": me } })).await;
    assert_eq!(assigned["assignInteraction"]["errors"], json!([]));
    server.read_elsewhere("two").await;
    assert_eq!(unread().await["unreadCount"], 1);
    server.read_elsewhere("one").await;
    server.read_elsewhere("unknown").await;
    assert_eq!(unread().await["unreadCount"], 1, "marks only move forward");
    server.read_elsewhere("three").await;
    assert_eq!(unread().await["unreadCount"], 0);
}
