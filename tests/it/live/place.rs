//! A server in this process on a fresh database, with a workspace to follow.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::DateTime;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tributary_api::{
    app::App,
    config::Config,
    http::listen::{self, ListenLimits},
};
use tributary_domain::{
    actor::{Actor, Role},
    agent::person::{self, NewPerson},
    clock::SystemClock,
    content::{RichContent, Text},
    entity::{Stored, channel},
    event::Seq,
    ids::{ChannelId, InboxId, PersonId, TeamId, WorkspaceId},
    inbound::{InboundEvent, InboundMessage, Sender},
    inbox::{self, NewInbox},
    media::ReadyAttachment,
    message,
    spec::ChannelKind,
    store::{NewWorkspace, create_workspace},
    team::{self, NewTeam, TeamChange},
};
use tributary_tests::client::GraphqlClient;
use uuid::Uuid;

use crate::backend::{Backend, Ground};

pub(crate) const PASSWORD: &str = "correct horse battery";
const REFRESH: &str =
    "mutation($token: String!) { refreshSession(refreshToken: $token) { session { accessToken refreshToken } errors { code } } }";

/// A running server.
pub(crate) struct Place {
    pub(crate) app: App,
    pub(crate) workspace: WorkspaceId,
    pub(crate) url: String,
    pub(crate) ground: Arc<Ground>,
}

