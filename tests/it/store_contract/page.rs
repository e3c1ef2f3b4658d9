//! Keyset pages: nothing twice, nothing left out, however rows move.

use chrono::Duration;
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter, sea_query::Order};
use tributary_domain::{
    Error,
    entity::interaction::{self, Column, Entity, Priority},
    ids::InteractionId,
    store::page::{PageRequest, Sort},
};

use super::{
    place::Place,
    seed::{Seed, add_interaction, seed},
};

fn by_activity() -> Sort<Entity> {
    Sort::new("by activity", [(Column::LastActivityAt, Order::Desc), (Column::Id, Order::Desc)])
}

/// Several rows share a time, so that the second column matters.
async fn fill(place: &Place, seed: &Seed, count: i64) {
    for number in 1..=count {
        let tx = place.store.write(seed.workspace).await.unwrap();
        let id = add_interaction(&tx, seed, number).await;
        let priority = if number % 2 == 0 { Priority::Low } else { Priority::Urgent };
        let change = interaction::ActiveModel { priority: Set(priority), ..Default::default() };
        interaction::updates(seed.workspace).filter(Column::Id.eq(id)).set(change).exec(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        if number % 4 == 0 {
            place.clock.advance(Duration::microseconds(10));
        }
    }
}

async fn expected(place: &Place, seed: &Seed) -> Vec<InteractionId> {
    let read = place.store.read(seed.workspace).await.unwrap();
    let mut rows = interaction::in_workspace(seed.workspace).all(read.conn()).await.unwrap();
    rows.sort_by_key(|row| std::cmp::Reverse((row.last_activity_at, row.id)));
    rows.into_iter().map(|row| row.id).collect()
}

pub(super) async fn pages_neither_skip_nor_repeat(place: &Place) {
    let seed = seed(&place.store).await;
    fill(place, &seed, 23).await;
    let all = expected(place, &seed).await;
    let read = place.store.read(seed.workspace).await.unwrap();
    let query = || interaction::in_workspace(seed.workspace);

    let mut found = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest::new(Some(5), after.clone(), None, None, 100).unwrap();
        let page = by_activity().page(query(), &request, read.conn()).await.unwrap();
        assert_eq!(page.has_previous, after.is_some());
        assert_eq!(page.items.len(), page.cursors.len());
        after = page.cursors.last().cloned();
        found.extend(page.items.iter().map(|row| row.id));
        if !page.has_next {
            break;
        }
    }
    assert_eq!(found, all);
    drop(read);

    // A row that comes in front shifts nothing.
    place.clock.advance(Duration::seconds(1));
    let tx = place.store.write(seed.workspace).await.unwrap();
    add_interaction(&tx, &seed, 99).await;
    tx.commit().await.unwrap();
    let read = place.store.read(seed.workspace).await.unwrap();
    let first = by_activity().page(query(), &PageRequest::first(1), read.conn()).await.unwrap();
    let request = PageRequest::new(Some(100), first.cursors.first().cloned(), None, None, 100).unwrap();
    let page = by_activity().page(query(), &request, read.conn()).await.unwrap().map(|row| row.id);
    assert_eq!((page.items, page.has_next), (all, false));
}

pub(super) async fn both_directions_and_mixed_orders_work(place: &Place) {
    let seed = seed(&place.store).await;
    fill(place, &seed, 14).await;
    let all = expected(place, &seed).await;
    let read = place.store.read(seed.workspace).await.unwrap();
    let query = || interaction::in_workspace(seed.workspace);

    let request = PageRequest::new(None, None, Some(4), None, 100).unwrap();
    let last = by_activity().page(query(), &request, read.conn()).await.unwrap();
    assert_eq!(last.items.iter().map(|row| row.id).collect::<Vec<_>>(), all[10..]);
    assert!(last.has_previous && !last.has_next);
    let request = PageRequest::new(None, None, Some(20), last.cursors.first().cloned(), 100).unwrap();
    let rest = by_activity().page(query(), &request, read.conn()).await.unwrap();
    assert_eq!(rest.items.iter().map(|row| row.id).collect::<Vec<_>>(), all[..10]);
    assert!(!rest.has_previous && rest.has_next);

    let mixed =
        || Sort::<Entity>::new("mixed", [(Column::Priority, Order::Desc), (Column::LastActivityAt, Order::Asc), (Column::Id, Order::Desc)]);
    let whole = mixed().page(query(), &PageRequest::first(100), read.conn()).await.unwrap();
    assert!(whole.items.is_sorted_by_key(|row| (std::cmp::Reverse(row.priority), row.last_activity_at, std::cmp::Reverse(row.id))));
    for cut in 0..14 {
        let request = PageRequest::new(Some(100), Some(whole.cursors[cut].clone()), None, None, 100).unwrap();
        let page = mixed().page(query(), &request, read.conn()).await.unwrap();
        assert_eq!(page.items, whole.items[cut + 1..], "after {cut}");
        let request = PageRequest::new(None, None, Some(100), Some(whole.cursors[cut].clone()), 100).unwrap();
        let page = mixed().page(query(), &request, read.conn()).await.unwrap();
        assert_eq!(page.items, whole.items[..cut], "before {cut}");
    }
}

pub(super) async fn a_foreign_cursor_is_refused(place: &Place) {
    let seed = seed(&place.store).await;
    fill(place, &seed, 2).await;
    let read = place.store.read(seed.workspace).await.unwrap();
    let query = || interaction::in_workspace(seed.workspace);
    let other = Sort::<Entity>::new("by number", [(Column::Number, Order::Asc)]);
    let cursor = other.page(query(), &PageRequest::first(1), read.conn()).await.unwrap().cursors.remove(0);
    for wrong in [cursor.as_str(), "", "x", "'; DROP TABLE tag; --"] {
        let request = PageRequest::new(Some(5), Some(wrong.to_owned()), None, None, 100).unwrap();
        let refused = by_activity().page(query(), &request, read.conn()).await;
        assert!(matches!(&refused, Err(Error::Invalid { field, .. }) if field == "after"), "{wrong:?}: {refused:?}");
    }
    for (first, last) in [(None, None), (Some(1), Some(1)), (Some(0), None), (Some(-1), None), (Some(101), None), (None, Some(101))] {
        assert!(matches!(PageRequest::new(first, None, last, None, 100), Err(Error::Invalid { .. })), "{first:?} {last:?}");
    }
}
