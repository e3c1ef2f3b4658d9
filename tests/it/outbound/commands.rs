//! What people do around sending: once under a client id, taking back, changing afterwards; and never across tenants.

use std::{borrow::Cow, sync::Arc};

use async_trait::async_trait;
use tributary_channels::{
    byoc::Byoc,
    channel::{Channel, Cx, Ingress, Media, Settings, Step, StepReceipt},
    error::{ProbeError, Verdict},
    registry::Registry,
};
use tributary_domain::{
    Error, ErrorCode,
    actor::{Actor, Scope},
    delivery,
    entity::{idempotency, message as message_row, outbound::OutboundState},
    ids::{InteractionId, MessageId},
    interaction::{self, Priority},
    message::{self, NewNote, Sent},
    outbound::{OpenChannel, Outbound},
    spec::{Capabilities, ChannelSpec},
    state::{DeliveryState, InteractionStatus},
};

use crate::{
    stage::{Heard, Setup, Stage, bot_of, on_both, text},
    store_contract::place::Place,
};

on_both!(
    one_client_id_is_one_message,
    what_was_not_seen_is_a_conflict,
    taken_back_or_sent_but_never_both,
    what_may_be_there_is_not_taken_back,
    messages_change_on_the_platform_too,
    a_version_is_compared_with_what_is_overwritten,
    sending_moves_the_interaction,
    foreign_ids_do_not_exist,
);

/// F26: the answer to a mutation was lost, and the client asks again, several times at once.
async fn one_client_id_is_one_message(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let tries = (0..6).map(|_| stage.try_send(&stage.agent, talk, "same", text("Hello")));
    let sent: Vec<_> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
    assert!(sent.iter().all(|one| one == &sent[0]), "{sent:?}");
    let other = stage.try_send(&stage.admin, talk, "same", text("Hello")).await.unwrap();
    assert_ne!(other, sent[0], "client ids belong to their actor");
    stage.settle().await;
    assert_eq!(stage.delivered(), ["Hello", "Hello"]);
    assert_eq!(stage.interaction(talk).await.message_count, 3);
    let read = stage.store.read(stage.workspace).await.unwrap();
    assert_eq!(idempotency::in_workspace(stage.workspace).all(read.conn()).await.unwrap().len(), 3, "two messages and a channel");
    drop(read);

    let note = NewNote { interaction: talk, client_id: "same".to_owned(), text: "x".to_owned(), mentions: [].into(), attachments: vec![] };
    let agent = stage.agent.clone();
    let refused = stage.command(move |tx| {
        let (agent, note) = (agent.clone(), note.clone());
        Box::pin(async move { message::add_note(tx, &agent, note).await })
    });
    assert_eq!(refused.await.unwrap_err().code(), ErrorCode::Invalid, "another operation under the same id");
    for client_id in ["", &"x".repeat(65)] {
        let refused = stage.try_send(&stage.agent, talk, client_id, text("Hello")).await.unwrap_err();
        assert!(matches!(&refused, Error::Invalid { field, .. } if field == "clientId"), "{refused:?}");
    }
    // Many different ones at once: numbers in the lane are given one at a time.
    let ids: Vec<_> = (0..8).map(|n| format!("client-{n}")).collect();
    let tries = ids.iter().map(|id| stage.try_send(&stage.agent, talk, id, text(id)));
    for sent in futures_util::future::join_all(tries).await {
        sent.unwrap();
    }
    assert_eq!(stage.interaction(talk).await.message_count, 11);
    stage.settle().await;
    assert_eq!(stage.delivered().len(), 10);
}

async fn what_was_not_seen_is_a_conflict(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let seen = stage.events().await.last().unwrap().seq;
    stage.hear(&Heard::new("m-2", "mara", "Wait, it is Tuesday")).await;
    let newer = stage.find("m-2").await.unwrap().id;
    let capabilities = stage.capabilities().await;
    let send = |seen| {
        let (agent, capabilities) = (stage.agent.clone(), capabilities.clone());
        let new = message::NewMessage {
            interaction: talk,
            client_id: "c".to_owned(),
            content: text("See you on Monday"),
            attachments: Vec::new(),
            quoted: None,
            seen,
            then_status: Some(InteractionStatus::Resolved),
        };
        stage.command(move |tx| {
            let (agent, capabilities, new) = (agent.clone(), capabilities.clone(), new.clone());
            Box::pin(async move { message::send(tx, &agent, &capabilities, new).await })
        })
    };
    assert_eq!(send(Some(seen)).await.unwrap(), Sent::Newer(vec![newer]));
    assert_eq!(stage.thread(talk).await.len(), 2, "nothing was sent");
    assert!(matches!(send(None).await.unwrap(), Sent::Queued(_)), "forced");
    assert_eq!(stage.interaction(talk).await.status, InteractionStatus::Resolved);
}

