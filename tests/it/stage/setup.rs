//! Making a [`Stage`].

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sea_orm::{ActiveValue::Set, EntityTrait};
use secrecy::SecretString;
use serde_json::{Value, json};
use tributary_channels::{
    channel::Cx,
    registry::Registry,
    shared::{
        guard::AddressGuard,
        http::{GuardedClient, Limits},
    },
    worker::{StoredSecrets, Timing, Wakes, Worker},
};
use tributary_domain::{
    actor::{Actor, Identity, Role, Scope, VisibleInboxes},
    channel::{NewChannel, SettingChange, create},
    entity::{inbox, person, script, skill},
    event::Seq,
    ids::{ChannelId, PersonId, WorkspaceId},
    media::{MediaLinks, MediaStore},
    script::ScriptStep,
    seal::{MasterKeys, Vault},
    spec::ChannelKind,
    store::{NewWorkspace, Tx, create_workspace},
};
use tributary_tests::fake::byoc::{CLIENT, FakeIntegrator, INBOUND_TOKEN, Manner, SIGNING_SECRET};
use uuid::Uuid;

use super::Stage;
use crate::store_contract::place::Place;

/// What a test wants to be different.
pub(crate) struct Setup {
    /// How the integrator was built.
    pub(crate) manner: Manner,
    /// Setting `mode` of its channel.
    pub(crate) mode: &'static str,
    /// Setting `capabilities` of its channel.
    pub(crate) capabilities: Value,
    /// Steps of the default script.
    pub(crate) script: Vec<ScriptStep>,
    /// Adapters.
    pub(crate) registry: Registry,
}

impl Default for Setup {
    fn default() -> Self {
        let capabilities = json!({
            "rich": {"quickReplies": {"max": 10, "maxTitle": 20}},
            "attachments": {"types": ["*/*"], "maxMegabytes": 25, "maxCount": 10},
            "edit": {"maxAgeMinutes": 15}, "delete": true, "like": true, "replyTo": true, "typing": true,
        });
        Self { manner: Manner::Signed, mode: "standard", capabilities, script: Vec::new(), registry: Registry::new() }
    }
}

/// Leases of the real length and no heartbeat: a claim ends when the test says so.
pub(crate) fn quick_timing() -> Timing {
    Timing { heartbeat: Duration::from_hours(1), lanes: 8, max_file_bytes: 64 * 1024, ..Timing::default() }
}

fn new<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

/// A bot with these scopes.
pub(crate) fn bot_of(workspace: WorkspaceId, scopes: &[Scope]) -> Actor {
    Actor {
        identity: Identity::ApiClient { id: new(), name: "Bot".to_owned(), is_bot: true },
        role: Role::Agent,
        scopes: Some(scopes.iter().copied().collect()),
        ..Actor::system(workspace)
    }
}

impl Stage {
    pub(crate) async fn new(place: Place) -> Self {
        Self::with(place, Setup::default()).await
    }

