//! A workspace with an admin on a fresh database, for tests of commands; on SQLite and on PostgreSQL.

use std::sync::Arc;

use chrono::DateTime;
use tempfile::TempDir;
use tributary_domain::{
    actor::{Actor, Role},
    agent::{
        self,
        person::{self, NewPerson},
    },
    bus::{Bus, MemoryBus},
    clock::{Clock, TestClock},
    entity::{channel, contact, contact_identity, interaction, person as person_row},
    event::Seq,
    ids::{ChannelId, InboxId, PersonId, WorkspaceId},
    inbound::Sender,
    inbox::{self, NewInbox},
    spec::ChannelKind,
    state::InteractionStatus,
    store::{NewWorkspace, Store, StoreConfig, create_workspace},
};
use tributary_tests::postgres::{PgDatabase, Postgres};
use uuid::Uuid;

use crate::backend::SCHEMA;

/// Declares each function as a test on SQLite and one on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&$crate::support::House::on_sqlite().await).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&$crate::support::House::on_postgres().await).await;
            })*
        }
    };
}
pub(crate) use on_both;

/// Runs a command in a transaction of its own: committed when it succeeds, without trace when it is refused.
macro_rules! run {
    ($house:expr, |$tx:ident| $command:expr) => {{
        let mut transaction = $house.store.write($house.workspace).await.unwrap();
        let $tx = &mut transaction;
        let outcome = $command.await;
        if outcome.is_ok() {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
        outcome
    }};
}
pub(crate) use run;

/// A workspace on a database of its own.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) clock: TestClock,
    pub(crate) workspace: WorkspaceId,
    pub(crate) admin: Actor,
    pub(crate) inbox: InboxId,
    _place: Place,
}

#[expect(dead_code, reason = "kept for what its end does")]
enum Place {
    Folder(TempDir),
    Database(PgDatabase),
    Shared,
}

