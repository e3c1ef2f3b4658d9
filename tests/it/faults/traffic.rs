//! Writers that repeat what was not acknowledged, until it is: an integrator's batches over HTTP, and notes over GraphQL.

use std::ops::Range;

use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};
use tributary_domain::clock::{Clock, SystemClock};
use tributary_tests::{
    checker::WriterJournal,
    client::{GraphqlClient, http_client},
    fake::byoc::INBOUND_TOKEN,
};

use super::{cluster::Cluster, follower::PAUSE};
use crate::stage::Heard;

/// Customers who write; each has a conversation.
const CUSTOMERS: usize = 40;
const WRITERS: usize = 4;

/// How much is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount {
    /// Requests of the integrator, and events in each of them.
    pub(super) batches: usize,
    pub(super) per_batch: usize,
    /// Notes of the agent.
    pub(super) notes: usize,
}

impl Amount {
    /// How many texts that makes.
    pub(super) fn total(self) -> usize {
        self.batches * self.per_batch + self.notes / WRITERS * WRITERS
    }
}

/// Where is written, and in how many steps.
pub(super) struct Course {
    pub(super) nodes: Range<usize>,
    /// Equal parts, the next of which begins only when the test says so: then no fault comes after the end of the traffic.
    pub(super) parts: usize,
}

/// How far the writers may go.
#[derive(Clone)]
struct Pace {
    parts: usize,
    allowed: watch::Receiver<usize>,
}

impl Pace {
    /// Waits until this one of so many may be written.
    async fn wait(&mut self, number: usize, count: usize) {
        let parts = self.parts;
        // An error means that the test is over, and the writers with it.
        drop(self.allowed.wait_for(|allowed| number * parts < allowed * count).await);
    }
}

/// Traffic under way.
pub(super) struct Traffic {
    writers: JoinSet<Written>,
    allowed: watch::Sender<usize>,
    addresses: Vec<String>,
    token: String,
    on: Value,
}

/// What the writers were told.
#[derive(Default)]
pub(super) struct Written {
    pub(super) journals: Vec<WriterJournal>,
    /// How often something had to be said again.
    pub(super) repeats: usize,
}

impl Traffic {
    /// Begins to write at all nodes. `heard` is told each text that was acknowledged.
    pub(super) async fn start(cluster: &Cluster, token: &str, amount: Amount, heard: impl Fn(&str) + Clone + Send + 'static) -> Self {
        Self::start_on(cluster, token, amount, Course { nodes: 0..cluster.nodes.len(), parts: 1 }, heard).await
    }

    /// Begins the first part of a course.
    pub(super) async fn start_on(
        cluster: &Cluster,
        token: &str,
        amount: Amount,
        course: Course,
        heard: impl Fn(&str) + Clone + Send + 'static,
    ) -> Self {
        let addresses = cluster.all_graphql()[course.nodes.clone()].to_vec();
        let events = cluster.all_events()[course.nodes].to_vec();
        let on = cluster.first_interaction(&clients(&addresses, token)[0]).await;
        let (allowed, allowance) = watch::channel(1);
        let pace = Pace { parts: course.parts, allowed: allowance };
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(post_batches(events.clone(), writer, amount, pace.clone(), heard.clone()));
            let notes = Notes { clients: clients(&addresses, token), on: on.clone() };
            writers.spawn(write_notes(notes, writer, amount.notes / WRITERS, pace.clone(), heard.clone()));
        }
        Self { writers, allowed, addresses, token: token.to_owned(), on }
    }

    /// Lets the next part begin.
    pub(super) fn go_on(&self) {
        self.allowed.send_modify(|allowed| *allowed += 1);
    }

    /// Waits until everything is acknowledged.
    pub(super) async fn written(&mut self) -> Written {
        let mut all = Written::default();
        while let Some(written) = self.writers.join_next().await {
            let written = written.unwrap();
            all.journals.extend(written.journals);
            all.repeats += written.repeats;
        }
        all
    }

    /// Writes the last note of all: who has heard it has heard everything that comes at all.
    pub(super) async fn end(&self, written: &mut Written) {
        let notes = Notes { clients: clients(&self.addresses, &self.token), on: self.on.clone() };
        notes.write("end", "the end", 0).await;
        let mut journal = WriterJournal::default();
        journal.acknowledged("the end");
        written.journals.push(journal);
    }
}

