//! Following the log and a view, with cuts, lost rights and bad cursors.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tributary_domain::{
    actor::{Actor, Role},
    clock::{Clock, SystemClock},
    event::{Position, Seq, log::prune},
    ids::WorkspaceId,
    inbox::{InteractionFilter, view},
    tag::{self, NewTag},
};
use tributary_tests::client::{Message, Subscription};
use uuid::Uuid;

use super::place::Place;
use crate::backend::{Backend, on_both};

on_both!(
    a_reader_that_was_cut_off_gets_every_event_once,
    lost_rights_empty_the_view_and_silence_the_log,
    a_forged_cursor_is_refused_and_an_old_one_begins_anew,
    what_a_filter_leaves_out_still_moves_the_cursor,
);

const EVENTS: &str = "subscription($after: LogCursor!, $filter: EventFilter) { workspaceEvents(after: $after, filter: $filter) { \
    prev cursor events { seq kind interactionId entityVersion entity { __typename id ... on Message { text version } } } } }";
const INBOX: &str = "subscription($view: ID!, $after: LogCursor!) { inbox(viewId: $view, after: $after) { \
    prev cursor count unreadCount changes { type interactionId interaction { id unreadCount } } } }";

/// The events of the next batches until `count` have come; every batch must follow on the one before.
async fn events(subscription: &mut Subscription, cursor: &mut String, count: usize) -> Vec<Value> {
    let mut all = Vec::new();
    while all.len() < count {
        let data = subscription.data().await.unwrap();
        let batch = &data["workspaceEvents"];
        assert_eq!(batch["prev"], cursor.as_str(), "a batch must follow on what the reader has");
        *cursor = batch["cursor"].as_str().unwrap().to_owned();
        all.extend(batch["events"].as_array().unwrap().iter().cloned());
    }
    all
}

async fn refusal(subscription: &mut Subscription) -> String {
    match subscription.next_message().await.unwrap() {
        Message::Error(errors) => errors[0]["extensions"]["code"].as_str().unwrap().to_owned(),
        other => panic!("instead of an error came {other:?}"),
    }
}