impl House {
    pub(crate) async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tributary.db").display());
        tributary_migrations::migrate(&url).await.unwrap();
        Self::at(&url, Place::Folder(folder)).await
    }

    pub(crate) async fn on_postgres() -> Self {
        let database = Postgres::shared().await.fresh_database(SCHEMA).await.unwrap();
        let url = database.app_url.clone();
        Self::at(&url, Place::Database(database)).await
    }

    async fn at(url: &str, place: Place) -> Self {
        let clock = TestClock::at(DateTime::from_timestamp(1_790_000_000, 0).unwrap());
        let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new());
        let time: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = Store::connect(StoreConfig { max_connections: 4, ..StoreConfig::new(url) }, time, bus).await.unwrap();
        Self::furnish(store, clock, place).await
    }

    /// Another workspace in the same database.
    pub(crate) async fn neighbour(&self) -> Self {
        Self::furnish(self.store.clone(), self.clock.clone(), Place::Shared).await
    }

    async fn furnish(store: Store, clock: TestClock, place: Place) -> Self {
        let workspace = WorkspaceId::from(Uuid::now_v7());
        let mut tx = store.write(workspace).await.unwrap();
        let new = NewWorkspace {
            id: workspace,
            name: "Acme".to_owned(),
            slug: workspace.to_string(),
            default_language: "de".to_owned(),
            reopen_days: 7,
        };
        create_workspace(&mut tx, new).await.unwrap();
        let system = Actor::system(workspace);
        let id = person::create(&mut tx, &system, someone("Ada", Role::Admin)).await.unwrap();
        let new = NewInbox { client_id: "inbox".into(), name: "Service".into(), team: None };
        let inbox = inbox::create(&mut tx, &system, new).await.unwrap();
        tx.commit().await.unwrap();
        let mut house = Self { store, clock, workspace, admin: system, inbox, _place: place };
        house.admin = house.actor(id).await;
        house
    }

    /// Whether rights are found for a person, or for a person's session.
    pub(crate) async fn may_act(&self, acting: agent::Acting) -> bool {
        let read = self.store.read(self.workspace).await.unwrap();
        agent::acting(&read, self.store.clock().now(), &[acting]).await.unwrap().0.contains_key(&acting)
    }

    /// The person as an actor, with the rights of this moment.
    pub(crate) async fn actor(&self, id: PersonId) -> Actor {
        agent::actor_of(self.store.read(self.workspace).await.unwrap().conn(), &self.person(id).await).await.unwrap()
    }

    pub(crate) async fn person(&self, id: PersonId) -> person_row::Model {
        person_row::by_id(self.workspace, id).one(self.store.read(self.workspace).await.unwrap().conn()).await.unwrap().unwrap()
    }

    /// A new person as an actor.
    pub(crate) async fn add(&self, name: &str, role: Role) -> Actor {
        let id = run!(self, |tx| person::create(tx, &self.admin, someone(name, role))).unwrap();
        self.actor(id).await
    }

    /// A channel into the inbox, without settings.
    pub(crate) async fn add_channel(&self, inbox: InboxId) -> channel::Model {
        use sea_orm::{ActiveModelTrait, ActiveValue::Set};
        let tx = self.store.write(self.workspace).await.unwrap();
        let id = ChannelId::from(Uuid::now_v7());
        let row = channel::ActiveModel {
            workspace_id: Set(self.workspace),
            id: Set(id),
            kind: Set(ChannelKind::DigitalChat),
            name: Set("Chat".to_owned()),
            token: Set(id.to_string()),
            inbox_id: Set(inbox),
            default_skill_id: Set(None),
            default_script_id: Set(None),
            settings: Set(Default::default()),
            sealed: Set(Default::default()),
            is_enabled: Set(true),
            health: Set(channel::ChannelHealth::Ok),
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
            created_at: Set(tx.now()),
        };
        let row = row.insert(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        row
    }

    /// The contact behind a platform's person, as the first message makes it.
    pub(crate) async fn hear(&self, channel: &channel::Model, from: &str) -> (contact::Model, contact_identity::Model) {
        let sender = Sender { name: Some(from.to_owned()), ..Sender::known_by_id(from) };
        run!(self, |tx| tributary_domain::contact::resolve(tx, channel, &sender)).unwrap()
    }

    /// An interaction of the identity on the channel.
    pub(crate) async fn open(
        &self,
        channel: &channel::Model,
        identity: &contact_identity::Model,
        status: InteractionStatus,
    ) -> interaction::Model {
        use sea_orm::{ActiveModelTrait, ActiveValue::Set};
        let tx = self.store.write(self.workspace).await.unwrap();
        let row = interaction::ActiveModel {
            workspace_id: Set(self.workspace),
            id: Set(Uuid::now_v7().into()),
            number: Set(tx.next_interaction_numbers(1).await.unwrap().start),
            inbox_id: Set(channel.inbox_id),
            channel_id: Set(channel.id),
            contact_id: Set(identity.contact_id),
            identity_id: Set(identity.id),
            external_thread: Set(None),
            subject: Set(None),
            status: Set(status),
            priority: Set(interaction::Priority::Normal),
            assignee_id: Set(None),
            skill_id: Set(None),
            snoozed_until: Set(None),
            is_automatic: Set(false),
            inbound_count: Set(0),
            message_count: Set(0),
            last_message_id: Set(None),
            last_inbound_at: Set(None),
            last_activity_at: Set(tx.now()),
            waiting_since: Set(None),
            linked_to: Set(None),
            has_failed: Set(false),
            script_state: Set(None),
            version: Set(Seq::UNNUMBERED),
            created_at: Set(tx.now()),
            resolved_at: Set(None),
            closed_at: Set(None),
        };
        let row = row.insert(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        row
    }
}

/// A person to be added; the address is new each time.
pub(crate) fn someone(name: &str, role: Role) -> NewPerson {
    let unique = Uuid::now_v7().simple().to_string();
    NewPerson {
        client_id: unique.clone(),
        name: name.to_owned(),
        email: format!("{unique}@example.org"),
        role,
        password_hash: None,
        language: None,
        teams: Default::default(),
        skills: Default::default(),
    }
}
