//! A chat gateway over a fresh database, with its worker, and the people behind it.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tributary_api::http::{
    chat::{ChatKey, ChatLimits, ChatParts, ChatSettings, router_over},
    layers,
};
use tributary_channels::{
    channel::Cx,
    registry::Registry,
    shared::{
        guard::AddressGuard,
        http::{GuardedClient, Limits},
    },
    worker::{self, StoredSecrets, Timing, Wakes, Worker},
};
use tributary_domain::{
    actor::{Actor, Identity, Role},
    channel::{NewChannel, SettingChange, create},
    clock::SystemClock,
    content::RichContent,
    entity::{Stored, channel, contact, inbox, interaction, message, person, script, skill},
    event::{
        Seq,
        cursor::CursorKey,
        tail::{PollIntervals, Tailers},
    },
    ids::{InboxId, InteractionId, MessageId, PersonId, ScriptId, SkillId, WorkspaceId},
    media::{MediaLinks, MediaStore},
    message::{Direction, EntryKind, NewMessage, NewNote, Sent, add_note, send},
    seal::{MasterKeys, Vault},
    spec::ChannelKind,
    state::InteractionStatus,
    store::{NewWorkspace, Store, StoreConfig, create_workspace},
};
use tributary_tests::install_tls;
use uuid::Uuid;

use crate::backend::{Backend, Ground};

/// The page on which the chat may stand.
pub(super) const SHOP: &str = "https://shop.example";
/// What the customer's site signs identities with.
pub(super) const SECRET: &str = "the customer's own signing secret";

pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) key: String,
    pub(super) store: Store,
    pub(super) shutdown: CancellationToken,
    workspace: WorkspaceId,
    agent: Actor,
    worker: Arc<Worker>,
    _ground: Ground,
}

impl Server {
    pub(super) async fn start(backend: Backend) -> Self {
        Self::with(
            backend,
            ChatLimits { messages_per_minute: 1000, messages_per_minute_of_address: 1000, frames_per_minute: 1000, ..generous() },
            &[],
        )
        .await
    }

