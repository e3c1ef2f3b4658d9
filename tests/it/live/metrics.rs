//! How the work stands, as those who watch it are told: against what the tables say, whoever watches and whatever happens.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, DurationRound, Utc};
use futures_util::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tributary_domain::{
    actor::Role,
    channel::ChannelHealth,
    delivery::{self, Outcome},
    entity::{channel, inbox, interaction, message, person},
    event::Position,
    message::{AuthorKind, Direction, EntryKind},
    random,
    state::{DeliveryState, InteractionStatus},
    store::Scope,
};
use tributary_tests::client::{GraphqlClient, GraphqlSocket, Message, Subscription};

use super::{
    make::{create, make},
    place::Place,
};
use crate::{
    api::mutations::send_next,
    backend::{Backend, on_both},
    statements::SPLITS,
};

on_both!(
    what_is_told_is_what_the_tables_say,
    many_watchers_cost_as_many_statements_as_one,
    a_tally_is_made_in_as_many_statements_however_much_there_is,
    only_those_above_agents_watch,
    a_log_that_begins_anew_is_counted_anew,
    samples_keep_their_distance,
);

/// Everything.
const WORK: &str = "subscription($scope: MetricsScope!, $every: Int! = 250) { metrics(scope: $scope, everyMs: $every) { at logCursor \
    inboxes { inbox { id } new open pending escalated snoozed unassigned waiting longestWaitingSince arrivedLastHour resolvedLastHour } \
    agents { person { id } assigned waiting resolvedLastHour } \
    channels { channel { id health { state } } inboundLastHour outboundLastHour failedLastHour unconfirmedLastHour queued } } }";
/// Longer than anything takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who watches.
struct Watcher {
    subscription: Subscription,
    last: Value,
}

impl Watcher {
    async fn join(socket: &GraphqlSocket, scope: &Value) -> Self {
        let mut watcher = Self { subscription: socket.subscribe(WORK, json!({ "scope": scope })).unwrap(), last: Value::Null };
        watcher.read().await;
        watcher
    }

    async fn read(&mut self) -> &Value {
        self.last = self.subscription.data().await.unwrap()["metrics"].take();
        &self.last
    }

    async fn read_until(&mut self, is_there: impl Fn(&Value) -> bool) {
        let reading = async {
            while !is_there(&self.last) {
                self.read().await;
            }
        };
        if tokio::time::timeout(PATIENCE, reading).await.is_err() {
            panic!("it has not come to that: {}", self.last);
        }
    }

    fn position(&self, place: &Place) -> Position {
        place.app.cursors.decode(place.workspace, self.last["logCursor"].as_str().unwrap()).unwrap()
    }

    fn at(&self) -> DateTime<Utc> {
        self.last["at"].as_str().unwrap().parse().unwrap()
    }
}

fn whole() -> Value {
    json!({ "workspace": true })
}

