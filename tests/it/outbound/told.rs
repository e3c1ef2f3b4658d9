//! What happened to changes of messages, and what machines of ours may not do.

use serde_json::json;
use tributary_domain::{
    ErrorCode,
    actor::Scope,
    channel::{ChannelHealth, HealthCause, Letters, replay},
    clock::Clock,
    event::EventKind,
    inbound::InboundEvent,
    message::{self, ChangeKind, ChangeState, NewMessage, Received, Sent, Source, receive},
    script::ScriptStep,
    spec::Capabilities,
    state::DeliveryState,
};

use crate::{
    outbound::commands::{Change, change},
    stage::{Heard, Setup, Stage, bot_of, on_both, text},
    store_contract::place::Place,
};

on_both!(
    a_refused_change_is_told,
    an_address_that_is_gone_is_left_alone,
    a_channel_that_answers_nothing_for_a_day_is_down,
    machines_do_not_write_in_circles,
    the_contact_sees_that_somebody_writes,
);

async fn a_refused_change_is_told(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let agent = stage.agent.clone();
    let id = stage.send(talk, "Helo").await;
    stage.settle().await;

    stage.integrator.answer_next(422, None, "too late");
    change(&stage, &agent, id, Change::Edit("Hello")).await.unwrap();
    let waiting = stage.message(id).await;
    let pending = waiting.last_change.clone().unwrap();
    assert_eq!((waiting.text.as_str(), pending.kind, pending.state), ("Helo", ChangeKind::Edit, ChangeState::Pending), "nobody has it yet");
    stage.settle().await;
    let refused = stage.message(id).await;
    let told = refused.last_change.clone().unwrap();
    assert_eq!((refused.text.as_str(), refused.edited_at), ("Helo", None), "the contact sees it as it was");
    assert_eq!((told.state, told.code.as_deref()), (ChangeState::Refused, Some("CONTENT_REFUSED")));
    assert!(told.detail.as_deref().unwrap().contains("too late"));
    assert_eq!(refused.delivery, Some(DeliveryState::Sent), "it was sent all the same");
    let changes = stage.events().await.iter().filter(|event| event.kind == EventKind::MessageChanged).count();
    assert_eq!(changes, 2, "asked for, and refused");

    let (admin, channel) = (stage.admin.clone(), stage.channel);
    let replayed = stage.command(move |tx| {
        let admin = admin.clone();
        Box::pin(async move { replay(tx, &admin, Letters::OfChannel(channel)).await })
    });
    assert_eq!(replayed.await.unwrap().len(), 1);
    assert_eq!(stage.message(id).await.last_change.clone().unwrap().state, ChangeState::Pending);
    stage.settle().await;
    let edited = stage.message(id).await;
    assert_eq!((edited.text.as_str(), edited.edited_at.is_some(), edited.last_change.is_none()), ("Hello", true, true));

    stage.integrator.answer_next(403, None, "");
    change(&stage, &agent, id, Change::Delete).await.unwrap();
    assert_eq!(change(&stage, &agent, id, Change::Edit("No")).await.unwrap_err().code(), ErrorCode::Conflict, "it is being taken back");
    stage.settle().await;
    let kept = stage.message(id).await;
    assert_eq!((kept.text.as_str(), kept.deleted_at), ("Hello", None));
    assert_eq!(kept.last_change.clone().map(|told| (told.kind, told.state)), Some((ChangeKind::Delete, ChangeState::Refused)));
    change(&stage, &agent, id, Change::Delete).await.unwrap();
    stage.settle().await;
    let gone = stage.message(id).await;
    assert_eq!((gone.text.as_str(), gone.deleted_at.is_some(), gone.last_change.is_none()), ("", true, true));
}

async fn an_address_that_is_gone_is_left_alone(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    stage.integrator.answer_next(410, None, "we have moved");
    let (first, second) = (stage.send(talk, "one").await, stage.send(talk, "two").await);
    stage.settle().await;
    assert_eq!(stage.message(first).await.error_code.as_deref(), Some("ENDPOINT_GONE"));
    let down = stage.channel().await;
    assert_eq!(down.health, ChannelHealth::Down);
    assert!(down.health_reason.unwrap().contains("we have moved"));
    stage.pass(3_600).await;
    stage.settle().await;
    assert_eq!(stage.message(second).await.delivery, Some(DeliveryState::Queued), "nobody calls the old address");
    stage.set("url", &stage.integrator.url()).await;
    stage.pass(86_400).await;
    stage.settle().await;
    assert_eq!(stage.message(second).await.delivery, Some(DeliveryState::Sent));
}

