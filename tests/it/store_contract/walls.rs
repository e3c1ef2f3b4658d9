//! No workspace reaches another's rows.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement};
use tributary_domain::{
    entity::{interaction, lane, tag},
    ids::InteractionId,
    store::{Conn, Store},
};

use super::{
    place::Place,
    seed::{Seed, add_interaction, add_tag, seed},
};

pub(super) async fn foreign_rows_are_out_of_reach(place: &Place) {
    let (ours, theirs) = (seed(&place.store).await, seed(&place.store).await);
    let tx = place.store.write(theirs.workspace).await.unwrap();
    let foreign = add_tag(&tx, "theirs").await;
    tx.commit().await.unwrap();

    let tx = place.store.write(ours.workspace).await.unwrap();
    assert!(tag::in_workspace(ours.workspace).all(tx.conn()).await.unwrap().is_empty());
    assert!(tag::by_id(ours.workspace, foreign).one(tx.conn()).await.unwrap().is_none());
    let rename = tag::ActiveModel { name: Set("ours".to_owned()), ..Default::default() };
    let renamed = tag::updates(ours.workspace).filter(tag::Column::Id.eq(foreign)).set(rename).exec(tx.conn()).await.unwrap();
    assert_eq!(renamed.rows_affected, 0);
    let deleted = tag::deletes(ours.workspace).filter(tag::Column::Id.eq(foreign)).exec(tx.conn()).await.unwrap();
    assert_eq!(deleted.rows_affected, 0);
    tx.commit().await.unwrap();

    // A row cannot hang on a foreign one either: references carry the workspace.
    let tx = place.store.write(ours.workspace).await.unwrap();
    let mixed = Seed { workspace: ours.workspace, ..theirs };
    let row = lane::ActiveModel {
        workspace_id: Set(ours.workspace),
        interaction_id: Set(InteractionId::from(foreign.uuid())),
        channel_id: Set(mixed.channel),
        pending: Set(0),
        owner: Set(None),
        fence: Set(0),
        lease_until: Set(None),
        next_at: Set(tx.now()),
    };
    let refused = lane::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap_err();
    assert!(matches!(refused.sql_err(), Some(sea_orm::SqlErr::ForeignKeyConstraintViolation(_))), "{refused}");
}

