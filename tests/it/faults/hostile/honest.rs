//! Somebody who works on while others attack: writes notes, asks over new sockets, and follows the log.

use serde_json::json;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tributary_tests::{
    checker::{WriterJournal, check},
    client::GraphqlClient,
};

use super::super::{
    PATIENCE,
    cluster::Cluster,
    follower::{Follower, Following, follow},
};

pub(super) struct Honest {
    is_over: CancellationToken,
    /// How much was done.
    done: watch::Receiver<usize>,
    working: JoinHandle<WriterJournal>,
    following: Following,
}

impl Honest {
    pub(super) async fn start(cluster: &Cluster) -> Self {
        let (client, token) = cluster.sign_in(0).await;
        let following = follow(Follower { name: "the honest one".into(), ..Follower::of(cluster, &client, &token).await });
        let on = cluster.first_interaction(&client).await;
        let (count, done) = watch::channel(0);
        let is_over = CancellationToken::new();
        let working = tokio::spawn(work(client, on, count, is_over.clone()));
        Self { is_over, done, working, following }
    }

    /// Waits until something more is done and heard.
    pub(super) async fn goes_on(&self) {
        let mut done = self.done.clone();
        let next = *done.borrow_and_update() + 1;
        tokio::time::timeout(PATIENCE, done.wait_for(|done| *done >= next)).await.expect("nothing is answered").expect("the work failed");
        self.following.reaches(next).await;
    }

    /// Everything that was written was heard, over the connection of the beginning.
    pub(super) async fn end(self) {
        self.is_over.cancel();
        let written = self.working.await.unwrap();
        self.following.reaches_or_not(written.count_acknowledged()).await;
        let journal = self.following.journal().await;
        assert_eq!(journal.count_reconnects(), 0);
        check(&[written], &[journal]).assert_none();
    }
}

/// Nothing may be refused, and nothing is tried a second time.
async fn work(client: GraphqlClient, on: serde_json::Value, count: watch::Sender<usize>, is_over: CancellationToken) -> WriterJournal {
    let note = "mutation($input: AddNoteInput!) { addNote(input: $input) { errors { code message } } }";
    let mut journal = WriterJournal::default();
    while !is_over.is_cancelled() {
        let text = format!("note {}", journal.count_acknowledged());
        let input = json!({ "input": { "interactionId": on, "clientId": text, "text": text } });
        let added = client.post(note, input).await.unwrap().ok().unwrap();
        assert_eq!(added["addNote"]["errors"], json!([]));
        journal.acknowledged(text);
        let socket = client.socket().await.unwrap();
        let asked = socket.subscribe("{ viewer { role } }", json!({})).unwrap().data().await.unwrap();
        assert_eq!(asked["viewer"]["role"], "ADMIN");
        count.send_replace(journal.count_acknowledged());
    }
    journal
}
