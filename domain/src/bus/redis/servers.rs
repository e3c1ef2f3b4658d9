//! Where Redis is: one server, a cluster, or a master that sentinels watch; and a connection that hides which.
//!
//! Over a cluster messages are published to shards (`SPUBLISH`): a message passes through the shard of its channel only
//! and not through every server. Behind sentinels each new connection asks them for the master of the moment.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future, stream};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, IntoConnectionInfo, Pipeline, ProtocolVersion, PushInfo, PushKind,
    RedisError, RedisFuture, RedisResult, Role, TlsMode, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClientBuilder,
    cluster_async::ClusterConnection,
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Notify, time::timeout};

use super::{CONNECT_TIMEOUT, RESPONSE_TIMEOUT, Shared};

/// Channels per SUBSCRIBE.
const SUBSCRIBE_BATCH: usize = 500;
/// Sharded channels that are subscribed to at the same time; each may be on another server.
const SUBSCRIBE_AT_ONCE: usize = 64;
/// How often a command follows a slot that has moved before it counts as failed; a wrong answer is no loss.
const REDIRECTS: u32 = 3;
/// For the whole way to a connection: asking sentinels or seeds, and several servers after that.
const REACH_TIMEOUT: std::time::Duration = CONNECT_TIMEOUT.saturating_mul(3);

/// The servers of a bus. Addresses are `redis://user:password@host:port/db` or `rediss://` for TLS, and secret because of
/// the password.
pub enum Servers {
    /// One server.
    Single(SecretString),
    /// Some servers of a cluster; the others are found through them. All with the same user, password and TLS.
    Cluster(Vec<SecretString>),
    /// A master and its replicas, found through sentinels.
    Sentinels {
        /// Of the sentinels. User, password, database and TLS of the first are those of the master.
        addresses: Vec<SecretString>,
        /// The name under which the sentinels watch the master.
        master: String,
        /// Password of the sentinels themselves, if they have one.
        password: Option<SecretString>,
    },
}

/// Makes connections.
pub(super) enum Connector {
    Single(Client),
    Cluster(Vec<SecretString>),
    Sentinels(SentinelClient),
}

impl Connector {
    /// Reads the addresses; touches no server.
    pub(super) fn new(servers: Servers) -> RedisResult<Self> {
        match servers {
            Servers::Single(address) => {
                let info = address.expose_secret().into_connection_info()?;
                let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
                Ok(Self::Single(Client::open(info.set_redis_settings(settings))?))
            }
            Servers::Cluster(addresses) => {
                cluster(&addresses).build()?;
                Ok(Self::Cluster(addresses))
            }
            Servers::Sentinels { addresses, master, password } => Ok(Self::Sentinels(sentinels(&addresses, &master, password.as_ref())?)),
        }
    }

    /// Connects and subscribes to `channels`. `lost` is told when the connection, or a subscription of it, is no more.
    pub(super) async fn connect(&mut self, shared: &Arc<Shared>, channels: &[String], lost: Arc<Notify>) -> RedisResult<Connection> {
        let connect = async {
            let leaving = Leaving::default();
            let hearer = Hearer { shared: Arc::downgrade(shared), leaving: leaving.clone(), lost };
            let hear = move |push: PushInfo| -> Result<(), ()> {
                hearer.hear(&push);
                Ok(())
            };
            let config = || {
                AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECT_TIMEOUT))
                    .set_response_timeout(Some(RESPONSE_TIMEOUT))
                    .set_push_sender(hear.clone())
            };
            let mut connection = match self {
                Self::Single(client) => Connection::Single(client.get_multiplexed_async_connection_with_config(&config()).await?),
                Self::Sentinels(client) => Connection::Master(client.get_async_connection_with_config(&config()).await?),
                Self::Cluster(addresses) => {
                    let client = cluster(addresses).push_sender(hear.clone()).build()?;
                    Connection::Cluster(client.get_async_connection().await?, leaving)
                }
            };
            // A connection to a cluster may lack servers that the cluster counts among its own.
            connection.check().await?;
            connection.subscribe(channels).await?;
            Ok(connection)
        };
        timeout(REACH_TIMEOUT, connect).await.map_err(|_| RedisError::from((ErrorKind::Io, "no connection in time")))?
    }
}

fn cluster(addresses: &[SecretString]) -> ClusterClientBuilder {
    ClusterClientBuilder::new(addresses.iter().map(|address| address.expose_secret().to_owned()))
        .use_protocol(ProtocolVersion::RESP3)
        .connection_timeout(CONNECT_TIMEOUT)
        .response_timeout(RESPONSE_TIMEOUT)
        .retries(REDIRECTS)
}

fn sentinels(addresses: &[SecretString], master: &str, password: Option<&SecretString>) -> RedisResult<SentinelClient> {
    let infos = addresses.iter().map(|address| address.expose_secret().into_connection_info()).collect::<RedisResult<Vec<_>>>()?;
    let first = infos.first().ok_or_else(|| RedisError::from((ErrorKind::InvalidClientConfig, "no address of a sentinel")))?;
    let hosts: Vec<ConnectionAddr> = infos.iter().map(|info| info.addr().clone()).collect();
    let mut builder = SentinelClientBuilder::new(hosts, master, SentinelServerType::Master)?
        .set_client_to_redis_protocol(ProtocolVersion::RESP3)
        .set_client_to_redis_db(first.redis_settings().db());
    if let Some(user) = first.redis_settings().username() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = first.redis_settings().password() {
        builder = builder.set_client_to_redis_password(password);
    }
    if matches!(first.addr(), ConnectionAddr::TcpTls { .. }) {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
    }
    if let Some(password) = password {
        builder = builder.set_client_to_sentinel_password(password.expose_secret());
    }
    builder.build()
}