/// An integrator's channel without a limit that a test would have to wait for.
struct Quick(Byoc, &'static ChannelSpec);

impl Quick {
    fn new() -> Self {
        let spec = ChannelSpec { per_second: 10_000, ..Byoc::default().spec().clone() };
        Self(Byoc::default(), Box::leak(Box::new(spec)))
    }
}

#[async_trait]
impl Channel for Quick {
    fn spec(&self) -> &'static ChannelSpec {
        self.1
    }

    fn capabilities(&self, settings: &Settings) -> Cow<'static, Capabilities> {
        self.0.capabilities(settings)
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

/// F28: 200 tries, exactly one of sent and cancelled each. In every other round the messages wait for their second attempt,
/// which looks as if they were on their way.
async fn taken_back_or_sent_but_never_both(place: Place) {
    let registry = Registry::with([Arc::new(Quick::new()) as Arc<dyn Channel>]);
    let stage = Stage::with(place, Setup { registry, ..Setup::default() }).await;
    let mut talks = Vec::new();
    for n in 0..8 {
        talks.push(stage.conversation(&format!("person-{n}")).await);
    }
    let (mut sent, mut cancelled) = (Vec::new(), 0);
    for round in 0..25 {
        let mut ids = Vec::new();
        for (n, talk) in talks.iter().enumerate() {
            ids.push((stage.send(*talk, &format!("{round}-{n}")).await, format!("{round}-{n}")));
        }
        if round % 2 == 1 {
            for _ in &ids {
                stage.integrator.answer_next(408, None, "");
            }
            stage.settle().await;
            for (id, _) in &ids {
                assert_eq!(stage.message(*id).await.delivery, Some(DeliveryState::Sending));
            }
            stage.pass(2).await;
        }
        let cancels = async {
            let mut outcomes = Vec::new();
            for (id, _) in &ids {
                outcomes.push(stage.cancel(*id).await);
            }
            outcomes
        };
        let (claimed, outcomes) = tokio::join!(stage.worker.dispatch(), cancels);
        claimed.unwrap();
        stage.settle().await;
        for ((id, words), outcome) in ids.into_iter().zip(outcomes) {
            let state = stage.message(id).await.delivery.unwrap();
            match outcome {
                Ok(()) => {
                    assert_eq!(state, DeliveryState::Cancelled);
                    cancelled += 1;
                }
                Err(Error::Conflict(_)) => {
                    assert_eq!(state, DeliveryState::Sent);
                    sent.push(words);
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    let mut delivered = stage.delivered();
    delivered.sort();
    sent.sort();
    assert_eq!(delivered, sent);
    assert_eq!(sent.len() + cancelled, 200);
    for talk in talks {
        assert_eq!(stage.lane(talk).await.lease_until, None, "a message that was taken back does not keep its lane");
    }
}

/// What broke off on its way may be there: it cannot be taken back, whatever its row waits for.
async fn what_may_be_there_is_not_taken_back(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    stage.integrator.answer_next(500, None, "half");
    let id = stage.send(talk, "Hello").await;
    stage.settle().await;
    assert_eq!(stage.cancel(id).await.unwrap_err().code(), ErrorCode::Conflict);
    // Nor after an attempt that certainly failed: the first one still may have arrived.
    stage.integrator.answer_next(429, Some(("retry-after", "1")), "");
    stage.pass(2).await;
    stage.settle().await;
    assert_eq!(stage.cancel(id).await.unwrap_err().code(), ErrorCode::Conflict);
    stage.pass(3).await;
    stage.settle().await;
    assert_eq!(stage.delivered(), ["Hello"]);
}

pub(super) async fn change(stage: &Stage, actor: &Actor, id: MessageId, wanted: Change) -> Result<(), Error> {
    let (actor, capabilities) = (actor.clone(), stage.capabilities().await);
    stage
        .command(move |tx| {
            let (actor, capabilities) = (actor.clone(), capabilities.clone());
            Box::pin(async move {
                match wanted {
                    Change::Edit(words) => message::edit(tx, &actor, &capabilities, id, text(words), None).await,
                    Change::Delete => message::delete(tx, &actor, &capabilities, id, None).await,
                    Change::React(emoji, is_added) => message::react(tx, &actor, &capabilities, id, emoji, is_added).await,
                }
            })
        })
        .await
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Edit(&'static str),
    Delete,
    React(&'static str, bool),
}

async fn messages_change_on_the_platform_too(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let id = stage.send(talk, "Helo").await;
    let agent = stage.agent.clone();
    let early = change(&stage, &agent, id, Change::Edit("Hello")).await.unwrap_err();
    assert_eq!(early.code(), ErrorCode::Conflict, "it is on its way");
    stage.settle().await;
    let external = stage.message(id).await.external_id.unwrap();
    change(&stage, &agent, id, Change::Edit("Hello")).await.unwrap();
    change(&stage, &agent, id, Change::React("👍", true)).await.unwrap();
    change(&stage, &agent, id, Change::React("👍", true)).await.unwrap();
    change(&stage, &agent, id, Change::React("👍", false)).await.unwrap();
    let stranger = bot_of(stage.workspace, &[Scope::ReadInteractions, Scope::SendMessages]);
    assert_eq!(change(&stage, &stranger, id, Change::Delete).await.unwrap_err().code(), ErrorCode::Forbidden);
    change(&stage, &agent, id, Change::Delete).await.unwrap();
    stage.settle().await;
    let calls: Vec<_> = stage.integrator.received().iter().skip(1).map(|call| call.body.clone()).collect();
    let kinds: Vec<_> = calls.iter().map(|body| body["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["message.like", "message.unlike", "message.delete"], "what was deleted meanwhile is not edited any more");
    assert!(calls.iter().all(|body| body["data"]["idOnExternalPlatform"] == external.as_str()));
    let gone = stage.message(id).await;
    assert_eq!((gone.text.as_str(), gone.deleted_at.is_some(), gone.delivery), ("", true, Some(DeliveryState::Sent)));

    let id = stage.send(talk, "Helo again").await;
    stage.settle().await;
    change(&stage, &agent, id, Change::Edit("Hello again")).await.unwrap();
    stage.settle().await;
    let last = stage.integrator.received().last().unwrap().body.clone();
    assert_eq!(
        (last["type"].as_str(), last["data"]["messageContent"]["payload"]["text"].as_str()),
        (Some("message.edit"), Some("Hello again"))
    );
    stage.pass(16 * 60).await;
    assert_eq!(change(&stage, &agent, id, Change::Edit("Too late")).await.unwrap_err().code(), ErrorCode::NotSupported);
}

/// Two that change the same version at the same time: one of them is told.
async fn a_version_is_compared_with_what_is_overwritten(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    for round in 0..5 {
        let version = stage.interaction(talk).await.version;
        let wanted = if round % 2 == 0 { [Priority::High, Priority::Urgent] } else { [Priority::Low, Priority::Normal] };
        let tries = wanted.map(|priority| {
            let agent = stage.agent.clone();
            stage.command(move |tx| {
                let agent = agent.clone();
                Box::pin(async move { interaction::set_priority(tx, &agent, talk, priority, Some(version)).await })
            })
        });
        let outcomes = futures_util::future::join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(Error::Conflict(_)))), "{outcomes:?}");
    }
}

async fn sending_moves_the_interaction(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    stage.send(talk, "Hello").await;
    let row = stage.interaction(talk).await;
    assert_eq!((row.status, row.assignee_id, row.waiting_since), (InteractionStatus::Open, stage.agent.person(), None));
    let mute = bot_of(stage.workspace, &[Scope::ReadInteractions]);
    assert_eq!(stage.try_send(&mute, talk, "b", text("x")).await.unwrap_err().code(), ErrorCode::Forbidden);
    let blind = Actor { inboxes: tributary_domain::actor::VisibleInboxes::Only([].into()), ..stage.agent.clone() };
    assert_eq!(stage.try_send(&blind, talk, "b", text("x")).await.unwrap_err().code(), ErrorCode::NotFound);
    assert!(matches!(stage.try_send(&stage.agent, talk, "e", text("  ")).await.unwrap_err(), Error::Content(_)));
}

/// F19, below the API: with a foreign id, every command answers as if there were nothing.
async fn foreign_ids_do_not_exist(place: Place) {
    let theirs = Stage::new(place).await;
    let talk = theirs.conversation("mara").await;
    let message = theirs.send(talk, "Hello").await;
    theirs.settle().await;
    let channel = theirs.channel;
    let before = theirs.events().await.len();
    let ours = theirs.neighbour().await;
    let agent = Actor { workspace: ours, inboxes: tributary_domain::actor::VisibleInboxes::All, ..theirs.admin.clone() };
    let capabilities = theirs.capabilities().await;
    macro_rules! refused {
        (|$tx:ident, $agent:ident, $capabilities:ident| $command:expr) => {{
            let (agent, capabilities) = (agent.clone(), capabilities.clone());
            let outcome = theirs.store.transact(ours, move |$tx| {
                let ($agent, $capabilities) = (agent.clone(), capabilities.clone());
                Box::pin(async move {
                    let outcome = $command.await.map(drop);
                    drop($capabilities);
                    outcome
                })
            });
            let error = outcome.await.unwrap_err();
            assert!(matches!(error.code(), ErrorCode::NotFound | ErrorCode::Invalid), "{}: {error:?}", stringify!($command));
        }};
    }
    let new = |interaction: InteractionId| message::NewMessage {
        interaction,
        client_id: "c".to_owned(),
        content: text("x"),
        attachments: Vec::new(),
        quoted: None,
        seen: None,
        then_status: None,
    };
    let note =
        |interaction| NewNote { interaction, client_id: "n".to_owned(), text: "x".to_owned(), mentions: [].into(), attachments: vec![] };
    let later = tributary_domain::clock::Clock::now(&theirs.clock) + chrono::Duration::hours(1);
    let person = theirs.agent.person();
    let (inbox, skill) = (theirs.inbox, theirs.skill);
    refused!(|tx, agent, capabilities| message::send(tx, &agent, &capabilities, new(talk)));
    refused!(|tx, agent, capabilities| message::edit(tx, &agent, &capabilities, message, text("x"), None));
    refused!(|tx, agent, capabilities| message::delete(tx, &agent, &capabilities, message, None));
    refused!(|tx, agent, capabilities| message::react(tx, &agent, &capabilities, message, "x", true));
    refused!(|tx, agent, capabilities| message::add_note(tx, &agent, note(talk)));
    refused!(|tx, agent, capabilities| delivery::cancel(tx, &agent, message));
    refused!(|tx, agent, capabilities| delivery::retry(tx, &agent, message));
    refused!(|tx, agent, capabilities| delivery::resolve_unconfirmed(tx, &agent, message, true));
    refused!(|tx, agent, capabilities| interaction::assign(tx, &agent, talk, person, None));
    refused!(|tx, agent, capabilities| interaction::set_status(tx, &agent, talk, InteractionStatus::Closed, None));
    refused!(|tx, agent, capabilities| interaction::snooze(tx, &agent, talk, later, None));
    refused!(|tx, agent, capabilities| interaction::set_priority(tx, &agent, talk, Priority::Low, None));
    refused!(|tx, agent, capabilities| interaction::set_skill(tx, &agent, talk, Some(skill), None));
    refused!(|tx, agent, capabilities| interaction::move_to_inbox(tx, &agent, talk, inbox, None));
    refused!(|tx, agent, capabilities| interaction::set_tags(tx, &agent, talk, [].into(), [].into(), None));
    refused!(|tx, agent, capabilities| interaction::mark_read(tx, &agent, talk, true));
    refused!(|tx, agent, capabilities| tributary_domain::channel::delete(tx, &agent, channel, None));

    let read = theirs.store.read(ours).await.unwrap();
    assert!(interaction::by_id(read.conn(), &agent, talk).await.unwrap().is_none());
    assert!(message_row::by_id(ours, message).one(read.conn()).await.unwrap().is_none());
    drop(read);
    assert_eq!(theirs.events().await.len(), before, "and nothing has happened there");
    assert_eq!(theirs.work_of(message).await[0].state, OutboundState::Sent);
}
