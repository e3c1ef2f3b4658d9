//! Tables, types, statements.

use chrono::Duration;
use futures_util::{FutureExt, TryFutureExt};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement};
use tributary_domain::{
    entity,
    event::ActorRef,
    inbound::{InboundEvent, Receipt, ReceiptFailure},
    state::DeliveryState,
};

use super::{
    place::Place,
    seed::{add_interaction, add_message, new, seed, text},
};

pub(super) async fn the_schema_is_made_once(place: &Place) {
    assert!(tributary_migrations::is_current(&place.url).await.unwrap());
    // Again, and several at once: nothing happens.
    let again = (0..4).map(|_| tributary_migrations::migrate(&place.owner_url));
    for outcome in futures_util::future::join_all(again).await {
        outcome.unwrap();
    }
}

pub(super) async fn every_table_can_be_read(place: &Place) {
    let seed = seed(&place.store).await;
    let read = place.store.read(seed.workspace).await.unwrap();
    macro_rules! each {
        ($($table:ident)*) => { $(
            entity::$table::in_workspace(seed.workspace).all(read.conn()).await.unwrap_or_else(|error| panic!("{}: {error}", stringify!($table)));
        )* };
    }
    each!(api_client attachment audit channel contact contact_identity contact_merge data_key dead_letter event_log idempotency inbox
        ingress_position interaction interaction_counter interaction_relation interaction_tag lane message outbound parked_event person person_skill
        raw_inbound reaction read_mark script search_document seen_event session skill tag team team_member view workspace_head);
    assert_eq!(place.store.workspaces().await.unwrap().len(), 1);
    place.store.ping().await.unwrap();
}

/// A caller may go away at any point of a beginning; the connection must not keep a transaction that nobody ends, or what
/// the next one writes on it is lost.
pub(super) async fn a_beginning_that_is_given_up_leaves_nothing_open(place: &Place) {
    let seed = seed(&place.store).await;
    let mut given_up = 0;
    for steps in 0..300 {
        let mut beginnings =
            [place.store.read(seed.workspace).map_ok(drop).boxed(), place.store.write(seed.workspace).map_ok(drop).boxed()];
        for beginning in &mut beginnings {
            let mut is_over = false;
            for _ in 0..steps {
                is_over = is_over || futures_util::poll!(&mut *beginning).is_ready();
                tokio::task::yield_now().await;
            }
            given_up += usize::from(!is_over);
        }
    }
    assert!(given_up > 0);
    if place.store.backend() == DbBackend::Postgres {
        // The same user: what others do is not shown.
        let beside = tributary_tests::postgres::connect(&place.url).await.unwrap();
        let mut left = 0;
        let open = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        // What was given up is rolled back by tasks of its own.
        for _ in 0..1_000 {
            let row = beside.query_one_raw(Statement::from_string(DbBackend::Postgres, open)).await.unwrap().unwrap();
            left = row.try_get::<i64>("", "n").unwrap();
            if left == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(left, 0, "transactions were left open");
        beside.close().await.unwrap();
    }
    // Every connection is as good as new.
    for round in 0..40 {
        place.store.read(seed.workspace).await.unwrap();
        let tx = place.store.write(seed.workspace).await.unwrap();
        add_interaction(&tx, &seed, round).await;
        tx.commit().await.unwrap();
    }
    let kept = place.store.read(seed.workspace).await.unwrap();
    assert_eq!(entity::interaction::in_workspace(seed.workspace).all(kept.conn()).await.unwrap().len(), 40);
}

pub(super) async fn every_type_comes_back(place: &Place) {
    let seed = seed(&place.store).await;
    let tx = place.store.write(seed.workspace).await.unwrap();
    let interaction = add_interaction(&tx, &seed, 1).await;
    let written = add_message(&tx, &seed, interaction, text("Grüße 👋 \u{0} 'x'")).await;
    let receipt = Receipt {
        message: "m".into(),
        client_reference: None,
        state: DeliveryState::Failed,
        failure: Some(ReceiptFailure { code: "X".to_owned(), detail: None }),
        at: tx.now() + Duration::microseconds(1),
        is_watermark: true,
    };
    let parked = entity::parked_event::ActiveModel {
        workspace_id: Set(seed.workspace),
        id: Set(new()),
        channel_id: Set(seed.channel),
        external_id: Set("m".into()),
        event: Set(InboundEvent::Receipt(receipt.clone()).into()),
        received_at: Set(tx.now()),
    };
    entity::parked_event::Entity::insert(parked).exec_without_returning(tx.conn()).await.unwrap();
    let remembered = entity::idempotency::ActiveModel {
        workspace_id: Set(seed.workspace),
        actor: Set(ActorRef::Person(seed.person)),
        client_id: Set("c1".to_owned()),
        operation: Set("sendMessage".to_owned()),
        result_id: Set(written.id.uuid()),
        at: Set(tx.now()),
    };
    entity::idempotency::Entity::insert(remembered).exec_without_returning(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();

    let read = place.store.read(seed.workspace).await.unwrap();
    let message = entity::message::by_id(seed.workspace, written.id).one(read.conn()).await.unwrap().unwrap();
    assert_eq!(message, written);
    assert_eq!(*message.content, text("Grüße 👋 \u{fffd} 'x'"), "the one character that PostgreSQL cannot keep");
    assert_eq!(*message.mentions, [seed.person]);
    assert_eq!(message.at, place.store.clock().as_ref().now(), "to the microsecond");
    let interaction = entity::interaction::by_id(seed.workspace, interaction).one(read.conn()).await.unwrap().unwrap();
    assert_eq!(interaction.priority, entity::interaction::Priority::High);
    assert_eq!(interaction.waiting_since, Some(message.at));
    let channel = entity::channel::by_id(seed.workspace, seed.channel).one(read.conn()).await.unwrap().unwrap();
    assert_eq!(channel.settings["colour"], "#123");
    let parked = entity::parked_event::in_workspace(seed.workspace).one(read.conn()).await.unwrap().unwrap();
    assert_eq!(*parked.event, InboundEvent::Receipt(receipt));
    let by_actor =
        entity::idempotency::in_workspace(seed.workspace).filter(entity::idempotency::Column::Actor.eq(ActorRef::Person(seed.person)));
    assert_eq!(by_actor.one(read.conn()).await.unwrap().unwrap().client_id, "c1");
    // Times compare as times.
    let column = entity::message::Column::At;
    let later = |than| entity::message::in_workspace(seed.workspace).filter(column.gt(than));
    assert!(later(message.at).one(read.conn()).await.unwrap().is_none());
    assert!(later(message.at - Duration::microseconds(1)).one(read.conn()).await.unwrap().is_some());
    assert!(later(message.at - Duration::microseconds(123_456)).one(read.conn()).await.unwrap().is_some());
}

pub(super) async fn statements_are_counted(place: &Place) {
    let seed = seed(&place.store).await;
    let before = place.store.statements();
    let read = place.store.read(seed.workspace).await.unwrap();
    entity::inbox::in_workspace(seed.workspace).all(read.conn()).await.unwrap();
    entity::channel::in_workspace(seed.workspace).all(read.conn()).await.unwrap();
    assert_eq!(place.store.statements() - before, 2);
}
