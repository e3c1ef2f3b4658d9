//! What one account, or one recipient, may cost the others: nothing.

use tributary_channels::worker::Timing;
use tributary_domain::state::DeliveryState;
use tributary_tests::fake::byoc::Stall;

use crate::{
    stage::{PATIENCE, Stage, on_both, quick_timing},
    store_contract::place::Place,
};

on_both!(answers_that_refuse_open_no_breaker, a_slow_channel_leaves_places_to_the_others);

/// F15: the platform answers, so it is there; what it says about one recipient says nothing about the next.
async fn answers_that_refuse_open_no_breaker(place: Place) {
    let stage = Stage::new(place).await;
    let mut refused = Vec::new();
    for (n, status) in [500, 503, 500, 429, 500, 408, 500, 503].into_iter().enumerate() {
        let talk = stage.conversation(&format!("person-{n}")).await;
        // Waits that the platform asks for hold the account, and are another matter.
        let header = (status == 429).then_some(("retry-after", "0"));
        stage.integrator.answer_next(status, header, "");
        refused.push(stage.send(talk, "later").await);
        stage.settle().await;
    }
    let talk = stage.conversation("healthy").await;
    let sent = stage.send(talk, "now").await;
    stage.settle().await;
    assert_eq!(stage.message(sent).await.delivery, Some(DeliveryState::Sent));
    for id in refused {
        assert_ne!(stage.message(id).await.delivery, Some(DeliveryState::Failed));
    }
}

async fn a_slow_channel_leaves_places_to_the_others(place: Place) {
    let mut stage = Stage::new(place).await;
    let worker = stage.worker("narrow", Timing { lanes: 3, lanes_per_channel: 2, ..quick_timing() });
    let mut stalled = Vec::new();
    for n in 0..4 {
        let talk = stage.conversation_without_settling(&format!("slow-{n}")).await;
        stalled.push(stage.integrator.stall_next(Stall::Arriving));
        stage.send(talk, &format!("slow {n}")).await;
    }
    assert_eq!(worker.dispatch().await.unwrap(), 2, "not all places of the process");
    stalled[0].reached().await;
    stalled[1].reached().await;
    // The calls that are not held up from here on.
    for one in stalled.drain(2..) {
        one.release();
    }
    assert_eq!(worker.dispatch().await.unwrap(), 0, "the channel has no place left");

    let slow = stage.channel;
    stage.channel = stage.another_channel().await;
    let talk = stage.conversation_without_settling("quick").await;
    stage.send(talk, "quick").await;
    assert_eq!(worker.dispatch().await.unwrap(), 1);
    let delivered = async {
        while !stage.delivered().contains(&"quick".to_owned()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, delivered).await.expect("the other channel waits for nobody");
    stage.channel = slow;
    for one in &stalled {
        one.release();
    }
    worker.idle().await;
    stage.settle_with(&worker).await;
    assert_eq!(stage.delivered().len(), 5);
}
