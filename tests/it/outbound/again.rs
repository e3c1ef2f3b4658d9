//! Order, retries, pauses, and giving up.

use chrono::Duration;
use tributary_domain::{
    ErrorCode,
    channel::{ChannelHealth, Letters, replay},
    clock::Clock,
    entity::{dead_letter::DeadLetterState, outbound::OutboundState},
    ids::MessageId,
    state::DeliveryState,
};
use tributary_tests::fake::byoc::Stall;

use crate::{
    stage::{PATIENCE, Setup, Stage, on_both},
    store_contract::place::Place,
};

on_both!(
    order_holds_inside_an_interaction,
    a_stuck_interaction_delays_no_other,
    retries_wait_longer_each_time,
    a_busy_platform_pauses_the_account,
    refused_credentials_hold_the_queue,
    what_cannot_be_sent_is_given_up_and_replayed_once,
    a_closed_window_ends_the_attempts,
    a_refused_message_does_not_hold_up_the_next,
    a_silent_account_is_left_alone,
);

async fn state(stage: &Stage, id: MessageId) -> DeliveryState {
    stage.message(id).await.delivery.unwrap()
}

async fn order_holds_inside_an_interaction(place: Place) {
    let stage = Stage::new(place).await;
    let talks = [stage.conversation("mara").await, stage.conversation("nils").await];
    let mut asked = [Vec::new(), Vec::new()];
    for n in 0..6 {
        let words = format!("{} {n}", n % 2);
        stage.send(talks[n % 2], &words).await;
        asked[n % 2].push(words);
    }
    // The first call of all fails, and its lane waits with everything behind it.
    stage.integrator.answer_next(503, Some(("retry-after", "3")), "");
    let (one, two) = (stage.worker.clone(), stage.worker("second", crate::stage::quick_timing()));
    let (first, second) = tokio::join!(one.dispatch(), two.dispatch());
    assert_eq!(first.unwrap() + second.unwrap(), 2, "each lane has one holder");
    one.idle().await;
    two.idle().await;
    assert_eq!(stage.delivered().len(), 3, "the other lane is through");
    stage.pass(2).await;
    stage.settle().await;
    assert_eq!(stage.delivered().len(), 3, "it is not time yet");
    stage.pass(2).await;
    stage.settle().await;
    for (lane, asked) in asked.iter().enumerate() {
        let got: Vec<_> = stage.delivered().into_iter().filter(|text| text.starts_with(&format!("{lane} "))).collect();
        assert_eq!(&got, asked);
    }
    for talk in talks {
        let lane = stage.lane(talk).await;
        assert_eq!((lane.pending, lane.owner, lane.lease_until), (0, None, None), "given back, and empty");
    }
}