async fn a_reader_that_was_cut_off_gets_every_event_once(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Agent).await;
    let chat = place.add_channel("Chat", None).await;
    let (client, _) = place.sign_in("ada@example.org").await;
    let start = place.cursor(&client).await;
    let mut cursor = start.clone();

    let socket = client.socket().await.unwrap();
    let mut following = socket.subscribe(EVENTS, json!({ "after": cursor })).unwrap();
    place.write(&chat, "visitor", "one").await;
    let mut seen = events(&mut following, &mut cursor, 1).await;
    socket.cut().await;
    place.write(&chat, "visitor", "two").await;
    place.write(&chat, "another", "three").await;

    let socket = client.socket().await.unwrap();
    let mut following = socket.subscribe(EVENTS, json!({ "after": cursor })).unwrap();
    let page = "query($after: LogCursor!) { events(after: $after, first: 200) { cursor hasMore events { seq kind } } }";
    let whole = client.post(page, json!({ "after": start })).await.unwrap().ok().unwrap()["events"].clone();
    let expected = whole["events"].as_array().unwrap().clone();
    let missing = expected.len() - seen.len();
    seen.extend(events(&mut following, &mut cursor, missing).await);

    let seqs = |events: &[Value]| events.iter().map(|event| event["seq"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(seqs(&seen), seqs(&expected));
    assert_eq!(whole["hasMore"], false);
    let texts: Vec<_> = seen.iter().filter(|event| event["kind"] == "MESSAGE_RECEIVED").map(|event| &event["entity"]["text"]).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    for event in seen.iter().filter(|event| event["entity"]["version"].is_i64()) {
        assert!(event["entity"]["version"].as_i64() >= event["entityVersion"].as_i64(), "older than its event: {event}");
    }
}

async fn lost_rights_empty_the_view_and_silence_the_log(backend: Backend) {
    let place = Place::start(backend).await;
    let ada = place.add_person("ada@example.org", Role::Agent).await;
    let team = place.add_team(ada).await;
    let (secret, open) = (place.add_channel("Secret", Some(team)).await, place.add_channel("Open", None).await);
    let mut tx = place.app.store.write(place.workspace).await.unwrap();
    let new = view::NewView {
        client_id: "view".into(),
        name: "All".into(),
        inbox: None,
        is_shared: true,
        filter: InteractionFilter::default(),
        sort: Default::default(),
    };
    let view = view::create(&mut tx, &place.system(), new).await.unwrap().to_string();
    tx.commit().await.unwrap();
    place.write(&secret, "visitor", "before").await;

    let (client, session) = place.sign_in("ada@example.org").await;
    assert_eq!(session["person"]["teams"], json!([{ "name": "Team" }]));
    let mut cursor = place.cursor(&client).await;
    let socket = client.socket().await.unwrap();
    let mut log = socket.subscribe(EVENTS, json!({ "after": cursor })).unwrap();
    let mut inbox = socket.subscribe(INBOX, json!({ "view": view, "after": cursor })).unwrap();

    place.write(&open, "visitor", "marker").await;
    let entered = next_change(&mut inbox).await;
    assert_eq!(entered["type"], "ENTERED");
    let heard = events(&mut log, &mut cursor, 1).await;
    assert!(heard[0]["seq"].is_i64());

    let before = cursor.clone();
    place.empty_team(team).await;
    let left = next_change(&mut inbox).await;
    assert_eq!((&left["type"], &left["interaction"]), (&json!("LEFT"), &Value::Null));
    assert_ne!(left["interactionId"], entered["interactionId"]);

    place.write(&secret, "visitor", "nobody hears this").await;
    place.write(&open, "visitor", "everybody hears this").await;
    let mut texts = Vec::new();
    while texts.last() != Some(&json!("everybody hears this")) {
        let heard = events(&mut log, &mut cursor, 1).await;
        texts.extend(heard.into_iter().filter(|event| event["kind"] == "MESSAGE_RECEIVED").map(|event| event["entity"]["text"].clone()));
    }
    assert!(!texts.contains(&json!("nobody hears this")), "{texts:?}");
    let updated = next_change(&mut inbox).await;
    assert_eq!((&updated["type"], &updated["interactionId"]), (&json!("UPDATED"), &entered["interactionId"]));

    // What was visible before the change is not known any more, so a reader from then starts anew.
    let mut late = socket.subscribe(INBOX, json!({ "view": view, "after": before })).unwrap();
    assert_eq!(refusal(&mut late).await, "STREAM_RESET");
    // Operations on the old socket have the new rights too.
    let gone = "subscription($id: ID!, $after: LogCursor!) { interaction(id: $id, after: $after) { cursor } }";
    let mut gone = socket.subscribe(gone, json!({ "id": left["interactionId"], "after": cursor })).unwrap();
    assert_eq!(refusal(&mut gone).await, "NOT_FOUND");
    let node = client.post("query($id: ID!) { node(id: $id) { id } }", json!({ "id": left["interactionId"] })).await.unwrap();
    assert_eq!(node.ok().unwrap()["node"], Value::Null);
}

async fn next_change(inbox: &mut Subscription) -> Value {
    loop {
        let data = inbox.data().await.unwrap();
        if let [change] = data["inbox"]["changes"].as_array().unwrap().as_slice() {
            return change.clone();
        }
        assert_eq!(data["inbox"]["changes"], json!([]), "one change at a time");
    }
}

async fn a_forged_cursor_is_refused_and_an_old_one_begins_anew(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Agent).await;
    let (client, _) = place.sign_in("ada@example.org").await;
    let old = place.cursor(&client).await;
    let chat = place.add_channel("Chat", None).await;
    place.write(&chat, "visitor", "forgotten soon").await;
    let cursor = place.cursor(&client).await;
    let socket = client.socket().await.unwrap();
    let mut edited = cursor.clone().into_bytes();
    edited[20] = if edited[20] == b'A' { b'B' } else { b'A' };
    let edited = String::from_utf8(edited).unwrap();
    for forged in [edited.as_str(), "", "AAAA"] {
        let mut following = socket.subscribe(EVENTS, json!({ "after": forged })).unwrap();
        assert_eq!(refusal(&mut following).await, "INVALID", "{forged}");
    }
    // Of another workspace: nothing of it may be told here, not even that it is one.
    let there = Position { epoch: 1, seq: Seq(0) };
    let foreign = place.app.cursors.encode(WorkspaceId::from(Uuid::now_v7()), there);
    let mut following = socket.subscribe(EVENTS, json!({ "after": foreign })).unwrap();
    assert_eq!(refusal(&mut following).await, "INVALID");
    // Its own, but what came after it is forgotten.
    let later = SystemClock.now() + chrono::Duration::days(8);
    assert!(prune(&place.app.store, place.workspace, later).await.unwrap() > 0);
    let mut following = socket.subscribe(EVENTS, json!({ "after": old })).unwrap();
    assert_eq!(refusal(&mut following).await, "STREAM_RESET");
    assert_eq!(following.try_next(), None, "it is said once");
    place.app.store.raise_epoch(place.workspace).await.unwrap();
    let mut following = socket.subscribe(EVENTS, json!({ "after": cursor })).unwrap();
    assert_eq!(refusal(&mut following).await, "STREAM_RESET");
    let answer = client
        .post("query($after: LogCursor!) { events(after: $after, first: 100) { hasMore } }", json!({ "after": cursor }))
        .await
        .unwrap();
    assert_eq!(answer.codes(), ["STREAM_RESET"]);
}

