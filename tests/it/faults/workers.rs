//! F12 and F13: the worker's process is killed, or frozen past its lease, in the middle of a send.
//!
//! Class B needs a platform that echoes, which no built-in channel has: it is tested with a worker in the process
//! (`outbound::faults`).

use serde_json::{Value, json};
use tributary_tests::{
    checker::{Accepted, check_deliveries},
    client::GraphqlClient,
    fake::byoc::{Manner, Stall},
};

use super::{PATIENCE, cluster::Cluster};
use crate::{backend::Backend, stage::sent_text};

const KILLS: usize = 15;
const LANES: usize = 4;

/// What the platform offers against sending twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// An idempotency key.
    A,
    /// Nothing.
    C,
}

/// One node for the API and two for the work, on PostgreSQL and Redis: SQLite has one process, which is the API's too.
async fn cluster(class: Class) -> Cluster {
    let (manner, mode) = match class {
        Class::A => (Manner::Signed, "standard"),
        Class::C => (Manner::TokenOnly, "compat_new"),
    };
    let mut cluster = Cluster::with(Backend::Servers.open().await, &[Some("api"), Some("worker"), Some("worker")], manner, mode).await;
    cluster.nodes[0].start().await.unwrap();
    cluster
}

/// Sends a text that is its own key, and gives the message's id.
pub(super) async fn send(client: &GraphqlClient, on: &Value, text: &str) -> Value {
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { code message } } }";
    let input = json!({ "input": { "interactionId": on, "clientId": text, "content": { "text": { "text": text } } } });
    let data = client.post(query, input).await.unwrap().ok().unwrap();
    assert_eq!(data["sendMessage"]["errors"], json!([]));
    data["sendMessage"]["message"]["id"].clone()
}

/// Everything about a message that a late answer could change.
async fn state(client: &GraphqlClient, id: &Value) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on Message { version delivery { \
        state errorCode errorDetail sendingAt sentAt deliveredAt readAt failedAt attempts nextAttemptAt } } } }";
    client.post(query, json!({ "id": id })).await.unwrap().ok().unwrap()["node"].clone()
}

