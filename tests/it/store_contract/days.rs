//! The event log by days, which only PostgreSQL has: made ahead, dropped as a whole, out of reach by their own names.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use chrono::{Duration, NaiveDate};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tributary_domain::{
    Error,
    event::{
        Position, Seq,
        log::{self, RETENTION},
    },
    ids::WorkspaceId,
};
use tributary_tests::postgres::connect;

use super::{
    log::commit_events,
    place::Place,
    seed::{Seed, seed},
};

/// How many events of a workspace lie in which partition.
async fn partitions(place: &Place, workspace: WorkspaceId) -> BTreeMap<String, i64> {
    let read = place.store.read(workspace).await.unwrap();
    let sql = "SELECT tableoid::regclass::text, count(*) FROM event_log GROUP BY 1";
    let rows = read.conn().query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    rows.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())).collect()
}

fn of(day: NaiveDate) -> String {
    format!("event_log_{}", day.format("%Y%m%d"))
}

/// A log with `each` events on each of four days, of which the first has no partition; the clock stands on the last one.
async fn four_days(place: &Place, each: usize) -> (Seed, NaiveDate) {
    let seed = seed(&place.store).await;
    let first = place.store.clock().now();
    assert_eq!(log::turn_days(&place.store, first).await.unwrap(), 0);
    for day in 0..4 {
        place.clock.advance(Duration::days(i64::from(day > 0)));
        commit_events(&place.store, seed.workspace, each).await;
    }
    (seed, first.date_naive())
}

async fn is_reset(place: &Place, workspace: WorkspaceId, seq: i64) -> bool {
    let read = place.store.read(workspace).await.unwrap();
    let position = Position { seq: Seq(seq), ..read.position().await.unwrap() };
    match log::check(&read, position).await {
        Ok(()) => false,
        Err(Error::StreamReset) => true,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_made_ahead_and_go_as_a_whole() {
    let place = Place::postgres().await;
    let (seed, first) = four_days(&place, 10).await;
    let expected: BTreeMap<_, _> = std::iter::once("event_log_default".to_owned())
        .chain((1..4).map(|day| of(first + Duration::days(day))))
        .map(|name| (name, 10))
        .collect();
    assert_eq!(partitions(&place, seed.workspace).await, expected, "what has no partition yet is stored all the same");

    // By two nodes at once, and again.
    let now = place.store.clock().now();
    let (one, other) = tokio::join!(log::turn_days(&place.store, now), log::turn_days(&place.store, now));
    assert_eq!((one.unwrap(), other.unwrap()), (0, 0));
    assert!(!is_reset(&place, seed.workspace, 0).await);

    // The end of the second day, which is the first one with a partition.
    place.clock.advance(RETENTION - Duration::days(1));
    let now = place.store.clock().now();
    assert_eq!(log::turn_days(&place.store, now).await.unwrap(), 1);
    assert_eq!(log::turn_days(&place.store, now).await.unwrap(), 0);
    assert_eq!(log::prune(&place.store, seed.workspace, now).await.unwrap(), 10, "those of the default partition");
    let left: Vec<_> = partitions(&place, seed.workspace).await.into_iter().collect();
    assert_eq!(left, [(of(first + Duration::days(2)), 10), (of(first + Duration::days(3)), 10)]);
    for gone in [0, 9, 10, 19] {
        assert!(is_reset(&place, seed.workspace, gone).await, "{gone}");
    }
    for kept in [20, 21, 40] {
        assert!(!is_reset(&place, seed.workspace, kept).await, "{kept}");
    }
}

/// Housekeeping stood still, so the day's events are where everything goes that has no partition: they stay there.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_has_begun_without_a_partition_does_without_one() {
    let place = Place::postgres().await;
    let seed = seed(&place.store).await;
    let yesterday = place.store.clock().now();
    place.clock.advance(Duration::days(1));
    commit_events(&place.store, seed.workspace, 3).await;
    log::turn_days(&place.store, yesterday).await.unwrap();
    commit_events(&place.store, seed.workspace, 3).await;
    assert_eq!(partitions(&place, seed.workspace).await, BTreeMap::from([("event_log_default".to_owned(), 6)]));
    place.clock.advance(Duration::days(1));
    commit_events(&place.store, seed.workspace, 3).await;
    let tomorrow = of(place.store.clock().now().date_naive());
    assert_eq!(partitions(&place, seed.workspace).await.get(&tomorrow), Some(&3), "the next one has its own");
}

/// A node's clock was behind: its event has a later number and an earlier day than its neighbours.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_passes_over_a_hole() {
    let place = Place::postgres().await;
    let (seed, _) = four_days(&place, 2).await;
    place.clock.advance(Duration::days(-1));
    commit_events(&place.store, seed.workspace, 1).await;
    place.clock.advance(Duration::days(1));
    commit_events(&place.store, seed.workspace, 2).await;
    place.clock.advance(RETENTION);
    let now = place.store.clock().now();
    assert_eq!(log::turn_days(&place.store, now).await.unwrap(), 2);
    log::prune(&place.store, seed.workspace, now).await.unwrap();

    let read = place.store.read(seed.workspace).await.unwrap();
    let numbers = |events: Vec<tributary_domain::event::Event>| events.iter().map(|event| event.seq.0).collect::<Vec<_>>();
    assert_eq!(numbers(log::after(&read, Seq(6), 10).await.unwrap()), [7, 8], "up to the hole");
    assert!(matches!(log::after(&read, Seq(8), 10).await, Err(Error::StreamReset)));
    assert_eq!(numbers(log::after(&read, Seq(9), 10).await.unwrap()), [10, 11]);
    assert!(log::after(&read, Seq(11), 10).await.unwrap().is_empty());
}

