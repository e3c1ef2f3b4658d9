//! Workers that die or freeze in the middle of a send: the table of section 6 of the reliability design, for each class.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use serde_json::json;
use tributary_channels::{
    byoc::Byoc,
    channel::{Channel, Cx, Ingress, Media, Settings, Step, StepReceipt},
    error::{ProbeError, Verdict},
    registry::Registry,
};
use tributary_domain::{
    delivery,
    entity::outbound::OutboundState,
    ids::{InteractionId, MessageId},
    outbound::{OpenChannel, Outbound},
    spec::{Capabilities, ChannelSpec, SendClass},
    state::DeliveryState,
};
use tributary_tests::{
    checker::{Accepted, check_deliveries},
    fake::byoc::{Manner, Stall},
};

use crate::{
    stage::{PATIENCE, Setup, Stage, on_both, quick_timing},
    store_contract::place::Place,
};

on_both!(
    killed_in_the_middle_class_a,
    killed_in_the_middle_class_b,
    killed_in_the_middle_class_c,
    a_frozen_worker_changes_nothing_later,
    a_broken_answer_is_in_doubt,
    doubt_may_be_decided_beforehand,
    an_echo_ends_the_doubt,
);

/// An integrator that shows us our own messages with our reference, and knows no idempotency key: send class B.
#[derive(Default)]
struct Echoing(Byoc);

#[async_trait]
impl Channel for Echoing {
    fn spec(&self) -> &'static ChannelSpec {
        self.0.spec()
    }

    fn capabilities(&self, settings: &Settings) -> Cow<'static, Capabilities> {
        self.0.capabilities(settings)
    }

    fn send_class(&self, _settings: &Settings) -> SendClass {
        SendClass::B
    }

    fn ingress(&self) -> Ingress<'_> {
        self.0.ingress()
    }

    fn media(&self) -> Media<'_> {
        self.0.media()
    }

    fn render(&self, channel: &OpenChannel, outbound: &Outbound) -> Vec<Step> {
        self.0.render(channel, outbound)
    }

    async fn deliver(&self, cx: &Cx, channel: &OpenChannel, step: &Step, done: &[StepReceipt]) -> Result<StepReceipt, Verdict> {
        self.0.deliver(cx, channel, step, done).await
    }

    async fn probe(&self, cx: &Cx, channel: &OpenChannel) -> Result<(), ProbeError> {
        self.0.probe(cx, channel).await
    }
}

async fn stage_of(place: Place, class: SendClass) -> Stage {
    let capabilities = json!({"rich": {"quickReplies": {"max": 10, "maxTitle": 20}}});
    let plain = Setup { manner: Manner::TokenOnly, mode: "compat_new", capabilities, ..Setup::default() };
    let setup = match class {
        SendClass::A => Setup::default(),
        SendClass::B => Setup { registry: Registry::with([Arc::new(Echoing::default()) as Arc<dyn Channel>]), ..plain },
        SendClass::C => plain,
    };
    Stage::with(place, setup).await
}

/// How often the worker dies.
const KILLS: usize = 15;
/// Interactions that are written to at the same time.
const LANES: usize = 4;

async fn killed_in_the_middle_class_a(place: Place) {
    kill_and_check(place, SendClass::A).await;
}

async fn killed_in_the_middle_class_b(place: Place) {
    kill_and_check(place, SendClass::B).await;
}

async fn killed_in_the_middle_class_c(place: Place) {
    kill_and_check(place, SendClass::C).await;
}

