//! F10 and F11: what a platform does with its own requests, over HTTP to the real binary.

use serde_json::{Value, json};
use tributary_domain::clock::{Clock, SystemClock};
use tributary_tests::{
    client::{GraphqlClient, http_client},
    fake::byoc::{INBOUND_TOKEN, Stall},
};

use super::{PATIENCE, cluster::Cluster};
use crate::{
    backend::{Backend, on_both},
    stage::Heard,
};

on_both!(a_webhook_comes_five_times_at_once_with_a_poison_item, receipts_come_before_the_answer_and_backwards);

/// As many nodes as there may be.
fn nodes(backend: Backend) -> usize {
    if backend == Backend::Servers { 2 } else { 1 }
}

fn event(id: &str, kind: &str, data: Value) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": "https://middleware.example/shop", "type": kind, "data": data })
}

async fn post(address: &str, media_type: &str, body: &Value) -> u16 {
    let request = http_client().unwrap().post(address).header("content-type", media_type).bearer_auth(INBOUND_TOKEN);
    request.body(body.to_string()).send().await.unwrap().status().as_u16()
}

/// Asks until the answer is as it should be.
async fn until(client: &GraphqlClient, query: &str, variables: Value, is_right: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let data = client.post(query, variables.clone()).await.unwrap().ok().unwrap();
            if is_right(&data) {
                return data;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("{query} does not come right"))
}

async fn a_webhook_comes_five_times_at_once_with_a_poison_item(backend: Backend) {
    let mut cluster = Cluster::new(backend.open().await, nodes(backend)).await;
    cluster.start().await;
    let (client, _) = cluster.sign_in(0).await;
    let addresses = cluster.all_events();
    let start = client.post("{ logCursor }", json!({})).await.unwrap().ok().unwrap()["logCursor"].clone();
    let hello = |id: &str, text: &str| Heard::new(id, "mara", text).data(SystemClock.now());
    // One event five times at the same time, at every node; the batches hold it too, each in another order.
    let single = event("event-1", "message.created", hello("m-1", "one"));
    let poison = event("event-x", "message.created", json!({ "direction": "sideways" }));
    let mut items = vec![
        single.clone(),
        poison,
        event("event-2", "message.created", hello("m-2", "two")),
        event("event-3", "message.created", hello("m-3", "three")),
    ];
    let mut requests = Vec::new();
    for turn in 0..5 {
        let address = &addresses[turn % addresses.len()];
        requests.push((address, "application/cloudevents+json", single.clone()));
        requests.push((address, "application/cloudevents-batch+json", Value::Array(items.clone())));
        items.rotate_left(1);
    }
    let answers = futures_util::future::join_all(requests.iter().map(|(address, kind, body)| post(address, kind, body))).await;
    assert!(answers.iter().all(|status| [200, 202].contains(status)), "{answers:?}");
    assert_eq!(answers.iter().step_by(2).filter(|status| **status == 202).count(), 1, "the others were known: {answers:?}");

    // Four different batches have the poison item, each as a letter of its own; the fifth is the first one again.
    let letters = "{ deadLetters(first: 20, filter: { states: [OPEN] }) { nodes { id error state channel { id } } } }";
    let found = until(&client, letters, json!({}), |data| data["deadLetters"]["nodes"].as_array().unwrap().len() == 4).await;
    assert!(found["deadLetters"]["nodes"].as_array().unwrap().iter().all(|letter| letter["error"].as_str().unwrap().contains("direction")));
    let log = "query($after: LogCursor!) { events(after: $after, first: 200, filter: { kinds: [MESSAGE_RECEIVED] }) { events { entity { ... on Message { text } } } } }";
    let received = async || {
        let data = until(&client, log, json!({ "after": start }), |data| data["events"]["events"].as_array().unwrap().len() >= 3).await;
        let mut texts: Vec<_> =
            data["events"]["events"].as_array().unwrap().iter().map(|event| event["entity"]["text"].as_str().unwrap().to_owned()).collect();
        texts.sort();
        texts
    };
    assert_eq!(received().await, ["one", "three", "two"]);

    // Another try: the poison is still poison, and nothing comes twice.
    let ids: Vec<_> = found["deadLetters"]["nodes"].as_array().unwrap().iter().map(|letter| letter["id"].clone()).collect();
    let replay = "mutation($ids: [ID!]!) { replayDeadLetters(input: { ids: $ids }) { errors { code message } } }";
    let replayed = client.post(replay, json!({ "ids": ids })).await.unwrap().ok().unwrap();
    assert_eq!(replayed["replayDeadLetters"]["errors"], json!([]));
    until(&client, letters, json!({}), |data| data["deadLetters"]["nodes"].as_array().unwrap().len() == 4).await;
    assert_eq!(received().await, ["one", "three", "two"]);
    let threads =
        client.post("{ interactions(first: 10) { nodes { contact { name } messages(first: 20) { nodes { text } } } } }", json!({}));
    let threads = threads.await.unwrap().ok().unwrap();
    let mara: Vec<_> = threads["interactions"]["nodes"].as_array().unwrap().iter().filter(|row| row["contact"]["name"] == "mara").collect();
    assert_eq!((mara.len(), mara[0]["messages"]["nodes"].as_array().unwrap().len()), (1, 3), "{threads}");
}

