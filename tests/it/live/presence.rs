//! Who is on an interaction, as all who follow it are told at once.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tributary_domain::actor::Role;
use tributary_tests::client::{GraphqlClient, Message, Subscription};

use super::{make::make, place::Place};
use crate::{
    backend::{Backend, on_both},
    statements::SPLITS,
};

on_both!(many_followers_cost_as_many_statements_as_one, whoever_loses_sight_is_told_and_nobody_else);

const FOLLOW: &str = "subscription($id: ID!) { presence(interactionId: $id) { isKnown people { state person { id name } } } }";
/// Longer than anything takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(30);

async fn interaction(client: &GraphqlClient) -> Value {
    let data = client.post("{ interactions(first: 1) { nodes { id } } }", json!({})).await.unwrap().ok().unwrap();
    data["interactions"]["nodes"][0]["id"].clone()
}

async fn follow(client: &GraphqlClient, id: &Value) -> Subscription {
    client.socket().await.unwrap().subscribe(FOLLOW, json!({ "id": id })).unwrap()
}

async fn tell(client: &GraphqlClient, id: &Value, state: &str) {
    make(client, "setPresence", "SetPresenceInput", "__typename", json!({ "interactionId": id, "tabId": "1", "state": state })).await;
}

/// Until it is told that somebody, and nobody else, does this; none: that nobody is there.
async fn read_until(following: &mut Subscription, state: Option<&str>) {
    let reading = async {
        loop {
            let people = following.data().await.unwrap()["presence"]["people"].take();
            let states: Vec<_> = people.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
            if states == Vec::from_iter(state) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("{state:?} has not been told"));
}

async fn many_followers_cost_as_many_statements_as_one(backend: Backend) {
    let place = Place::start(backend).await;
    let chat = place.add_channel("Chat", None).await;
    place.write(&chat, "visitor", "hello").await;
    let mut clients = Vec::new();
    for n in 0..18 {
        let email = format!("agent-{n}@example.org");
        place.add_person(&email, Role::Agent).await;
        clients.push(place.sign_in(&email).await.0);
    }
    let id = interaction(&clients[0]).await;
    let (mut followers, mut costs) = (Vec::new(), Vec::new());
    for count in [1, clients.len()] {
        while followers.len() < count {
            let mut following = follow(&clients[followers.len()], &id).await;
            let told = following.data().await.unwrap();
            assert_eq!(told["presence"], json!({ "isKnown": true, "people": [] }));
            followers.push(following);
        }
        for state in ["VIEWING", "REPLYING", "LEFT", "VIEWING", "LEFT"] {
            let before = place.app.store.statements();
            tell(&clients[0], &id, state).await;
            let expected = Some(state).filter(|state| *state != "LEFT");
            join_all(followers.iter_mut().map(|following| read_until(following, expected))).await;
            costs.push(place.app.store.statements() - before);
        }
    }
    // The server asks for other things too, now and then.
    let (one, all) = costs.split_at(5);
    assert!(all.iter().min() <= one.iter().map(|cost| cost + SPLITS).min().as_ref(), "statements for 1 follower and for 18: {costs:?}");
}

async fn end(following: &mut Subscription) -> Value {
    let reading = async {
        loop {
            if let Message::Error(errors) = following.next_message().await.unwrap() {
                return errors[0]["extensions"]["code"].clone();
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("it ends")
}

async fn whoever_loses_sight_is_told_and_nobody_else(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Admin).await;
    let bo = place.add_person("bo@example.org", Role::Agent).await;
    let cy = place.add_person("cy@example.org", Role::Agent).await;
    let team = place.add_team(bo).await;
    place.set_team(team, [bo, cy].into()).await;
    let chat = place.add_channel("Secret", Some(team)).await;
    place.write(&chat, "visitor", "hello").await;
    let ada = place.sign_in("ada@example.org").await.0;
    let (bo_client, cy_client) = (place.sign_in("bo@example.org").await.0, place.sign_in("cy@example.org").await.0);
    let id = interaction(&ada).await;
    let (mut of_ada, mut of_bo, mut of_cy) = (follow(&ada, &id).await, follow(&bo_client, &id).await, follow(&cy_client, &id).await);
    for following in [&mut of_ada, &mut of_bo, &mut of_cy] {
        read_until(following, None).await;
    }
    place.set_team(team, [bo].into()).await;
    assert_eq!(end(&mut of_cy).await, "NOT_FOUND");
    tell(&ada, &id, "VIEWING").await;
    for following in [&mut of_ada, &mut of_bo] {
        read_until(following, Some("VIEWING")).await;
    }
    let elsewhere = place.add_channel("Elsewhere", None).await.inbox_id;
    place.empty_team(team).await;
    assert_eq!(end(&mut of_bo).await, "NOT_FOUND");
    // It is moved to where nobody but those who see everything had to look, and then where all do.
    make(&ada, "moveInteraction", "MoveInteractionInput", "cursor", json!({ "interactionId": id, "inboxId": elsewhere.to_string() })).await;
    let mut of_bo = follow(&bo_client, &id).await;
    read_until(&mut of_bo, Some("VIEWING")).await;
    let back = json!({ "interactionId": id, "inboxId": chat.inbox_id.to_string() });
    make(&ada, "moveInteraction", "MoveInteractionInput", "cursor", back).await;
    assert_eq!(end(&mut of_bo).await, "NOT_FOUND", "it has moved away from those who saw it");
    tell(&ada, &id, "LEFT").await;
    read_until(&mut of_ada, None).await;
}
