//! The schema, one change per file, the same on SQLite and PostgreSQL.
//!
//! Changes expand first and contract later, so that two versions of the program can run at once. Every table that
//! belongs to a workspace begins with `workspace_id` in its key; on PostgreSQL such a table also carries forced
//! row-level security (the second wall). What the columns mean is said at the entities of the domain.

mod ddl;
mod m20261101_01_workspace;
mod m20261101_02_people;
mod m20261101_03_channels;
mod m20261101_04_contacts;
mod m20261101_05_interactions;
mod m20261101_06_messages;
mod m20261101_07_work;
mod m20261101_08_search;
mod m20261101_09_event_log;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, TransactionTrait};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Number of the advisory lock that keeps two nodes from migrating at once. Arbitrary, but never to be changed.
const MIGRATION_LOCK: i64 = 7_310_427_183_552_011;

/// The list of changes, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261101_01_workspace::Migration),
            Box::new(m20261101_02_people::Migration),
            Box::new(m20261101_03_channels::Migration),
            Box::new(m20261101_04_contacts::Migration),
            Box::new(m20261101_05_interactions::Migration),
            Box::new(m20261101_06_messages::Migration),
            Box::new(m20261101_07_work::Migration),
            Box::new(m20261101_08_search::Migration),
            Box::new(m20261101_09_event_log::Migration),
        ]
    }
}

/// Brings the database at `url` to the newest schema; creates a SQLite file that does not exist.
///
/// Safe to call from several nodes at once: on PostgreSQL the others wait on an advisory lock. The PostgreSQL user must
/// own the schema; if a role `tributary_app` exists, it is granted what the running server needs and nothing more.
///
/// # Errors
/// When the database cannot be reached or a statement fails; each change is one transaction, so nothing is half done.
pub async fn migrate(url: &str) -> Result<(), DbErr> {
    let mut options = ConnectOptions::new(url);
    // One connection holds the lock, the other one works.
    options.max_connections(2).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite.create_if_missing(true).foreign_keys(true).pragma("journal_mode", "WAL").pragma("busy_timeout", "5000")
    });
    let database = Database::connect(options).await?;
    let outcome = migrate_on(&database).await;
    database.close().await?;
    outcome
}

async fn migrate_on(database: &DatabaseConnection) -> Result<(), DbErr> {
    if database.get_database_backend() != DbBackend::Postgres {
        return Migrator::up(database, None).await;
    }
    let lock = database.begin().await?;
    lock.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
    Migrator::up(database, None).await?;
    // The server asks at its start whether the schema is current.
    database.execute_unprepared(&ddl::grant("SELECT", "seaql_migrations")).await?;
    lock.commit().await
}

/// Whether the database at `url` has every change of this program.
///
/// # Errors
/// When the database cannot be reached.
pub async fn is_current(url: &str) -> Result<bool, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let database = Database::connect(options).await?;
    let pending = Migrator::get_pending_migrations_read_only(&database).await;
    database.close().await?;
    Ok(pending?.is_empty())
}
