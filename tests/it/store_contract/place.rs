//! A fresh database for one test.

use std::sync::Arc;

use chrono::DateTime;
use sea_orm::ConnectionTrait;
use tempfile::TempDir;
use tributary_domain::{
    bus::{Bus, MemoryBus},
    clock::{Clock, TestClock},
    store::{BeforeCommit, ConnectError, Store, StoreConfig},
};
use tributary_tests::postgres::{PgDatabase, Postgres};

use crate::backend::SCHEMA;

/// When every test begins.
const STARTS_AT_MICROS: i64 = 1_790_000_000_123_456;

/// A migrated database and a store on it, as the server would open it.
pub(crate) struct Place {
    pub(crate) store: Store,
    pub(crate) clock: TestClock,
    pub(crate) url: String,
    /// Address with the right to change the schema.
    pub(crate) owner_url: String,
    _folder: Option<TempDir>,
    _database: Option<PgDatabase>,
}

impl Place {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tributary.db").display());
        tributary_migrations::migrate(&url).await.unwrap();
        let (store, clock) = connect(&url, None).await.unwrap();
        Self { store, clock, owner_url: url.clone(), url, _folder: Some(folder), _database: None }
    }

    pub(crate) async fn postgres() -> Self {
        let database = Postgres::shared().await.fresh_database(SCHEMA).await.unwrap();
        let (store, clock) = connect(&database.app_url, None).await.unwrap();
        let (url, owner_url) = (database.app_url.clone(), database.owner_url.clone());
        Self { store, clock, url, owner_url, _folder: None, _database: Some(database) }
    }

    /// As [`Self::postgres`], but the server's clock, by which leases are measured, stands still until
    /// [`Self::advance`] moves it together with ours: else what is not due yet becomes so while a slow test looks on.
    pub(crate) async fn postgres_standing() -> Self {
        let database = Postgres::shared().await.fresh_database(SCHEMA).await.unwrap();
        let owner = tributary_tests::postgres::connect(&database.owner_url).await.unwrap();
        // A function of the same name in a schema that is searched first; each new connection searches so.
        let shadow = format!(
            "CREATE SCHEMA shadow;
             CREATE TABLE shadow.clock (now timestamptz NOT NULL);
             INSERT INTO shadow.clock VALUES (to_timestamp({STARTS_AT_MICROS} / 1e6));
             CREATE FUNCTION shadow.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now FROM shadow.clock';
             GRANT USAGE ON SCHEMA shadow TO PUBLIC;
             GRANT SELECT, UPDATE ON shadow.clock TO PUBLIC;
             ALTER DATABASE {} SET search_path = shadow, public, pg_catalog",
            database.name
        );
        owner.execute_unprepared(&shadow).await.unwrap();
        owner.close().await.unwrap();
        let (store, clock) = connect(&database.app_url, None).await.unwrap();
        let (url, owner_url) = (database.app_url.clone(), database.owner_url.clone());
        Self { store, clock, url, owner_url, _folder: None, _database: Some(database) }
    }

    /// Lets time pass, for our clock and for that of a [standing](Self::postgres_standing) server.
    pub(crate) async fn advance(&self, by: chrono::Duration) {
        self.clock.advance(by);
        if self.store.backend() == sea_orm::DbBackend::Postgres {
            let work = self.store.work().await.unwrap();
            let sql = format!("UPDATE shadow.clock SET now = now + interval '{} microseconds'", by.num_microseconds().unwrap());
            work.conn().execute_unprepared(&sql).await.unwrap();
            work.commit().await.unwrap();
        }
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
    let clock = TestClock::at(DateTime::from_timestamp_micros(STARTS_AT_MICROS).unwrap());
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new());
    let as_parameter: Arc<dyn Clock> = Arc::new(clock.clone());
    let config = StoreConfig { before_commit, max_connections: 20, ..StoreConfig::new(url) };
    Ok((Store::connect(config, as_parameter, bus).await?, clock))
}