async fn what_a_filter_leaves_out_still_moves_the_cursor(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Agent).await;
    let chat = place.add_channel("Chat", None).await;
    let other = place.add_channel("Other", None).await;
    let (client, _) = place.sign_in("ada@example.org").await;
    let mut cursor = place.cursor(&client).await;
    let start = cursor.clone();
    let socket = client.socket().await.unwrap();
    let filter = json!({ "kinds": ["MESSAGE_RECEIVED"], "channelIds": [other.id.to_string()] });
    let mut following = socket.subscribe(EVENTS, json!({ "after": cursor, "filter": filter })).unwrap();
    place.write(&chat, "visitor", "unheard").await;
    place.write(&other, "visitor", "heard").await;
    let heard = events(&mut following, &mut cursor, 1).await;
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0]["entity"]["text"], "heard");

    let page =
        "query($after: LogCursor!) { events(after: $after, filter: { kinds: [] }, first: 100) { prev cursor hasMore events { seq } } }";
    let page = client.post(page, json!({ "after": start })).await.unwrap().ok().unwrap()["events"].clone();
    assert_eq!((&page["events"], &page["hasMore"], &page["prev"]), (&json!([]), &json!(false), &json!(start)));
    assert_eq!(page["cursor"], place.cursor(&client).await);
}

/// F9, over the API: a writer on another node is paused between its number and its commit. SQLite has one writer only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_paused_writer_has_numbered_comes_first() {
    let place = Place::start(Backend::Servers).await;
    place.add_person("ada@example.org", Role::Agent).await;
    let chat = place.add_channel("Chat", None).await;
    let (client, _) = place.sign_in("ada@example.org").await;
    let mut cursor = place.cursor(&client).await;
    let socket = client.socket().await.unwrap();
    let mut following = socket.subscribe(EVENTS, json!({ "after": cursor })).unwrap();

    let (paused, goes_on) = (CancellationToken::new(), CancellationToken::new());
    let hook = {
        let (paused, goes_on) = (paused.clone(), goes_on.clone());
        move |_| -> BoxFuture<'static, ()> {
            let (paused, goes_on) = (paused.clone(), goes_on.clone());
            Box::pin(async move {
                paused.cancel();
                goes_on.cancelled().await
            })
        }
    };
    let (other, _) = crate::store_contract::place::connect(&place.ground.url, Some(Arc::new(hook))).await.unwrap();
    let workspace = place.workspace;
    let first = tokio::spawn(async move {
        let mut tx = other.write(workspace).await.unwrap();
        tag::create(&mut tx, &Actor::system(workspace), NewTag { client_id: "t".into(), name: "paused".into(), colour: "#aa0000".into() })
            .await
            .unwrap();
        tx.commit().await.unwrap();
    });
    paused.cancelled().await;
    let second = place.write(&chat, "visitor", "later");
    tokio::pin!(second);
    // It waits for the other one's lock, and nobody hears of either.
    assert!(futures_util::poll!(&mut second).is_pending());
    assert_eq!(following.try_next(), None);
    goes_on.cancel();
    first.await.unwrap();
    second.await;
    let mut heard = Vec::new();
    while !heard.iter().any(|event: &Value| event["entity"]["text"] == "later") {
        heard.extend(events(&mut following, &mut cursor, 1).await);
    }
    assert_eq!(heard[0]["kind"], "TAG_CHANGED");
    let seqs: Vec<_> = heard.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seqs:?}");
}
