//! Which interaction a message belongs to, and what it does to it.

use serde_json::json;
use tributary_domain::{
    clock::Clock,
    content::{QuickReplies, QuickReply, RichContent},
    entity::{contact, reaction},
    event::EventKind,
    interaction::{self, Priority},
    message::{AuthorKind, Direction, EntryKind},
    script::ScriptStep,
    state::{DeliveryState, InteractionStatus},
};

use crate::{
    stage::{Heard, Setup, Stage, on_both, text},
    store_contract::place::Place,
};

on_both!(
    a_contact_continues_and_starts_anew,
    a_resolved_interaction_opens_again_in_time,
    a_snoozed_interaction_wakes_by_time_or_by_the_contact,
    machines_neither_start_scripts_nor_open_again,
    the_script_runs_once,
    a_number_is_the_answer,
    a_blocked_contact_is_not_heard,
    a_quote_finds_its_message,
    a_quote_of_what_is_closed_finds_its_continuation,
    the_thread_decides_before_the_quote,
    changes_have_effect_once,
    a_message_of_another_application_is_shown,
    a_closed_conversation_is_resolved,
);

async fn set_status(stage: &Stage, id: tributary_domain::ids::InteractionId, status: InteractionStatus) {
    let agent = stage.agent.clone();
    let done = stage.command(move |tx| {
        let agent = agent.clone();
        Box::pin(async move { interaction::set_status(tx, &agent, id, status, None).await })
    });
    done.await.unwrap();
}