/// Waits until the message is in one of these states.
pub(super) async fn settled(client: &GraphqlClient, id: &Value, states: &[&str]) -> Value {
    let looking = async {
        loop {
            let now = state(client, id).await;
            if states.iter().any(|state| now["delivery"]["state"] == *state) {
                return now;
            }
        }
    };
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(state) => state,
        Err(_) => panic!("still {}", state(client, id).await),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_send_class_a() {
    kill_and_check(Class::A).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_send_class_c() {
    kill_and_check(Class::C).await;
}

/// Half of the workers die before the platform has done anything, half after it took the message and before we heard so;
/// the other lanes are wherever they are at that moment.
async fn kill_and_check(class: Class) {
    let mut cluster = cluster(class).await;
    for lane in 0..LANES {
        cluster.place.write(&cluster.channel, &format!("customer {lane}"), "Hello").await;
    }
    let (client, _) = cluster.sign_in(0).await;
    let query = "{ interactions(first: 10) { nodes { id contact { name } } } }";
    let lanes = client.post(query, json!({})).await.unwrap().ok().unwrap()["interactions"]["nodes"].as_array().unwrap().clone();
    let (mut asked, mut ids): (Vec<Accepted>, Vec<(Value, String)>) = Default::default();
    cluster.nodes[1].start().await.unwrap();
    for kill in 0..KILLS {
        let stalled = cluster.integrator.stall_next(if kill % 2 == 0 { Stall::Arriving } else { Stall::Answering });
        for lane in &lanes[..LANES] {
            let name = lane["id"].as_str().unwrap();
            let entity = format!("{kill} to {name}");
            ids.push((send(&client, &lane["id"], &entity).await, entity.clone()));
            asked.push(Accepted { lane: name.to_owned(), n: kill as u64 + 1, entity });
        }
        tokio::time::timeout(PATIENCE, stalled.reached()).await.expect("something is being sent");
        // Two processes take turns, so that the next one is there before the last one's leases are over.
        let (dying, next) = (1 + kill % 2, 1 + (kill + 1) % 2);
        cluster.nodes[dying].kill9().unwrap();
        drop(stalled);
        cluster.integrator.idle().await;
        cluster.nodes[next].start().await.unwrap();
    }
    let final_states: &[&str] = if class == Class::A { &["SENT"] } else { &["SENT", "UNCONFIRMED"] };
    let mut doubtful = Vec::new();
    let mut sent = Vec::new();
    for (id, entity) in &ids {
        let now = settled(&client, id, final_states).await;
        if now["delivery"]["state"] == "SENT" { sent.push(entity) } else { doubtful.push(entity.clone()) }
    }
    cluster.integrator.idle().await;
    let calls = cluster.integrator.received();
    let taken = calls.iter().filter(|call| !call.is_repeat).filter_map(|call| sent_text(&call.body));
    let accepted: Vec<_> = taken
        .map(|text| asked.iter().find(|one| one.entity == text).cloned().unwrap_or_else(|| panic!("nobody asked for {text}")))
        .collect();
    check_deliveries(&asked, &accepted, &doubtful).assert_none();
    for entity in sent {
        assert!(accepted.iter().any(|one| &one.entity == entity), "{entity} is said to be sent");
    }
    match class {
        Class::A => assert!(calls.iter().any(|call| call.is_repeat), "what had been taken was sent again with its key, and known"),
        Class::C => assert!(doubtful.len() >= KILLS, "every kill leaves at least the message it interrupted: {doubtful:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_past_its_lease_class_a() {
    freeze_and_check(Class::A).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_past_its_lease_class_c() {
    freeze_and_check(Class::C).await;
}

/// The answer comes while the worker is frozen, another one takes over, and then it wakes up and reads the answer.
async fn freeze_and_check(class: Class) {
    let mut cluster = cluster(class).await;
    let (client, _) = cluster.sign_in(0).await;
    let on = cluster.first_interaction(&client).await;
    cluster.nodes[1].start().await.unwrap();
    let stalled = cluster.integrator.stall_next(Stall::Answering);
    let id = send(&client, &on, "frozen").await;
    tokio::time::timeout(PATIENCE, stalled.reached()).await.expect("it is being sent");
    cluster.nodes[1].freeze().unwrap();
    stalled.release();
    cluster.integrator.idle().await;

    cluster.nodes[2].start().await.unwrap();
    let taken_over = settled(&client, &id, if class == Class::A { &["SENT"] } else { &["UNCONFIRMED"] }).await;
    let cursor = client.post("{ logCursor }", json!({})).await.unwrap().ok().unwrap()["logCursor"].clone();
    let calls = cluster.integrator.received();
    match class {
        Class::A => assert_eq!((calls.len(), calls[1].is_repeat, &calls[0].id), (2, true, &calls[1].id), "the same key both times"),
        Class::C => assert_eq!(calls.len(), 1, "nothing is sent twice"),
    }

    // Alone again, it has to see to the next message; before that it reads the answer that waits in its socket.
    cluster.nodes[2].kill9().unwrap();
    cluster.nodes[1].thaw().unwrap();
    let next = send(&client, &on, "thawed").await;
    settled(&client, &next, &["SENT"]).await;
    assert_eq!(state(&client, &id).await, taken_over, "the late answer changes no row");
    let events = "query($after: LogCursor!) { events(after: $after, first: 200) { events { kind entityId } } }";
    let events = client.post(events, json!({ "after": cursor })).await.unwrap().ok().unwrap();
    assert!(events["events"]["events"].as_array().unwrap().iter().all(|event| event["entityId"] != id), "{events}");
    let delivered: Vec<_> =
        cluster.integrator.received().iter().filter(|call| !call.is_repeat).filter_map(|call| sent_text(&call.body)).collect();
    assert_eq!(delivered, ["frozen", "thawed"]);
}