/// Whoever names a day finds a closed door, and behind it a second one.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_reached_through_the_log_only() {
    let place = Place::postgres().await;
    let (ours, first) = four_days(&place, 2).await;
    let theirs = seed(&place.store).await;
    let owner = connect(&place.owner_url).await.unwrap();
    for part in ["event_log_default".to_owned(), of(first + Duration::days(1))] {
        for workspace in [ours.workspace, theirs.workspace] {
            for sql in [format!("SELECT 1 FROM {part}"), format!("DELETE FROM {part}"), format!("DROP TABLE {part}")] {
                let tx = place.store.write(workspace).await.unwrap();
                let refused = tx.conn().execute_unprepared(&sql).await.unwrap_err().to_string();
                assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{sql}: {refused}");
            }
        }
        // The owner has every right, and still sees nothing.
        let scoped = format!("SELECT set_config('tributary.workspace', '{}', false)", ours.workspace.uuid());
        owner.execute_unprepared(&scoped).await.unwrap();
        let seen = owner.query_all_raw(Statement::from_string(DbBackend::Postgres, format!("SELECT 1 FROM {part}"))).await.unwrap();
        assert!(seen.is_empty(), "{part}");
    }
    assert!(partitions(&place, theirs.workspace).await.is_empty());
    assert_eq!(partitions(&place, ours.workspace).await.values().sum::<i64>(), 8, "nothing has gone");

    // Whoever can make functions and tables of his own in another schema cannot lead ours astray.
    let sql = "SELECT bool_and(prosecdef AND array_to_string(proconfig, ' ') LIKE '%search_path=public, pg_temp%') \
               FROM pg_proc WHERE proname LIKE 'event_log_%'";
    let row = owner.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    assert!(row.try_get_by_index::<bool>(0).unwrap());
}

/// Reading on is a walk along the key in every day that has rows, and not a search through the days.
#[tokio::test(flavor = "multi_thread")]
async fn reading_on_goes_along_the_key() {
    let place = Place::postgres().await;
    let (seed, _) = four_days(&place, 2_000).await;
    for _ in 0..2 {
        let other = super::seed::seed(&place.store).await;
        commit_events(&place.store, other.workspace, 2_000).await;
    }
    connect(&place.owner_url).await.unwrap().execute_unprepared("ANALYZE").await.unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    place.store.watch_statements(Box::new(move |statement| noted.lock().unwrap().push(statement.clone())));
    let read = place.store.read(seed.workspace).await.unwrap();
    assert_eq!(log::after(&read, Seq(5_000), 200).await.unwrap().len(), 200);
    let statement = asked.lock().unwrap().pop().unwrap();
    assert!(statement.sql.contains("event_log"), "{statement}");
    let plan = crate::plans::explained(&read, &statement).await;
    assert!(plan.contains("Merge Append") && plan.contains("Index Scan"), "{plan}");
    // A sort of its own, and not the key by which the days are merged.
    assert!(!plan.contains("Seq Scan") && !plan.contains("->  Sort"), "{plan}");
}