/// Until nobody is left for whom anything is counted.
async fn until_nobody_watches(place: &Place) {
    let waiting = async {
        while place.app.tallies.kept_up() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("whoever went is forgotten");
}

/// The rows of the tables, from one moment.
struct Rows {
    position: Position,
    inboxes: Vec<inbox::Model>,
    people: Vec<person::Model>,
    channels: Vec<channel::Model>,
    interactions: Vec<interaction::Model>,
    messages: Vec<message::Model>,
}

impl Rows {
    async fn read(place: &Place) -> Self {
        let read = place.app.store.read(place.workspace).await.unwrap();
        let (workspace, conn) = (place.workspace, Scope::conn(&read));
        let mut rows = Self {
            position: read.position().await.unwrap(),
            inboxes: inbox::in_workspace(workspace).all(conn).await.unwrap(),
            people: person::in_workspace(workspace).all(conn).await.unwrap(),
            channels: channel::in_workspace(workspace).all(conn).await.unwrap(),
            interactions: interaction::in_workspace(workspace).all(conn).await.unwrap(),
            messages: message::in_workspace(workspace).all(conn).await.unwrap(),
        };
        rows.inboxes.sort_by_key(|inbox| (inbox.position, inbox.id));
        rows.people.sort_by_key(|person| (person.name.clone(), person.id));
        rows.channels.sort_by_key(|channel| (channel.created_at, channel.id));
        rows
    }

    /// What a sample of the whole must say that was taken at this time.
    fn expected(&self, at: DateTime<Utc>) -> Value {
        let minute = at.duration_trunc(chrono::Duration::minutes(1)).unwrap();
        let from = minute - chrono::Duration::minutes(59);
        let is_done = |row: &interaction::Model| matches!(row.status, InteractionStatus::Resolved | InteractionStatus::Closed);
        let was_resolved = |row: &&interaction::Model| is_done(row) && row.resolved_at.or(row.closed_at).is_some_and(|at| at >= from);
        let inboxes = self.inboxes.iter().map(|inbox| {
            let all = || self.interactions.iter().filter(|row| row.inbox_id == inbox.id);
            let active = || all().filter(|row| row.status.is_active());
            let of = |status| active().filter(|row| row.status == status).count();
            json!({
                "inbox": { "id": inbox.id.to_string() },
                "new": of(InteractionStatus::New), "open": of(InteractionStatus::Open), "pending": of(InteractionStatus::Pending),
                "escalated": of(InteractionStatus::Escalated), "snoozed": of(InteractionStatus::Snoozed),
                "unassigned": active().filter(|row| row.assignee_id.is_none()).count(),
                "waiting": active().filter(|row| row.waiting_since.is_some()).count(),
                "longestWaitingSince": active().filter_map(|row| row.waiting_since).min().map(|since| since.timestamp_micros()),
                "arrivedLastHour": all().filter(|row| row.created_at >= from).count(),
                "resolvedLastHour": all().filter(was_resolved).count(),
            })
        });
        let agents = self.people.iter().map(|person| {
            let all = || self.interactions.iter().filter(|row| row.assignee_id == Some(person.id));
            let active = || all().filter(|row| row.status.is_active());
            json!({
                "person": { "id": person.id.to_string() },
                "assigned": active().count(),
                "waiting": active().filter(|row| row.waiting_since.is_some()).count(),
                "resolvedLastHour": all().filter(was_resolved).count(),
            })
        });
        let channels = self.channels.iter().map(|channel| {
            let is_of = |row: &&message::Model| row.channel_id == channel.id && row.entry == EntryKind::Message;
            let all = || self.messages.iter().filter(is_of);
            let recent = |direction| all().filter(move |row| row.direction == direction && row.created_at >= from);
            let ours = || recent(Direction::Out).filter(|row| row.delivery != Some(DeliveryState::Cancelled));
            let state = match channel.health {
                ChannelHealth::Waiting => "WAITING_FOR_FIRST_EVENT",
                ChannelHealth::Ok => "OK",
                ChannelHealth::Down => "DOWN",
                other => panic!("nothing here makes it {other:?}"),
            };
            json!({
                "channel": { "id": channel.id.to_string(), "health": { "state": state } },
                "inboundLastHour": recent(Direction::In).count(),
                "outboundLastHour": ours().count(),
                "failedLastHour": ours().filter(|row| row.delivery == Some(DeliveryState::Failed)).count(),
                "unconfirmedLastHour": ours().filter(|row| row.delivery == Some(DeliveryState::Unconfirmed)).count(),
                "queued": all().filter(|row| matches!(row.delivery, Some(DeliveryState::Queued | DeliveryState::Sending))).count(),
            })
        });
        json!({
            "inboxes": inboxes.collect::<Vec<_>>(),
            "agents": agents.collect::<Vec<_>>(),
            "channels": channels.collect::<Vec<_>>(),
        })
    }
}

/// The numbers of a sample, with times that can be compared.
fn numbers(sample: &Value) -> Value {
    let mut sample = sample.clone();
    for inbox in sample["inboxes"].as_array_mut().unwrap() {
        let since = inbox["longestWaitingSince"].as_str().map(|text| text.parse::<DateTime<Utc>>().unwrap().timestamp_micros());
        inbox["longestWaitingSince"] = json!(since);
    }
    json!({ "inboxes": sample["inboxes"], "agents": sample["agents"], "channels": sample["channels"] })
}

/// A workspace in which things happen, and those who watch.
struct Model {
    seed: u64,
    rng: StdRng,
    place: Place,
    admin: GraphqlClient,
    socket: GraphqlSocket,
    people: Vec<String>,
    watcher: Option<Watcher>,
    sent: u32,
}

async fn what_is_told_is_what_the_tables_say(backend: Backend) {
    // Every failure names it: a seed that fails becomes a test.
    let seed = u64::from_be_bytes(random::bytes());
    let mut model = Model::new(backend, seed).await;
    for step in 0..120 {
        model.act().await;
        if step % 8 == 7 {
            model.settle().await;
        }
    }
    // Long ago, and at the edge of the hour: a tally is made of what is there.
    model.watcher = None;
    until_nobody_watches(&model.place).await;
    model.age().await;
    model.settle().await;
    for _ in 0..40 {
        model.act().await;
    }
    model.settle().await;
}

impl Model {
    async fn new(backend: Backend, seed: u64) -> Self {
        let place = Place::start(backend).await;
        let ada = place.add_person("ada@example.org", Role::Admin).await;
        let mut people = vec![ada.to_string()];
        for n in 0..3 {
            people.push(place.add_person(&format!("agent-{n}@example.org"), Role::Agent).await.to_string());
        }
        let admin = place.sign_in("ada@example.org").await.0;
        place.add_channel("One", None).await;
        place.add_channel("Two", None).await;
        let socket = admin.socket().await.unwrap();
        Self { seed, rng: StdRng::seed_from_u64(seed), place, admin, socket, people, watcher: None, sent: 0 }
    }

    fn any<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        (!of.is_empty()).then(|| &of[self.rng.random_range(0..of.len())])
    }

    /// Something that the state of things may not allow.
    async fn try_to(&self, mutation: &str, input_type: &str, input: Value) {
        let query = format!("mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ errors {{ code message }} }} }}");
        let payload = self.admin.post(&query, json!({ "input": input })).await.unwrap().ok().unwrap();
        let errors = &payload[mutation]["errors"];
        let is_allowed = errors
            .as_array()
            .unwrap()
            .iter()
            .all(|error| ["CONFLICT", "INVALID", "NOT_SUPPORTED"].contains(&error["code"].as_str().unwrap()));
        assert!(is_allowed, "seed {}: {mutation}: {errors}", self.seed);
    }

    async fn act(&mut self) {
        let rows = Rows::read(&self.place).await;
        let on = self.any(&rows.interactions).map(|row| row.id.to_string());
        match (self.rng.random_range(0..20), on) {
            (0..5, _) | (_, None) => self.write(&rows).await,
            (5..8, Some(on)) => {
                let people = self.people.clone();
                let who = if self.rng.random_range(0..4) == 0 { None } else { self.any(&people).cloned() };
                self.try_to("assignInteraction", "AssignInteractionInput", json!({ "interactionId": on, "assigneeId": who })).await;
            }
            (8..11, Some(on)) => {
                let status = *self.any(&["OPEN", "PENDING", "ESCALATED", "RESOLVED", "CLOSED", "TRASHED"]).unwrap();
                self.try_to("setInteractionStatus", "SetInteractionStatusInput", json!({ "interactionId": on, "status": status })).await;
            }
            (11, Some(on)) => {
                let input = json!({ "interactionId": on, "until": "2099-01-01T00:00:00Z" });
                self.try_to("snoozeInteraction", "SnoozeInteractionInput", input).await;
            }
            (12, Some(on)) => {
                let to = self.any(&rows.inboxes).unwrap().id.to_string();
                self.try_to("moveInteraction", "MoveInteractionInput", json!({ "interactionId": on, "inboxId": to })).await;
            }
            (13..15, Some(on)) => self.send(&on).await,
            (15..17, _) => self.hand_over(&rows).await,
            (17, _) => self.decide(&rows).await,
            (18, _) => self.change_what_is_listed(&rows).await,
            (_, Some(on)) => {
                let note = json!({ "interactionId": on, "clientId": self.next_id(), "text": "for us" });
                self.try_to("addNote", "AddNoteInput", note).await;
            }
        }
    }

    fn next_id(&mut self) -> String {
        self.sent += 1;
        format!("{}", self.sent)
    }

    async fn write(&mut self, rows: &Rows) {
        let channel = self.any(&rows.channels).unwrap().clone();
        let visitor = format!("visitor-{}", self.rng.random_range(0..6));
        match self.rng.random_range(0..4) {
            0 => self.place.write_elsewhere(&channel, &visitor, "moin moin").await,
            _ => self.place.write(&channel, &visitor, "moin").await,
        }
    }

    async fn send(&mut self, on: &str) {
        let input =
            json!({ "interactionId": on, "clientId": self.next_id(), "content": { "text": { "text": "moin moin" } }, "force": true });
        self.try_to("sendMessage", "SendMessageInput", input).await;
    }

    /// What waits to be sent comes to some end, or has to be tried again later.
    async fn hand_over(&mut self, rows: &Rows) {
        let lanes = delivery::claim(&self.place.app.store, "test", Duration::from_secs(15), 100, &|_| 100).await.unwrap();
        for lane in lanes {
            // What looked like a message of another application may turn out to be this one.
            let is_twin = |row: &&message::Model| row.interaction_id == lane.interaction && row.author_kind == AuthorKind::External;
            let twin = rows.messages.iter().find(is_twin).and_then(|row| row.external_id.clone());
            let outcome = match self.rng.random_range(0..4) {
                0 => Outcome::Failed { code: "REFUSED".into(), detail: None },
                1 => Outcome::Unconfirmed { reason: "the connection broke".into() },
                2 => Outcome::Retry { after: Duration::from_secs(3600), reason: "busy".into(), counts: true, is_in_doubt: false },
                _ => Outcome::Sent { external_id: twin.or_else(|| Some(random::token().into())) },
            };
            send_next(&self.place, &lane, outcome).await;
        }
    }

    /// About a message that failed, that is in doubt, or that waits.
    async fn decide(&mut self, rows: &Rows) {
        let open: Vec<_> = rows.messages.iter().filter(|row| row.delivery.is_some()).collect();
        let Some(message) = self.any(&open) else { return };
        let id = message.id.to_string();
        match message.delivery {
            Some(DeliveryState::Failed) => self.try_to("retryMessage", "MessageActionInput", json!({ "messageId": id })).await,
            Some(DeliveryState::Unconfirmed) => {
                let action = *self.any(&["SEND_AGAIN", "MARK_SENT"]).unwrap();
                self.try_to("resolveUnconfirmed", "ResolveUnconfirmedInput", json!({ "messageId": id, "action": action })).await;
            }
            _ => self.try_to("cancelMessage", "MessageActionInput", json!({ "messageId": id })).await,
        }
    }

    async fn change_what_is_listed(&mut self, rows: &Rows) {
        let name = self.next_id();
        match self.rng.random_range(0..3) {
            0 => drop(create(&self.admin, "Inbox", json!({ "clientId": name, "name": name })).await),
            1 => {
                let person = json!({ "clientId": name, "name": name, "email": format!("{name}@example.org"), "role": "AGENT" });
                self.people.push(create(&self.admin, "Person", person).await);
            }
            _ => {
                let channel = self.any(&rows.channels).unwrap().id;
                let mut tx = self.place.app.store.write(self.place.workspace).await.unwrap();
                let health = *self.any(&[ChannelHealth::Ok, ChannelHealth::Down]).unwrap();
                tributary_domain::channel::set_health(&mut tx, channel, health, None).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
    }

    /// Interactions and messages begin and end at other times than they did.
    async fn age(&mut self) {
        use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
        let rows = Rows::read(&self.place).await;
        let tx = self.place.app.store.write(self.place.workspace).await.unwrap();
        for row in rows.interactions {
            let by = chrono::Duration::minutes([0, 30, 58, 59, 60, 90][self.rng.random_range(0..6)]);
            let mut change = row.clone().into_active_model();
            change.created_at = Set(row.created_at - by);
            change.resolved_at = Set(row.resolved_at.map(|at| at - by));
            change.closed_at = Set(row.closed_at.map(|at| at - by));
            change.waiting_since = Set(row.waiting_since.map(|at| at - by));
            change.update(tx.conn()).await.unwrap();
        }
        for row in rows.messages {
            let by = chrono::Duration::minutes([0, 30, 58, 59, 60, 90][self.rng.random_range(0..6)]);
            let mut change = row.clone().into_active_model();
            change.created_at = Set(row.created_at - by);
            change.update(tx.conn()).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Whoever watches is told what the tables say, and whoever comes now too.
    async fn settle(&mut self) {
        let rows = Rows::read(&self.place).await;
        if self.watcher.is_none() {
            self.watcher = Some(Watcher::join(&self.socket, &whole()).await);
        }
        let watcher = self.watcher.as_mut().unwrap();
        let reading = async {
            loop {
                let expected = rows.expected(watcher.at());
                if numbers(&watcher.last) == expected {
                    break;
                }
                let is_late = watcher.position(&self.place).seq >= rows.position.seq;
                assert!(!is_late, "seed {}:\n{}\nand not\n{expected}", self.seed, numbers(&watcher.last));
                watcher.read().await;
            }
        };
        let told = tokio::time::timeout(PATIENCE, reading).await;
        assert!(told.is_ok(), "seed {}: what happened has not been told", self.seed);
        if self.rng.random_range(0..4) == 0 {
            self.watcher = None;
        }
    }
}

async fn many_watchers_cost_as_many_statements_as_one(backend: Backend) {
    const MANY: usize = 100;
    /// As many as a socket takes, and a few less.
    const OF_A_SOCKET: usize = 10;
    let place = Place::start(backend).await;
    let chat = place.add_channel("Chat", None).await;
    let mut sockets = Vec::new();
    for n in 0..MANY / OF_A_SOCKET {
        let email = format!("supervisor-{n}@example.org");
        place.add_person(&email, Role::Supervisor).await;
        sockets.push(place.sign_in(&email).await.0.socket().await.unwrap());
    }
    let (mut watchers, mut costs, mut written) = (Vec::new(), Vec::new(), 0);
    for count in [1, MANY] {
        while watchers.len() < count {
            watchers.push(Watcher::join(&sockets[watchers.len() / OF_A_SOCKET], &whole()).await);
        }
        for _ in 0..3 {
            let before = place.app.store.statements();
            place.write(&chat, "mara", "moin").await;
            written += 1;
            let is_told = |sample: &Value| sample["channels"][0]["inboundLastHour"] == written;
            join_all(watchers.iter_mut().map(|watcher| watcher.read_until(is_told))).await;
            costs.push(place.app.store.statements() - before);
            // The time of a sample is that of its one execution.
            let different: HashMap<_, _> = watchers.iter().map(|watcher| (watcher.last.to_string(), watcher.last["at"].clone())).collect();
            assert_eq!(different.len(), 1, "one sample for all: {different:?}");
        }
    }
    assert!(costs[5] <= costs[2] + SPLITS, "statements for 1 watcher and for {MANY}: {costs:?}");
    assert_eq!(place.app.tallies.kept_up(), 1);
}

async fn a_tally_is_made_in_as_many_statements_however_much_there_is(backend: Backend) {
    let place = Place::start(backend).await;
    let chat = place.add_channel("Chat", None).await;
    place.add_person("ada@example.org", Role::Admin).await;
    let socket = place.sign_in("ada@example.org").await.0.socket().await.unwrap();
    let mut costs = Vec::new();
    for count in [1, 40] {
        for n in 0..count {
            place.write(&chat, &format!("visitor-{n}"), "moin").await;
        }
        until_nobody_watches(&place).await;
        let before = place.app.store.statements();
        let watcher = Watcher::join(&socket, &whole()).await;
        costs.push(place.app.store.statements() - before);
        assert_eq!(watcher.last["inboxes"][0]["new"], count);
    }
    assert!(costs[1] <= costs[0] + SPLITS, "statements for 1 interaction and for 40: {costs:?}");
}

/// Why a subscription ends.
async fn end(subscription: &mut Subscription) -> Value {
    let reading = async {
        loop {
            match subscription.next_message().await.unwrap() {
                Message::Error(errors) => return errors[0]["extensions"].clone(),
                Message::Next(result) if !result["errors"].is_null() => return result["errors"][0]["extensions"].clone(),
                Message::Next(_) => {}
                other => panic!("instead of an end came {other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("it ends")
}

async fn only_those_above_agents_watch(backend: Backend) {
    let place = Place::start(backend).await;
    let neighbour = place.neighbour().await;
    let (chat, foreign) = (place.add_channel("Chat", None).await, neighbour.add_channel("Chat", None).await);
    place.add_person("ada@example.org", Role::Admin).await;
    let sue = place.add_person("sue@example.org", Role::Supervisor).await;
    place.add_person("agent@example.org", Role::Agent).await;
    let (ada, _) = place.sign_in("ada@example.org").await;
    let (ada_socket, sue_socket) = (ada.socket().await.unwrap(), place.sign_in("sue@example.org").await.0.socket().await.unwrap());
    let agent = place.sign_in("agent@example.org").await.0.socket().await.unwrap();
    let refused = |socket: &GraphqlSocket, variables: Value| {
        let mut subscription = socket.subscribe(WORK, variables).unwrap();
        async move { end(&mut subscription).await }
    };
    assert_eq!(refused(&agent, json!({ "scope": whole() })).await["code"], "FORBIDDEN");
    for every in [249, 20_001, -1] {
        let answer = refused(&ada_socket, json!({ "scope": whole(), "every": every })).await;
        assert_eq!((&answer["code"], &answer["field"]), (&json!("INVALID"), &json!(["everyMs"])), "{every}");
    }
    let answer = refused(&ada_socket, json!({ "scope": { "workspace": false } })).await;
    assert_eq!((&answer["code"], &answer["field"]), (&json!("INVALID"), &json!(["scope", "workspace"])));
    let team = neighbour.add_team(neighbour.add_person("eve@example.org", Role::Agent).await).await.to_string();
    for scope in
        [json!({ "inboxId": foreign.inbox_id.to_string() }), json!({ "channelId": foreign.id.to_string() }), json!({ "teamId": team })]
    {
        assert_eq!(refused(&ada_socket, json!({ "scope": scope })).await["code"], "NOT_FOUND", "{scope}");
    }

    let of_channel = json!({ "channelId": chat.id.to_string() });
    let mut part = Watcher::join(&ada_socket, &of_channel).await;
    assert_eq!(part.last["channels"][0]["channel"]["id"], chat.id.to_string());
    let (mut kept, mut lost) = (Watcher::join(&ada_socket, &whole()).await, Watcher::join(&sue_socket, &whole()).await);
    place.write(&chat, "mara", "moin").await;
    for watcher in [&mut part, &mut kept, &mut lost] {
        watcher.read_until(|sample| sample["inboxes"][0]["waiting"] == 1).await;
    }
    make(&ada, "updatePerson", "UpdatePersonInput", "cursor", json!({ "personId": sue.to_string(), "role": "AGENT" })).await;
    assert_eq!(end(&mut lost.subscription).await["code"], "FORBIDDEN");
    place.write(&chat, "milo", "moin").await;
    for watcher in [&mut part, &mut kept] {
        watcher.read_until(|sample| sample["inboxes"][0]["waiting"] == 2).await;
    }
    assert_eq!(lost.subscription.try_next(), None, "nothing comes after the end");
}

async fn a_log_that_begins_anew_is_counted_anew(backend: Backend) {
    let place = Place::start(backend).await;
    let chat = place.add_channel("Chat", None).await;
    place.add_person("ada@example.org", Role::Admin).await;
    let socket = place.sign_in("ada@example.org").await.0.socket().await.unwrap();
    let mut watcher = Watcher::join(&socket, &whole()).await;
    for round in 1..4 {
        place.write(&chat, "mara", "moin").await;
        let before = watcher.position(&place);
        assert!(place.app.store.raise_epoch(place.workspace).await.unwrap().epoch > before.epoch);
        watcher.read_until(|sample| sample["channels"][0]["inboundLastHour"] == 2 * round - 1).await;
        place.write(&chat, "mara", "moin").await;
        watcher.read_until(|sample| sample["channels"][0]["inboundLastHour"] == 2 * round).await;
        assert!(watcher.position(&place).epoch > before.epoch, "its place is in the new log");
    }
}

async fn samples_keep_their_distance(backend: Backend) {
    let place = Place::start(backend).await;
    let chat = place.add_channel("Chat", None).await;
    place.add_person("ada@example.org", Role::Admin).await;
    let socket = place.sign_in("ada@example.org").await.0.socket().await.unwrap();
    let mut watcher = Watcher::join(&socket, &whole()).await;
    for n in 0..4 {
        let before = watcher.at();
        for k in 0..3 {
            place.write(&chat, &format!("visitor-{n}-{k}"), "moin").await;
        }
        watcher.read().await;
        assert!(watcher.at() - before >= chrono::Duration::milliseconds(250), "{before} and {}", watcher.at());
    }
}
