//! A private PostgreSQL server, and a fresh database per test copied from a template that was migrated once.
//!
//! Roles: `tributary_owner` owns the databases and runs migrations; `tributary_app` is what the server signs in with:
//! neither owner nor superuser, bound by row-level security, granted reading and writing of rows by default. Connections
//! need no password: the server listens on 127.0.0.1 only and lives as long as the test process.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use tokio::sync::OnceCell;

use crate::{
    host::{Program, Scratch, free_port},
    process::{Launch, Process, Signal},
};

/// For a start, recovery included, and for a crash, on a busy disk.
const READY_WITHIN: Duration = Duration::from_secs(60);
const OWNER: &str = "tributary_owner";
const APP: &str = "tributary_app";

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production: for every test that crashes the server.
    Full,
    /// `fsync` and its company are off: for all other tests, several times faster.
    Fast,
}

/// What a fresh database holds: `migrate` gets the owner's URL of an empty database, once per server and name.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// Name of the template, small letters and underscores.
    pub name: &'static str,
    /// Brings the empty database to its state; holds no connection to it afterwards.
    pub migrate: fn(String) -> BoxFuture<'static, Result<()>>,
}

/// The template without a single table.
pub const EMPTY: Template = Template { name: "empty", migrate: |_| Box::pin(async { Ok(()) }) };

/// A server with its data in a scratch folder.
#[derive(Debug)]
pub struct Postgres {
    process: Option<Process>,
    program: PathBuf,
    port: u16,
    durability: Durability,
    scratch: Scratch,
    templates: Mutex<HashMap<&'static str, Arc<OnceCell<()>>>>,
    numbers: AtomicU64,
    /// Databases whose test is over: dropping needs a connection, so the next fresh database does it.
    finished: Arc<Mutex<Vec<String>>>,
}

/// A database of one test. Dropping it lets the server forget it, connections that are still open included.
#[derive(Debug)]
pub struct PgDatabase {
    /// URL with the rights of the server: rows only, bound by row-level security.
    pub app_url: String,
    /// URL of the role that owns the tables.
    pub owner_url: String,
    /// Name of the database.
    pub name: String,
    finished: Arc<Mutex<Vec<String>>>,
}