/// F12. Half of the workers die before the platform has done anything, half after it took the message and before we
/// heard so; the other lanes are wherever they are at that moment.
async fn kill_and_check(place: Place, class: SendClass) {
    let stage = stage_of(place, class).await;
    let mut lanes: Vec<(InteractionId, String)> = Vec::new();
    for n in 0..LANES {
        let from = format!("person-{n}");
        lanes.push((stage.conversation(&from).await, from));
    }
    let (mut asked, mut ids): (Vec<Accepted>, Vec<(MessageId, String)>) = Default::default();
    let mut echoed = BTreeSet::new();
    for round in 0..KILLS {
        for (lane, from) in &lanes {
            let entity = format!("{from} {round}");
            ids.push((stage.send(*lane, &entity).await, entity.clone()));
            asked.push(Accepted { lane: from.clone(), n: round as u64 + 1, entity });
        }
        let stalled = stage.integrator.stall_next(if round % 2 == 0 { Stall::Arriving } else { Stall::Answering });
        let worker = stage.worker(&format!("worker-{round}"), quick_timing());
        assert!(worker.dispatch().await.unwrap() > 0);
        tokio::time::timeout(PATIENCE, stalled.reached()).await.expect("something is being sent");
        worker.abandon();
        worker.idle().await;
        drop(stalled);
        // What the dead worker had set off comes to its end before the next one begins.
        stage.integrator.idle().await;
        if class == SendClass::B {
            echo_all(&stage, &mut echoed).await;
        }
        // Longer than a lease, and than the wait for an echo.
        stage.pass(121).await;
    }
    for _ in 0..3 {
        stage.settle().await;
        if class == SendClass::B {
            echo_all(&stage, &mut echoed).await;
        }
        stage.pass(121).await;
    }
    let taken = |text: &String| asked.iter().find(|one| &one.entity == text).cloned();
    let accepted: Vec<_> = stage.delivered().iter().map(|text| taken(text).unwrap_or_else(|| panic!("{text}"))).collect();
    let mut doubtful = Vec::new();
    for (id, entity) in &ids {
        match stage.message(*id).await.delivery.unwrap() {
            DeliveryState::Sent => assert!(accepted.iter().any(|one| &one.entity == entity), "{entity} is said to be sent"),
            DeliveryState::Unconfirmed => doubtful.push(entity.clone()),
            other => panic!("{entity} is left {other:?}"),
        }
    }
    check_deliveries(&asked, &accepted, &doubtful).assert_none();
    match class {
        SendClass::A => assert!(doubtful.is_empty(), "{doubtful:?}"),
        // The platform shows what it took: only what it never took stays in doubt.
        SendClass::B => assert!(doubtful.iter().all(|entity| accepted.iter().all(|one| &one.entity != entity)), "{doubtful:?}"),
        SendClass::C => assert!(doubtful.len() >= KILLS, "every kill leaves at least the message it interrupted: {doubtful:?}"),
    }
    assert!(stage.letters().await.is_empty());
}

async fn echo_all(stage: &Stage, echoed: &mut BTreeSet<String>) {
    for call in stage.integrator.received() {
        if !call.id.is_empty() && echoed.insert(call.external_id.clone()) {
            let to = call.body["recipients"][0]["idOnExternalPlatform"].as_str().unwrap().to_owned();
            stage.echo(&call.external_id, Some(call.id.parse().unwrap()), &to, "whatever").await;
        }
    }
}

/// F13: its lease runs out while the platform keeps it waiting, another takes over, and then it wakes up.
async fn a_frozen_worker_changes_nothing_later(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let stalled = stage.integrator.stall_next(Stall::Answering);
    let id = stage.send(talk, "Hello").await;
    stage.worker.dispatch().await.unwrap();
    stalled.reached().await;
    let frozen = stage.lane(talk).await;
    stage.pass(16).await;

    let second = stage.worker("second", quick_timing());
    stage.settle_with(&second).await;
    let (lane, work, message) = (stage.lane(talk).await, stage.work_of(id).await.remove(0), stage.message(id).await);
    assert_eq!((lane.fence, work.attempts, work.state), (frozen.fence + 1, 2, OutboundState::Sent));
    let events = stage.events().await.len();
    stage.pass(1).await;

    stalled.release();
    stage.worker.idle().await;
    assert_eq!(stage.events().await.len(), events, "the late answer changes no row");
    assert_eq!((stage.lane(talk).await, stage.work_of(id).await.remove(0), stage.message(id).await), (lane, work, message));
    let received = stage.integrator.received();
    assert_eq!((received.len(), received[1].is_repeat, &received[0].id), (2, true, &received[1].id), "the same key both times");
}

