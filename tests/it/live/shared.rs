//! Subscriptions that are executed once for all whose answer is equal.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_graphql::Request;
use futures_util::{FutureExt, StreamExt, future::join_all, stream::BoxStream};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tributary_api::{
    gatekeeper::Gate,
    graphql,
    http::graphql::{Answer, Engine},
    live::{Live, VIEWER_FIELDS},
};
use tributary_domain::{
    actor::{Actor, Identity, Role},
    entity::channel,
    event::log,
    ids::TeamId,
    random,
};
use tributary_tests::client::{GraphqlClient, GraphqlSocket, Subscription};

use super::place::Place;
use crate::{
    api::schema::Schema,
    backend::{Backend, on_both},
    foreign::things::furnish,
    statements::SPLITS,
};

on_both![
    many_readers_cost_as_many_statements_as_one,
    different_groups_load_the_same_rows_once,
    joins_and_changes_lose_and_repeat_nothing,
    no_field_looks_at_the_viewer_unseen
];

const TEXTS: &str = "subscription($after: LogCursor!) { workspaceEvents(after: $after) { prev cursor events { seq kind \
    entity { __typename ... on Message { text interaction { reference contact { name } channel { name } assignee { name } } } } } } }";
/// Longer than anything takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// One subscriber, who checks that every batch follows on the one before.
struct Reader {
    _socket: GraphqlSocket,
    subscription: Subscription,
    cursor: String,
    texts: Vec<String>,
}

impl Reader {
    async fn join(client: &GraphqlClient, after: &str) -> Self {
        Self::join_with(client, TEXTS, after).await
    }

    async fn join_with(client: &GraphqlClient, document: &str, after: &str) -> Self {
        let socket = client.socket().await.unwrap();
        let subscription = socket.subscribe(document, json!({ "after": after })).unwrap();
        Self { _socket: socket, subscription, cursor: after.to_owned(), texts: Vec::new() }
    }

