//! Housekeeping: what is kept for a time only goes, what somebody still needs stays.

use std::time::Duration;

use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::json;
use tributary_domain::{
    agent::{NewSession, open_session},
    channel::{Letters, drop_letters},
    clock::Clock,
    entity::{outbound, raw_inbound, session},
};

use crate::{
    stage::{Heard, Stage, on_both},
    store_contract::place::Place,
};

on_both!(what_has_had_its_time_goes);

async fn counts(stage: &Stage) -> (usize, usize, usize) {
    let read = stage.store.read(stage.workspace).await.unwrap();
    let raw = raw_inbound::in_workspace(stage.workspace).all(read.conn()).await.unwrap().len();
    let work = outbound::in_workspace(stage.workspace).filter(outbound::Column::MessageId.is_not_null());
    let sessions = session::in_workspace(stage.workspace).all(read.conn()).await.unwrap().len();
    (raw, work.all(read.conn()).await.unwrap().len(), sessions)
}

async fn what_has_had_its_time_goes(place: Place) {
    let stage = Stage::new(place).await;
    let talk = stage.conversation("mara").await;
    let first = stage.send(talk, "one").await;
    stage.settle().await;
    for n in 0..2 {
        let poison = (format!("poison-{n}"), "message.created", json!({"direction": "sideways", "n": n}));
        stage.post_batch(&[poison]).await;
        stage.settle().await;
    }
    let letters = stage.letters().await;
    let (admin, dropped) = (stage.admin.clone(), letters[0].id);
    let dropping = stage.command(move |tx| {
        let admin = admin.clone();
        Box::pin(async move { drop_letters(tx, &admin, Letters::Ids(vec![dropped])).await })
    });
    dropping.await.unwrap();
    let person = stage.agent.person().unwrap();
    let opening = stage.command(move |tx| {
        let new = NewSession { person, refresh_token: "refresh".to_owned(), ttl: Duration::from_secs(86_400), user_agent: None };
        Box::pin(async move { open_session(tx, new).await.map(|_| ()) })
    });
    opening.await.unwrap();
    assert_eq!(counts(&stage).await, (3, 1, 1));
    stage.pass(6 * 86_400).await;
    stage.worker.prune().await.unwrap();
    assert_eq!(counts(&stage).await, (3, 1, 1), "everything may still be asked for");
    stage.pass(3 * 86_400).await;
    stage.worker.prune().await.unwrap();
    assert_eq!(counts(&stage).await, (1, 1, 0), "the open letter keeps its request");
    let letters = stage.letters().await;
    assert_eq!(letters.iter().filter(|letter| letter.raw_id.is_some()).map(|letter| letter.item).collect::<Vec<_>>(), [0]);
    assert_eq!(letters.len(), 2, "that there was one is still known");
    stage.pass(23 * 86_400).await;
    stage.worker.prune().await.unwrap();
    assert_eq!(counts(&stage).await, (1, 0, 0));
    assert!(stage.message(first).await.sent_at.is_some_and(|at| at < stage.clock.now()));
    // The lane begins anew, and order holds.
    stage.hear(&Heard::new("m-2", "mara", "Hello again")).await;
    stage.send(talk, "two").await;
    stage.settle().await;
    assert_eq!(stage.delivered(), ["one", "two"]);
}
