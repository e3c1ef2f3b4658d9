//! Several nodes of the real binary over one database, with a workspace, an integrator's channel and somebody to follow.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};
use tributary_domain::{
    actor::Role,
    channel::{NewChannel, create},
    clock::SystemClock,
    entity::{channel, message},
    inbox::{self, NewInbox},
    script::{self, NewScript},
    skill::{self, NewSkill},
    spec::ChannelKind,
};
use tributary_tests::{
    client::GraphqlClient,
    fake::byoc::{FakeIntegrator, Manner},
    node::Node,
};

use crate::{
    backend::Ground,
    live::place::{Place, sign_in_at},
    stage::integrator_settings,
};

const PERSON: &str = "ada@example.org";

/// See the module.
pub(super) struct Cluster {
    /// Database and keys. On PostgreSQL also a store to look into; on SQLite it is closed.
    pub(super) place: Place,
    /// Not started yet.
    pub(super) nodes: Vec<Node>,
    pub(super) integrator: FakeIntegrator,
    pub(super) channel: channel::Model,
}

impl Cluster {
    /// A cluster whose nodes run everything.
    pub(super) async fn new(ground: Ground, nodes: usize) -> Self {
        Self::with(ground, &vec![None; nodes], Manner::Signed, "standard").await
    }

    /// One node for each role; the integrator is built in that manner, its channel has that mode.
    pub(super) async fn with(ground: Ground, roles: &[Option<&str>], manner: Manner, mode: &'static str) -> Self {
        let place = Place::over(ground).await;
        place.add_person(PERSON, Role::Admin).await;
        let integrator = FakeIntegrator::start(manner, Arc::new(SystemClock)).await;
        let channel = add_channel(&place, &integrator, manner, mode).await;
        place.write(&channel, "the first customer", "before it all").await;
        if place.app.store.backend() == sea_orm::DbBackend::Sqlite {
            // One process has the file.
            place.app.store.close().await.unwrap();
        }
        let settings = place.ground.settings();
        let node = |(number, role): (usize, &Option<&str>)| {
            let mut node = Node::new(&format!("node-{number}")).unwrap();
            for (key, value) in &settings {
                node = node.set(key, value);
            }
            for (key, value) in [
                ("CHANNELS__ALLOW_NETWORKS", "127.0.0.1/32"),
                // Every test waits for the leases of the dead.
                ("WORKER__LEASE_S", "2"),
                ("WORKER__HEARTBEAT_S", "1"),
                ("WORKER__POLL_MS", "100"),
                // A node that leaves sends its clients away one after the other.
                ("GRAPHQL__SOCKET_DRAIN_S", "1"),
                ("SERVER__DRAIN_S", "5"),
                // All subscribers of a test are one person.
                ("GRAPHQL__SOCKETS_PER_USER", "1000"),
                ("LOG__FILTER", "warn"),
            ] {
                node = node.set(&format!("TRIBUTARY__{key}"), value);
            }
            match role {
                Some(role) => node.arg("--role").arg(role),
                None => node,
            }
        };
        let nodes = roles.iter().enumerate().map(node).collect();
        Self { place, nodes, integrator, channel }
    }

    /// Changes a setting of every node.
    pub(super) fn set(&mut self, key: &str, value: &str) {
        let nodes = std::mem::take(&mut self.nodes);
        self.nodes = nodes.into_iter().map(|node| node.set(&format!("TRIBUTARY__{key}"), value)).collect();
    }

    /// Starts every node, one after the other: the first one has nothing to migrate, and neither have the others.
    pub(super) async fn start(&mut self) {
        for node in &mut self.nodes {
            node.start().await.unwrap();
        }
    }

    /// Where a node takes GraphQL.
    pub(super) fn graphql(&self, node: usize) -> String {
        self.nodes[node].url("/graphql")
    }

    /// Where every node takes GraphQL.
    pub(super) fn all_graphql(&self) -> Vec<String> {
        (0..self.nodes.len()).map(|node| self.graphql(node)).collect()
    }

    /// Where every node takes the integrator's events.
    pub(super) fn all_events(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.url(&format!("/byoc/v1/channels/{}/events", self.channel.token))).collect()
    }

    /// What is stored, by the ids of messages and notes. Not on SQLite, whose file the node has.
    pub(super) async fn texts(&self) -> HashMap<String, String> {
        let read = self.place.app.store.read(self.place.workspace).await.unwrap();
        let rows = message::in_workspace(self.place.workspace).all(read.conn()).await.unwrap();
        rows.into_iter().map(|row| (row.id.to_string(), row.text)).collect()
    }

    /// The conversation that is there from the beginning.
    pub(super) async fn first_interaction(&self, client: &GraphqlClient) -> Value {
        let found = client.post("{ interactions(first: 1) { nodes { id } } }", json!({})).await.unwrap().ok().unwrap();
        found["interactions"]["nodes"][0]["id"].clone()
    }

    /// Signed in at a node; also its token.
    pub(super) async fn sign_in(&self, node: usize) -> (GraphqlClient, String) {
        let (client, session) = sign_in_at(&self.graphql(node), PERSON).await;
        (client, session["accessToken"].as_str().unwrap().to_owned())
    }
}

/// The integrator's channel, as an administrator sets it up.
pub(crate) async fn add_channel(place: &Place, integrator: &FakeIntegrator, manner: Manner, mode: &'static str) -> channel::Model {
    let capabilities = json!({ "rich": { "quickReplies": { "max": 10, "maxTitle": 20 } } });
    let system = place.system();
    let mut tx = place.app.store.write(place.workspace).await.unwrap();
    let new_inbox = NewInbox { client_id: "inbox".into(), name: "Service".into(), team: None };
    let inbox = inbox::create(&mut tx, &system, new_inbox).await.unwrap();
    let new_skill = NewSkill { client_id: "skill".into(), name: "General".into(), description: None };
    let skill = skill::create(&mut tx, &system, new_skill).await.unwrap();
    let new_script = NewScript { client_id: "script".into(), name: "Nothing".into(), steps: vec![] };
    let script = script::create(&mut tx, &system, new_script).await.unwrap();
    let new = NewChannel {
        client_id: "channel".into(),
        name: "Integration".into(),
        inbox,
        default_skill: Some(skill),
        default_script: Some(script),
        settings: integrator_settings(integrator, mode, manner, &capabilities),
    };
    let spec = place.app.registry.spec(ChannelKind::Byoc);
    let id = create(&mut tx, &system, spec, &place.app.vault, new).await.unwrap();
    let row = channel::by_id(place.workspace, id).one(tx.conn()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    row
}
