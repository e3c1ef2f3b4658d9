//! How the database goes about the statements that are asked most: along an index, in its order.

use std::sync::{Arc, Mutex};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use tributary_domain::{actor::Role, store::Read};

use crate::{
    backend::{Backend, on_both},
    live::place::Place,
};

on_both!(lists_follow_their_indices, how_the_work_stands_is_read_along_indices);

/// The database's plan for a statement, one step a line.
pub(crate) async fn explained(read: &Read, statement: &Statement) -> String {
    let asking = if statement.db_backend == DbBackend::Postgres { "EXPLAIN" } else { "EXPLAIN QUERY PLAN" };
    let statement = Statement { sql: format!("{asking} {}", statement.sql), ..statement.clone() };
    let rows = read.conn().query_all_raw(statement.clone()).await.unwrap();
    let column = if statement.db_backend == DbBackend::Postgres { "QUERY PLAN" } else { "detail" };
    rows.iter().map(|row| row.try_get::<String>("", column).unwrap()).collect::<Vec<_>>().join("\n")
}

/// The pages of the inbox in their orders and with their filters, and a thread. There are few rows here, so PostgreSQL is told
/// not to read and sort them all where there is another way: what it does then is what it does with many.
async fn lists_follow_their_indices(backend: Backend) {
    let place = Place::start(backend).await;
    let ada = place.add_person("ada@example.org", Role::Admin).await;
    let (client, _) = place.sign_in("ada@example.org").await;
    let chat = place.add_channel("Chat", None).await;
    for n in 0..3 {
        place.write(&chat, &format!("visitor-{n}"), "moin").await;
    }
    let asked = Arc::new(Mutex::new(Vec::<Statement>::new()));
    let noted = asked.clone();
    place.app.store.watch_statements(Box::new(move |statement| noted.lock().unwrap().push(statement.clone())));
    let data =
        client.post("{ interactions(first: 9) { nodes { id contact { id } inbox { id } } } }", json!({})).await.unwrap().ok().unwrap();
    let row = data["interactions"]["nodes"][0].clone();
    let list = "query($filter: InteractionFilter, $sort: InteractionSort) {
        interactions(first: 2, filter: $filter, sort: $sort) { pageInfo { hasNextPage } nodes { id } } }";
    let thread = "query($id: ID!) { node(id: $id) { ... on Interaction { messages(last: 20) { nodes { id } } } } }";
    let cases: [(&str, Value, &str); 6] = [
        (list, json!({}), "interaction_activity"),
        (list, json!({ "sort": "PRIORITY" }), "interaction_priority"),
        (list, json!({ "filter": { "inboxIds": [row["inbox"]["id"]], "statuses": ["OPEN"] } }), "interaction_inbox"),
        (list, json!({ "filter": { "assigneeIds": [ada.to_string()], "statuses": ["OPEN"] } }), "interaction_assignee"),
        (list, json!({ "sort": "OLDEST_WAITING" }), "interaction_waiting"),
        (thread, json!({ "id": row["id"] }), "message_thread"),
    ];
    for (query, variables, index) in cases {
        asked.lock().unwrap().clear();
        client.post(query, variables.clone()).await.unwrap().ok().unwrap();
        let table = format!("FROM \"{}\"", index.split('_').next().unwrap());
        let is_list = |statement: &Statement| statement.sql.contains(&table) && statement.sql.contains("ORDER BY");
        let statement = asked.lock().unwrap().iter().find(|statement| is_list(statement)).expect(query).clone();
        let read = place.app.store.read(place.workspace).await.unwrap();
        if place.app.store.backend() == DbBackend::Postgres {
            let hint = "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off";
            read.conn().execute_unprepared(hint).await.unwrap();
        }
        let plan = explained(&read, &statement).await;
        assert!(plan.contains(index), "{variables}: {plan}\n{statement}");
        // The sets of a statement are gone through, the tables are not.
        for dear in ["Seq Scan", "Sort", "SCAN interaction", "SCAN message", "TEMP B-TREE"] {
            assert!(!plan.contains(dear), "{dear} for {variables}: {plan}\n{statement}");
        }
    }
}

/// The snapshot from which it is counted: no table of what has ever been is gone through.
async fn how_the_work_stands_is_read_along_indices(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Admin).await;
    let (client, _) = place.sign_in("ada@example.org").await;
    let chat = place.add_channel("Chat", None).await;
    place.write(&chat, "visitor", "moin").await;
    let socket = client.socket().await.unwrap();
    let asked = Arc::new(Mutex::new(Vec::<Statement>::new()));
    let noted = asked.clone();
    place.app.store.watch_statements(Box::new(move |statement| noted.lock().unwrap().push(statement.clone())));
    let metrics = "subscription { metrics(scope: { workspace: true }) { inboxes { waiting } } }";
    socket.subscribe(metrics, json!({})).unwrap().data().await.unwrap();
    let is_long = |statement: &&Statement| {
        ["interaction", "message", "event_log"].iter().any(|table| statement.sql.contains(&format!("FROM \"{table}\"")))
    };
    let long: Vec<Statement> = asked.lock().unwrap().iter().filter(is_long).cloned().collect();
    assert_eq!(long.len(), 5, "{long:?}");
    for statement in long {
        let read = place.app.store.read(place.workspace).await.unwrap();
        if place.app.store.backend() == DbBackend::Postgres {
            read.conn().execute_unprepared("SET LOCAL enable_seqscan = off").await.unwrap();
        }
        let plan = explained(&read, &statement).await;
        for dear in ["Seq Scan", "SCAN interaction", "SCAN message", "SCAN event_log", "SCAN outbound"] {
            assert!(!plan.contains(dear), "{dear}: {plan}\n{statement}");
        }
    }
}