impl Place {
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::over(backend.open().await).await
    }

    /// On a ground of the test's own making.
    pub(crate) async fn over(ground: Ground) -> Self {
        Self::with(ground, "").await
    }

    /// With a settings file of this text besides, in which `{slug}` stands for the slug of the workspace.
    pub(crate) async fn with(ground: Ground, settings: &str) -> Self {
        tributary_tests::install_tls();
        let workspace = WorkspaceId::from(Uuid::now_v7());
        let settings = settings.replace("{slug}", &workspace.to_string());
        let config = Config::from_parts(Some(&settings), ground.settings()).unwrap();
        let app = App::build(config, Arc::new(SystemClock), Default::default()).await.unwrap();
        let router = app.router(None).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let limits = ListenLimits::from(&app.config);
        tokio::spawn(listen::serve(listen::Doors { plain: listener, tls: None }, router, limits, CancellationToken::new()));

        Self::furnish(app, url, Arc::new(ground), workspace).await
    }

    /// Another workspace on the same server.
    pub(crate) async fn neighbour(&self) -> Self {
        Self::furnish(self.app.clone(), self.url.clone(), self.ground.clone(), WorkspaceId::from(Uuid::now_v7())).await
    }

    async fn furnish(app: App, url: String, ground: Arc<Ground>, workspace: WorkspaceId) -> Self {
        let mut tx = app.store.write(workspace).await.unwrap();
        let slug = workspace.to_string();
        let new = NewWorkspace { id: workspace, name: "Acme".into(), slug, default_language: "en".into(), reopen_days: 7 };
        create_workspace(&mut tx, new).await.unwrap();
        tx.commit().await.unwrap();
        Self { app, workspace, url, ground }
    }

    pub(crate) fn system(&self) -> Actor {
        Actor::system(self.workspace)
    }

    pub(crate) async fn add_person(&self, email: &str, role: Role) -> PersonId {
        let hash = self.app.passwords.hash(PASSWORD.to_owned().into()).await.unwrap();
        let mut tx = self.app.store.write(self.workspace).await.unwrap();
        let new = NewPerson {
            client_id: email.into(),
            name: email.into(),
            email: email.into(),
            role,
            password_hash: Some(hash),
            language: None,
            teams: Default::default(),
            skills: Default::default(),
        };
        let id = person::create(&mut tx, &self.system(), new).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub(crate) async fn add_team(&self, member: PersonId) -> TeamId {
        let mut tx = self.app.store.write(self.workspace).await.unwrap();
        let new = NewTeam { client_id: "team".into(), name: "Team".into(), members: [member].into() };
        let id = team::create(&mut tx, &self.system(), new).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub(crate) async fn empty_team(&self, id: TeamId) {
        self.set_team(id, Default::default()).await;
    }

    pub(crate) async fn set_team(&self, id: TeamId, members: BTreeSet<PersonId>) {
        let mut tx = self.app.store.write(self.workspace).await.unwrap();
        let change = TeamChange { members: Some(members), ..TeamChange::default() };
        team::update(&mut tx, &self.system(), id, change, None).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn add_channel(&self, name: &str, team: Option<TeamId>) -> channel::Model {
        let mut tx = self.app.store.write(self.workspace).await.unwrap();
        let new = NewInbox { client_id: name.into(), name: name.into(), team };
        let inbox = inbox::create(&mut tx, &self.system(), new).await.unwrap();
        let id = ChannelId::from(Uuid::now_v7());
        channel::Entity::insert(row(self.workspace, id, inbox, tx.now())).exec_without_returning(tx.conn()).await.unwrap();
        let row = channel::by_id(self.workspace, id).one(tx.conn()).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        row
    }

    /// A contact writes; its first message opens an interaction.
    pub(crate) async fn write(&self, channel: &channel::Model, contact: &str, text: &str) {
        self.write_with(channel, contact, text, None, vec![]).await;
    }

    /// A contact writes, quotes a message by the platform's id and sends files; returns the platform's id of the message.
    pub(crate) async fn write_with(
        &self,
        channel: &channel::Model,
        contact: &str,
        text: &str,
        quoted: Option<String>,
        files: Vec<ReadyAttachment>,
    ) -> String {
        let id = Uuid::now_v7().to_string();
        let inbound = InboundMessage { quoted: quoted.map(Into::into), ..inbound(&id, contact, text) };
        self.receive(channel, inbound, files).await;
        id
    }

    /// Somebody on our side writes to a contact in another application.
    pub(crate) async fn write_elsewhere(&self, channel: &channel::Model, contact: &str, text: &str) {
        let inbound = InboundMessage { is_echo: true, ..inbound(&Uuid::now_v7().to_string(), contact, text) };
        self.receive(channel, inbound, vec![]).await;
    }

    async fn receive(&self, channel: &channel::Model, inbound: InboundMessage, files: Vec<ReadyAttachment>) {
        let spec = self.app.registry.spec(channel.kind);
        let capabilities = self.app.registry.capabilities(channel);
        let mut tx = self.app.store.write(self.workspace).await.unwrap();
        let event = InboundEvent::Message(Box::new(InboundMessage { at: tx.now(), ..inbound }));
        message::receive(&mut tx, message::Source { spec, capabilities: &capabilities, channel }, event, files).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) fn anonymous(&self) -> GraphqlClient {
        GraphqlClient::new(&self.url).unwrap()
    }

    /// Signs in; the client with the access token, and the session.
    pub(crate) async fn sign_in(&self, email: &str) -> (GraphqlClient, Value) {
        sign_in_at(&self.url, email).await
    }

    /// What refreshing with a token comes to.
    pub(crate) async fn refresh(&self, token: &Value) -> Value {
        self.anonymous().post(REFRESH, json!({ "token": token })).await.unwrap().ok().unwrap()["refreshSession"].clone()
    }

    pub(crate) async fn cursor(&self, client: &GraphqlClient) -> String {
        let data = client.post("{ logCursor }", json!({})).await.unwrap().ok().unwrap();
        data["logCursor"].as_str().unwrap().to_owned()
    }
}

/// A text from a contact, as a platform tells of it.
fn inbound(id: &str, contact: &str, text: &str) -> InboundMessage {
    InboundMessage {
        external_id: id.to_owned().into(),
        part: 0,
        contact: Sender::known_by_id(contact),
        reply_to: None,
        recipients: Vec::new(),
        is_echo: false,
        client_reference: None,
        thread: None,
        in_reply_to: vec![],
        signs: Vec::new(),
        quoted: None,
        subject: None,
        content: RichContent::Text(Text { text: text.into() }),
        attachments: vec![],
        at: DateTime::UNIX_EPOCH,
        is_automatic: false,
        failed_proofs: Vec::new(),
        raw: None,
    }
}

/// Signs in at any node with the password that everybody has here.
pub(crate) async fn sign_in_at(url: &str, email: &str) -> (GraphqlClient, Value) {
    let anonymous = GraphqlClient::new(url).unwrap();
    let query = "mutation($input: SignInInput!) { signIn(input: $input) { \
            session { accessToken refreshToken person { email teams { name } } } errors { code } } }";
    let answer = anonymous.post(query, json!({ "input": { "email": email, "password": PASSWORD } })).await.unwrap();
    let session = answer.ok().unwrap()["signIn"]["session"].clone();
    let token = session["accessToken"].as_str().unwrap_or_else(|| panic!("no session: {session}")).to_owned();
    (anonymous.with_token(&token), session)
}

fn row(workspace: WorkspaceId, id: ChannelId, inbox: InboxId, now: chrono::DateTime<chrono::Utc>) -> channel::ActiveModel {
    channel::ActiveModel {
        workspace_id: Set(workspace),
        id: Set(id),
        kind: Set(ChannelKind::DigitalChat),
        name: Set("Chat".to_owned()),
        token: Set(id.to_string()),
        inbox_id: Set(inbox),
        default_skill_id: Set(None),
        default_script_id: Set(None),
        settings: Set(Stored(serde_json::Map::new())),
        sealed: Set(Stored(BTreeMap::new())),
        is_enabled: Set(true),
        health: Set(channel::ChannelHealth::Waiting),
        health_reason: Set(None),
        health_cause: Set(None),
        health_at: Set(None),
        first_event_at: Set(None),
        last_event_at: Set(None),
        heartbeat_at: Set(None),
        heartbeat_s: Set(None),
        failing_since: Set(None),
        paused_until: Set(None),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(now),
    }
}