    pub(crate) async fn with(place: Place, setup: Setup) -> Self {
        tributary_tests::install_tls();
        let (store, clock) = (place.store.clone(), place.clock.clone());
        let files = tempfile::tempdir().unwrap();
        let guard = AddressGuard::new(vec!["127.0.0.1/32".parse().unwrap()]);
        let key = SecretString::from("a2V5LWZvci10ZXN0cy1vbmx5LTAxMjM0NTY3ODlhYmM=");
        let vault = Arc::new(Vault::new(MasterKeys::new([("one", &key)]).unwrap()));
        let cx = Cx {
            clock: Arc::new(clock.clone()),
            http: GuardedClient::new(guard, Limits::default()).unwrap(),
            media: MediaStore::folder(files.path()).unwrap(),
            public_url: "https://inbox.example/".parse().unwrap(),
            links: MediaLinks::new([7; 32]),
            secrets: Arc::new(StoredSecrets { store: store.clone(), vault: vault.clone() }),
        };
        let integrator = FakeIntegrator::start(setup.manner, Arc::new(clock.clone())).await;

        let workspace: WorkspaceId = new();
        let mut tx = store.write(workspace).await.unwrap();
        create_workspace(&mut tx, named(workspace)).await.unwrap();
        let (inbox, skill, script) = (new(), new(), new());
        let row = inbox::ActiveModel {
            workspace_id: Set(workspace),
            id: Set(inbox),
            name: Set("Service".to_owned()),
            team_id: Set(None),
            position: Set(1),
            version: Set(Seq::UNNUMBERED),
            created_at: Set(tx.now()),
        };
        inbox::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
        let row = skill::ActiveModel {
            workspace_id: Set(workspace),
            id: Set(skill),
            name: Set("General".to_owned()),
            description: Set(None),
            version: Set(Seq::UNNUMBERED),
        };
        skill::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
        let row = script::ActiveModel {
            workspace_id: Set(workspace),
            id: Set(script),
            name: Set("Start".to_owned()),
            steps: Set(setup.script.into()),
            version: Set(Seq::UNNUMBERED),
            created_at: Set(tx.now()),
        };
        script::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
        let agent = add_person(&tx, "Anna", Role::Agent, VisibleInboxes::Only([inbox].into())).await;
        let admin = add_person(&tx, "Ada", Role::Admin, VisibleInboxes::All).await;
        let new_channel = NewChannel {
            client_id: "channel".to_owned(),
            name: "Integration".to_owned(),
            inbox,
            default_skill: Some(skill),
            default_script: Some(script),
            settings: integrator_settings(&integrator, setup.mode, setup.manner, &setup.capabilities),
        };
        let spec = setup.registry.spec(ChannelKind::Byoc);
        let channel: ChannelId = create(&mut tx, &admin, spec, &vault, new_channel).await.unwrap();
        tx.commit().await.unwrap();

        let registry = setup.registry;
        let wakes = Arc::new(Wakes::default());
        let worker = Worker::new(store.clone(), registry.clone(), cx.clone(), vault.clone(), quick_timing(), "first".to_owned(), wakes);
        Self {
            store,
            clock,
            worker: Arc::new(worker),
            integrator,
            workspace,
            inbox,
            skill,
            script,
            channel,
            agent,
            admin,
            vault,
            registry,
            cx,
            place,
            files,
        }
    }
}

impl Stage {
    /// A channel with the settings of the first one, but for what it can do.
    pub(super) async fn like_the_first(&self) -> NewChannel {
        let capabilities = Setup::default().capabilities;
        NewChannel {
            client_id: Uuid::now_v7().to_string(),
            name: "Another".to_owned(),
            inbox: self.inbox,
            default_skill: Some(self.skill),
            default_script: Some(self.script),
            settings: integrator_settings(&self.integrator, "standard", Manner::Signed, &capabilities),
        }
    }

    /// Another workspace in the same database, empty.
    pub(crate) async fn neighbour(&self) -> WorkspaceId {
        let workspace = new();
        let mut tx = self.store.write(workspace).await.unwrap();
        create_workspace(&mut tx, named(workspace)).await.unwrap();
        tx.commit().await.unwrap();
        workspace
    }
}

fn named(id: WorkspaceId) -> NewWorkspace {
    NewWorkspace { id, name: "Acme".to_owned(), slug: id.to_string(), default_language: "de".to_owned(), reopen_days: 7 }
}

/// Settings of the integrator's channel, as an administrator enters them.
pub(crate) fn integrator_settings(integrator: &FakeIntegrator, mode: &str, manner: Manner, capabilities: &Value) -> Vec<SettingChange> {
    let mut settings = BTreeMap::from([
        ("url", integrator.url()),
        ("signing_secret", SIGNING_SECRET.to_owned()),
        ("inbound_token", INBOUND_TOKEN.to_owned()),
        ("mode", mode.to_owned()),
        ("capabilities", capabilities.to_string()),
    ]);
    if manner != Manner::Signed {
        settings.extend([
            ("token_url", integrator.token_url()),
            ("client_id", CLIENT.0.to_owned()),
            ("client_secret", CLIENT.1.to_owned()),
        ]);
    }
    settings.into_iter().map(|(key, value)| SettingChange { key: key.to_owned(), value: Some(SecretString::from(value)) }).collect()
}

async fn add_person(tx: &Tx, name: &str, role: Role, inboxes: VisibleInboxes) -> Actor {
    let id: PersonId = new();
    let email = format!("{}@example.org", name.to_lowercase());
    let row = person::ActiveModel {
        workspace_id: Set(tx.workspace()),
        id: Set(id),
        email_folded: Set(email.clone()),
        email: Set(email),
        name: Set(name.to_owned()),
        role: Set(role),
        password_hash: Set(None),
        is_active: Set(true),
        language: Set("de".to_owned()),
        version: Set(Seq::UNNUMBERED),
        created_at: Set(tx.now()),
    };
    person::Entity::insert(row).exec_without_returning(tx.conn()).await.unwrap();
    Actor { identity: Identity::Person { id, name: name.to_owned() }, role, inboxes, ..Actor::system(tx.workspace()) }
}
