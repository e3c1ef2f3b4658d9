//! The parts of a running server, put together in one place for `main` and for the tests.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use tributary_channels::{
    channel::Cx,
    registry::Registry,
    shared::{
        guard::{AddressGuard, Cidr},
        http::{GuardedClient, Limits},
    },
    worker::{StoredSecrets, Timing, Wakes, Worker},
};
use tributary_domain::{
    bus::{Bus, MemoryBus, RedisBus, RedisServers},
    channel::RawDoor,
    clock::Clock,
    event::{
        cursor::CursorKey,
        tail::{PollIntervals, Tailers},
    },
    media::{MediaLinks, MediaStore},
    metrics::Tallies,
    random,
    seal::{MasterKeys, Vault},
    store::{Store, StoreConfig},
};
use url::Url;

use crate::{
    auth::{jwt::AccessTokens, password::Passwords},
    config::{Config, MediaStore as MediaStoreKind, keys},
    gatekeeper::{Gate, rights::Rights},
    graphql::{self, common::Latest},
    http::{
        assets, chat,
        graphql::Transport,
        health::{self, Readiness},
        layers, media, picture, webhook,
    },
    live::Live,
};

/// What resolvers and handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The adapters.
    pub registry: Registry,
    /// Seals and opens channel secrets.
    pub vault: Arc<Vault>,
    /// Bytes of files.
    pub media: MediaStore,
    /// Signs addresses of files.
    pub links: MediaLinks,
    /// Seals the cursors of the event log.
    pub cursors: CursorKey,
    /// Key from which further keys are derived, such as that of visitor tokens.
    pub key: AppKey,
    /// Follows the logs of the workspaces that have subscribers.
    pub tailers: Tailers,
    /// What subscribers are shown of the newest events.
    pub latest: Latest,
    /// Keeps up how the work stands in the workspaces where somebody watches it.
    pub tallies: Tallies,
    /// Wakes the worker's loops of this process.
    pub wakes: Arc<Wakes>,
    /// The worker's code, also where this process runs no loops: the web chat stores through it.
    pub worker: Arc<Worker>,
    /// Takes in what platforms send.
    pub door: RawDoor,
    /// Fetches pictures that messages name. Not the client of the channels: strangers choose these addresses.
    pub pictures: GuardedClient,
    /// What people may do.
    pub rights: Rights,
    /// Makes and reads access tokens.
    pub tokens: AccessTokens,
    /// Makes and checks password hashes.
    pub passwords: Passwords,
    /// The settings.
    pub config: Config,
    /// Public base address.
    pub public_url: Url,
    /// Ends when the server stops.
    pub shutdown: CancellationToken,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// A key of which every purpose gets its own.
#[derive(Clone)]
pub struct AppKey([u8; 32]);

impl AppKey {
    /// From the secret that signs.
    pub(crate) fn of(secrets: &[SecretSlice<u8>]) -> anyhow::Result<Self> {
        Ok(Self(secrets.first().map(|secret| Sha256::digest(secret.expose_secret()).into()).context("auth.secrets is empty")?))
    }

    /// Seals the cursors of the event log.
    pub(crate) fn cursors(&self) -> CursorKey {
        CursorKey::new(&self.derive("log cursors"))
    }

    /// The key of one purpose.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        Sha256::new().chain_update(b"tributary\0").chain_update(purpose).chain_update([0]).chain_update(self.0).finalize().into()
    }
}

impl App {
    /// Opens the database, makes the keys, and puts the parts together. The schema must be up to date.
    ///
    /// # Errors
    /// What cannot be opened, with what to change.
    pub async fn build(config: Config, clock: Arc<dyn Clock>, shutdown: CancellationToken) -> anyhow::Result<Self> {
        let bus: Arc<dyn Bus> = match redis_servers(&config) {
            None => Arc::new(MemoryBus::new()),
            Some(servers) => {
                Arc::new(RedisBus::open(servers, config.redis.prefix.clone()).context("redis.url holds no addresses of Redis")?)
            }
        };
        let store = Store::connect(store_config(&config), clock.clone(), bus).await?;
        let mut rng = rand::rng();
        let secrets = keys::access_token_secrets(&config, &mut rng)?;
        let key = AppKey::of(&secrets)?;
        let access_ttl = Duration::from_secs(config.auth.access_ttl_s);
        let tokens = AccessTokens::new(&secrets, &config.auth.issuer, &config.auth.audience, access_ttl, clock.clone())?;
        let vault = Arc::new(Vault::new(master_keys(&config, &mut rng)?));
        let media = media_store(&config)?;
        let links = MediaLinks::new(key.derive("media links"));
        let public_url = config.server.public_url.clone();
        let cx = Cx {
            clock,
            http: guarded_client(&config, &config.channels.allow_networks)?,
            media: media.clone(),
            links: links.clone(),
            public_url: public_url.clone(),
            secrets: Arc::new(StoredSecrets { store: store.clone(), vault: vault.clone() }),
        };
        let registry = Registry::new();
        let wakes = Arc::new(Wakes::over(store.bus()));
        let tailers = Tailers::new(store.clone(), PollIntervals::default());
        let owner = format!("{}:{}", std::process::id(), hex::encode(random::bytes::<6>()));
        let worker = Worker::new(store.clone(), registry.clone(), cx, vault.clone(), timing(&config), owner, wakes.clone());
        Ok(Self(Arc::new(Parts {
            tallies: Tallies::new(store.clone(), tailers.clone()),
            tailers,
            latest: Latest::default(),
            cursors: key.cursors(),
            rights: Rights::new(store.clone()),
            passwords: Passwords::new(config.auth.password_concurrency)?,
            worker: Arc::new(worker),
            door: RawDoor::new(store.clone()),
            pictures: guarded_client(&config, &config.channels.picture_networks)?,
            store,
            registry,
            vault,
            media,
            links,
            key,
            wakes,
            tokens,
            config,
            public_url,
            shutdown,
        })))
    }

