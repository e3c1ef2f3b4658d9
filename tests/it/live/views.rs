//! Followers of one view, who come, go and change their rights while it changes: what they are told, applied as the schema
//! says, adds up to what a fresh list shows.

use std::{collections::BTreeSet, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tributary_domain::{
    actor::Role,
    entity::channel,
    ids::{PersonId, TeamId},
    random,
};
use tributary_tests::client::{GraphqlClient, GraphqlSocket, Message, Subscription};

use super::{
    make::{create, make},
    place::Place,
};
use crate::{
    backend::{Backend, on_both},
    statements::SPLITS,
};

on_both!(what_followers_are_told_adds_up, many_followers_cost_as_many_statements_as_one, each_viewer_of_a_personal_view_hears_of_the_own);

/// With what is equal for all who have the same rights.
const SHARED: &str = "subscription($view: ID!, $after: LogCursor!) { inbox(viewId: $view, after: $after) { \
    prev cursor count changes { type interactionId interaction { reference status contact { name } } } } }";
/// With what is each viewer's own.
const OWN: &str = "subscription($view: ID!, $after: LogCursor!) { inbox(viewId: $view, after: $after) { \
    prev cursor count unreadCount changes { type interactionId interaction { reference unreadCount } } } }";
const LIST: &str = "query($view: ID!) { interactions(viewId: $view, first: 200) { logCursor nodes { id } } }";
/// Longer than anything takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a follower has: where it is, and what it believes to be inside.
#[derive(Clone)]
struct Belief {
    cursor: String,
    inside: BTreeSet<String>,
    count: i64,
}

struct Follower {
    _socket: GraphqlSocket,
    subscription: Subscription,
    belief: Belief,
}

/// The stream cannot be resumed.
#[derive(Debug)]
struct Reset;

impl Follower {
    async fn join(client: &GraphqlClient, document: &str, view: &str, belief: Belief) -> Self {
        let socket = client.socket().await.unwrap();
        let subscription = socket.subscribe(document, json!({ "view": view, "after": belief.cursor })).unwrap();
        Self { _socket: socket, subscription, belief }
    }

    /// Applies batches until the belief is as it should be; every batch follows on the one before.
    async fn read_until(&mut self, is_there: impl Fn(&Belief) -> bool, seed: u64) -> Result<(), Reset> {
        let reading = async {
            while !is_there(&self.belief) {
                let data = match self.subscription.next_message().await.unwrap() {
                    Message::Next(mut result) if result["errors"].is_null() => result["data"]["inbox"].take(),
                    Message::Error(errors) if errors[0]["extensions"]["code"] == "STREAM_RESET" => return Err(Reset),
                    other => panic!("seed {seed}: instead of a batch came {other:?}"),
                };
                self.belief.apply(&data, seed);
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("something has not come, seed {seed}"))
    }
}

impl Belief {
    /// What a fresh list shows.
    async fn fresh(client: &GraphqlClient, view: &str) -> Self {
        let data = client.post(LIST, json!({ "view": view })).await.unwrap().ok().unwrap();
        let list = &data["interactions"];
        let inside: BTreeSet<_> = list["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
        Self { cursor: list["logCursor"].as_str().unwrap().to_owned(), count: i64::try_from(inside.len()).unwrap(), inside }
    }

    fn apply(&mut self, batch: &Value, seed: u64) {
        assert_eq!(batch["prev"], self.cursor.as_str(), "a batch must follow on what the reader has, seed {seed}");
        self.cursor = batch["cursor"].as_str().unwrap().to_owned();
        for change in batch["changes"].as_array().unwrap() {
            let id = change["interactionId"].as_str().unwrap().to_owned();
            let is_left = change["type"] == "LEFT";
            assert_eq!(change["interaction"].is_null(), is_left, "seed {seed}: {change}");
            if is_left {
                self.inside.remove(&id)
            } else {
                self.inside.insert(id)
            };
        }
        self.count = batch["count"].as_i64().unwrap_or(self.count);
    }
}

struct Person {
    id: PersonId,
    client: GraphqlClient,
    document: &'static str,
    is_member: bool,
    follower: Option<Follower>,
    /// What it had when it left.
    left: Option<Belief>,
    /// Whether what it may see has changed since it left: it cannot be told then what it must no longer have.
    may_be_reset: bool,
}

/// A channel of a team, one of everybody, and a view of what is not yet resolved on both.
struct Model {
    seed: u64,
    place: Place,
    admin: GraphqlClient,
    secret: channel::Model,
    open: channel::Model,
    team: TeamId,
    view: String,
    people: Vec<Person>,
}

async fn what_followers_are_told_adds_up(backend: Backend) {
    // Every failure names it: a seed that fails becomes a test.
    let seed = u64::from_be_bytes(random::bytes());
    let mut rng = StdRng::seed_from_u64(seed);
    let mut model = Model::new(backend, seed).await;
    for _ in 0..80 {
        let who = rng.random_range(0..model.people.len());
        match rng.random_range(0..12) {
            0..4 => model.write(&format!("visitor-{}", rng.random_range(0..4)), rng.random()).await,
            4..7 => model.resolve(rng.random_range(0..100)).await,
            7..10 => model.join(who, rng.random()).await,
            10 => model.leave(who),
            _ => model.change_team(who).await,
        }
    }
    for who in 0..model.people.len() {
        model.join(who, true).await;
    }
    model.settle().await;
    model.count().await;
}

impl Model {
    async fn new(backend: Backend, seed: u64) -> Self {
        let place = Place::start(backend).await;
        place.add_person("admin@example.org", Role::Admin).await;
        let admin = place.sign_in("admin@example.org").await.0;
        let first = place.add_person("person-0@example.org", Role::Agent).await;
        let team = place.add_team(first).await;
        let (secret, open) = (place.add_channel("Secret", Some(team)).await, place.add_channel("Open", None).await);
        let filter = json!({ "statuses": ["NEW", "OPEN"] });
        let view = create(&admin, "View", json!({ "clientId": "v", "name": "Waiting", "isShared": true, "filter": filter })).await;
        let mut people = Vec::new();
        for n in 0..5 {
            let email = format!("person-{n}@example.org");
            let id = if n == 0 { first } else { place.add_person(&email, Role::Agent).await };
            let client = place.sign_in(&email).await.0;
            let document = if n == 4 { OWN } else { SHARED };
            people.push(Person { id, client, document, is_member: n == 0, follower: None, left: None, may_be_reset: false });
        }
        Self { seed, place, admin, secret, open, team, view, people }
    }

    async fn write(&self, contact: &str, is_secret: bool) {
        self.place.write(if is_secret { &self.secret } else { &self.open }, contact, "moin").await;
    }

    async fn resolve(&self, which: usize) {
        let inside: Vec<_> = Belief::fresh(&self.admin, &self.view).await.inside.into_iter().collect();
        if !inside.is_empty() {
            let input = json!({ "interactionId": inside[which % inside.len()], "status": "RESOLVED" });
            make(&self.admin, "setInteractionStatus", "SetInteractionStatusInput", "cursor", input).await;
        }
    }

    /// From now on, or from where it left.
    async fn join(&mut self, who: usize, is_from_before: bool) {
        self.leave(who);
        let (view, person) = (&self.view, &mut self.people[who]);
        let belief = match person.left.take().filter(|_| is_from_before) {
            Some(left) => left,
            None => {
                person.may_be_reset = false;
                Belief::fresh(&person.client, view).await
            }
        };
        person.follower = Some(Follower::join(&person.client, person.document, view, belief).await);
    }

    fn leave(&mut self, who: usize) {
        let person = &mut self.people[who];
        if let Some(follower) = person.follower.take() {
            person.left = Some(follower.belief);
        }
    }

    async fn change_team(&mut self, who: usize) {
        self.settle().await;
        self.people[who].is_member = !self.people[who].is_member;
        let members = self.people.iter().filter(|person| person.is_member).map(|person| person.id).collect();
        self.place.set_team(self.team, members).await;
        // A change of the team may be one for everybody who is not there: only the log's names are left of it.
        self.people.iter_mut().filter(|person| person.follower.is_none()).for_each(|person| person.may_be_reset = true);
        self.settle().await;
    }

    /// All have come to the same place, and have there what a fresh list shows.
    async fn settle(&mut self) {
        self.write("marker", false).await;
        let end = self.place.cursor(&self.admin).await;
        for person in &mut self.people {
            let Some(follower) = &mut person.follower else { continue };
            let fresh = Belief::fresh(&person.client, &self.view).await;
            if let Err(Reset) = follower.read_until(|belief| belief.cursor == end, self.seed).await {
                assert!(person.may_be_reset, "reset although nothing was missed, seed {}", self.seed);
                *follower = Follower::join(&person.client, person.document, &self.view, fresh.clone()).await;
            }
            person.may_be_reset = false;
            assert_eq!(follower.belief.inside, fresh.inside, "seed {}", self.seed);
        }
    }

    /// All hear how many are inside.
    async fn count(&mut self) {
        for person in &mut self.people {
            let Some(follower) = &mut person.follower else { continue };
            let right = i64::try_from(follower.belief.inside.len()).unwrap();
            follower.read_until(|belief| belief.count == right, self.seed).await.unwrap();
        }
    }
}

async fn many_followers_cost_as_many_statements_as_one(backend: Backend) {
    let mut model = Model::new(backend, 0).await;
    for n in 5..20 {
        let email = format!("person-{n}@example.org");
        let id = model.place.add_person(&email, Role::Agent).await;
        let client = model.place.sign_in(&email).await.0;
        model.people.push(Person { id, client, document: SHARED, is_member: false, follower: None, left: None, may_be_reset: false });
    }
    model.people.remove(4);
    let mut costs = Vec::new();
    for count in [1, model.people.len() - 1] {
        for who in 1..=count {
            model.join(who, false).await;
        }
        // The first two bring all to where the group is, and let it count.
        for _ in 0..3 {
            let before = model.place.app.store.statements();
            model.write("mara", false).await;
            let end = model.place.cursor(&model.admin).await;
            for person in &mut model.people {
                let Some(follower) = &mut person.follower else { continue };
                follower.read_until(|belief| belief.cursor == end, 0).await.unwrap();
            }
            costs.push(model.place.app.store.statements() - before);
        }
    }
    // The server asks for other things too, now and then.
    let (one, all) = costs.split_at(3);
    assert!(all.iter().min() <= one.iter().map(|cost| cost + SPLITS).min().as_ref(), "statements for 1 follower and for 18: {costs:?}");
}

async fn each_viewer_of_a_personal_view_hears_of_the_own(backend: Backend) {
    let mut model = Model::new(backend, 0).await;
    let filter = json!({ "assignment": "MINE" });
    model.view = create(&model.admin, "View", json!({ "clientId": "m", "name": "Mine", "isShared": true, "filter": filter })).await;
    model.write("mara", false).await;
    model.write("milo", false).await;
    let all = model.admin.post("{ interactions(first: 9) { nodes { id } } }", json!({})).await.unwrap().ok().unwrap();
    let all: Vec<_> = all["interactions"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect();
    for who in [1, 2, 3] {
        model.join(who, false).await;
    }
    for round in 0..3 {
        for who in [1, 2] {
            let on = &all[(who + round) % 2];
            let input = json!({ "interactionId": on, "assigneeId": model.people[who].id.to_string() });
            make(&model.admin, "assignInteraction", "AssignInteractionInput", "cursor", input).await;
        }
        for who in [1, 2] {
            let own = BTreeSet::from([all[(who + round) % 2].as_str().unwrap().to_owned()]);
            let follower = model.people[who].follower.as_mut().unwrap();
            follower.read_until(|belief| belief.inside == own && belief.count == 1, 0).await.unwrap();
        }
    }
    let bystander = model.people[3].follower.as_mut().unwrap();
    while let Some(Message::Next(batch)) = bystander.subscription.try_next() {
        bystander.belief.apply(&batch["data"]["inbox"], 0);
    }
    assert!(bystander.belief.inside.is_empty(), "nothing is assigned to the third one");
}
