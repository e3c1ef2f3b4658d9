//! Opening the database: pools, pragmas, and the lock that keeps a second process off a SQLite file.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr};
use sqlx::sqlite::SqliteConnectOptions;

use super::{BeforeCommit, Inner, Statements};
use crate::{bus::Bus, clock::Clock};

/// How long a statement waits for a lock of another transaction.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long SQLite waits for the file; only other programs (a backup) can hold it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// After this PostgreSQL ends a transaction that does nothing, so that a frozen node does not hold the log's counter.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(15);

/// Where the database is and how many connections it may have.
#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite://path/to/file` or `postgres://user:password@host/database`.
    pub url: String,
    /// Most connections; on SQLite those for reading, to which one for writing comes.
    pub max_connections: u32,
    /// How long a request waits for a free connection.
    pub acquire_timeout: Duration,
    /// Only to look, beside the process that serves: every write fails, and a SQLite file is not locked.
    pub is_read_only: bool,
    /// Test hook; `None` in every real configuration.
    pub before_commit: Option<BeforeCommit>,
}

impl StoreConfig {
    /// The usual settings for a database.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), max_connections: 16, acquire_timeout: Duration::from_secs(5), is_read_only: false, before_commit: None }
    }
}

impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may hold a password.
        f.debug_struct("StoreConfig").field("max_connections", &self.max_connections).finish_non_exhaustive()
    }
}

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Another process has the SQLite file.
    #[error("{0} is used by another process; SQLite serves one process only, use PostgreSQL for several")]
    InUse(PathBuf),
    /// The file beside the database that marks it as used cannot be made.
    #[error("cannot lock {path}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Neither a SQLite file nor a PostgreSQL database.
    #[error("the database address must begin with sqlite:// (and name a file) or postgres://")]
    Address,
    /// The database refuses.
    #[error("the database cannot be opened")]
    Database(#[from] DbErr),
}

/// Marks a SQLite file as used by this process. The system frees it when the process dies, however it dies.
pub(super) struct FileLock(File);

impl FileLock {
    fn take(database: &Path) -> Result<Self, ConnectError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let failed = |source| ConnectError::Lock { path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(ConnectError::InUse(database.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    pub(super) fn release(&self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(error = %error, "the lock on the database file could not be given back");
        }
    }
}

pub(super) async fn connect(config: StoreConfig, clock: Arc<dyn Clock>, bus: Arc<dyn Bus>) -> Result<Inner, ConnectError> {
    let statements = Arc::<Statements>::default();
    let (reader, writer, lock) = if ["postgres://", "postgresql://"].iter().any(|scheme| config.url.starts_with(scheme)) {
        let pool = counted(postgres(&config).await?, &statements);
        warn_without_second_wall(&pool).await?;
        (pool.clone(), pool, None)
    } else if config.url.starts_with("sqlite:") {
        // In memory each connection would be a database of its own.
        if config.url.contains(":memory:") || config.url.contains("mode=memory") {
            return Err(ConnectError::Address);
        }
        let file: SqliteConnectOptions = config.url.parse().map_err(|_| ConnectError::Address)?;
        let file = file.get_filename().to_owned();
        if config.is_read_only {
            let reader = counted(sqlite(&config, config.max_connections, true).await?, &statements);
            (reader.clone(), reader, None)
        } else {
            let lock = FileLock::take(&file)?;
            let writer = counted(sqlite(&config, 1, false).await?, &statements);
            let reader = counted(sqlite(&config, config.max_connections, true).await?, &statements);
            (reader, writer, Some(lock))
        }
    } else {
        return Err(ConnectError::Address);
    };
    let backend = writer.get_database_backend();
    Ok(Inner { reader, writer, backend, clock, bus, signs: Default::default(), statements, before_commit: config.before_commit, lock })
}

async fn postgres(config: &StoreConfig) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(&config.url);
    let is_read_only = config.is_read_only;
    options
        .max_connections(config.max_connections)
        .acquire_timeout(config.acquire_timeout)
        .test_before_acquire_if_idle_for(Duration::from_secs(5))
        .set_application_name("tributary")
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |postgres| {
            postgres.statement_cache_capacity(512).options([
                ("default_transaction_read_only", is_read_only.to_string()),
                ("lock_timeout", LOCK_TIMEOUT.as_millis().to_string()),
                ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION.as_millis().to_string()),
            ])
        });
    Database::connect(options).await
}

async fn sqlite(config: &StoreConfig, connections: u32, is_reader: bool) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(&config.url);
    let may_create = !config.is_read_only;
    options
        .max_connections(connections)
        // Writers queue for their one connection, so they wait as long as for a lock on PostgreSQL and a bit more.
        .acquire_timeout(config.acquire_timeout.max(BUSY_TIMEOUT))
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .create_if_missing(may_create)
                .foreign_keys(true)
                .busy_timeout(BUSY_TIMEOUT)
                .statement_cache_capacity(512)
                .pragma("journal_mode", "WAL")
                // FULL: what was acknowledged survives a power cut.
                .pragma("synchronous", "FULL")
                .pragma("query_only", if is_reader { "ON" } else { "OFF" })
        });
    Database::connect(options).await
}

fn counted(mut database: DatabaseConnection, statements: &Arc<Statements>) -> DatabaseConnection {
    let statements = statements.clone();
    database.set_metric_callback(move |run| statements.note(run.statement));
    database
}

/// Row-level security does not bind superusers; the server runs all the same, with one wall less.
async fn warn_without_second_wall(database: &DatabaseConnection) -> Result<(), DbErr> {
    use sea_orm::Statement;
    let question = "SELECT rolsuper OR rolbypassrls AS unbound FROM pg_roles WHERE rolname = current_user";
    let answer = database.query_one_raw(Statement::from_string(DbBackend::Postgres, question)).await?;
    if answer.is_some_and(|row| row.try_get::<bool>("", "unbound").unwrap_or(true)) {
        tracing::warn!("the database user is a superuser or bypasses row-level security: use one that is bound by it");
    }
    Ok(())
}
