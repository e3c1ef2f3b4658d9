//! What a running node tells of itself, and that nodes wake one another.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::timeout;
use tributary_tests::{client::http_client, node::Node};
use uuid::Uuid;

use super::{PATIENCE, cluster::Cluster, follower::cursor};
use crate::backend::{Backend, on_both};

on_both!(what_happens_is_counted);

const README: &str = include_str!("../../../README.md");
const EVENTS: &str =
    "subscription($after: LogCursor!) { workspaceEvents(after: $after, filter: { kinds: [NOTE_ADDED] }) { events { kind } } }";
const WORK: &str = "subscription { metrics(scope: { workspace: true }) { inboxes { new waiting resolvedLastHour } } }";
const RESOLVE: &str = "mutation($input: SetInteractionStatusInput!) { setInteractionStatus(input: $input) { errors { code message } } }";
const NOTE: &str = "mutation($input: AddNoteInput!) { addNote(input: $input) { message { id } errors { code message } } }";

/// The samples of one metric whose labels contain `label`, added up.
pub(super) fn sum(page: &str, metric: &str, label: &str) -> f64 {
    let samples = page.lines().filter_map(|line| line.rsplit_once(' '));
    let wanted = samples.filter(|(name, _)| name.split('{').next() == Some(metric) && name.contains(label));
    wanted.map(|(_, value)| value.parse::<f64>().unwrap()).sum()
}

/// What a node counts.
pub(super) async fn metrics(node: &Node) -> String {
    let answer = http_client().unwrap().get(node.url("/metrics")).send().await.unwrap().error_for_status().unwrap();
    answer.text().await.unwrap()
}

/// Writes notes at one node until those who follow at another one were told by the bus, and more often than a bus that has
/// just come back says so. Nobody else may be writing.
pub(super) async fn tell_by_bus(cluster: &Cluster, writer: usize, reader: usize) {
    const TIMES: f64 = 5.0;
    let ((writing, _), (reading, _)) = (cluster.sign_in(writer).await, cluster.sign_in(reader).await);
    let on = cluster.first_interaction(&writing).await;
    let socket = reading.socket().await.unwrap();
    let mut following = socket.subscribe(EVENTS, json!({ "after": cursor(&reading).await })).unwrap();
    let woken = async || sum(&metrics(&cluster.nodes[reader]).await, "tributary_tail_wakes_total", "by=\"bus\"");
    let before = woken().await;
    let telling = async {
        while woken().await < before + TIMES {
            let text = format!("told by the bus {}", Uuid::now_v7());
            let note = json!({ "input": { "interactionId": on, "clientId": text, "text": text } });
            assert_eq!(writing.post(NOTE, note).await.unwrap().ok().unwrap()["addNote"]["errors"], json!([]));
            following.data().await.unwrap();
        }
    };
    timeout(PATIENCE, telling).await.unwrap_or_else(|_| panic!("node {reader} hears nothing of node {writer} over the bus"));
}

/// README names what to watch; a node that has worked shows all of it, and it moves with the work.
async fn what_happens_is_counted(backend: Backend) {
    let mut cluster = Cluster::new(backend.open().await, 1).await;
    cluster.start().await;
    let (client, _) = cluster.sign_in(0).await;
    let socket = client.socket().await.unwrap();
    let mut following = socket.subscribe(EVENTS, json!({ "after": cursor(&client).await })).unwrap();
    let before = metrics(&cluster.nodes[0]).await;
    let on = cluster.first_interaction(&client).await;
    let note = json!({ "input": { "interactionId": on, "clientId": "one", "text": "noted" } });
    assert_eq!(client.post(NOTE, note).await.unwrap().ok().unwrap()["addNote"]["errors"], json!([]));
    following.data().await.unwrap();

    let shown = metrics(&cluster.nodes[0]).await;
    let more = |metric: &str, label: &str| sum(&shown, metric, label) - sum(&before, metric, label);
    assert!(more("tributary_graphql_operations_total", "") >= 2.0, "{shown}");
    assert!(more("tributary_http_requests_total", "") >= 2.0, "{shown}");
    assert!(more("tributary_counter_lock_wait_seconds_count", "") >= 1.0, "{shown}");
    assert!(more("tributary_tail_lag_seconds_count", "") >= 1.0, "{shown}");
    assert!(sum(&shown, "tributary_graphql_connections", "") >= 1.0, "{shown}");

    let is_name = |character: char| character.is_ascii_lowercase() || character == '_';
    let named: Vec<&str> = README.split(|character| !is_name(character)).filter(|word| word.starts_with("tributary_")).collect();
    let named: Vec<&str> = named.into_iter().filter(|word| *word != "tributary_app").collect();
    assert!(named.len() >= 8, "{named:?}");
    for name in named {
        assert!(shown.lines().any(|line| line.starts_with(name)), "README names {name}: {shown}");
    }
}

/// How the work stands is counted at each node by itself, from the one log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_counts_what_another_one_has_written() {
    let mut cluster = Cluster::new(Backend::Servers.open().await, 2).await;
    cluster.start().await;
    let (writer, _) = cluster.sign_in(0).await;
    let (reader, _) = cluster.sign_in(1).await;
    let socket = reader.socket().await.unwrap();
    let mut watching = socket.subscribe(WORK, json!({})).unwrap();
    let first = watching.data().await.unwrap();
    assert_eq!(first["metrics"]["inboxes"], json!([{ "new": 1, "waiting": 1, "resolvedLastHour": 0 }]));
    let on = cluster.first_interaction(&writer).await;
    let resolve = json!({ "input": { "interactionId": on, "status": "RESOLVED" } });
    assert_eq!(writer.post(RESOLVE, resolve).await.unwrap().ok().unwrap()["setInteractionStatus"]["errors"], json!([]));
    let mut last = first;
    while last["metrics"]["inboxes"] != json!([{ "new": 0, "waiting": 0, "resolvedLastHour": 1 }]) {
        last = watching.data().await.unwrap();
    }
}

/// Over the safety poll alone, which comes every four to six seconds, each of these notes would have to wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_woken_by_what_another_one_has_written() {
    const NOTES: usize = 6;
    const FASTER_THAN_POLLS: Duration = Duration::from_secs(12);
    let mut cluster = Cluster::new(Backend::Servers.open().await, 2).await;
    cluster.start().await;
    let (writer, _) = cluster.sign_in(0).await;
    let (reader, _) = cluster.sign_in(1).await;
    let socket = reader.socket().await.unwrap();
    let mut following = socket.subscribe(EVENTS, json!({ "after": cursor(&reader).await })).unwrap();
    let on = cluster.first_interaction(&writer).await;
    let mut waited = Duration::ZERO;
    for n in 0..NOTES {
        let note = json!({ "input": { "interactionId": on, "clientId": format!("note {n}"), "text": format!("note {n}") } });
        assert_eq!(writer.post(NOTE, note).await.unwrap().ok().unwrap()["addNote"]["errors"], json!([]));
        let written = Instant::now();
        let told = following.data().await.unwrap();
        assert_eq!(told["workspaceEvents"]["events"], json!([{ "kind": "NOTE_ADDED" }]));
        waited += written.elapsed();
    }
    assert!(waited < FASTER_THAN_POLLS, "{NOTES} notes took {waited:?} to arrive");
    let shown = metrics(&cluster.nodes[1]).await;
    assert!(sum(&shown, "tributary_tail_wakes_total", "by=\"bus\"") >= 1.0, "{shown}");
}
