//! Full-text search over messages, contacts and references.

use sea_orm::sea_query::Order;
use tributary_domain::{
    entity::search_document::{Column, Entity},
    event::EntityType,
    store::{
        page::{PageRequest, Sort},
        search::{self, Document},
    },
};
use uuid::Uuid;

use super::{place::Place, seed::seed};

pub(super) async fn words_are_found_as_people_type_them(place: &Place) {
    let (ours, theirs) = (seed(&place.store).await, seed(&place.store).await);
    let texts = ["Die Grüße von Jürgen", "Rechnung T-1042 an anna.lena@example.org", "Привет мир", "'; DROP TABLE tag; -- \" * ( & |"];
    let mut ids = Vec::new();
    for workspace in [ours.workspace, theirs.workspace] {
        let tx = place.store.write(workspace).await.unwrap();
        for text in texts {
            let id = Uuid::now_v7();
            ids.push(id);
            let document =
                Document { entity_type: EntityType::Message, entity_id: id, interaction_id: None, text: text.to_owned(), at: tx.now() };
            search::index(&tx, vec![document]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    let sort = Sort::<Entity>::new("found", [(Column::At, Order::Desc), (Column::EntityId, Order::Desc)]);
    let found = async |question: &str| {
        let read = place.store.read(ours.workspace).await.unwrap();
        let query = search::matching(&read, question)?;
        let page = sort.page(query, &PageRequest::first(10), read.conn()).await.unwrap();
        Some(page.items.iter().map(|row| ids.iter().position(|id| *id == row.entity_id).unwrap()).collect::<Vec<_>>())
    };
    for (question, expected) in [
        ("grusse", vec![0]),
        ("GRÜSSE jürg", vec![0]),
        ("von die", vec![0]),
        ("T-1042", vec![1]),
        ("1042", vec![1]),
        ("example.org", vec![1]),
        ("lena", vec![1]),
        ("прив", vec![2]),
        ("drop table", vec![3]),
        ("rechnung jürgen", vec![]),
        ("ürgen", vec![]),
        ("zz' OR '1'='1", vec![]),
    ] {
        assert_eq!(found(question).await, Some(expected), "{question}");
    }
    for nothing in ["", " ", "-- \" * ( & | ! :"] {
        assert_eq!(found(nothing).await, None, "{nothing}");
    }

    let tx = place.store.write(ours.workspace).await.unwrap();
    let changed =
        Document { entity_type: EntityType::Message, entity_id: ids[0], interaction_id: None, text: "anders".to_owned(), at: tx.now() };
    search::index(&tx, vec![changed]).await.unwrap();
    search::forget(&tx, EntityType::Message, ids[1]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(found("grusse").await, Some(vec![]), "the old words are forgotten");
    assert_eq!(found("anders").await, Some(vec![0]));
    assert_eq!(found("rechnung").await, Some(vec![]));
}