async fn a_contact_continues_and_starts_anew(place: Place) {
    let stage = Stage::new(place).await;
    let first = stage.hear(&Heard::new("m-1", "mara", "Hello")).await;
    assert_eq!(stage.hear(&Heard::new("m-2", "mara", "Still me")).await, first);
    let other = stage.hear(&Heard::new("m-3", "nils", "Hello")).await;
    assert_ne!(other, first);
    let elsewhere = Heard { thread: Some("t-elsewhere".to_owned()), ..Heard::new("m-4", "mara", "About something else") };
    let elsewhere = stage.hear(&elsewhere).await;
    assert_ne!(elsewhere, first, "another conversation of the platform is another interaction");
    assert_eq!(stage.interaction(elsewhere).await.contact_id, stage.interaction(first).await.contact_id);

    set_status(&stage, first, InteractionStatus::Closed).await;
    let next = stage.hear(&Heard::new("m-5", "mara", "One more thing")).await;
    let row = stage.interaction(next).await;
    assert_eq!((row.linked_to, row.status, row.waiting_since.is_some()), (Some(first), InteractionStatus::New, true));
    assert_eq!(stage.interaction(first).await.status, InteractionStatus::Closed);
    let numbers: Vec<_> = stage.interactions().await.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

async fn a_resolved_interaction_opens_again_in_time(place: Place) {
    let stage = Stage::new(place).await;
    let first = stage.hear(&Heard::new("m-1", "mara", "Hello")).await;
    set_status(&stage, first, InteractionStatus::Resolved).await;
    assert!(stage.interaction(first).await.waiting_since.is_none());
    stage.pass(6 * 86_400).await;
    assert_eq!(stage.hear(&Heard::new("m-2", "mara", "It broke again")).await, first);
    let row = stage.interaction(first).await;
    assert_eq!((row.status, row.resolved_at, row.waiting_since), (InteractionStatus::Open, None, Some(stage.clock.now())));

    set_status(&stage, first, InteractionStatus::Resolved).await;
    stage.pass(8 * 86_400).await;
    let late = stage.hear(&Heard::new("m-3", "mara", "A new question")).await;
    assert_ne!(late, first, "the workspace opens again for 7 days");
    assert_eq!(stage.interaction(late).await.linked_to, Some(first));
    assert_eq!(stage.interaction(first).await.status, InteractionStatus::Resolved);
}

async fn a_snoozed_interaction_wakes_by_time_or_by_the_contact(place: Place) {
    let stage = Stage::new(place).await;
    let snooze = |id| {
        let (agent, until) = (stage.agent.clone(), stage.clock.now() + chrono::Duration::hours(1));
        stage.command(move |tx| {
            let agent = agent.clone();
            Box::pin(async move { interaction::snooze(tx, &agent, id, until, None).await })
        })
    };
    let (mara, nils) = (stage.conversation("mara").await, stage.conversation("nils").await);
    snooze(mara).await.unwrap();
    snooze(nils).await.unwrap();
    stage.hear(&Heard::new("m-2", "nils", "Are you there?")).await;
    assert_eq!(stage.interaction(nils).await.status, InteractionStatus::Open);
    assert_eq!(stage.worker.wake_snoozed().await.unwrap(), 0);
    stage.pass(3_601).await;
    assert_eq!(stage.worker.wake_snoozed().await.unwrap(), 1);
    let row = stage.interaction(mara).await;
    assert_eq!((row.status, row.snoozed_until), (InteractionStatus::Open, None));
}

async fn machines_neither_start_scripts_nor_open_again(place: Place) {
    let script = vec![ScriptStep::SendContent { content: Box::new(text("Welcome")) }];
    let stage = Stage::with(place, Setup { script, ..Setup::default() }).await;
    let machine = |id: &str, from: &str| Heard::new(id, from, "I am away").with("isAutomatic", json!(true));
    let started = stage.hear(&machine("m-1", "robot")).await;
    assert_eq!(stage.thread(started).await.len(), 1, "no greeting");
    assert!(stage.interaction(started).await.waiting_since.is_none(), "nobody waits for an answer");

    let talk = stage.conversation("mara").await;
    for status in [InteractionStatus::Resolved, InteractionStatus::Closed] {
        set_status(&stage, talk, status).await;
        assert_eq!(stage.hear(&machine(&format!("m-{status:?}"), "mara")).await, talk);
        assert_eq!(stage.interaction(talk).await.status, status);
    }
    assert_eq!(stage.interactions().await.len(), 2);
    assert_eq!(stage.delivered(), ["Welcome"]);
}

async fn the_script_runs_once(place: Place) {
    let script = vec![
        ScriptStep::SendContent { content: Box::new(text("Welcome")) },
        ScriptStep::SetPriority { priority: Priority::High },
        ScriptStep::SetSkill { skill: uuid::Uuid::from_u128(1).into() },
        ScriptStep::HandToHumans { inbox: None },
        ScriptStep::SendContent { content: Box::new(text("never said")) },
    ];
    let stage = Stage::with(place, Setup { script, ..Setup::default() }).await;
    let talk = stage.conversation("mara").await;
    stage.hear(&Heard::new("m-2", "mara", "Anyone?")).await;
    stage.pass(60).await;
    stage.settle().await;
    assert_eq!(stage.delivered(), ["Welcome"]);
    let row = stage.interaction(talk).await;
    assert_eq!(row.priority, Priority::High);
    assert_eq!(row.skill_id, Some(stage.skill), "a skill that is gone changes nothing");
    assert_eq!((row.inbound_count, row.message_count), (2, 3));
    assert_eq!(row.status, InteractionStatus::New, "a greeting is no answer of a person");
    let state = row.script_state.unwrap();
    assert_eq!((state.script, state.next_step, state.is_handed_over), (stage.script, 4, true));
    let thread = stage.thread(talk).await;
    let greeting = thread.iter().find(|entry| entry.author_kind == AuthorKind::Script && entry.entry == EntryKind::Message).unwrap();
    assert!(greeting.is_automatic);
    assert_eq!(greeting.delivery, Some(DeliveryState::Sent));
    let told: Vec<_> = thread.iter().filter(|entry| entry.entry == EntryKind::System).collect();
    assert_eq!(told.len(), 2, "priority, and the step that could not be run");
}

async fn a_number_is_the_answer(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let reply = |id: &str, title: &str| QuickReply { id: id.to_owned(), title: title.to_owned() };
    let question =
        RichContent::QuickReplies(QuickReplies { text: "Which?".to_owned(), replies: vec![reply("r", "Red"), reply("b", "Blue")] });
    stage.try_send(&stage.agent, talk, "q", question).await.unwrap();
    stage.settle().await;
    stage.pass(5).await;
    stage.hear(&Heard::new("m-2", "mara", "2")).await;
    let asked = stage.thread(talk).await.into_iter().find(|entry| entry.direction == Direction::Out).unwrap();
    let RichContent::Selection(answer) = stage.find("m-2").await.unwrap().content.0 else { panic!("a selection") };
    assert_eq!(answer.question, Some(asked.id));
    assert_eq!((answer.items.len(), answer.items[0].id.as_str()), (1, "b"));
    stage.pass(5).await;
    stage.hear(&Heard::new("m-3", "mara", "1")).await;
    assert!(matches!(stage.find("m-3").await.unwrap().content.0, RichContent::Text(_)), "the question was answered before");

    // The same above a quoted question, as mails have it.
    stage.try_send(&stage.agent, talk, "q-2", asked.content.0.clone()).await.unwrap();
    stage.settle().await;
    stage.pass(5).await;
    stage.hear(&Heard::new("m-4", "mara", "Blue\n\n\u{2063}\nOn Monday you wrote:\n> 1. Red\n> 2. Blue")).await;
    let RichContent::Selection(answer) = stage.find("m-4").await.unwrap().content.0 else { panic!("a selection") };
    assert_eq!(answer.items[0].id, "b");
}

async fn a_blocked_contact_is_not_heard(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let contact = stage.interaction(talk).await.contact_id;
    let tx = stage.store.write(stage.workspace).await.unwrap();
    contact::updates(stage.workspace)
        .col_expr(contact::Column::IsBlocked, sea_orm::sea_query::Expr::value(true))
        .exec(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let before = stage.events().await.len();
    stage.event("message.created", Heard::new("m-2", "mara", "Let me in").data(stage.clock.now())).await;
    assert!(stage.find("m-2").await.is_none());
    assert_eq!(stage.events().await.len(), before);
    assert!(stage.letters().await.is_empty());
    assert_eq!(stage.interaction(talk).await.contact_id, contact);
}

/// Nothing but what is quoted says where the message belongs.
fn quoting(id: &str, quoted: &str) -> Heard {
    Heard { thread: None, ..Heard::new(id, "mara", "About that") }.with("replyToMessage", json!({"idOnExternalPlatform": quoted}))
}

async fn a_quote_of_what_is_closed_finds_its_continuation(place: Place) {
    let stage = Stage::new(place).await;
    let first = stage.hear(&Heard::new("m-1", "mara", "Hello")).await;
    set_status(&stage, first, InteractionStatus::Closed).await;
    let second = stage.hear(&quoting("m-2", "m-1")).await;
    assert_eq!(stage.interaction(second).await.linked_to, Some(first));
    assert_eq!(stage.hear(&quoting("m-3", "m-1")).await, second, "not a third one");
    set_status(&stage, second, InteractionStatus::Closed).await;
    let third = stage.hear(&quoting("m-4", "m-1")).await;
    assert_eq!(stage.interaction(third).await.linked_to, Some(second), "a chain");
    assert_eq!(stage.hear(&quoting("m-5", "m-2")).await, third);
    assert_eq!(stage.interactions().await.len(), 3);
}

async fn the_thread_decides_before_the_quote(place: Place) {
    let stage = Stage::new(place).await;
    let first = stage.hear(&Heard::new("m-1", "mara", "Hello")).await;
    let elsewhere = Heard { thread: Some("t-elsewhere".to_owned()), ..Heard::new("m-2", "mara", "Something else") };
    let elsewhere = stage.hear(&elsewhere).await;
    assert_ne!(first, elsewhere);
    let quoted = Heard { thread: Some("t-elsewhere".to_owned()), ..quoting("m-3", "m-1") };
    assert_eq!(stage.hear(&quoted).await, elsewhere);
    let of_a_new_thread = Heard { thread: Some("t-new".to_owned()), ..quoting("m-4", "m-1") };
    assert_eq!(stage.hear(&of_a_new_thread).await, first, "what it answers says more than a thread that nobody knows");
}

async fn a_quote_finds_its_message(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let ours = stage.send(talk, "Which order?").await;
    stage.settle().await;
    let external = stage.message(ours).await.external_id.unwrap();
    let quoting = Heard { thread: None, ..Heard::new("m-2", "mara", "Number 7") };
    let quoting = quoting.with("replyToMessage", json!({"idOnExternalPlatform": external.as_str()}));
    assert_eq!(stage.hear(&quoting).await, talk);
    assert_eq!(stage.find("m-2").await.unwrap().quoted_id, Some(ours));
    let lost = Heard::new("m-3", "mara", "Number 8").with("replyToMessage", json!({"idOnExternalPlatform": "never-seen"}));
    assert_eq!(stage.hear(&lost).await, talk);
    assert_eq!(stage.find("m-3").await.unwrap().quoted_id, None);
}

async fn changes_have_effect_once(place: Place) {
    let stage = Stage::new(place).await;
    stage.conversation("mara").await;
    let now = stage.clock.now();
    let id = "first-of-mara";
    let edit = |words: &str, second: i64| {
        json!({"idOnExternalPlatform": id, "updatedAtOnExternal": (now + chrono::Duration::seconds(second)).to_rfc3339(),
               "messageContent": {"type": "TEXT", "payload": {"text": words}}})
    };
    let react = json!({"idOnExternalPlatform": id, "reaction": "👍", "author": {"endUserIdentity": {"idOnExternalPlatform": "mara"}}});
    let changes = || async { stage.events().await.iter().filter(|event| event.kind == EventKind::MessageChanged).count() };
    for _ in 0..2 {
        stage.event("message.updated", edit("Hello there", 20)).await;
        stage.event("message.updated", edit("Hello ther", 10)).await;
    }
    let found = stage.find(id).await.unwrap();
    assert_eq!((found.text.as_str(), changes().await), ("Hello there", 1), "the older edit came late");
    assert_eq!(found.edited_at, Some(now + chrono::Duration::seconds(20)));
    for _ in 0..2 {
        stage.event("reaction.added", react.clone()).await;
    }
    assert_eq!(changes().await, 2);
    let read = stage.store.read(stage.workspace).await.unwrap();
    assert_eq!(reaction::in_workspace(stage.workspace).all(read.conn()).await.unwrap().len(), 1);
    drop(read);
    for _ in 0..2 {
        stage.event("reaction.removed", react.clone()).await;
    }
    assert_eq!(changes().await, 3);
    for _ in 0..2 {
        stage.event("message.deleted", json!({"idOnExternalPlatform": id})).await;
    }
    stage.event("message.updated", edit("I am back", 30)).await;
    let found = stage.find(id).await.unwrap();
    assert_eq!((found.text.as_str(), changes().await), ("", 4), "what was taken back stays so");
    assert!(found.deleted_at.is_some());
}

/// An echo: our own completes its row, another application's is a message of ours from outside.
async fn a_message_of_another_application_is_shown(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    for _ in 0..2 {
        stage.echo("ext-other", None, "mara", "Sent from the telephone").await;
    }
    let thread = stage.thread(talk).await;
    assert_eq!(thread.len(), 2);
    let outside = thread.iter().find(|entry| entry.direction == Direction::Out).unwrap();
    assert_eq!((outside.author_kind, outside.text.as_str()), (AuthorKind::External, "Sent from the telephone"));
    let row = stage.interaction(talk).await;
    assert_eq!((row.inbound_count, row.message_count, row.waiting_since), (1, 2, None), "the contact has an answer");
    assert!(stage.delivered().is_empty(), "nothing of it goes out again");

    let ours = stage.send(talk, "Sent from here").await;
    let work = stage.work_of(ours).await.remove(0);
    stage.echo("ext-ours", Some(work.id), "mara", "Sent from here").await;
    let found = stage.message(ours).await;
    assert_eq!((found.delivery, found.external_id.unwrap().as_str()), (Some(DeliveryState::Sent), "ext-ours"));
    stage.settle().await;
    assert!(stage.delivered().is_empty(), "it is there already");
    assert_eq!(stage.thread(talk).await.len(), 3);
}

async fn a_closed_conversation_is_resolved(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    for _ in 0..2 {
        stage.event("thread.closed", json!({"thread": {"idOnExternalPlatform": "t-mara"}})).await;
    }
    assert_eq!(stage.interaction(talk).await.status, InteractionStatus::Resolved);
    let lines = stage.thread(talk).await.iter().filter(|entry| entry.entry == EntryKind::System).count();
    assert_eq!(lines, 1);
    assert_eq!(stage.hear(&Heard::new("m-2", "mara", "Wait")).await, talk);
    assert_eq!(stage.interaction(talk).await.status, InteractionStatus::Open);
}