    pub(super) async fn with(backend: Backend, limits: ChatLimits, settings: &[(&str, &str)]) -> Self {
        install_tls();
        let ground = backend.open().await;
        let store = Store::connect(StoreConfig::new(&ground.url), Arc::new(SystemClock), ground.bus()).await.unwrap();
        let master = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into();
        let vault = Arc::new(Vault::new(MasterKeys::new([("test", &master)]).unwrap()));
        let registry = Registry::new();
        let (workspace, channel, agent) = seed(&store, &registry, &vault, settings).await;
        let key = channel.token.clone();
        let cx = Cx {
            clock: Arc::new(SystemClock),
            http: GuardedClient::new(AddressGuard::new(Vec::new()), Limits::default()).unwrap(),
            media: MediaStore::folder(&ground.path("media")).unwrap(),
            public_url: "https://chat.example".parse().unwrap(),
            links: MediaLinks::new([1; 32]),
            secrets: Arc::new(StoredSecrets { store: store.clone(), vault: vault.clone() }),
        };
        let timing = Timing { poll: Duration::from_millis(50), max_file_bytes: 200_000, ..Timing::default() };
        let worker = Worker::new(store.clone(), registry, cx, vault, timing, "test".to_owned(), Arc::new(Wakes::default()));
        let (worker, shutdown) = (Arc::new(worker), CancellationToken::new());
        tokio::spawn(worker::run(worker.clone(), shutdown.clone()));
        let router = router_over(ChatParts {
            store: store.clone(),
            worker: worker.clone(),
            cursors: CursorKey::new(b"cursors of the test"),
            tailers: Tailers::new(store.clone(), PollIntervals::default()),
            public_url: "https://chat.example".parse().unwrap(),
            settings: ChatSettings {
                key: ChatKey::new([7; 32]),
                limits,
                forwarded_for_hops: 0,
                shutdown: shutdown.clone(),
                drain: Duration::from_millis(100),
                demo_key: None,
            },
        });
        let router = layers::apply(axum::Router::new(), router, &["https://api.example".to_owned()]);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).into_future());
        Self { address, key, store, shutdown, workspace, agent, worker, _ground: ground }
    }

    /// The only interaction, or the newest one.
    pub(super) async fn interaction(&self) -> interaction::Model {
        let read = self.store.read(self.workspace).await.unwrap();
        let newest = interaction::in_workspace(self.workspace).order_by_desc(interaction::Column::CreatedAt);
        newest.one(read.conn()).await.unwrap().expect("an interaction")
    }

    /// An agent answers.
    pub(super) async fn says(&self, on: InteractionId, content: Value) -> MessageId {
        let content: RichContent = serde_json::from_value(content).unwrap();
        let capabilities = &self.worker.registry.spec(ChannelKind::DigitalChat).capabilities;
        let mut tx = self.store.write(self.workspace).await.unwrap();
        let new = NewMessage {
            interaction: on,
            client_id: Uuid::now_v7().to_string(),
            content,
            attachments: Vec::new(),
            quoted: None,
            seen: None,
            then_status: None,
        };
        let Sent::Queued(id) = send(&mut tx, &self.agent, capabilities, new).await.unwrap() else { panic!("not queued") };
        tx.commit().await.unwrap();
        self.worker.wakes.dispatch.notify_one();
        id
    }

    /// An agent writes a note.
    pub(super) async fn notes(&self, on: InteractionId, text: &str) {
        let mut tx = self.store.write(self.workspace).await.unwrap();
        let new = NewNote {
            interaction: on,
            client_id: Uuid::now_v7().to_string(),
            text: text.to_owned(),
            mentions: BTreeSet::new(),
            attachments: Vec::new(),
        };
        add_note(&mut tx, &self.agent, new).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The agent reads everything.
    pub(super) async fn reads(&self, on: InteractionId) {
        let mut tx = self.store.write(self.workspace).await.unwrap();
        tributary_domain::interaction::mark_read(&mut tx, &self.agent, on, true).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The agent closes the conversation for good.
    pub(super) async fn closes(&self, on: InteractionId) {
        let mut tx = self.store.write(self.workspace).await.unwrap();
        tributary_domain::interaction::set_status(&mut tx, &self.agent, on, InteractionStatus::Closed, None).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Whether the agent is writing an answer.
    pub(super) async fn is_replying(&self, on: InteractionId, is_replying: bool) {
        use tributary_domain::presence::{Activity, set};
        let activity = if is_replying { Activity::Replying } else { Activity::Viewing };
        set(&self.store, &self.agent, on, "tab", Some(activity)).await.unwrap();
    }

    pub(super) async fn contact_is_typing(&self, on: InteractionId) -> bool {
        tributary_domain::presence::look(&self.store, self.workspace, on).await.unwrap().contact_is_typing
    }

    /// Every message that the contact's side wrote, oldest first.
    pub(super) async fn stored(&self) -> Vec<message::Model> {
        self.messages(Direction::In).await
    }

    pub(super) async fn messages(&self, direction: Direction) -> Vec<message::Model> {
        let read = self.store.read(self.workspace).await.unwrap();
        let rows = message::in_workspace(self.workspace)
            .filter(message::Column::Entry.eq(EntryKind::Message))
            .filter(message::Column::Direction.eq(direction));
        rows.order_by_asc(message::Column::Id).all(read.conn()).await.unwrap()
    }

    pub(super) async fn contacts(&self) -> Vec<contact::Model> {
        let read = self.store.read(self.workspace).await.unwrap();
        contact::in_workspace(self.workspace).order_by_asc(contact::Column::Id).all(read.conn()).await.unwrap()
    }

    /// Blocks every contact, and says so in the log.
    pub(super) async fn blocks_all(&self) {
        use tributary_domain::event::{EntityType, EventDraft, EventKind};
        let mut tx = self.store.write(self.workspace).await.unwrap();
        contact::updates(self.workspace).col_expr(contact::Column::IsBlocked, true.into()).exec(tx.conn()).await.unwrap();
        for one in contact::in_workspace(self.workspace).all(tx.conn()).await.unwrap() {
            tx.emit(EventDraft::new(EventKind::ContactChanged, EntityType::Contact, one.id.uuid()));
        }
        tx.commit().await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(super) fn generous() -> ChatLimits {
    ChatLimits { sessions_per_minute: 1000, ..ChatLimits::default() }
}

async fn seed(store: &Store, registry: &Registry, vault: &Vault, settings: &[(&str, &str)]) -> (WorkspaceId, channel::Model, Actor) {
    let workspace = WorkspaceId::from(Uuid::now_v7());
    let (inbox, skill, script, agent) =
        (InboxId::from(Uuid::now_v7()), SkillId::from(Uuid::now_v7()), ScriptId::from(Uuid::now_v7()), PersonId::from(Uuid::now_v7()));
    let mut tx = store.write(workspace).await.unwrap();
    let new = NewWorkspace {
        id: workspace,
        name: "Acme".to_owned(),
        slug: workspace.to_string(),
        default_language: "de".to_owned(),
        reopen_days: 7,
    };
    create_workspace(&mut tx, new).await.unwrap();
    let now = tx.now();
    let row = inbox::ActiveModel {
        workspace_id: Set(workspace),
        id: Set(inbox),
        name: Set("Service".to_owned()),
        team_id: Set(None),
        position: Set(1),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(now),
    };
    inbox::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
    let row = skill::ActiveModel {
        workspace_id: Set(workspace),
        id: Set(skill),
        name: Set("Service".to_owned()),
        description: Set(None),
        version: Set(Seq::UNNUMBERED),
    };
    skill::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
    let row = script::ActiveModel {
        workspace_id: Set(workspace),
        id: Set(script),
        name: Set("Nothing".to_owned()),
        steps: Set(Stored(Vec::new())),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(now),
    };
    script::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
    let row = person::ActiveModel {
        workspace_id: Set(workspace),
        id: Set(agent),
        email: Set("ada@example.org".to_owned()),
        email_folded: Set("ada@example.org".to_owned()),
        name: Set("Ada".to_owned()),
        role: Set(Role::Admin),
        password_hash: Set(None),
        is_active: Set(true),
        language: Set("de".to_owned()),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(now),
    };
    person::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
    let actor = Actor { identity: Identity::Person { id: agent, name: "Ada".to_owned() }, ..Actor::system(workspace) };
    let change = |(key, value): (&str, &str)| SettingChange { key: key.to_owned(), value: Some(value.to_owned().into()) };
    let mut all = vec![change(("allowed_origins", SHOP)), change(("identity_secret", SECRET))];
    all.extend(settings.iter().copied().map(change));
    let new = NewChannel {
        client_id: "chat".to_owned(),
        name: "Chat".to_owned(),
        inbox,
        default_skill: Some(skill),
        default_script: Some(script),
        settings: all,
    };
    let id = create(&mut tx, &actor, registry.spec(ChannelKind::DigitalChat), vault, new).await.unwrap();
    tx.commit().await.unwrap();
    let read = store.read(workspace).await.unwrap();
    let channel = channel::by_id(workspace, id).one(read.conn()).await.unwrap().unwrap();
    (workspace, channel, actor)
}

/// The content of a text.
pub(super) fn text(text: &str) -> Value {
    json!({"kind": "TEXT", "text": text})
}