/// F15.
async fn a_stuck_interaction_delays_no_other(place: Place) {
    let stage = Stage::new(place).await;
    let stuck = stage.conversation("stuck").await;
    let stalled = stage.integrator.stall_next(Stall::Arriving);
    stage.send(stuck, "stuck").await;
    stage.worker.dispatch().await.unwrap();
    stalled.reached().await;
    for n in 0..5 {
        let talk = stage.conversation_without_settling(&format!("person-{n}")).await;
        stage.send(talk, &format!("text {n}")).await;
    }
    assert_eq!(stage.worker.dispatch().await.unwrap(), 5);
    let all = async {
        while stage.delivered().len() < 5 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("nobody waits for the stuck one");
    assert!(!stage.delivered().contains(&"stuck".to_owned()));
    stalled.release();
    stage.settle().await;
    assert_eq!(stage.delivered().len(), 6);
}

async fn retries_wait_longer_each_time(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let id = stage.send(talk, "Hello").await;
    for attempt in 1..=8_u32 {
        stage.integrator.answer_next(500, None, "");
        stage.settle().await;
        let work = stage.work_of(id).await.remove(0);
        assert_eq!((work.state, work.attempts), (OutboundState::Queued, i32::try_from(attempt).unwrap()));
        let (wait, step) = (work.not_before - stage.clock.now(), Duration::seconds(2_i64.pow(attempt - 1)));
        assert!(wait <= step && (wait + Duration::milliseconds(1)) * 10 >= step, "attempt {attempt} is followed by {wait}");
        stage.pass(wait.num_seconds() + 1).await;
        // A breaker may be open after five failures; it lets one call try after half a minute.
        stage.pass(31).await;
    }
    stage.settle().await;
    assert_eq!(state(&stage, id).await, DeliveryState::Sent);
    assert_eq!(stage.delivered(), ["Hello"]);
}

async fn a_busy_platform_pauses_the_account(place: Place) {
    let stage = Stage::new(place).await;
    let (mara, nils) = (stage.conversation("mara").await, stage.conversation("nils").await);
    stage.integrator.answer_next(429, Some(("retry-after", "40")), "");
    stage.send(mara, "one").await;
    stage.settle().await;
    stage.send(nils, "two").await;
    stage.settle().await;
    stage.pass(38).await;
    stage.settle().await;
    assert!(stage.delivered().is_empty(), "all lanes of the account wait");
    stage.pass(3).await;
    stage.settle().await;
    let mut delivered = stage.delivered();
    delivered.sort();
    assert_eq!(delivered, ["one", "two"]);
}

async fn refused_credentials_hold_the_queue(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    stage.integrator.answer_next(401, None, "");
    let id = stage.send(talk, "Hello").await;
    stage.settle().await;
    assert_eq!(stage.channel().await.health, ChannelHealth::NeedsSignIn);
    let work = stage.work_of(id).await.remove(0);
    assert_eq!((work.state, work.attempts, work.first_tried_at), (OutboundState::Queued, 0, None), "no attempt is used up");
    // Longer than a message is tried: the time without credentials does not count.
    for _ in 0..3 {
        stage.pass(86_400).await;
        stage.settle().await;
    }
    assert!(stage.delivered().is_empty());
    let refused = stage.try_send(&stage.agent, talk, "meanwhile", crate::stage::text("More")).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotSupported, "the agent is told");

    stage.set("signing_secret", tributary_tests::fake::byoc::SIGNING_SECRET).await;
    stage.integrator.answer_next(503, None, "");
    stage.pass(31).await;
    stage.settle().await;
    assert_eq!(state(&stage, id).await, DeliveryState::Sending, "its day begins with the first attempt that counts");
    stage.pass(31).await;
    stage.settle().await;
    assert_eq!(state(&stage, id).await, DeliveryState::Sent);
    assert_eq!(stage.delivered(), ["Hello"]);
}

async fn what_cannot_be_sent_is_given_up_and_replayed_once(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let id = stage.send(talk, "Hello").await;
    stage.integrator.answer_next(503, None, "");
    stage.settle().await;
    stage.pass(86_400).await;
    stage.integrator.answer_next(503, None, "");
    stage.settle().await;
    let failed = stage.message(id).await;
    assert_eq!((failed.delivery, failed.error_code.as_deref()), (Some(DeliveryState::Failed), Some("GAVE_UP")));
    let letters = stage.letters().await;
    assert_eq!((letters.len(), letters[0].state), (1, DeadLetterState::Open));
    assert!(stage.interaction(talk).await.has_failed);

    // The agent asks for another try, and the admin replays the letter that was open when he looked.
    stage.retry(id).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.delivered(), ["Hello"]);
    let (admin, letter) = (stage.admin.clone(), letters[0].id);
    let replayed = stage.command(move |tx| {
        let admin = admin.clone();
        Box::pin(async move { replay(tx, &admin, Letters::Ids(vec![letter])).await })
    });
    assert!(replayed.await.unwrap().is_empty(), "the letter was settled by the other try");
    stage.settle().await;
    assert_eq!(stage.delivered(), ["Hello"]);
    assert_eq!(stage.letters().await[0].state, DeadLetterState::Replayed);
    assert_eq!(stage.retry(id).await.unwrap_err().code(), ErrorCode::Conflict);

    // And the other way round: replayed by the admin alone.
    stage.integrator.answer_next(422, None, "no");
    let second = stage.send(talk, "Again").await;
    stage.settle().await;
    let (admin, channel) = (stage.admin.clone(), stage.channel);
    let replayed = stage.command(move |tx| {
        let admin = admin.clone();
        Box::pin(async move { replay(tx, &admin, Letters::OfChannel(channel)).await })
    });
    assert_eq!(replayed.await.unwrap().len(), 1);
    stage.settle().await;
    assert_eq!(state(&stage, second).await, DeliveryState::Sent);
    assert_eq!(stage.delivered(), ["Hello", "Again"]);
    assert!(!stage.interaction(talk).await.has_failed);
}