impl Postgres {
    /// The server that the tests of this process share; [`Durability::Fast`], and never crashed by anybody.
    ///
    /// # Panics
    /// When it cannot be started; the message says why and what to install.
    pub async fn shared() -> &'static Postgres {
        static SHARED: OnceCell<Postgres> = OnceCell::const_new();
        SHARED
            .get_or_init(|| async { Postgres::start(Durability::Fast).await.unwrap_or_else(|error| panic!("PostgreSQL: {error:#}")) })
            .await
    }

    /// Makes a new cluster and starts its server.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub async fn start(durability: Durability) -> Result<Postgres> {
        let program = Program { name: "postgres", package: "postgresql" }.find()?;
        let initdb = Program { name: "initdb", package: "postgresql" }.find()?;
        let scratch = Scratch::new()?;
        let init = Launch::new("initdb", initdb, scratch.path()).for_user();
        // Nothing here has to survive a power cut, so making the cluster need not wait for the disk.
        init.args(["--pgdata=data", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .run()
            .await?;
        let mut server = Postgres {
            process: None,
            program,
            port: free_port(),
            durability,
            scratch,
            templates: Mutex::default(),
            numbers: AtomicU64::new(0),
            finished: Arc::default(),
        };
        server.restart().await?;
        let admin = server.admin("postgres").await?;
        for role in [OWNER, APP] {
            let sql = format!("CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS");
            admin.execute_unprepared(&sql).await?;
        }
        admin.close().await?;
        Ok(server)
    }

    /// A new database with the content of `template`.
    ///
    /// # Errors
    /// When the template's migration fails or the server does not answer.
    pub async fn fresh_database(&self, template: Template) -> Result<PgDatabase> {
        let made = {
            let mut templates = self.templates.lock().expect("no holder of the lock panics");
            Arc::clone(templates.entry(template.name).or_default())
        };
        made.get_or_try_init(|| self.make_template(template)).await?;
        let admin = self.admin("postgres").await?;
        let finished = std::mem::take(&mut *self.finished.lock().expect("no holder of the lock panics"));
        for name in finished {
            admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        }
        let name = format!("test_{}", self.numbers.fetch_add(1, Ordering::Relaxed));
        admin.execute_unprepared(&format!("CREATE DATABASE {name} TEMPLATE {} OWNER {OWNER}", template_name(template))).await?;
        admin.close().await?;
        Ok(PgDatabase { app_url: self.url(APP, &name), owner_url: self.url(OWNER, &name), name, finished: Arc::clone(&self.finished) })
    }

    async fn make_template(&self, template: Template) -> Result<()> {
        let name = template_name(template);
        let admin = self.admin("postgres").await?;
        admin.execute_unprepared(&format!("CREATE DATABASE {name} OWNER {OWNER}")).await?;
        admin.close().await?;
        let inside = self.admin(&name).await?;
        let grants = format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};
             ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE, SELECT ON SEQUENCES TO {APP};
             ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE ON SCHEMAS TO {APP};"
        );
        inside.execute_unprepared(&grants).await?;
        inside.close().await?;
        (template.migrate)(self.url(OWNER, &name)).await.with_context(|| format!("the template {name} cannot be made"))
    }

    /// Stops without a checkpoint, as a crash does; what was committed must come back at the next start.
    ///
    /// # Errors
    /// When it does not end within a minute: on a busy disk its processes first finish the flush they are in.
    pub fn crash(&mut self) -> Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        // A connection that was accepted in this moment and says nothing holds its child for a minute: the server forgets
        // to kill such children (seen with version 15).
        process.end_with_children(Signal::Quit, Duration::from_millis(500), READY_WITHIN).map(drop)
    }

    /// Starts again with the same data on the same port and returns once it answers; it must not be running.
    ///
    /// # Errors
    /// When it does not answer within a minute.
    pub async fn restart(&mut self) -> Result<()> {
        anyhow::ensure!(self.process.is_none(), "PostgreSQL is running; crash it first");
        let mut settings = vec![
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".to_owned(),
            // No unix socket: its folder would have to exist and be writable.
            "unix_socket_directories=".to_owned(),
            "max_connections=300".to_owned(),
            "shared_buffers=64MB".to_owned(),
            "log_min_messages=warning".to_owned(),
            "timezone=UTC".to_owned(),
            // Else a killed server leaves its segments in the memory of the machine.
            "dynamic_shared_memory_type=mmap".to_owned(),
            // One call instead of one per file: recovery takes a quarter of a second instead of four.
            "recovery_init_sync_method=syncfs".to_owned(),
        ];
        if self.durability == Durability::Fast {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"].map(str::to_owned));
        }
        let mut launch = Launch::new("postgres", &self.program, self.scratch.path()).for_user().end_with(Signal::Quit);
        launch = launch.arg("-D").arg(self.scratch.path().join("data"));
        for setting in settings {
            launch = launch.arg("-c").arg(setting);
        }
        let process = launch.spawn()?;
        process.wait_until("answer", READY_WITHIN, async || Ok(self.admin("postgres").await?.close().await?)).await?;
        self.process = Some(process);
        Ok(())
    }

    /// Freezes the listener; connections that are open go on.
    ///
    /// # Errors
    /// When it is not running.
    pub fn freeze(&self) -> Result<()> {
        self.process.as_ref().context("PostgreSQL is stopped")?.freeze()
    }

    /// Lets a frozen listener go on.
    ///
    /// # Errors
    /// When it is not running.
    pub fn thaw(&self) -> Result<()> {
        self.process.as_ref().context("PostgreSQL is stopped")?.thaw()
    }

    /// Its port on 127.0.0.1, for a proxy in front of it.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The superuser's URL of a database, for what only an administrator may do.
    pub fn admin_url(&self, database: &str) -> String {
        self.url("postgres", database)
    }

    fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    async fn admin(&self, database: &str) -> Result<DatabaseConnection> {
        connect(&self.admin_url(database)).await
    }
}

impl Drop for PgDatabase {
    fn drop(&mut self) {
        self.finished.lock().expect("no holder of the lock panics").push(std::mem::take(&mut self.name));
    }
}

/// Opens one connection without logging its statements, for set-up and assertions.
///
/// # Errors
/// When the server does not answer within five seconds.
pub async fn connect(url: &str) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url.to_owned());
    let wait = Duration::from_secs(5);
    options.max_connections(1).connect_timeout(wait).acquire_timeout(wait).sqlx_logging(false);
    Database::connect(options).await.with_context(|| format!("no connection to {url}"))
}

fn template_name(template: Template) -> String {
    format!("template_{}", template.name)
}
