//! Who gets in: every field of the roots is asked by nobody and by tokens of single scopes, as the schema lists them.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tributary_domain::{
    actor::{Role, Scope},
    agent::client::{self, NewApiClient},
    entity::api_client::ApiClientKind,
};
use tributary_tests::client::{GraphqlClient, http_client};

use super::schema::{Asked, Schema};
use crate::{
    backend::{Backend, on_both},
    live::place::Place,
};

on_both![nobody_gets_in, a_token_of_another_scope_gets_nothing];

/// What is there for those who are not signed in yet.
const OPEN: [&str; 4] = ["viewer", "signIn", "signInWithToken", "refreshSession"];
/// What every token may ask: things by id are seen or not one by one.
const BY_ID: [&str; 2] = ["node", "nodes"];
/// Only people have a profile, a session to end, and views of their own.
const OF_PEOPLE: [&str; 3] = ["createView", "signOut", "updateProfile"];
const SCOPES: [Scope; 7] = [
    Scope::ReadInteractions,
    Scope::SendMessages,
    Scope::ManageInteractions,
    Scope::ManageContacts,
    Scope::ManageChannels,
    Scope::ManageWorkspace,
    Scope::ReadEvents,
];

/// The first answer: of a subscription the first event of its stream.
pub(super) async fn answer(place: &Place, token: Option<&str>, asked: &Asked) -> Value {
    if asked.kind != "subscription" {
        let client = GraphqlClient::new(&place.url).unwrap();
        let client = token.map_or(client.clone(), |token| client.with_token(token));
        return client.post(&asked.document, json!({})).await.unwrap().body;
    }
    let mut request =
        http_client().unwrap().post(&place.url).header("accept", "text/event-stream").json(&json!({ "query": asked.document }));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let mut response = request.send().await.unwrap();
    let mut text = String::new();
    loop {
        let piece = response.chunk().await.unwrap().unwrap_or_else(|| panic!("{}: the stream ended with {text:?}", asked.field));
        text.push_str(std::str::from_utf8(&piece).unwrap());
        if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: {")) {
            return serde_json::from_str(&format!("{{{data}")).unwrap();
        }
        assert!(!text.starts_with('{'), "{}: {text}", asked.document);
    }
}

fn codes(answer: &Value, field: &str) -> Vec<String> {
    let in_payload = answer.pointer(&format!("/data/{field}/errors")).and_then(Value::as_array).into_iter().flatten();
    let of_payload = in_payload.map(|error| &error["code"]);
    let of_field = answer["errors"].as_array().into_iter().flatten().map(|error| &error["extensions"]["code"]);
    of_field.chain(of_payload).map(|code| code.as_str().unwrap_or("(no code)").to_owned()).collect()
}

async fn nobody_gets_in(backend: Backend) {
    let place = Place::start(backend).await;
    let all = Schema::served().all();
    assert!(all.len() > 70, "the roots were not read: {} fields", all.len());
    for asked in all.iter().filter(|asked| !OPEN.contains(&asked.field.as_str())) {
        let answer = answer(&place, None, asked).await;
        assert_eq!(codes(&answer, &asked.field), ["UNAUTHENTICATED"], "{}: {answer}", asked.document);
        assert!(answer["data"].is_null() || answer["data"][&asked.field].is_null(), "{}: {answer}", asked.document);
    }
}

async fn a_token_of_another_scope_gets_nothing(backend: Backend) {
    let place = Place::start(backend).await;
    let mut tokens = Vec::new();
    for scope in SCOPES {
        let mut tx = place.app.store.write(place.workspace).await.unwrap();
        let new = NewApiClient {
            client_id: format!("{scope:?}"),
            name: format!("{scope:?}"),
            kind: ApiClientKind::Client,
            role: Role::Admin,
            scopes: [scope].into(),
            expires_at: None,
        };
        let (_, token) = client::create(&mut tx, &place.system(), new).await.unwrap();
        tx.commit().await.unwrap();
        tokens.push((scope, token.unwrap()));
    }
    let all = Schema::served().all();
    for asked in all.iter().filter(|asked| ![&OPEN[..], &BY_ID, &OF_PEOPLE].concat().contains(&asked.field.as_str())) {
        let mut refused = 0;
        for (scope, token) in &tokens {
            let answer = answer(&place, Some(token.expose_secret()), asked).await;
            // The door, not what the domain says to those who came through it.
            let is_refused = answer["errors"].as_array().into_iter().flatten().any(|error| error["extensions"]["code"] == "FORBIDDEN");
            refused += usize::from(is_refused);
            assert!(
                !is_refused || answer["data"].is_null() || answer["data"][&asked.field].is_null(),
                "{scope:?} {}: {answer}",
                asked.document
            );
        }
        assert!(refused > 0 && refused < SCOPES.len(), "{} scopes of {} do not get in: {}", refused, SCOPES.len(), asked.document);
    }
    for asked in all.iter().filter(|asked| OF_PEOPLE.contains(&asked.field.as_str())) {
        let answer = answer(&place, Some(tokens[0].1.expose_secret()), asked).await;
        assert_eq!(codes(&answer, &asked.field), ["FORBIDDEN"], "{answer}");
    }
}
