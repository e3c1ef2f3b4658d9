//! A server with a mailbox as channel. Mails enter as its listener stores them, and the worker is stepped by hand.

use std::{net::SocketAddr, sync::Arc};

use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tributary_api::{app::App, config::Config};
use tributary_channels::channel::Step;
use tributary_domain::{
    actor::{Actor, Role},
    agent::person::{self, NewPerson},
    channel::{ChannelChange, NewChannel, NewRaw, SettingChange, create, store_raw, update},
    clock::SystemClock,
    content::{Language, RichContent, Text},
    entity::channel,
    ids::{ChannelId, InboxId, WorkspaceId},
    inbox::{self, NewInbox},
    outbound::{Action, Destination, Outbound, OutboundMessage},
    script::{self, NewScript, ScriptStep},
    spec::ChannelKind,
    store::{NewWorkspace, Tx, create_workspace},
};
use tributary_tests::{
    client::GraphqlClient,
    postgres::{PgDatabase, Postgres, Template},
};
use uuid::Uuid;

/// The mailbox of the company.
pub(super) const ADDRESS: &str = "support@example.test";
/// A contact.
pub(super) const CUSTOMER: &str = "mara@customer.test";

const PASSWORD: &str = "correct horse battery";
const AGENT: &str = "anna@example.test";
const SCHEMA: Template = Template { name: "mail", migrate: |url| Box::pin(async move { Ok(tributary_migrations::migrate(&url).await?) }) };

/// Where a server keeps its data.
#[derive(Debug, Clone, Copy)]
pub(super) enum Storage {
    Sqlite,
    Postgres,
}

pub(super) struct Server {
    pub(super) app: App,
    pub(super) workspace: WorkspaceId,
    pub(super) channel: ChannelId,
    /// Signed in as an agent.
    pub(super) client: GraphqlClient,
    /// Its token.
    pub(super) token: String,
    /// Where it is reached.
    pub(super) origin: String,
    folder: tempfile::TempDir,
    _database: Option<PgDatabase>,
}

impl Server {
    pub(super) async fn start(storage: Storage) -> Self {
        Self::with(storage, &[], &[]).await
    }