/// A connection, whatever is at its other end. Clones are the same connection.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    /// As the sentinels named it.
    Master(MultiplexedConnection),
    Cluster(ClusterConnection, Leaving),
}

/// Channels that we are about to leave ourselves: all others whose subscription ends have moved away with their slot.
pub(super) type Leaving = Arc<Mutex<Vec<String>>>;

impl Connection {
    /// Whether it is of use: every server that has to answer does.
    pub(super) async fn check(&mut self) -> RedisResult<()> {
        match self {
            Self::Single(connection) => redis::cmd("PING").exec_async(connection).await,
            Self::Master(connection) => match redis::cmd("ROLE").query_async(connection).await? {
                Role::Primary { .. } => Ok(()),
                // It answers and even publishes, but nobody else would hear it.
                _ => Err(RedisError::from((ErrorKind::Io, "the server is no longer the master"))),
            },
            // To all masters; the timeout is that of each server and not of finding out that one is gone.
            Self::Cluster(connection, _) => timeout(RESPONSE_TIMEOUT * 2, redis::cmd("PING").exec_async(connection))
                .await
                .map_err(|_| RedisError::from((ErrorKind::Io, "a server of the cluster does not answer in time")))?,
        }
    }

    pub(super) async fn subscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match self {
            Self::Single(connection) | Self::Master(connection) => {
                for batch in channels.chunks(SUBSCRIBE_BATCH) {
                    connection.subscribe(batch).await?;
                }
                Ok(())
            }
            Self::Cluster(connection, _) => {
                let one = |channel: &String| {
                    let (mut connection, channel) = (connection.clone(), channel.clone());
                    async move { connection.ssubscribe(channel).await }
                };
                stream::iter(channels.iter().map(one)).buffer_unordered(SUBSCRIBE_AT_ONCE).try_collect().await
            }
        }
    }

    pub(super) async fn unsubscribe(&mut self, channel: &str) -> RedisResult<()> {
        match self {
            Self::Single(connection) | Self::Master(connection) => connection.unsubscribe(channel).await,
            Self::Cluster(connection, leaving) => {
                lock(leaving).push(channel.to_owned());
                let left = connection.sunsubscribe(channel).await;
                lock(leaving).retain(|name| name != channel);
                left
            }
        }
    }

    /// Publishes all messages, those of one channel in their order.
    pub(super) async fn publish(&mut self, messages: Vec<(String, Bytes)>) -> RedisResult<()> {
        match self {
            Self::Single(connection) | Self::Master(connection) => {
                let mut pipe = redis::pipe();
                for (channel, message) in messages {
                    pipe.publish(channel, message.as_ref()).ignore();
                }
                pipe.exec_async(connection).await
            }
            // No pipeline: its commands would have to go to one and the same server.
            Self::Cluster(connection, _) => {
                let one = |(channel, message): (String, Bytes)| {
                    let mut connection = connection.clone();
                    async move { redis::cmd("SPUBLISH").arg(channel).arg(message.as_ref()).exec_async(&mut connection).await }
                };
                // All are tried: a shard that does not answer silences no other.
                future::join_all(messages.into_iter().map(one)).await.into_iter().collect()
            }
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) | Self::Master(connection) => connection.req_packed_command(cmd),
            Self::Cluster(connection, _) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(&'a mut self, pipeline: &'a Pipeline, offset: usize, count: usize) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) | Self::Master(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection, _) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) | Self::Master(connection) => connection.get_db(),
            Self::Cluster(connection, _) => connection.get_db(),
        }
    }
}

/// Takes what Redis sends on its own.
#[derive(Clone)]
struct Hearer {
    shared: std::sync::Weak<Shared>,
    leaving: Leaving,
    lost: Arc<Notify>,
}

impl Hearer {
    fn hear(&self, push: &PushInfo) {
        match (&push.kind, push.data.as_slice()) {
            (PushKind::Message | PushKind::SMessage, [channel, payload]) => {
                if let (Some(shared), Some(channel), Some(payload)) = (self.shared.upgrade(), text(channel), bytes(payload)) {
                    shared.heard(channel, payload);
                }
            }
            // The slot of the channel has moved to another server, which knows nothing of us.
            (PushKind::SUnsubscribe, [channel, ..]) if !self.is_leaving(channel) => self.lost.notify_one(),
            (PushKind::Disconnection, _) => self.lost.notify_one(),
            _ => {}
        }
    }

    fn is_leaving(&self, channel: &Value) -> bool {
        text(channel).is_some_and(|channel| lock(&self.leaving).iter().any(|leaving| leaving == channel))
    }
}

fn lock(leaving: &Leaving) -> std::sync::MutexGuard<'_, Vec<String>> {
    leaving.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    bytes(value).and_then(|bytes| std::str::from_utf8(bytes).ok())
}