/// The platform says seen, delivered and sent before it has answered the request that sent the message.
async fn receipts_come_before_the_answer_and_backwards(backend: Backend) {
    let mut cluster = Cluster::new(backend.open().await, nodes(backend)).await;
    cluster.start().await;
    let (client, _) = cluster.sign_in(0).await;
    let on = cluster.first_interaction(&client).await;
    let stalled = cluster.integrator.stall_next(Stall::Answering);
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { code } } }";
    let input = json!({ "input": { "interactionId": on, "clientId": "one", "content": { "text": { "text": "Hello" } } } });
    let sent = client.post(query, input).await.unwrap().ok().unwrap()["sendMessage"]["message"]["id"].clone();
    tokio::time::timeout(PATIENCE, stalled.reached()).await.expect("it is sent");

    let external = cluster.integrator.received()[0].external_id.clone();
    let addresses = cluster.all_events();
    for (turn, status) in ["seen", "delivered", "sent"].into_iter().enumerate() {
        let at = (SystemClock.now() + chrono::Duration::seconds(-i64::try_from(turn).unwrap())).to_rfc3339();
        let receipt =
            event(&format!("receipt-{status}"), "message.status", json!({ "idOnExternalPlatform": external, "status": status, "at": at }));
        assert_eq!(post(&addresses[turn % addresses.len()], "application/cloudevents+json", &receipt).await, 202);
    }
    // A message behind them in the queue of requests: when it is there, the receipts were looked at.
    let marker = event("marker", "message.created", Heard::new("m-marker", "mara", "marker").data(SystemClock.now()));
    assert_eq!(post(&addresses[0], "application/cloudevents+json", &marker).await, 202);
    let search = "{ search(text: \"marker\", first: 1) { nodes { __typename } } }";
    until(&client, search, json!({}), |data| data["search"]["nodes"].as_array().unwrap().len() == 1).await;

    stalled.release();
    let state =
        "query($id: ID!) { node(id: $id) { ... on Message { delivery { state queuedAt sendingAt sentAt deliveredAt readAt failedAt } } } }";
    let data = until(&client, state, json!({ "id": sent }), |data| {
        let delivery = &data["node"]["delivery"];
        delivery["state"] == "READ" && delivery["sentAt"].is_string() && delivery["deliveredAt"].is_string()
    })
    .await;
    let delivery = &data["node"]["delivery"];
    for at in ["queuedAt", "sendingAt", "sentAt", "deliveredAt", "readAt"] {
        assert!(delivery[at].is_string(), "{at} of {delivery}");
    }
    assert_eq!(delivery["failedAt"], Value::Null);
    // A node that is late with its lease loses it to the other one, which says the same again with the same key.
    assert_eq!(cluster.integrator.received().iter().filter(|call| !call.is_repeat).count(), 1);
}