    /// With settings of the server and of the mailbox.
    pub(super) async fn with(storage: Storage, config: &[(&str, &str)], mailbox: &[(&str, &str)]) -> Self {
        tributary_tests::install_tls();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let (url, database) = match storage {
            Storage::Sqlite => {
                let url = format!("sqlite://{}", at("tributary.db"));
                tributary_migrations::migrate(&url).await.unwrap();
                (url, None)
            }
            Storage::Postgres => {
                let database = Postgres::shared().await.fresh_database(SCHEMA).await.unwrap();
                (database.app_url.clone(), Some(database))
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = vec![
            ("TRIBUTARY__DATABASE__URL".to_owned(), url),
            ("TRIBUTARY__SERVER__DATA_FOLDER".to_owned(), at("data")),
            ("TRIBUTARY__SERVER__PUBLIC_URL".to_owned(), origin.clone()),
            ("TRIBUTARY__MEDIA__FOLDER".to_owned(), at("media")),
        ];
        settings.extend(config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let config = Config::from_parts(None, settings).unwrap();
        let app = App::build(config, Arc::new(SystemClock), Default::default()).await.unwrap();
        let serving = axum::serve(listener, app.router(None).unwrap().into_make_service_with_connect_info::<SocketAddr>());
        tokio::spawn(async move { serving.await });
        let workspace = WorkspaceId::from(Uuid::now_v7());
        let channel = furnish(&app, workspace, mailbox).await;
        let (client, token) = sign_in(&format!("{origin}/graphql")).await;
        Self { app, workspace, channel, client, token, origin, folder, _database: database }
    }

    /// Every conversation that begins from now on is greeted.
    pub(super) async fn greet(&self, words: &str) {
        let system = Actor::system(self.workspace);
        let mut tx = self.app.store.write(self.workspace).await.unwrap();
        let content = Box::new(RichContent::Text(Text { text: words.to_owned() }));
        let new = NewScript { client_id: "greet".into(), name: "Greet".into(), steps: vec![ScriptStep::SendContent { content }] };
        let script = script::create(&mut tx, &system, new).await.unwrap();
        let spec = self.app.registry.spec(ChannelKind::Email);
        let change = ChannelChange { default_script: Some(Some(script)), ..ChannelChange::default() };
        update(&mut tx, &system, spec, &self.app.vault, self.channel, change, None).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Sends what waits to be sent.
    pub(super) async fn dispatch(&self) {
        while self.app.worker.dispatch().await.unwrap() > 0 {
            self.app.worker.idle().await;
        }
    }

    /// Somebody reads a mail in another program.
    pub(super) async fn read_elsewhere(&self, id: &str) {
        let header = format!("Message-ID: <{id}@customer.test>\r\n\r\n");
        self.store(self.channel, "mail_read", Uuid::now_v7().to_string(), header).await;
    }

    /// Another mailbox beside the first one, which it is named after.
    pub(super) async fn another_mailbox(&self, address: &str) -> ChannelId {
        let mut tx = self.app.store.write(self.workspace).await.unwrap();
        let inbox = channel::by_id(self.workspace, self.channel).one(tx.conn()).await.unwrap().unwrap().inbox_id;
        let id = add_mailbox(&self.app, &mut tx, inbox, address, (address, &[])).await;
        tx.commit().await.unwrap();
        id
    }

    async fn store(&self, channel: ChannelId, form: &str, dedupe_key: String, body: String) {
        let at = chrono::DateTime::from(std::time::SystemTime::now());
        let raw = NewRaw { dedupe_key, form: form.to_owned(), headers: Default::default(), body: body.into_bytes(), at };
        let tx = self.app.store.write(self.workspace).await.unwrap();
        store_raw(&tx, channel, raw).await.unwrap();
        tx.commit().await.unwrap();
        while self.app.worker.ingest().await.unwrap() > 0 {}
    }

    /// Mails come in, one after the other, and are worked on.
    pub(super) async fn take(&self, mails: &[&str]) {
        self.take_in(self.channel, mails).await;
    }

    /// As [`Self::take`], in another mailbox.
    pub(super) async fn take_in(&self, channel: ChannelId, mails: &[&str]) {
        for mail in mails {
            self.store(channel, "mail", hex::encode(Sha256::digest(mail)), mail.replace('\n', "\r\n")).await;
        }
    }

    /// Asks as the agent.
    pub(super) async fn ask(&self, query: &str, variables: Value) -> Value {
        self.client.post(query, variables).await.unwrap().ok().unwrap()
    }

    /// The interactions, oldest first, with their entries, of which `fields` are selected.
    pub(super) async fn interactions(&self, fields: &str) -> Vec<Value> {
        let query = format!(
            "{{ interactions(first: 20) {{ nodes {{ id reference subject contact {{ name }} continues {{ reference }} \
             messages(first: 50) {{ nodes {{ {fields} }} }} }} }} }}"
        );
        let data = self.ask(&query, json!({})).await;
        let mut found = data["interactions"]["nodes"].as_array().unwrap().clone();
        found.sort_by_key(|one| one["reference"].as_str().unwrap().trim_start_matches("T-").parse::<i64>().unwrap());
        found
    }

    /// Where answers to our mails of this interaction go when plus addresses are on.
    pub(super) async fn answer_address(&self, number: i64) -> String {
        let read = self.app.store.read(self.workspace).await.unwrap();
        let found = channel::by_id(self.workspace, self.channel).one(read.conn()).await.unwrap().unwrap();
        drop(read);
        let (adapter, mut open) = self.app.worker.open(&found).await.unwrap().unwrap();
        open.settings.insert("plus_addressing".to_owned(), true.into());
        let steps = adapter.render(&open, &outbound(number));
        let Some(Step::Mail(mail)) = steps.into_iter().next() else { panic!("an answer is a mail") };
        mail.reply_to.unwrap()
    }

    /// How many files have bytes.
    pub(super) fn count_blobs(&self) -> usize {
        let folder = self.folder.path().join("media").join(self.workspace.uuid().simple().to_string());
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }
}

/// An answer in the interaction of this number.
fn outbound(number: i64) -> Outbound {
    let content = RichContent::Text(Text { text: "x".to_owned() });
    let message = OutboundMessage {
        id: Uuid::now_v7().into(),
        asked: content.clone(),
        content,
        fallback: "x".to_owned(),
        attachments: Vec::new(),
        quoted: None,
        author_name: None,
        is_automatic: false,
        at: chrono::DateTime::from(std::time::SystemTime::now()),
    };
    let to = Destination {
        interaction: Uuid::now_v7().into(),
        number,
        language: Language::En,
        user: CUSTOMER.into(),
        user_name: None,
        thread: None,
        subject: None,
        references: Vec::new(),
        answers: None,
    };
    Outbound { id: Uuid::now_v7().into(), to, action: Action::Send(Box::new(message)) }
}

/// A workspace with an agent and a mailbox.
async fn furnish(app: &App, workspace: WorkspaceId, mailbox: &[(&str, &str)]) -> ChannelId {
    let system = Actor::system(workspace);
    let hash = app.passwords.hash(PASSWORD.to_owned().into()).await.unwrap();
    let mut tx = app.store.write(workspace).await.unwrap();
    let new = NewWorkspace { id: workspace, name: "Acme".into(), slug: "acme".into(), default_language: "en".into(), reopen_days: 7 };
    create_workspace(&mut tx, new).await.unwrap();
    let new = NewPerson {
        client_id: "anna".into(),
        name: "Anna".into(),
        email: AGENT.into(),
        role: Role::Agent,
        password_hash: Some(hash),
        language: None,
        teams: Default::default(),
        skills: Default::default(),
    };
    person::create(&mut tx, &system, new).await.unwrap();
    let inbox = inbox::create(&mut tx, &system, NewInbox { client_id: "inbox".into(), name: "Service".into(), team: None }).await.unwrap();
    let channel = add_mailbox(app, &mut tx, inbox, ADDRESS, ("Support", mailbox)).await;
    tx.commit().await.unwrap();
    channel
}

async fn add_mailbox(app: &App, tx: &mut Tx, inbox: InboxId, address: &str, (name, more): (&str, &[(&str, &str)])) -> ChannelId {
    let settings = [("address", address), ("imap_host", "imap.example.test"), ("smtp_host", "smtp.example.test"), ("password", "secret")];
    let settings =
        settings.iter().chain(more).map(|(key, value)| SettingChange { key: (*key).to_owned(), value: Some(SecretString::from(*value)) });
    let new = NewChannel {
        client_id: name.into(),
        name: name.into(),
        inbox,
        default_skill: None,
        default_script: None,
        settings: settings.collect(),
    };
    create(tx, &Actor::system(tx.workspace()), app.registry.spec(ChannelKind::Email), &app.vault, new).await.unwrap()
}

/// The signed-in client and its token.
async fn sign_in(url: &str) -> (GraphqlClient, String) {
    let query = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } errors { code } } }";
    let anonymous = GraphqlClient::new(url).unwrap();
    let answer = anonymous.post(query, json!({ "input": { "email": AGENT, "password": PASSWORD } })).await.unwrap().ok().unwrap();
    let token = answer["signIn"]["session"]["accessToken"].as_str().unwrap_or_else(|| panic!("no session: {answer}"));
    (anonymous.clone().with_token(token), token.to_owned())
}
