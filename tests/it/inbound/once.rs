//! Exactly once, whatever is repeated, shuffled, broken or interrupted.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel, sea_query::Expr};
use serde_json::json;
use tributary_channels::worker::Timing;
use tributary_domain::{
    ErrorCode,
    actor::Actor,
    channel::{Letters, StoredRaw, drop_letters, replay},
    clock::Clock,
    entity::{dead_letter::DeadLetterState, raw_inbound},
    event::EventKind,
    state::InteractionStatus,
};

use crate::{
    stage::{Heard, Stage, on_both, quick_timing},
    store_contract::place::Place,
};

on_both!(
    a_repeated_request_is_one_message,
    a_poison_item_harms_no_neighbour,
    what_nobody_can_read_becomes_a_dead_letter,
    a_new_worker_takes_over_what_was_stored,
    first_messages_at_once_open_one_interaction,
    text_of_any_kind_is_kept,
);

/// F10: five copies at the same time, in a second form too, and two workers.
async fn a_repeated_request_is_one_message(place: Place) {
    let stage = Stage::new(place).await;
    let data = Heard::new("m-1", "mara", "Hello").data(stage.clock.now());
    let posts = (0..5).map(|_| stage.post("event-1", "message.created", &data));
    let stored = futures_util::future::join_all(posts).await;
    assert_eq!(stored.iter().filter(|stored| matches!(stored, StoredRaw::New(_))).count(), 1, "{stored:?}");
    // The same message under other event ids, in shuffled batches.
    for rotation in 0..5_usize {
        let mut batch: Vec<_> = (0..4).map(|n| (format!("again-{rotation}-{n}"), "message.created", data.clone())).collect();
        batch.push((format!("other-{rotation}"), "message.created", Heard::new("m-2", "mara", "Second").data(stage.clock.now())));
        batch.rotate_left(rotation);
        stage.post_batch(&batch).await;
    }
    let second = stage.worker("second", Timing { lanes: 2, ..quick_timing() });
    let (one, other) = tokio::join!(stage.worker.ingest(), second.ingest());
    assert_eq!(one.unwrap() + other.unwrap(), 6);
    // What collided is tried again when its lease is over.
    stage.pass(16).await;
    stage.settle().await;

    let interactions = stage.interactions().await;
    assert_eq!(interactions.len(), 1);
    assert_eq!((interactions[0].inbound_count, interactions[0].message_count), (2, 2));
    assert_eq!(stage.thread(interactions[0].id).await.len(), 2);
    let events = stage.events().await;
    let count = |kind| events.iter().filter(|event| event.kind == kind).count();
    assert_eq!(count(EventKind::MessageReceived), 2);
    assert_eq!(count(EventKind::InteractionOpened), 1);
    assert_eq!(count(EventKind::ContactCreated), 1);
    assert_eq!(count(EventKind::ChannelHealthChanged), 1);
    assert!(stage.letters().await.is_empty());
}

async fn a_poison_item_harms_no_neighbour(place: Place) {
    let stage = Stage::new(place).await;
    let now = stage.clock.now();
    let good = |n: usize| (format!("event-{n}"), "message.created", Heard::new(&format!("m-{n}"), "mara", &format!("text {n}")).data(now));
    let poison = ("event-x".to_owned(), "message.created", json!({"direction": "sideways"}));
    stage.post_batch(&[good(1), poison, good(2), good(3)]).await;
    stage.settle().await;

    let interaction = stage.interactions().await[0].clone();
    assert_eq!(interaction.inbound_count, 3);
    let letters = stage.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].item, letters[0].state), (1, DeadLetterState::Open));
    assert!(letters[0].error.contains("direction"), "{}", letters[0].error);

    // Nobody has repaired anything: the same letter is open again, and nothing was stored twice.
    replay_all(&stage).await;
    stage.settle().await;
    let letters = stage.letters().await;
    assert_eq!((letters.len(), letters[0].state), (1, DeadLetterState::Open));
    assert_eq!(stage.interaction(interaction.id).await.inbound_count, 3);

    // Now the request is repaired, as a better parser would: the replay stores what was missing.
    let read = stage.store.read(stage.workspace).await.unwrap();
    let raw = raw_inbound::in_workspace(stage.workspace).one(read.conn()).await.unwrap().unwrap();
    drop(read);
    let repaired = String::from_utf8(raw.body.clone()).unwrap();
    let whole = Heard::new("m-x", "mara", "rescued").data(now).to_string();
    let repaired = repaired.replace("{\"direction\":\"sideways\"}", &whole);
    assert!(repaired.contains("rescued"));
    let tx = stage.store.write(stage.workspace).await.unwrap();
    let mut change = raw.into_active_model();
    change.body = Set(repaired.into_bytes());
    change.update(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    replay_all(&stage).await;
    stage.settle().await;
    assert_eq!(stage.letters().await[0].state, DeadLetterState::Replayed);
    assert_eq!(stage.interaction(interaction.id).await.inbound_count, 4);
    assert_eq!(stage.find("m-x").await.unwrap().text, "rescued");
}