async fn a_channel_that_answers_nothing_for_a_day_is_down(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    stage.send(talk, "one").await;
    stage.integrator.answer_next(500, None, "");
    stage.settle().await;
    let failing = stage.channel().await;
    assert_eq!((failing.health, failing.failing_since), (ChannelHealth::Ok, Some(stage.clock.now())));
    stage.pass(86_399).await;
    stage.worker.check_channels().await.unwrap();
    assert_eq!(stage.channel().await.health, ChannelHealth::Ok);
    stage.pass(1).await;
    stage.worker.check_channels().await.unwrap();
    let down = stage.channel().await;
    assert_eq!((down.health, down.health_cause), (ChannelHealth::Down, Some(HealthCause::DeliveriesFailing)));
    assert!(down.health_reason.unwrap().starts_with("No call has been answered since "));
    let told = async || stage.events().await.iter().filter(|event| event.kind == EventKind::ChannelHealthChanged).count();
    let before = told().await;
    stage.worker.check_channels().await.unwrap();
    assert_eq!(told().await, before, "it is told once");
    stage.post("beat", "channel.health", &json!({"status": "ok"})).await;
    while stage.worker.ingest().await.unwrap() > 0 {}
    assert_eq!(stage.channel().await.health_cause, Some(HealthCause::DeliveriesFailing), "words are no deeds");
    stage.settle().await;
    let up = stage.channel().await;
    assert_eq!((up.health, up.health_cause, up.health_reason, up.failing_since), (ChannelHealth::Ok, None, None, None));
}

/// Five automatic messages to one person in an hour, where the other side may be a machine.
async fn machines_do_not_write_in_circles(place: Place) {
    let script = vec![ScriptStep::SendContent { content: Box::new(text("Thank you for your mail")) }];
    let stage = Stage::with(place, Setup { script, ..Setup::default() }).await;
    let guarded = Capabilities { automatic_per_hour: Some(5), ..stage.capabilities().await };
    let found = stage.channel().await;
    let spec = stage.registry().spec(found.kind);
    let hear = async |n: usize, from: &str| {
        let heard = Heard { thread: Some(format!("t-{from}-{n}")), ..Heard::new(&format!("m-{from}-{n}"), from, "I am away") };
        let (adapter, open) = stage.worker.open(&found).await.unwrap().unwrap();
        let tributary_channels::channel::Ingress::Webhook(webhook) = adapter.ingress() else { panic!("integrators call us") };
        let (_, body) = stage.integrator.event(&heard.id, "message.created", &heard.data(stage.clock.now()));
        let raw = tributary_channels::channel::RawInbound {
            form: "structured".to_owned(),
            headers: [].into(),
            body: body.into(),
            at: stage.clock.now(),
        };
        let event: InboundEvent = webhook.parse(&open, &raw).unwrap().remove(0).unwrap();
        let mut tx = stage.store.write(stage.workspace).await.unwrap();
        let stored = receive(&mut tx, Source { spec, capabilities: &guarded, channel: &found }, event, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(stored, Received::Stored(_)));
        stage.find(&format!("m-{from}-{n}")).await.unwrap().interaction_id
    };
    let greeted = async |talk| stage.thread(talk).await.iter().filter(|entry| entry.text.starts_with("Thank you")).count();
    for n in 0..5 {
        let talk = hear(n, "robot").await;
        assert_eq!(greeted(talk).await, 1, "{n}");
        stage.pass(60).await;
    }
    let silent = hear(5, "robot").await;
    assert_eq!(greeted(silent).await, 0);
    assert!(stage.thread(silent).await.iter().any(|entry| entry.system.is_some()), "people are told why");
    let other = hear(0, "mara").await;
    assert_eq!(greeted(other).await, 1, "others are greeted");

    let bot = bot_of(stage.workspace, &[Scope::ReadInteractions, Scope::SendMessages]);
    let send = |actor: &tributary_domain::actor::Actor, words: &str| {
        let (actor, guarded) = (actor.clone(), guarded.clone());
        let new = NewMessage {
            interaction: silent,
            client_id: uuid::Uuid::now_v7().to_string(),
            content: text(words),
            attachments: Vec::new(),
            quoted: None,
            seen: None,
            then_status: None,
        };
        stage.command(move |tx| {
            let (actor, guarded, new) = (actor.clone(), guarded.clone(), new.clone());
            Box::pin(async move { message::send(tx, &actor, &guarded, new).await })
        })
    };
    assert_eq!(send(&bot, "And thank you again").await.unwrap_err().code(), ErrorCode::RateLimited);
    assert!(matches!(send(&stage.agent, "A person writes").await.unwrap(), Sent::Queued(_)));
    stage.pass(3_600).await;
    assert!(matches!(send(&bot, "Once more").await.unwrap(), Sent::Queued(_)));
}

async fn the_contact_sees_that_somebody_writes(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let tell = async |is_typing| stage.worker.tell_typing(stage.workspace, talk, is_typing).await.unwrap();
    assert!(!tell(false).await, "nobody had begun");
    assert!(tell(true).await);
    assert!(!tell(true).await, "that is known");
    assert!(tell(false).await);
    assert!(!tell(false).await);
    let calls: Vec<_> =
        stage.integrator.received().iter().map(|call| (call.body["type"].clone(), call.body["data"]["isTyping"].clone())).collect();
    assert_eq!(calls, [("typing".into(), true.into()), ("typing".into(), false.into())]);
    stage.integrator.answer_next(500, None, "");
    assert!(!tell(true).await, "and nothing comes of it");
    stage.settle().await;
    assert_eq!(stage.thread(talk).await.len(), 1);

    stage.set("capabilities", "{}").await;
    stage.worker.tell_typing(stage.workspace, talk, false).await.unwrap();
    let before = stage.integrator.received().len();
    assert!(!tell(true).await, "a platform that does not show it is not told");
    assert_eq!(stage.integrator.received().len(), before);
}
