//! A fresh database for one test.

use std::sync::Arc;

use chrono::DateTime;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tributary_domain::{
    bus::{Bus, MemoryBus},
    clock::{Clock, TestClock},
    store::{BeforeCommit, ConnectError, Store, StoreConfig},
};
use uuid::Uuid;

/// A migrated database and a store on it, as the server would open it.
pub(crate) struct Place {
    pub(crate) store: Store,
    pub(crate) clock: TestClock,
    pub(crate) url: String,
    /// Address with the right to change the schema.
    pub(crate) owner_url: String,
    _folder: Option<TempDir>,
}

impl Place {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tributary.db").display());
        Self::at(url.clone(), url, Some(folder)).await
    }

    /// `None` when no server was given in `TRIBUTARY_TEST_PG_URL` (of a superuser, without a database name).
    pub(crate) async fn postgres() -> Option<Self> {
        let server = std::env::var("TRIBUTARY_TEST_PG_URL").ok()?;
        roles(&server).await;
        let name = format!("t_{}", Uuid::now_v7().simple());
        admin(&server).await.execute_unprepared(&format!("CREATE DATABASE {name} OWNER tributary_owner")).await.unwrap();
        let address = server.split_once('@').unwrap().1.to_owned();
        let [owner_url, url] = ["tributary_owner", "tributary_app"].map(|role| format!("postgres://{role}@{address}/{name}"));
        Some(Self::at(url, owner_url, None).await)
    }

    async fn at(url: String, owner_url: String, folder: Option<TempDir>) -> Self {
        tributary_migrations::migrate(&owner_url).await.unwrap();
        let (store, clock) = connect(&url, None).await.unwrap();
        Self { store, clock, url, owner_url, _folder: folder }
    }

    /// What a second process would do.
    pub(crate) async fn connect_again(&self) -> Result<Store, ConnectError> {
        connect(&self.url, None).await.map(|(store, _)| store)
    }

    /// The same database, with something to wait for before each commit.
    pub(crate) async fn pausing(&self, before_commit: BeforeCommit) -> Store {
        self.store.close().await.unwrap();
        connect(&self.url, Some(before_commit)).await.unwrap().0
    }

    /// The same database as another node would open it, on another bus. SQLite has one node only, so there it is the same.
    pub(crate) async fn other_node(&self) -> Store {
        if self.store.backend() == sea_orm::DbBackend::Postgres { self.connect_again().await.unwrap() } else { self.store.clone() }
    }
}

pub(crate) async fn connect(url: &str, before_commit: Option<BeforeCommit>) -> Result<(Store, TestClock), ConnectError> {
    let clock = TestClock::at(DateTime::from_timestamp_micros(1_790_000_000_123_456).unwrap());
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new());
    let as_parameter: Arc<dyn Clock> = Arc::new(clock.clone());
    let config = StoreConfig { before_commit, max_connections: 20, ..StoreConfig::new(url) };
    Ok((Store::connect(config, as_parameter, bus).await?, clock))
}

async fn admin(server: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(format!("{server}/postgres"));
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

/// The two roles, made once per server.
async fn roles(server: &str) {
    static MADE: OnceCell<()> = OnceCell::const_new();
    MADE.get_or_init(|| async {
        for role in ["tributary_owner", "tributary_app"] {
            let sql = format!(
                "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} LOGIN; END IF; END $$"
            );
            admin(server).await.execute_unprepared(&sql).await.unwrap();
        }
    })
    .await;
}