async fn replay_all(stage: &Stage) {
    let (admin, channel) = (stage.admin.clone(), stage.channel);
    let replayed = stage.command(move |tx| {
        let admin = admin.clone();
        Box::pin(async move { replay(tx, &admin, Letters::OfChannel(channel)).await })
    });
    assert_eq!(replayed.await.unwrap().len(), 1);
}

/// What nobody can read is refused again for ever: it must not be tried for ever, and can be thrown away.
async fn what_nobody_can_read_becomes_a_dead_letter(place: Place) {
    let stage = Stage::new(place).await;
    stage.post("event-1", "message.created", &Heard::new("m-1", "mara", "Hello").data(stage.clock.now())).await;
    let tx = stage.store.write(stage.workspace).await.unwrap();
    let no_form = raw_inbound::updates(stage.workspace).col_expr(raw_inbound::Column::Form, Expr::value("unheard of"));
    no_form.exec(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    stage.settle().await;
    let letters = stage.letters().await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].error.contains("unknown form"), "{}", letters[0].error);
    stage.pass(3_600).await;
    assert_eq!(stage.worker.ingest().await.unwrap(), 0, "it is not tried again by itself");

    let (admin, agent, id) = (stage.admin.clone(), stage.agent.clone(), letters[0].id);
    let throw_away = |actor: Actor| {
        stage.command(move |tx| {
            let actor = actor.clone();
            Box::pin(async move { drop_letters(tx, &actor, Letters::Ids(vec![id])).await })
        })
    };
    assert_eq!(throw_away(agent).await.unwrap_err().code(), ErrorCode::Forbidden);
    assert_eq!(throw_away(admin).await.unwrap().len(), 1);
    assert_eq!(stage.letters().await[0].state, DeadLetterState::Dropped);
}

/// Acknowledged is stored: the process that took the request dies before it looks at it.
async fn a_new_worker_takes_over_what_was_stored(place: Place) {
    let stage = Stage::new(place).await;
    stage.post("event-1", "message.created", &Heard::new("m-1", "mara", "Hello").data(stage.clock.now())).await;
    let claimed = tributary_domain::channel::claim_raw(&stage.store, "dead", quick_timing().lease, 10).await.unwrap();
    assert_eq!(claimed.len(), 1);

    assert_eq!(stage.worker.ingest().await.unwrap(), 0, "the lease of the dead one holds");
    stage.pass(16).await;
    assert_eq!(stage.worker.ingest().await.unwrap(), 1);
    assert_eq!(stage.find("m-1").await.unwrap().text, "Hello");
    stage.pass(16).await;
    assert_eq!(stage.worker.ingest().await.unwrap(), 0, "done is done");
}

/// Two workers meet the first messages of one new person at the same time.
async fn first_messages_at_once_open_one_interaction(place: Place) {
    let stage = Stage::new(place).await;
    let second = stage.worker("second", quick_timing());
    for round in 0..5 {
        let from = format!("person-{round}");
        let found = stage.channel().await;
        let (adapter, open) = stage.worker.open(&found).await.unwrap().unwrap();
        let tributary_channels::channel::Ingress::Webhook(webhook) = adapter.ingress() else { panic!("integrators call us") };
        let event = |n: usize| {
            let heard = Heard { thread: None, ..Heard::new(&format!("m-{round}-{n}"), &from, "Hello") };
            let (headers, body) = stage.integrator.event(&format!("e-{round}-{n}"), "message.created", &heard.data(stage.clock.now()));
            drop(headers);
            let raw = tributary_channels::channel::RawInbound {
                form: "structured".to_owned(),
                headers: [].into(),
                body: body.into(),
                at: stage.clock.now(),
            };
            webhook.parse(&open, &raw).unwrap().remove(0).unwrap()
        };
        let tasks = (0..6).map(|n| {
            let worker = if n % 2 == 0 { stage.worker.clone() } else { second.clone() };
            let (found, event) = (found.clone(), event(n));
            tokio::spawn(async move { worker.ingest_event(&found, event).await })
        });
        for stored in futures_util::future::join_all(tasks).await {
            stored.unwrap().unwrap();
        }
        let interactions = stage.interactions().await;
        assert_eq!(interactions.len(), round + 1);
        assert_eq!((interactions[round].inbound_count, interactions[round].message_count), (6, 6), "no count is lost");
        assert_eq!(interactions[round].status, InteractionStatus::New);
    }
}

/// Whatever stands in texts and names: both storages keep it, and one character does not make a dead letter.
async fn text_of_any_kind_is_kept(place: Place) {
    let stage = Stage::new(place).await;
    for (n, words) in ["\u{0}nul\u{0}", "emoji 👩‍👩‍👧‍👦 ß ﷽", "rtl \u{202e}txt", "' OR 1=1; --", "%_\\"].into_iter().enumerate()
    {
        let heard = Heard::new(&format!("m-{n}"), "mara", words).with("title", json!(words));
        stage.post(&format!("e-{n}"), "message.created", &heard.data(stage.clock.now())).await;
        stage.settle().await;
        let found = stage.find(&format!("m-{n}")).await.unwrap_or_else(|| panic!("{words:?} is lost"));
        assert_eq!(found.text.replace('\u{fffd}', "\0"), words, "{words:?}");
    }
    assert!(stage.letters().await.is_empty());
}