    /// Reads on until a message with this text has come.
    async fn read_to(&mut self, text: &str, seed: u64) {
        let reading = async {
            while self.texts.last().is_none_or(|last| last != text) {
                let data = self.subscription.data().await.unwrap();
                let batch = &data["workspaceEvents"];
                assert_eq!(batch["prev"], self.cursor.as_str(), "a batch must follow on what the reader has, seed {seed}");
                self.cursor = batch["cursor"].as_str().unwrap().to_owned();
                let received = batch["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "MESSAGE_RECEIVED");
                self.texts.extend(received.filter_map(|event| event["entity"]["text"].as_str()).map(str::to_owned));
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("{text} has not come, seed {seed}"));
    }
}

/// What a message costs, in statements, for one reader and for twenty who ask with these documents.
async fn costs(backend: Backend, document: impl Fn(usize) -> String) -> (u64, u64) {
    let place = Place::start(backend).await;
    let chat = place.add_channel("Chat", None).await;
    let mut clients = Vec::new();
    for n in 0..20 {
        let email = format!("agent-{n}@example.org");
        place.add_person(&email, Role::Agent).await;
        clients.push(place.sign_in(&email).await.0);
    }
    let mut readers: Vec<Reader> = Vec::new();
    let mut costs = Vec::new();
    for count in [1, 20] {
        while readers.len() < count {
            let client = &clients[readers.len()];
            readers.push(Reader::join_with(client, &document(readers.len()), &place.cursor(client).await).await);
        }
        // The first one brings all to where the group is.
        for text in ["first", "second", "third"].map(|which| format!("{which} for {count}")) {
            let before = place.app.store.statements();
            place.write(&chat, "mara", &text).await;
            join_all(readers.iter_mut().map(|reader| reader.read_to(&text, 0))).await;
            costs.push(place.app.store.statements() - before);
        }
    }
    // The server asks for other things too, now and then.
    let (one, twenty) = costs.split_at(3);
    (*one.iter().min().unwrap(), *twenty.iter().min().unwrap())
}

async fn many_readers_cost_as_many_statements_as_one(backend: Backend) {
    let (one, twenty) = costs(backend, |_| TEXTS.to_owned()).await;
    assert!(twenty <= one + SPLITS, "statements for 1 reader and for 20: {one} and {twenty}");
}

async fn different_groups_load_the_same_rows_once(backend: Backend) {
    let (one, twenty) = costs(backend, |reader| TEXTS.replace("seq kind", &format!("seq kind as{reader}: kind"))).await;
    // Some may ask for what is on its way already.
    assert!(twenty <= 2 * one, "statements for 1 group and for 20: {one} and {twenty}");
}

/// A channel of a team, one of everybody, and people who come into the team and leave it.
struct Model {
    seed: u64,
    place: Place,
    secret: channel::Model,
    open: channel::Model,
    team: TeamId,
    people: Vec<Person>,
    written: Vec<(String, bool)>,
}

struct Person {
    id: tributary_domain::ids::PersonId,
    client: GraphqlClient,
    is_member: bool,
    reader: Option<(Reader, Vec<String>)>,
    /// Cursors that it once had, with the number of messages that were written by then.
    left_at: Vec<(String, usize)>,
}

async fn joins_and_changes_lose_and_repeat_nothing(backend: Backend) {
    // Every failure names it: a seed that fails becomes a test.
    let seed = u64::from_be_bytes(random::bytes());
    let mut rng = StdRng::seed_from_u64(seed);
    let mut model = Model::new(backend, seed).await;
    for step in 0..60 {
        let who = rng.random_range(0..model.people.len());
        match rng.random_range(0..10) {
            0..4 => model.write(step, rng.random()).await,
            4..7 => model.join(who, rng.random()).await,
            7 => model.leave(who),
            8 => model.change_team(who).await,
            _ => model.sign_out_of_another_browser(who).await,
        }
    }
    model.settle().await;
    let joined = model.people.iter().filter(|person| person.reader.is_some()).count();
    assert!(joined > 0 && !model.written.is_empty(), "nothing was tried with seed {seed}");
}

impl Model {
    async fn new(backend: Backend, seed: u64) -> Self {
        let place = Place::start(backend).await;
        let first = place.add_person("person-0@example.org", Role::Agent).await;
        let team = place.add_team(first).await;
        let (secret, open) = (place.add_channel("Secret", Some(team)).await, place.add_channel("Open", None).await);
        let mut people = Vec::new();
        for n in 0..4 {
            let email = format!("person-{n}@example.org");
            let id = if n == 0 { first } else { place.add_person(&email, Role::Agent).await };
            let client = place.sign_in(&email).await.0;
            let cursor = place.cursor(&client).await;
            people.push(Person { id, client, is_member: n == 0, reader: None, left_at: vec![(cursor, 0)] });
        }
        Self { seed, place, secret, open, team, people, written: Vec::new() }
    }

    async fn write(&mut self, step: usize, is_secret: bool) {
        let text = format!("message {step}");
        let channel = if is_secret { &self.secret } else { &self.open };
        self.place.write(channel, "mara", &text).await;
        for person in self.people.iter_mut().filter(|person| person.is_member || !is_secret) {
            if let Some((_, expected)) = &mut person.reader {
                expected.push(text.clone());
            }
        }
        self.written.push((text, is_secret));
    }

    /// From now on or from an earlier place. What happened meanwhile is seen with the rights of today.
    async fn join(&mut self, who: usize, is_from_before: bool) {
        self.leave(who);
        let written = self.written.len();
        let person = &mut self.people[who];
        let (cursor, from) =
            if is_from_before { person.left_at.last().unwrap().clone() } else { (self.place.cursor(&person.client).await, written) };
        let heard = self.written[from..].iter().filter(|(_, is_secret)| person.is_member || !is_secret);
        let expected = heard.map(|(text, _)| text.clone()).collect();
        person.left_at.push((cursor.clone(), from));
        person.reader = Some((Reader::join(&person.client, &cursor).await, expected));
    }

    fn leave(&mut self, who: usize) {
        self.people[who].reader = None;
    }

    /// All have come to the same place before and after, so that it is known what each of them may see.
    async fn change_team(&mut self, who: usize) {
        self.settle().await;
        self.people[who].is_member = !self.people[who].is_member;
        let members = self.people.iter().filter(|person| person.is_member).map(|person| person.id).collect();
        self.place.set_team(self.team, members).await;
        self.settle().await;
    }

    /// An event for this person alone, which ends another session.
    async fn sign_out_of_another_browser(&self, who: usize) {
        let (other, _) = self.place.sign_in(&format!("person-{who}@example.org")).await;
        other.post("mutation { signOut { errors { code } } }", json!({})).await.unwrap().ok().unwrap();
    }

    /// Everybody has read up to a message that everybody may see, and has heard what was to be heard.
    async fn settle(&mut self) {
        let step = 1_000 + self.written.len();
        self.write(step, false).await;
        let marker = format!("message {step}");
        for (reader, expected) in self.people.iter_mut().filter_map(|person| person.reader.as_mut()) {
            reader.read_to(&marker, self.seed).await;
            assert_eq!(&reader.texts, expected, "seed {}", self.seed);
        }
    }
}

/// Everything that an event can show is asked for in the name of whoever has the rights.
async fn no_field_looks_at_the_viewer_unseen(backend: Backend) {
    let place = Place::start(backend).await;
    let app = place.app.clone();
    let live = Live::new(graphql::schema(app.clone(), Arc::new(Gate::new(app.clone()).unwrap())), app.clone());
    let identity = Identity::Person { id: place.add_person("ada@example.org", Role::Admin).await, name: "Ada".into() };
    let actor = Arc::new(Actor { identity, ..place.system() });
    let read = app.store.read(place.workspace).await.unwrap();
    let after = app.cursors.encode(place.workspace, log::head(&read).await.unwrap());
    drop(read);
    let (mut asked, mut shown) = (BTreeMap::new(), BTreeMap::new());
    for (of, fields) in Schema::served().of_nodes(2, &VIEWER_FIELDS) {
        let document = format!(
            "subscription($after: LogCursor!) {{ workspaceEvents(after: $after) {{ events {{ seq entity {{ __typename ... on {of} {{ {fields} }} }} }} }} }}"
        );
        let variables = async_graphql::Variables::from_json(json!({ "after": after }));
        let request = Request::new(document).variables(variables).data(actor.clone()).data(graphql::request_data(&app, actor.clone()));
        asked.insert(of, live.answers(request));
    }
    assert!(asked.len() > 10, "the schema was not read");
    // Each begins its group as soon as it is looked at, and goes on alone up to there.
    for answers in asked.values_mut() {
        assert!(answers.next().now_or_never().is_none(), "nothing has happened yet");
    }
    // By the second time all groups are there.
    for word in ["first", "second"] {
        furnish(&place, word).await;
        let last = place.app.store.read(place.workspace).await.unwrap().position().await.unwrap().seq.0;
        for (of, answers) in &mut asked {
            tokio::time::timeout(PATIENCE, read_to(last, of, answers, &mut shown))
                .await
                .unwrap_or_else(|_| panic!("{of}: an event is missing"));
        }
    }
    assert_eq!(live.unforeseen(), 0, "a field looks at the viewer and is not listed");
    assert!(shown.len() > 10, "hardly anything was shown: {shown:?}");
}

/// Reads up to an event, and counts what is shown of the type.
async fn read_to(last: i64, of: &str, answers: &mut BoxStream<'static, Answer>, shown: &mut BTreeMap<String, usize>) {
    let mut reached = 0;
    while reached < last {
        let response: Value = match answers.next().await.expect("it goes on") {
            Answer::Shared(json) => serde_json::from_str(&json).unwrap(),
            Answer::Own(own) => serde_json::to_value(own).unwrap(),
            Answer::Offer(_) => continue,
        };
        assert!(response["errors"].is_null(), "{of}: {}", response["errors"]);
        for event in response["data"]["workspaceEvents"]["events"].as_array().unwrap() {
            reached = event["seq"].as_i64().unwrap();
            if event["entity"]["__typename"] == of {
                *shown.entry(of.to_owned()).or_default() += 1;
            }
        }
    }
}