/// Events without a common order: the requests are worked on side by side, and repeated as they come.
async fn post_batches(addresses: Vec<String>, writer: usize, amount: Amount, mut pace: Pace, heard: impl Fn(&str)) -> Written {
    let http = http_client().unwrap();
    let mut written = Written::default();
    for batch in (writer..amount.batches).step_by(WRITERS) {
        pace.wait(batch, amount.batches).await;
        let texts: Vec<String> = (0..amount.per_batch).map(|n| format!("batch {batch} event {n}")).collect();
        let body = batch_of(&texts, batch);
        let mut turn = batch;
        loop {
            let address = &addresses[turn % addresses.len()];
            turn += 1;
            let request = http.post(address).header("content-type", "application/cloudevents-batch+json").bearer_auth(INBOUND_TOKEN);
            match request.body(body.clone()).send().await.map(|response| response.status().as_u16()) {
                Ok(200 | 202) => break,
                Ok(503) | Err(_) => {
                    written.repeats += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(other) => panic!("a batch was answered with {other}"),
            }
        }
        for text in texts {
            heard(&text);
            let mut journal = WriterJournal::default();
            journal.acknowledged(text);
            written.journals.push(journal);
        }
    }
    written
}

fn batch_of(texts: &[String], batch: usize) -> String {
    let now = SystemClock.now();
    let event = |(n, text): (usize, &String)| {
        let from = format!("customer {}", (batch + n) % CUSTOMERS);
        json!({ "specversion": "1.0", "id": text, "source": "https://middleware.example/shop", "type": "message.created",
            "data": Heard::new(text, &from, text).data(now) })
    };
    Value::Array(texts.iter().enumerate().map(event).collect()).to_string()
}

/// Notes of one agent, one after the other: the order in which they were acknowledged is that of the log.
async fn write_notes(notes: Notes, writer: usize, count: usize, mut pace: Pace, heard: impl Fn(&str)) -> Written {
    let mut written = Written::default();
    let mut journal = WriterJournal::default();
    for n in 0..count {
        pace.wait(n, count).await;
        let text = format!("note {n} of {writer}");
        written.repeats += notes.write(&text, &text, writer + n).await;
        heard(&text);
        journal.acknowledged(text);
    }
    written.journals.push(journal);
    written
}

fn clients(addresses: &[String], token: &str) -> Vec<GraphqlClient> {
    addresses.iter().map(|address| GraphqlClient::new(address).unwrap().with_token(token)).collect()
}

struct Notes {
    clients: Vec<GraphqlClient>,
    on: Value,
}

impl Notes {
    /// Writes until it is acknowledged, at each node in turn, and returns how often it had to be repeated.
    async fn write(&self, key: &str, text: &str, first: usize) -> usize {
        let query = "mutation($input: AddNoteInput!) { addNote(input: $input) { message { id } errors { code message isRetryable } } }";
        let input = json!({ "input": { "interactionId": self.on, "clientId": key, "text": text } });
        for turn in 0.. {
            if let Ok(answer) = self.clients[(first + turn) % self.clients.len()].post(query, input.clone()).await {
                let payload = answer.at("/addNote");
                if payload["message"]["id"].is_string() {
                    return turn;
                }
                let refusals = [payload["errors"].as_array().cloned().unwrap_or_default(), answer.errors().to_vec()].concat();
                let may_repeat = |error: &Value| error["isRetryable"] == true || error["extensions"]["retryable"] == true;
                assert!(!refusals.is_empty() && refusals.iter().all(may_repeat), "{text}: {}", answer.body);
            }
            tokio::time::sleep(PAUSE).await;
        }
        unreachable!("it is tried for ever")
    }
}
