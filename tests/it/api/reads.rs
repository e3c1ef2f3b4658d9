//! Everything that can be asked can be answered.

use serde_json::json;

use super::schema::Schema;
use crate::{
    backend::{Backend, on_both},
    foreign::things::furnish,
    live::place::Place,
};

on_both![every_field_can_be_read];

/// How many objects deep: a connection, its rows, what stands in them, and what stands in that.
const DEPTH: usize = 4;

async fn every_field_can_be_read(backend: Backend) {
    let place = Place::start(backend).await;
    let (client, _) = furnish(&place, "word").await;
    let schema = Schema::served();
    let documents: Vec<_> = schema.fields("Query").iter().filter_map(|field| schema.whole(&field.node, DEPTH)).collect();
    assert!(documents.len() > 15, "the root was not read: {documents:?}");
    for document in documents {
        let answer = client.post(&document, json!({})).await.unwrap().body;
        assert!(answer["errors"].is_null() && !answer["data"].is_null(), "{document}: {}", answer["errors"]);
    }
}