async fn count(conn: &Conn, sql: &str) -> i64 {
    let statement = Statement::from_string(conn.get_database_backend(), sql);
    conn.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// The first wall is taken away: statements without any scope. SQLite serves one tenant per file and has no second wall,
/// so there only the first is left to test.
pub(super) async fn the_second_wall_holds_alone(place: &Place) {
    let (ours, theirs) = (seed(&place.store).await, seed(&place.store).await);
    let tx = place.store.write(theirs.workspace).await.unwrap();
    add_tag(&tx, "theirs").await;
    tx.commit().await.unwrap();
    if place.store.backend() != DbBackend::Postgres {
        let read = place.store.read(ours.workspace).await.unwrap();
        assert!(tag::in_workspace(ours.workspace).all(read.conn()).await.unwrap().is_empty());
        return;
    }
    let owner = sea_orm::Database::connect(&place.owner_url).await.unwrap();
    let sql = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace \
               AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY relname";
    let open = owner.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    let open: Vec<String> = open.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(open, ["directory", "seaql_migrations", "workspace"], "every other table has its wall");
    let orphan: Vec<_> = owner.query_all_raw(Statement::from_string(DbBackend::Postgres, "SELECT 1 FROM tag")).await.unwrap();
    assert!(orphan.is_empty(), "even the owner sees nothing without a scope");

    let read = place.store.read(ours.workspace).await.unwrap();
    for table in ["tag", "inbox", "person", "channel", "contact", "contact_identity", "workspace_head", "event_log"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE workspace_id <> '{}'", ours.workspace.uuid());
        assert_eq!(count(read.conn(), &sql).await, 0, "{table}");
    }
    assert_eq!(count(read.conn(), "SELECT count(*) FROM inbox").await, 1, "and our own rows are there");
    drop(read);

    let tx = place.store.write(ours.workspace).await.unwrap();
    let changed = tx.conn().execute_unprepared("UPDATE tag SET name = 'ours'").await.unwrap();
    assert_eq!(changed.rows_affected(), 0);
    let deleted = tx.conn().execute_unprepared("DELETE FROM tag").await.unwrap();
    assert_eq!(deleted.rows_affected(), 0);
    let smuggled = format!(
        "INSERT INTO tag (workspace_id, id, name, name_folded, colour, version) VALUES ('{}', gen_random_uuid(), 'x', 'x', 'x', 0)",
        theirs.workspace.uuid()
    );
    let refused = tx.conn().execute_unprepared(&smuggled).await.unwrap_err();
    assert!(refused.to_string().contains("row-level security"), "{refused}");
    drop(tx);

    // The setting ends with its transaction: a connection that returns to the pool is bound to nobody.
    let bare = sea_orm::Database::connect(&place.url).await.unwrap();
    let unset = bare.query_all_raw(Statement::from_string(DbBackend::Postgres, "SELECT 1 FROM inbox")).await.unwrap();
    assert!(unset.is_empty());
}

async fn add_lane(store: &Store, seed: &Seed) -> InteractionId {
    let tx = store.write(seed.workspace).await.unwrap();
    let interaction = add_interaction(&tx, seed, 1).await;
    let row = lane::ActiveModel {
        workspace_id: Set(seed.workspace),
        interaction_id: Set(interaction),
        channel_id: Set(seed.channel),
        pending: Set(1),
        owner: Set(None),
        fence: Set(0),
        lease_until: Set(None),
        next_at: Set(tx.now()),
    };
    lane::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    interaction
}

pub(super) async fn a_worker_sees_work_and_nothing_else(place: &Place) {
    let (one, other) = (seed(&place.store).await, seed(&place.store).await);
    let interaction = add_lane(&place.store, &one).await;
    add_lane(&place.store, &other).await;

    let work = place.store.work().await.unwrap();
    let lanes = work.lanes().all(work.conn()).await.unwrap();
    assert_eq!(lanes.len(), 2, "of both workspaces");
    let claim = lane::ActiveModel { owner: Set(Some("node".to_owned())), fence: Set(1), ..Default::default() };
    let claimed = work.claim_lanes().filter(lane::Column::InteractionId.eq(interaction)).set(claim).exec(work.conn()).await.unwrap();
    assert_eq!(claimed.rows_affected, 1);
    assert!(work.raw_inbound().all(work.conn()).await.unwrap().is_empty());
    assert!(work.ingress_positions().all(work.conn()).await.unwrap().is_empty());
    if place.store.backend() == DbBackend::Postgres {
        for table in ["interaction", "message", "contact", "channel", "workspace_head"] {
            assert_eq!(count(work.conn(), &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
        }
        let deleted = work.conn().execute_unprepared("DELETE FROM lane").await.unwrap();
        assert_eq!(deleted.rows_affected(), 0, "claiming is not deleting");
    }
    assert!(work.now() >= place.store.clock().now() || place.store.backend() == DbBackend::Postgres);
    work.commit().await.unwrap();

    let read = place.store.read(one.workspace).await.unwrap();
    let row = lane::in_workspace(one.workspace).one(read.conn()).await.unwrap().unwrap();
    assert_eq!((row.owner.as_deref(), row.fence), (Some("node"), 1));
    assert!(interaction::by_id(other.workspace, interaction).one(read.conn()).await.unwrap().is_none());
}

pub(super) async fn a_snapshot_cannot_write(place: &Place) {
    let seed = seed(&place.store).await;
    let read = place.store.read(seed.workspace).await.unwrap();
    let rename = tag::ActiveModel { name: Set("x".to_owned()), ..Default::default() };
    assert!(tag::updates(seed.workspace).set(rename).exec(read.conn()).await.is_err());
}
