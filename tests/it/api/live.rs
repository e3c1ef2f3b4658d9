//! Following and being followed, by every transport: events of one interaction, presence, a stream of server-sent events, a
//! socket that outlives its token, and tokens of programs.

use std::time::Duration;

use serde_json::{Value, json};
use tributary_domain::actor::Role;
use tributary_tests::client::{GraphqlClient, RawSocket};

use super::{doors::answer, schema::Asked};
use crate::{
    backend::{Backend, on_both},
    live::place::Place,
};

on_both![
    an_interaction_is_followed,
    presence_is_seen_by_the_others,
    events_come_as_server_sent_events,
    a_socket_lives_on_with_a_new_token,
    the_token_of_a_program_opens_and_its_end_closes,
];

const REVOCATION_IS_NOTICED: Duration = Duration::from_secs(20);

async fn interaction(client: &GraphqlClient) -> String {
    let data = client.post("{ interactions(first: 1) { nodes { id } } }", json!({})).await.unwrap().ok().unwrap();
    data["interactions"]["nodes"][0]["id"].as_str().unwrap().to_owned()
}

async fn an_interaction_is_followed(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Agent).await;
    let chat = place.add_channel("Chat", None).await;
    place.write(&chat, "visitor", "one").await;
    place.write(&chat, "another", "elsewhere").await;
    let (client, _) = place.sign_in("ada@example.org").await;
    let data = client.post("{ interactions(first: 10) { logCursor nodes { id identity { externalId } } } }", json!({})).await.unwrap();
    let page = data.ok().unwrap()["interactions"].clone();
    let visitor = page["nodes"].as_array().unwrap().iter().find(|node| node["identity"]["externalId"] == "visitor").unwrap().clone();

    let socket = client.socket().await.unwrap();
    let follow = "subscription($id: ID!, $after: LogCursor!) { interaction(id: $id, after: $after) { prev cursor events { kind entity { ... on Message { text } } } } }";
    let mut following = socket.subscribe(follow, json!({ "id": visitor["id"], "after": page["logCursor"] })).unwrap();
    place.write(&chat, "another", "not for this reader").await;
    place.write(&chat, "visitor", "two").await;
    let mut texts = Vec::new();
    while texts.is_empty() {
        let data = following.data().await.unwrap();
        let events = data["interaction"]["events"].as_array().unwrap().clone();
        texts.extend(events.into_iter().filter(|event| event["kind"] == "MESSAGE_RECEIVED").map(|event| event["entity"]["text"].clone()));
    }
    assert_eq!(texts, ["two"]);
}

async fn presence_is_seen_by_the_others(backend: Backend) {
    let place = Place::start(backend).await;
    let ada = place.add_person("ada@example.org", Role::Agent).await.to_string();
    place.add_person("bo@example.org", Role::Agent).await;
    let chat = place.add_channel("Chat", None).await;
    place.write(&chat, "visitor", "hello").await;
    let (ada_client, _) = place.sign_in("ada@example.org").await;
    let (bo_client, _) = place.sign_in("bo@example.org").await;
    let id = interaction(&bo_client).await;

    let socket = bo_client.socket().await.unwrap();
    let follow = "subscription($id: ID!) { presence(interactionId: $id) { isKnown contactIsTyping people { state person { id } } } }";
    let mut following = socket.subscribe(follow, json!({ "id": id })).unwrap();
    let nobody = json!({ "isKnown": true, "contactIsTyping": false, "people": [] });
    assert_eq!(following.data().await.unwrap()["presence"], nobody);
    let tell = "mutation($input: SetPresenceInput!) { setPresence(input: $input) { errors { code } } }";
    for state in ["VIEWING", "REPLYING", "LEFT"] {
        let input = json!({ "input": { "interactionId": id, "tabId": "1", "state": state } });
        assert_eq!(ada_client.post(tell, input).await.unwrap().ok().unwrap()["setPresence"]["errors"], json!([]));
        let seen = following.data().await.unwrap()["presence"].clone();
        let expected = if state == "LEFT" { json!([]) } else { json!([{ "state": state, "person": { "id": ada } }]) };
        assert_eq!(seen["people"], expected, "{state}");
    }
}

