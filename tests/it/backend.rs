//! The two ways to run a server: SQLite with the bus inside the process, and PostgreSQL with Redis.

use std::{path::PathBuf, sync::Arc};

use secrecy::SecretString;
use tempfile::TempDir;
use tributary_domain::bus::{Bus, MemoryBus, RedisBus, RedisServers};
use tributary_tests::{
    postgres::{PgDatabase, Postgres, Template},
    redis::{Redis, RedisCluster, RedisSentinels},
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

/// How nodes find Redis.
pub(crate) enum Wire {
    /// At one address.
    Single(String),
    /// Through some servers of a cluster.
    Cluster(Vec<String>),
    /// Through those who watch the master.
    Sentinels(Vec<String>),
}

impl Wire {
    pub(crate) fn to(redis: &Redis) -> Self {
        Self::Single(redis.url())
    }

    pub(crate) fn to_cluster(cluster: &RedisCluster) -> Self {
        Self::Cluster(cluster.urls())
    }

    pub(crate) fn behind(sentinels: &RedisSentinels) -> Self {
        Self::Sentinels(sentinels.urls())
    }

    fn servers(&self) -> RedisServers {
        let secret = |urls: &[String]| urls.iter().map(|url| SecretString::from(url.as_str())).collect();
        match self {
            Self::Single(url) => RedisServers::Single(url.as_str().into()),
            Self::Cluster(urls) => RedisServers::Cluster(secret(urls)),
            Self::Sentinels(urls) => {
                RedisServers::Sentinels { addresses: secret(urls), master: RedisSentinels::MASTER.to_owned(), password: None }
            }
        }
    }

    fn settings(&self) -> [(&'static str, String); 3] {
        let (urls, is_cluster, master) = match self {
            Self::Single(url) => (url.clone(), false, ""),
            Self::Cluster(urls) => (urls.join(","), true, ""),
            Self::Sentinels(urls) => (urls.join(","), false, RedisSentinels::MASTER),
        };
        [("REDIS__URL", urls), ("REDIS__IS_CLUSTER", is_cluster.to_string()), ("REDIS__SENTINEL_MASTER", master.to_owned())]
    }
}

/// A migrated database, where the bus is, and a folder for files and keys.
pub(crate) struct Ground {
    pub(crate) url: String,
    /// With the right to change the schema.
    pub(crate) owner_url: String,
    /// None: the bus in the process.
    wire: Option<Wire>,
    /// Of what is on Redis.
    prefix: String,
    folder: TempDir,
    _database: Option<PgDatabase>,
}

impl Ground {
    async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tributary.db").display());
        tributary_migrations::migrate(&url).await.unwrap();
        Self { owner_url: url.clone(), url, wire: None, prefix: Redis::prefix(), folder, _database: None }
    }

    /// On servers that the test may have for itself.
    pub(crate) async fn on(postgres: &Postgres, redis: Option<&Redis>) -> Self {
        Self::over(postgres, redis.map(Wire::to)).await
    }

    /// The same with any kind of Redis.
    pub(crate) async fn over(postgres: &Postgres, wire: Option<Wire>) -> Self {
        let database = postgres.fresh_database(SCHEMA).await.unwrap();
        Self {
            url: database.app_url.clone(),
            owner_url: database.owner_url.clone(),
            wire,
            prefix: Redis::prefix(),
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
        match &self.wire {
            None => Arc::new(MemoryBus::new()),
            Some(wire) => Arc::new(RedisBus::open(wire.servers(), self.prefix.clone()).unwrap()),
        }
    }

    /// What a node on this ground must be told, as environment variables. Keys are made once, in the shared folder.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let places = [
            ("DATABASE__URL", self.url.clone()),
            ("DATABASE__MIGRATE_URL", if self.owner_url != self.url { self.owner_url.clone() } else { String::new() }),
            ("REDIS__PREFIX", self.prefix.clone()),
            ("SERVER__DATA_FOLDER", self.path("data").display().to_string()),
            ("MEDIA__FOLDER", self.path("media").display().to_string()),
        ];
        let redis = self.wire.iter().flat_map(Wire::settings);
        places.into_iter().chain(redis).map(|(key, value)| (format!("TRIBUTARY__{key}"), value)).collect()
    }
}