async fn a_closed_window_ends_the_attempts(place: Place) {
    let setup = Setup { capabilities: serde_json::json!({"windowHours": 24}), ..Setup::default() };
    let stage = Stage::with(place, setup).await;
    let talk = stage.conversation("mara").await;
    stage.pass(86_000).await;
    let tried = stage.send(talk, "tried").await;
    let waiting = stage.send(talk, "waiting").await;
    stage.integrator.answer_next(503, Some(("retry-after", "300")), "");
    stage.settle().await;
    assert_eq!(state(&stage, tried).await, DeliveryState::Sending);
    stage.pass(310).await;
    stage.integrator.answer_next(503, Some(("retry-after", "300")), "");
    stage.settle().await;
    for id in [tried, waiting] {
        let expected = if id == tried { DeliveryState::Failed } else { DeliveryState::Sent };
        assert_eq!(state(&stage, id).await, expected);
    }
    assert_eq!(stage.message(tried).await.error_code.as_deref(), Some("WINDOW_CLOSED"));

    // Held for another reason until it is too late: not even tried.
    stage.integrator.answer_next(429, Some(("retry-after", "60")), "");
    let late = stage.send(talk, "late").await;
    stage.pass(60).await;
    stage.settle().await;
    let refused = stage.message(late).await;
    assert_eq!((refused.delivery, refused.error_code.as_deref()), (Some(DeliveryState::Failed), Some("WINDOW_CLOSED")));
    stage.pass(60).await;
    let refused = stage.try_send(&stage.agent, talk, "after", crate::stage::text("After")).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotSupported);
    assert_eq!(stage.delivered(), ["waiting"]);
}

async fn a_refused_message_does_not_hold_up_the_next(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    stage.integrator.answer_next(404, None, "who?");
    let (first, second) = (stage.send(talk, "one").await, stage.send(talk, "two").await);
    stage.settle().await;
    let refused = stage.message(first).await;
    assert_eq!((refused.delivery, refused.error_code.as_deref()), (Some(DeliveryState::Failed), Some("RECIPIENT_UNKNOWN")));
    assert!(refused.error_detail.unwrap().contains("who?"));
    assert_eq!(state(&stage, second).await, DeliveryState::Sent);
    assert_eq!(stage.letters().await.len(), 1);
}

/// The breaker: five failed connects, then nobody calls for half a minute, then one.
async fn a_silent_account_is_left_alone(place: Place) {
    let stage = Stage::new(place).await;
    let mut talks = Vec::new();
    for n in 0..6 {
        talks.push(stage.conversation(&format!("person-{n}")).await);
    }
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", nobody.local_addr().unwrap());
    drop(nobody);
    stage.set("url", &address).await;
    for talk in &talks[..5] {
        stage.send(*talk, "fails").await;
        stage.settle().await;
    }
    stage.set("url", &stage.integrator.url()).await;
    stage.send(talks[5], "waits").await;
    stage.pass(25).await;
    stage.settle().await;
    assert!(stage.delivered().is_empty(), "nobody calls");
    stage.pass(10).await;
    stage.settle().await;
    stage.pass(10).await;
    stage.settle().await;
    assert_eq!(stage.delivered().len(), 6, "the first answer ends it");
}