async fn events_come_as_server_sent_events(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Agent).await;
    let chat = place.add_channel("Chat", None).await;
    let (client, session) = place.sign_in("ada@example.org").await;
    let cursor = place.cursor(&client).await;
    place.write(&chat, "visitor", "over the wire").await;
    let document = format!(
        "subscription {{ workspaceEvents(after: \"{cursor}\") {{ prev events {{ kind entity {{ ... on Message {{ text }} }} }} }} }}"
    );
    let asked = Asked { kind: "subscription", field: "workspaceEvents".to_owned(), document };
    let first = answer(&place, session["accessToken"].as_str(), &asked).await;
    let batch = &first["data"]["workspaceEvents"];
    assert_eq!(batch["prev"], json!(cursor));
    assert!(batch["events"].as_array().unwrap().iter().any(|event| event["entity"]["text"] == "over the wire"), "{first}");
}

async fn a_socket_lives_on_with_a_new_token(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Agent).await;
    place.add_person("bo@example.org", Role::Agent).await;
    let token = |session: &Value| format!("Bearer {}", session["accessToken"].as_str().unwrap());
    let (_, first) = place.sign_in("ada@example.org").await;
    let (_, second) = place.sign_in("ada@example.org").await;
    let (_, other) = place.sign_in("bo@example.org").await;
    let mut socket = RawSocket::connect(&place.url).await.unwrap();
    socket.send(&json!({ "type": "connection_init", "payload": { "authorization": token(&first) } })).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), json!({ "type": "connection_ack" }));
    socket.send(&json!({ "type": "ping", "payload": { "authorization": token(&second) } })).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), json!({ "type": "pong", "payload": { "renewed": true } }));
    // Works on with the new token after the session of the first has ended.
    let first = place.anonymous().with_token(first["accessToken"].as_str().unwrap());
    first.post("mutation { signOut { errors { code } } }", json!({})).await.unwrap().ok().unwrap();
    socket.send(&json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ viewer { role } }" } })).await.unwrap();
    assert_eq!(socket.next().await.unwrap()["payload"]["data"]["viewer"]["role"], "AGENT");
    assert_eq!(socket.next().await.unwrap()["type"], "complete");
    socket.send(&json!({ "type": "ping", "payload": { "authorization": "Bearer nonsense" } })).await.unwrap();
    assert_eq!(socket.next().await.unwrap()["payload"], json!({ "renewed": false, "code": "UNAUTHENTICATED" }));
    socket.send(&json!({ "type": "ping", "payload": { "authorization": token(&other) } })).await.unwrap();
    let (code, _) = socket.wait_closed(REVOCATION_IS_NOTICED).await.unwrap().unwrap();
    assert_eq!(code, 4403, "another person's token");
}

async fn the_token_of_a_program_opens_and_its_end_closes(backend: Backend) {
    let place = Place::with(backend.open().await, "[graphql]\nsocket_recheck_s = 1").await;
    place.add_person("ada@example.org", Role::Admin).await;
    let (admin, _) = place.sign_in("ada@example.org").await;
    let create = "mutation($input: CreateApiClientInput!) { createApiClient(input: $input) { token apiClient { id } errors { code } } }";
    let input = json!({ "input": { "clientId": "1", "name": "CRM", "kind": "CLIENT", "scopes": ["READ_EVENTS", "READ_INTERACTIONS"] } });
    let created = admin.post(create, input.clone()).await.unwrap().ok().unwrap()["createApiClient"].clone();
    assert_eq!(admin.post(create, input).await.unwrap().ok().unwrap()["createApiClient"]["token"], Value::Null, "shown once");
    let program = place.anonymous().with_token(created["token"].as_str().unwrap());
    let viewer = "{ viewer { scopes person { id } apiClient { id } } }";
    let seen = program.post(viewer, json!({})).await.unwrap().ok().unwrap()["viewer"].clone();
    assert_eq!((&seen["apiClient"]["id"], &seen["person"]), (&created["apiClient"]["id"], &Value::Null));
    assert_eq!(seen["scopes"], json!(["READ_INTERACTIONS", "READ_EVENTS"]));
    let socket = program.socket().await.unwrap();
    let revoke = "mutation($input: DeleteInput!) { revokeApiClient(input: $input) { errors { code } } }";
    let revoked = admin.post(revoke, json!({ "input": { "id": created["apiClient"]["id"] } })).await.unwrap().ok().unwrap();
    assert_eq!(revoked["revokeApiClient"]["errors"], json!([]));
    assert_eq!(program.post(viewer, json!({})).await.unwrap().codes(), ["UNAUTHENTICATED"]);
    let (code, _) = socket.wait_closed(REVOCATION_IS_NOTICED).await.unwrap().unwrap();
    assert_eq!(code, 4403);
}
