//! Writers that repeat what was not acknowledged, until it is: an integrator's batches over HTTP, and notes over GraphQL.

use serde_json::{Value, json};
use tokio::task::JoinSet;
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

/// Traffic under way.
pub(super) struct Traffic {
    writers: JoinSet<Written>,
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
        let (client, _) = cluster.sign_in(0).await;
        let on = cluster.first_interaction(&client).await;
        let (addresses, events) = (cluster.all_graphql(), cluster.all_events());
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(post_batches(events.clone(), writer, amount, heard.clone()));
            writers.spawn(write_notes(addresses.clone(), token.to_owned(), on.clone(), writer, amount.notes / WRITERS, heard.clone()));
        }
        Self { writers, addresses, token: token.to_owned(), on }
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
async fn post_batches(addresses: Vec<String>, writer: usize, amount: Amount, heard: impl Fn(&str)) -> Written {
    let http = http_client().unwrap();
    let mut written = Written::default();
    for batch in (writer..amount.batches).step_by(WRITERS) {
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
async fn write_notes(addresses: Vec<String>, token: String, on: Value, writer: usize, count: usize, heard: impl Fn(&str)) -> Written {
    let notes = Notes { clients: clients(&addresses, &token), on };
    let mut written = Written::default();
    let mut journal = WriterJournal::default();
    for n in 0..count {
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
