//! A server on a fresh SQLite file, with a workspace to follow.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};
use tributary_api::{app::App, config::Config};
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
    message,
    spec::ChannelKind,
    store::{NewWorkspace, create_workspace},
    team::{self, NewTeam, TeamChange},
};
use tributary_tests::client::GraphqlClient;
use uuid::Uuid;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A running server.
pub(crate) struct Place {
    pub(crate) app: App,
    pub(crate) workspace: WorkspaceId,
    pub(crate) url: String,
    _folder: tempfile::TempDir,
}

impl Place {
    pub(crate) async fn start() -> Self {
        tributary_tests::install_tls();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let url = format!("sqlite://{}", at("tributary.db"));
        tributary_migrations::migrate(&url).await.unwrap();
        let settings =
            [("TRIBUTARY__DATABASE__URL", url), ("TRIBUTARY__SERVER__DATA_FOLDER", at("data")), ("TRIBUTARY__MEDIA__FOLDER", at("media"))];
        let config = Config::from_parts(None, settings.map(|(key, value)| (key.to_owned(), value))).unwrap();
        let app = App::build(config, Arc::new(SystemClock), Default::default()).await.unwrap();
        let router = app.router(None).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
        tokio::spawn(async move { serving.await });

        let workspace = WorkspaceId::from(Uuid::now_v7());
        let mut tx = app.store.write(workspace).await.unwrap();
        let new = NewWorkspace { id: workspace, name: "Acme".into(), slug: "acme".into(), default_language: "en".into(), reopen_days: 7 };
        create_workspace(&mut tx, new).await.unwrap();
        tx.commit().await.unwrap();
        Self { app, workspace, url, _folder: folder }
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
        let mut tx = self.app.store.write(self.workspace).await.unwrap();
        let nobody = TeamChange { members: Some(Default::default()), ..TeamChange::default() };
        team::update(&mut tx, &self.system(), id, nobody, None).await.unwrap();
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
        let spec = self.app.registry.spec(channel.kind);
        let capabilities = self.app.registry.capabilities(channel);
        let mut tx = self.app.store.write(self.workspace).await.unwrap();
        let inbound = InboundMessage {
            external_id: Uuid::now_v7().to_string().into(),
            part: 0,
            contact: Sender::known_by_id(contact),
            is_echo: false,
            client_reference: None,
            thread: None,
            in_reply_to: vec![],
            quoted: None,
            subject: None,
            content: RichContent::Text(Text { text: text.into() }),
            attachments: vec![],
            at: tx.now(),
            is_automatic: false,
            raw: None,
        };
        let event = InboundEvent::Message(Box::new(inbound));
        message::receive(&mut tx, spec, &capabilities, channel, event, vec![]).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) fn anonymous(&self) -> GraphqlClient {
        GraphqlClient::new(&self.url).unwrap()
    }

    /// Signs in; the client with the access token, and the session.
    pub(crate) async fn sign_in(&self, email: &str) -> (GraphqlClient, Value) {
        let query = "mutation($input: SignInInput!) { signIn(input: $input) { \
            session { accessToken refreshToken person { email teams { name } } } errors { code } } }";
        let answer = self.anonymous().post(query, json!({ "input": { "email": email, "password": PASSWORD } })).await.unwrap();
        let session = answer.ok().unwrap()["signIn"]["session"].clone();
        let token = session["accessToken"].as_str().unwrap_or_else(|| panic!("no session: {session}")).to_owned();
        (self.anonymous().with_token(&token), session)
    }

    pub(crate) async fn cursor(&self, client: &GraphqlClient) -> String {
        let data = client.post("{ logCursor }", json!({})).await.unwrap().ok().unwrap();
        data["logCursor"].as_str().unwrap().to_owned()
    }
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
        health_at: Set(None),
        first_event_at: Set(None),
        last_event_at: Set(None),
        paused_until: Set(None),
        breaker: Set(None),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(now),
    }
}
