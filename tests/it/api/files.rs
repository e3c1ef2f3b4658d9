//! Files: uploads that stand still, and images inside content, which are seen with their message and by nobody before.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tributary_domain::actor::Role;
use tributary_tests::client::{GraphqlClient, http_client};

use crate::{
    backend::{Backend, on_both},
    live::place::Place,
};

on_both![an_upload_that_stands_still_is_ended, an_image_is_seen_with_its_message, a_script_owns_its_images];

fn token(session: &Value) -> String {
    session["accessToken"].as_str().unwrap().to_owned()
}

async fn upload(place: &Place, session: &Value, name: &str) -> String {
    let body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: text/plain\r\n\r\nsome bytes\r\n--x--\r\n"
    );
    let request = http_client().unwrap().post(place.url.replace("/graphql", "/media")).bearer_auth(token(session)).body(body);
    let response = request.header("content-type", "multipart/form-data; boundary=x").send().await.unwrap();
    assert_eq!(response.status(), 201);
    let stored: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    stored["id"].as_str().unwrap().to_owned()
}

async fn an_upload_that_stands_still_is_ended(backend: Backend) {
    let place = Place::with(backend.open().await, "[server]\nbody_timeout_s = 1").await;
    place.add_person("ada@example.org", Role::Agent).await;
    let (_, session) = place.sign_in("ada@example.org").await;
    let address = place.url.trim_start_matches("http://").trim_end_matches("/graphql").to_owned();
    for begun in ["", "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhalf of it"] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "POST /media HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: multipart/form-data; boundary=x\r\n\
             content-length: 1000\r\n\r\n{begun}",
            token(&session)
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !String::from_utf8_lossy(&answer).contains("took too long") {
            let read = stream.read_buf(&mut answer).await.unwrap();
            assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer));
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
}

const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { errors { code field } \
    message { id attachments { id } content { ... on RichLinkContent { image { url } } } } } }";
const MESSAGE: &str =
    "query($id: ID!) { node(id: $id) { ... on Message { attachments { id } content { ... on RichLinkContent { image { url } } } } } }";

fn link(image: &str) -> Value {
    json!({ "richLink": { "url": "https://example.org", "title": "Our shop", "image": { "attachmentId": image } } })
}

async fn interaction(client: &GraphqlClient) -> String {
    let data = client.post("{ interactions(first: 1) { nodes { id } } }", json!({})).await.unwrap().ok().unwrap();
    data["interactions"]["nodes"][0]["id"].as_str().unwrap().to_owned()
}

async fn an_image_is_seen_with_its_message(backend: Backend) {
    let place = Place::start(backend).await;
    for email in ["ada@example.org", "bo@example.org"] {
        place.add_person(email, Role::Agent).await;
    }
    let chat = place.add_channel("Chat", None).await;
    place.write(&chat, "visitor", "hello").await;
    let (ada, ada_session) = place.sign_in("ada@example.org").await;
    let (bo, _) = place.sign_in("bo@example.org").await;
    let image = upload(&place, &ada_session, "shop.txt").await;
    let id = interaction(&ada).await;
    let input = |client_id: &str| json!({ "input": { "interactionId": id, "clientId": client_id, "content": link(&image) } });

    let path = json!(["content", "richLink", "image", "attachmentId"]);
    let foreign = bo.post(SEND, input("bo")).await.unwrap().ok().unwrap()["sendMessage"].clone();
    assert_eq!(foreign["errors"], json!([{ "code": "INVALID", "field": path }]));
    let preview = "query($channel: ID!, $content: RichContentInput!) { previewContent(channelId: $channel, content: $content) { \
        rendered { content { ... on RichLinkContent { image { url } } } } } }";
    let of = json!({ "channel": chat.id.to_string(), "content": link(&image) });
    let refused = bo.post(preview, of.clone()).await.unwrap();
    assert_eq!(refused.errors()[0]["extensions"]["field"], path, "{:?}", refused.body);
    let shown = ada.post(preview, of).await.unwrap().ok().unwrap();
    assert!(shown["previewContent"]["rendered"]["content"]["image"]["url"].is_string(), "{shown}");

    let sent = ada.post(SEND, input("ada")).await.unwrap().ok().unwrap()["sendMessage"].clone();
    assert_eq!(sent["errors"], json!([]), "{sent}");
    let seen = bo.post(MESSAGE, json!({ "id": sent["message"]["id"] })).await.unwrap().ok().unwrap()["node"].clone();
    assert!(seen["content"]["image"]["url"].is_string(), "{seen}");
    assert_eq!(seen["attachments"], json!([]), "what the content shows is no file beside it");
    // Used once: it hangs on its message now.
    let again = ada.post(SEND, input("again")).await.unwrap().ok().unwrap()["sendMessage"].clone();
    assert_eq!(again["errors"][0]["field"], path);
}

async fn a_script_owns_its_images(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Admin).await;
    place.add_person("bo@example.org", Role::Agent).await;
    let (ada, session) = place.sign_in("ada@example.org").await;
    let (bo, _) = place.sign_in("bo@example.org").await;
    let image = upload(&place, &session, "shop.txt").await;
    let steps = json!([{ "sendContent": link(&image) }]);
    let create = "mutation($input: CreateScriptInput!) { createScript(input: $input) { script { id } errors { code field } } }";
    let input = |client_id: &str| json!({ "input": { "clientId": client_id, "name": client_id, "steps": steps } });
    let created = ada.post(create, input("welcome")).await.unwrap().ok().unwrap()["createScript"].clone();
    assert_eq!(created["errors"], json!([]));
    let update = "mutation($input: UpdateScriptInput!) { updateScript(input: $input) { errors { code field } } }";
    let same = json!({ "input": { "scriptId": created["script"]["id"], "steps": steps } });
    assert_eq!(ada.post(update, same).await.unwrap().ok().unwrap()["updateScript"]["errors"], json!([]), "its own image stays");
    let other = ada.post(create, input("another")).await.unwrap().ok().unwrap()["createScript"].clone();
    assert_eq!(other["errors"][0]["field"], json!(["steps", "0", "sendContent", "richLink", "image", "attachmentId"]));
    let scripts =
        "{ scripts(first: 1) { nodes { steps { ... on SendContentStep { content { ... on RichLinkContent { image { url } } } } } } } }";
    let seen = bo.post(scripts, json!({})).await.unwrap().ok().unwrap();
    assert!(seen["scripts"]["nodes"][0]["steps"][0]["content"]["image"]["url"].is_string(), "{seen}");
}
