//! The two ways to run a server: SQLite with the bus inside the process, and PostgreSQL with Redis.

use std::{path::PathBuf, sync::Arc};

use tempfile::TempDir;
use tributary_domain::bus::{Bus, MemoryBus, RedisBus, RedisServers};
use tributary_tests::{
    postgres::{PgDatabase, Postgres, Template},
    redis::Redis,
};

/// The whole schema, migrated once per server.
pub(crate) const SCHEMA: Template =
    Template { name: "tributary", migrate: |url| Box::pin(async move { Ok(tributary_migrations::migrate(&url).await?) }) };

/// Declares each function as a test on both; it takes the [`Backend`]. `one thread` leaves no room for chance in the
/// order in which tasks run.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        crate::backend::on_both!(@each (flavor = "multi_thread", worker_threads = 2) $($name)*);
    };
    (one thread: $($name:ident),* $(,)?) => {
        crate::backend::on_both!(@each (flavor = "current_thread") $($name)*);
    };
    (@each $flavor:tt $($name:ident)*) => {
        mod embedded {
            $(crate::backend::on_both!(@test $flavor $name Embedded);)*
        }

        mod on_servers {
            $(crate::backend::on_both!(@test $flavor $name Servers);)*
        }
    };
    (@test ($($flavor:tt)*) $name:ident $backend:ident) => {
        #[tokio::test($($flavor)*)]
        async fn $name() {
            super::$name(crate::backend::Backend::$backend).await;
        }
    };
}
pub(crate) use on_both;

/// What a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// A SQLite file and the bus in the process.
    Embedded,
    /// PostgreSQL and Redis, those that the tests of this process share.
    Servers,
}

impl Backend {
    /// A migrated database of its own and a prefix on Redis of its own.
    pub(crate) async fn open(self) -> Ground {
        match self {
            Backend::Embedded => Ground::embedded().await,
            Backend::Servers => Ground::on(Postgres::shared().await, Some(Redis::shared().await)).await,
        }
    }
}

/// A migrated database, where the bus is, and a folder for files and keys.
pub(crate) struct Ground {
    pub(crate) url: String,
    /// With the right to change the schema.
    pub(crate) owner_url: String,
    /// Address of Redis and the prefix there; none: the bus in the process.
    pub(crate) redis: Option<(String, String)>,
    folder: TempDir,
    _database: Option<PgDatabase>,
}

impl Ground {
    async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tributary.db").display());
        tributary_migrations::migrate(&url).await.unwrap();
        Self { owner_url: url.clone(), url, redis: None, folder, _database: None }
    }

    /// On servers that the test may have for itself.
    pub(crate) async fn on(postgres: &Postgres, redis: Option<&Redis>) -> Self {
        let database = postgres.fresh_database(SCHEMA).await.unwrap();
        Self {
            url: database.app_url.clone(),
            owner_url: database.owner_url.clone(),
            redis: redis.map(|redis| (redis.url(), Redis::prefix())),
            folder: tempfile::tempdir().unwrap(),
            _database: Some(database),
        }
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new bus, as a node of its own would open it.
    pub(crate) fn bus(&self) -> Arc<dyn Bus> {
        match &self.redis {
            None => Arc::new(MemoryBus::new()),
            Some((url, prefix)) => Arc::new(RedisBus::open(RedisServers::Single(url.as_str().into()), prefix.clone()).unwrap()),
        }
    }

    /// What a node on this ground must be told, as environment variables. Keys are made once, in the shared folder.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let (redis, prefix) = self.redis.clone().unwrap_or_else(|| (String::new(), Redis::prefix()));
        [
            ("DATABASE__URL", self.url.clone()),
            ("DATABASE__MIGRATE_URL", if self.owner_url != self.url { self.owner_url.clone() } else { String::new() }),
            ("REDIS__URL", redis),
            ("REDIS__PREFIX", prefix),
            ("SERVER__DATA_FOLDER", self.path("data").display().to_string()),
            ("MEDIA__FOLDER", self.path("media").display().to_string()),
        ]
        .map(|(key, value)| (format!("TRIBUTARY__{key}"), value))
        .into()
    }
}