    /// The routes of a process that runs only workers.
    pub fn probes(&self, metrics: Option<metrics_exporter_prometheus::PrometheusHandle>) -> Router {
        health::router(self.readiness(), metrics)
    }

    fn readiness(&self) -> Readiness {
        let (ready, worker) = (self.store.clone(), self.worker.clone());
        let readiness = Readiness::new(self.shutdown.clone()).check("database", move || {
            let store = ready.clone();
            async move { store.ping().await.map_err(|_| "the database does not answer".to_owned()) }
        });
        readiness.check("worker", move || {
            let worker = worker.clone();
            async move { worker.loops.are_well() }
        })
    }

    /// All routes of the server.
    ///
    /// # Errors
    /// When the settings of an identity provider are broken.
    pub fn router(&self, metrics: Option<metrics_exporter_prometheus::PrometheusHandle>) -> anyhow::Result<Router> {
        let gate = Arc::new(Gate::new(self.clone())?);
        let live = Live::new(graphql::schema(self.clone(), gate.clone()), self.clone());
        let transport = Transport::new(live, gate.clone(), (&self.config).into(), self.store.clock().clone(), self.shutdown.clone());
        let router = transport
            .router()
            .merge(health::router(self.readiness(), metrics))
            .merge(webhook::router(self.clone(), webhook::Pace::default()))
            .merge(media::router(self.clone(), gate))
            .merge(picture::router(self.clone()))
            .merge(assets::router(self.config.graphql.graphiql))
            .fallback(assets::client);
        Ok(layers::apply(router, chat::router(self.clone()), &self.config.server.allowed_origins))
    }
}

/// The database of the settings.
pub(crate) fn store_config(config: &Config) -> StoreConfig {
    StoreConfig {
        max_connections: config.database.max_connections,
        acquire_timeout: Duration::from_secs(config.database.acquire_timeout_s),
        ..StoreConfig::new(config.database.url.expose_secret())
    }
}

/// None without Redis.
fn redis_servers(config: &Config) -> Option<RedisServers> {
    let mut addresses = config.redis.addresses();
    if addresses.is_empty() {
        return None;
    }
    let redis = &config.redis;
    Some(if redis.is_cluster {
        RedisServers::Cluster(addresses)
    } else if redis.sentinel_master.is_empty() {
        RedisServers::Single(addresses.swap_remove(0))
    } else {
        let password = Some(redis.sentinel_password.clone()).filter(|password| !password.expose_secret().is_empty());
        RedisServers::Sentinels { addresses, master: redis.sentinel_master.clone(), password }
    })
}

fn master_keys(config: &Config, rng: &mut impl rand::CryptoRng) -> anyhow::Result<MasterKeys> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let ring: Vec<(String, SecretString)> = keys::master_keys(config, rng)?
        .into_iter()
        .map(|key| (key.id, SecretString::from(BASE64_STANDARD.encode(key.key.expose_secret()))))
        .collect();
    Ok(MasterKeys::new(ring.iter().map(|(id, key)| (id.as_str(), key)))?)
}

/// A client that reaches public addresses and these networks.
fn guarded_client(config: &Config, networks: &[String]) -> anyhow::Result<GuardedClient> {
    let networks = networks.iter().map(|text| text.parse::<Cidr>()).collect::<Result<Vec<_>, _>>();
    let guard = AddressGuard::new(networks.context("the settings of channels name something that is no network such as 10.0.0.0/8")?);
    let limits = Limits {
        connect_timeout: Duration::from_secs(config.channels.connect_timeout_s),
        max_reply_bytes: config.channels.max_response_bytes,
    };
    Ok(GuardedClient::new(guard, limits)?)
}

fn media_store(config: &Config) -> anyhow::Result<MediaStore> {
    match config.media.store {
        MediaStoreKind::Folder => Ok(MediaStore::folder(&config.media.folder)?),
        #[cfg(feature = "s3")]
        MediaStoreKind::S3 => {
            let settings = &config.media;
            let optional = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            Ok(MediaStore::s3(&tributary_domain::media::S3Settings {
                bucket: settings.s3_bucket.clone(),
                region: settings.s3_region.clone(),
                endpoint: optional(&settings.s3_endpoint),
                access_key_id: optional(&settings.s3_access_key_id),
                secret_access_key: settings.s3_secret_access_key.clone(),
                allow_http: settings.s3_allow_http,
            })?)
        }
        #[cfg(not(feature = "s3"))]
        MediaStoreKind::S3 => anyhow::bail!("media.store is s3, but this program was built without the feature s3"),
    }
}

fn timing(config: &Config) -> Timing {
    Timing {
        lease: Duration::from_secs(config.worker.lease_s),
        heartbeat: Duration::from_secs(config.worker.heartbeat_s),
        poll: Duration::from_millis(config.worker.poll_ms),
        lanes: config.worker.lanes,
        max_file_bytes: config.media.max_bytes,
        ..Timing::default()
    }
}