/// A call whose answer nobody can read: class C asks a person, who decides.
async fn a_broken_answer_is_in_doubt(place: Place) {
    let stage = stage_of(place, SendClass::C).await;
    let talk = stage.conversation("mara").await;
    let mut ids = Vec::new();
    for words in ["one", "two", "three"] {
        stage.integrator.answer_next(500, None, "half");
        ids.push(stage.send(talk, words).await);
    }
    let fourth = stage.send(talk, "four").await;
    stage.settle().await;
    for id in &ids {
        assert_eq!(stage.message(*id).await.delivery, Some(DeliveryState::Unconfirmed));
    }
    assert_eq!(stage.message(fourth).await.delivery, Some(DeliveryState::Sent), "the next one does not wait for a person");
    assert!(stage.interaction(talk).await.has_failed);
    let decide = |id: MessageId, again: bool| {
        let agent = stage.agent.clone();
        stage.command(move |tx| {
            let agent = agent.clone();
            Box::pin(async move { delivery::resolve_unconfirmed(tx, &agent, id, again).await })
        })
    };
    decide(ids[0], true).await.unwrap();
    decide(ids[1], false).await.unwrap();
    assert!(decide(ids[1], true).await.is_err(), "it is decided");
    stage.settle().await;
    assert_eq!(stage.delivered(), ["four", "one"]);
    let mut states = Vec::new();
    for id in &ids {
        states.push(stage.message(*id).await.delivery.unwrap());
    }
    assert_eq!(states, [DeliveryState::Sent, DeliveryState::Sent, DeliveryState::Unconfirmed]);
    assert!(stage.interaction(talk).await.has_failed, "one is still open");
    decide(ids[2], false).await.unwrap();
    assert!(!stage.interaction(talk).await.has_failed);
}

/// An administrator has decided for the channel that twice is better than not at all.
async fn doubt_may_be_decided_beforehand(place: Place) {
    let stage = stage_of(place, SendClass::C).await;
    stage.set("resend_unconfirmed", "true").await;
    let talk = stage.conversation("mara").await;
    stage.integrator.answer_next(500, None, "half");
    let id = stage.send(talk, "Hello").await;
    stage.settle().await;
    assert_eq!(stage.message(id).await.delivery, Some(DeliveryState::Sending), "it is tried again");
    assert!(stage.cancel(id).await.is_err(), "it may be there");
    stage.pass(2).await;
    stage.settle().await;
    assert_eq!(stage.message(id).await.delivery, Some(DeliveryState::Sent));
    assert_eq!(stage.delivered(), ["Hello"]);
    stage.set("resend_unconfirmed", "false").await;
    stage.integrator.answer_next(500, None, "half");
    let id = stage.send(talk, "Again").await;
    stage.settle().await;
    assert_eq!(stage.message(id).await.delivery, Some(DeliveryState::Unconfirmed));
}

/// Class B: the echo comes within its time, and who waits behind goes on at once.
async fn an_echo_ends_the_doubt(place: Place) {
    let stage = stage_of(place, SendClass::B).await;
    let talk = stage.conversation("mara").await;
    stage.integrator.answer_next(500, None, "half");
    let (first, second) = (stage.send(talk, "one").await, stage.send(talk, "two").await);
    stage.settle().await;
    stage.pass(100).await;
    stage.settle().await;
    assert_eq!(stage.message(first).await.delivery, Some(DeliveryState::Sending));
    assert_eq!(stage.message(second).await.delivery, Some(DeliveryState::Queued), "order holds");
    let work = stage.work_of(first).await.remove(0);
    stage.echo("seen-1", Some(work.id), "mara", "one").await;
    stage.settle().await;
    assert_eq!(stage.message(first).await.delivery, Some(DeliveryState::Sent));
    assert_eq!(stage.message(second).await.delivery, Some(DeliveryState::Sent));

    stage.integrator.answer_next(500, None, "half");
    let third = stage.send(talk, "three").await;
    stage.settle().await;
    stage.pass(121).await;
    stage.settle().await;
    assert_eq!(stage.message(third).await.delivery, Some(DeliveryState::Unconfirmed), "nobody showed it");
    // It comes after all: the person need not decide.
    let work = stage.work_of(third).await.remove(0);
    stage.echo("seen-3", Some(work.id), "mara", "three").await;
    assert_eq!(stage.message(third).await.delivery, Some(DeliveryState::Sent));
    assert!(!stage.interaction(talk).await.has_failed);
}
