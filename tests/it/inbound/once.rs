//! Exactly once, whatever is repeated, shuffled, broken or interrupted.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel, sea_query::Expr};
use serde_json::json;
use tributary_channels::worker::Timing;
use tributary_domain::{
    ErrorCode,
    actor::Actor,
    channel::{ChannelHealth, HealthCause, Letters, StoredRaw, drop_letters, replay},
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
    an_event_has_effect_once_in_whatever_request,
    what_is_declared_stands,
    silence_is_noticed,
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
    let claimed = tributary_domain::channel::claim_raw(&stage.store, "dead", quick_timing().lease, 10, 10, &|_| false).await.unwrap();
    assert_eq!(claimed.concat().len(), 1);

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

/// Keyed by source and id: alone, in a batch, in another batch; and a replay works on what was buried alone.
async fn an_event_has_effect_once_in_whatever_request(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let contact = stage.interaction(talk).await.contact_id;
    let renamed = |first: &str, id: &str| json!({"endUserIdentity": {"idOnExternalPlatform": id, "firstName": first}});
    let name = async || {
        let read = stage.store.read(stage.workspace).await.unwrap();
        tributary_domain::entity::contact::by_id(stage.workspace, contact).one(read.conn()).await.unwrap().unwrap().name
    };
    let poison = ("e-x".to_owned(), "message.created", json!({"direction": "sideways"}));
    let first = ("e-1".to_owned(), "contact.updated", renamed("Mara Lind", "mara"));
    stage.post_batch(&[first.clone(), poison]).await;
    stage.settle().await;
    assert_eq!(name().await, "Mara Lind", "what is told explicitly is taken over");
    stage.post_batch(&[("e-2".to_owned(), "contact.updated", renamed("Mara Berg", "mara"))]).await;
    stage.settle().await;
    assert_eq!(name().await, "Mara Berg");
    // The first event again, in a request of another form and one of other bytes.
    stage.post_batch(&[("e-3".to_owned(), "thread.updated", json!({"thread": {"idOnExternalPlatform": "t"}})), first]).await;
    stage.settle().await;
    assert_eq!(name().await, "Mara Berg");

    replay_all(&stage).await;
    stage.settle().await;
    assert_eq!(name().await, "Mara Berg");
    let read = stage.store.read(stage.workspace).await.unwrap();
    let raw = raw_inbound::in_workspace(stage.workspace).all(read.conn()).await.unwrap();
    drop(read);
    let replayed = raw.iter().find(|raw| String::from_utf8_lossy(&raw.body).contains("sideways")).unwrap();
    assert_eq!((replayed.items, replayed.only_items.clone()), (1, None), "its neighbours were left alone");

    stage.event("contact.updated", renamed("Nobody", "stranger")).await;
    let read = stage.store.read(stage.workspace).await.unwrap();
    assert_eq!(tributary_domain::entity::contact::in_workspace(stage.workspace).all(read.conn()).await.unwrap().len(), 1);
}

/// Health that the other side declares is not changed by its being heard.
async fn what_is_declared_stands(place: Place) {
    let stage = Stage::new(place).await;
    stage.conversation("mara").await;
    assert_eq!(stage.channel().await.health, ChannelHealth::Ok);
    stage.event("channel.health", json!({"status": "down", "reason": "The shop platform is being repaired."})).await;
    let declared = stage.channel().await;
    assert_eq!(declared.health, ChannelHealth::Down);
    assert_eq!(declared.health_reason.as_deref(), Some("The shop platform is being repaired."));
    stage.hear(&Heard::new("m-2", "mara", "Hello?")).await;
    assert_eq!(stage.channel().await.health, ChannelHealth::Down);
    stage.event("channel.health", json!({"status": "ok"})).await;
    let again = stage.channel().await;
    assert_eq!((again.health, again.health_reason), (ChannelHealth::Ok, None));
}

/// Who promised to say how it is doing, and does not.
async fn silence_is_noticed(place: Place) {
    let stage = Stage::new(place).await;
    stage.set("heartbeat_s", "60").await;
    let look = async || {
        stage.worker.check_channels().await.unwrap();
        let found = stage.channel().await;
        (found.health, found.health_cause)
    };
    stage.event("channel.health", json!({"status": "ok"})).await;
    assert_eq!(stage.channel().await.heartbeat_at, Some(stage.clock.now()));
    stage.pass(180).await;
    assert_eq!(look().await, (ChannelHealth::Ok, None));
    stage.pass(1).await;
    assert_eq!(look().await, (ChannelHealth::Degraded, Some(HealthCause::HeartbeatMissed)));
    stage.hear(&Heard::new("m-2", "mara", "Hello?")).await;
    assert_eq!(look().await.0, ChannelHealth::Degraded, "a message is no sign of health");
    stage.event("channel.health", json!({"status": "ok"})).await;
    assert_eq!(look().await, (ChannelHealth::Ok, None));
    stage.event("channel.health", json!({"status": "degraded"})).await;
    stage.pass(3_600).await;
    assert_eq!(look().await, (ChannelHealth::Degraded, Some(HealthCause::Declared)), "what was declared stands");
    stage.set("heartbeat_s", "").await;
    stage.event("channel.health", json!({"status": "ok"})).await;
    stage.pass(86_400).await;
    assert_eq!(look().await, (ChannelHealth::Ok, None), "nobody waits for what was not promised");
    stage.event("channel.health", json!({"status": "ok", "intervalSeconds": 300})).await;
    stage.pass(900).await;
    assert_eq!(look().await, (ChannelHealth::Ok, None));
    stage.pass(1).await;
    assert_eq!(look().await, (ChannelHealth::Degraded, Some(HealthCause::HeartbeatMissed)), "it promised that itself");
    for wrong in ["9", "86401", "soon"] {
        assert_eq!(stage.try_set("heartbeat_s", wrong).await.unwrap_err().code(), ErrorCode::Invalid, "{wrong}");
    }
}
