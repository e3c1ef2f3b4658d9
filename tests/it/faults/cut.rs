//! F5 and F26: the network between clients and a node resets everything, or loses an answer.

use serde_json::{Value, json};
use tributary_tests::{
    checker::check,
    client::GraphqlClient,
    proxy::{Mode, Proxy},
};

use super::{
    PATIENCE,
    cluster::Cluster,
    follower::{Follower, cursor, follow},
    traffic::{Amount, Traffic},
};
use crate::backend::{Backend, on_both};

on_both!(two_hundred_sockets_are_cut_at_once, the_answer_to_a_mutation_is_lost);

const SOCKETS: usize = 200;
const AMOUNT: Amount = Amount { batches: 4, per_batch: 5, notes: 40 };

async fn two_hundred_sockets_are_cut_at_once(backend: Backend) {
    let mut cluster = Cluster::new(backend.open().await, 1).await;
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let proxy = Proxy::to_port(cluster.nodes[0].port()).await.unwrap();
    let address = format!("http://{}/graphql", proxy.address());
    let cursor = cursor(&client).await;
    let followers: Vec<_> = (0..SOCKETS)
        .map(|number| {
            let name = format!("follower {number}");
            follow(Follower {
                name,
                addresses: vec![address.clone()],
                token: token.clone(),
                cursor: cursor.clone(),
                by_id: false,
                is_counting: false,
                is_forgetful: false,
            })
        })
        .collect();
    let total = AMOUNT.total();
    let mut traffic = Traffic::start(&cluster, &token, AMOUNT, |_| {}).await;
    for follower in &followers {
        // All of them are in the middle of it, so all of them are connected.
        follower.reaches(1).await;
    }
    assert_eq!(proxy.open(), SOCKETS);
    proxy.cut_now();
    let mut written = traffic.written().await;
    traffic.end(&mut written).await;
    for follower in &followers {
        follower.reaches_or_not(total + 1).await;
    }
    let mut journals = Vec::new();
    for follower in followers {
        journals.push(follower.journal().await);
    }
    // On a busy machine a node may send some of them away once more.
    assert!(journals.iter().all(|journal| journal.count_reconnects() >= 1), "each one was cut off");
    check(&written.journals, &journals).assert_none();
    assert!(proxy.accepted() >= 2 * SOCKETS);
}

/// What was sent is done, the answer never comes, and the client says it again.
async fn the_answer_to_a_mutation_is_lost(backend: Backend) {
    let mut cluster = Cluster::new(backend.open().await, 1).await;
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let on = cluster.first_interaction(&client).await;
    let proxy = Proxy::to_port(cluster.nodes[0].port()).await.unwrap();
    let unlucky = GraphqlClient::new(&format!("http://{}/graphql", proxy.address())).unwrap().with_token(&token);
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id text } errors { code } } }";
    let input = json!({ "input": { "interactionId": on, "clientId": "only once", "content": { "text": { "text": "Hello" } } } });

    proxy.set(Mode::SwallowToClient);
    let lost = {
        let (unlucky, input) = (unlucky.clone(), input.clone());
        tokio::spawn(async move { unlucky.post(query, input).await })
    };
    let messages =
        "query($on: ID!) { node(id: $on) { ... on Interaction { messages(last: 50) { nodes { id text clientId delivery { state } } } } } }";
    let ours = async || {
        let found = client.post(messages, json!({ "on": on })).await.unwrap().ok().unwrap();
        let nodes = found["node"]["messages"]["nodes"].as_array().unwrap().clone();
        nodes.into_iter().filter(|message| message["clientId"] == "only once").collect::<Vec<Value>>()
    };
    let is_sent = async || loop {
        let ours = ours().await;
        if ours.iter().any(|message| message["delivery"]["state"] == "SENT") {
            return ours;
        }
    };
    let first = tokio::time::timeout(PATIENCE, is_sent()).await.expect("it is sent although nobody was told");
    proxy.cut_now();
    assert!(lost.await.unwrap().is_err(), "the answer was lost");

    proxy.set(Mode::Pass);
    for _ in 0..2 {
        let again = unlucky.post(query, input.clone()).await.unwrap().ok().unwrap();
        assert_eq!(again["sendMessage"], json!({ "message": { "id": first[0]["id"], "text": "Hello" }, "errors": [] }));
    }
    assert_eq!(ours().await, first);
    assert_eq!(cluster.integrator.received().len(), 1);
}
