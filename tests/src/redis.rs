//! Private Redis servers without persistence: one, a cluster, and a master with a replica behind sentinels.
//!
//! Any of them may vanish at any time, and here they do.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use redis::{Client, Value};
use tokio::sync::OnceCell;

use crate::{
    host::{Program, Scratch, free_port},
    process::{Launch, Process, Signal},
};

const READY_WITHIN: Duration = Duration::from_secs(15);
/// For several servers to agree, on a busy machine.
const AGREED_WITHIN: Duration = Duration::from_secs(30);
/// Slots of a Redis cluster (cluster specification, checked 2026-11).
const SLOTS: u16 = 16_384;
/// Masters of a cluster, as few as may decide about a dead one.
const MASTERS: u16 = 3;

/// One server.
#[derive(Debug)]
pub struct Redis {
    process: Option<Process>,
    program: PathBuf,
    port: u16,
    part: Part,
    scratch: Scratch,
}

/// What a server is.
#[derive(Debug)]
enum Part {
    Single,
    /// Follows the server on that port.
    Replica(u16),
    /// Has that port for the cluster's own traffic.
    Member(u16),
    /// Watches, with that settings file, which it rewrites itself.
    Sentinel(PathBuf),
}

impl Redis {
    /// The server that the tests of this process share; each test takes its own [`Redis::prefix`].
    ///
    /// # Panics
    /// When it cannot be started; the message says why and what to install.
    pub async fn shared() -> &'static Redis {
        static SHARED: OnceCell<Redis> = OnceCell::const_new();
        SHARED.get_or_init(|| async { Redis::start().await.unwrap_or_else(|error| panic!("Redis: {error:#}")) }).await
    }

    /// Starts a single server.
    ///
    /// # Errors
    /// When Redis is not installed or does not start.
    pub async fn start() -> Result<Redis> {
        Redis::start_as(Part::Single, free_port(), Scratch::new()?).await
    }

    async fn start_as(part: Part, port: u16, scratch: Scratch) -> Result<Redis> {
        let program = Program { name: "redis-server", package: "redis-server" }.find()?;
        let mut server = Redis { process: None, program, port, part, scratch };
        server.restart().await?;
        Ok(server)
    }

    /// Kills it; whatever it held is gone.
    ///
    /// # Errors
    /// When waiting for its end fails.
    pub fn kill(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), |mut process| process.kill())
    }

    /// Starts it again, empty, on the same port, and returns once it answers; it must not be running.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub async fn restart(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "Redis is running; kill it first");
        let port = self.port.to_string();
        let mut launch = Launch::new("redis", &self.program, self.scratch.path()).for_user().end_with(Signal::Kill);
        if let Part::Sentinel(settings) = &self.part {
            launch = launch.arg(settings).arg("--sentinel");
        } else {
            launch = launch.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
            // A replica that has just come need not wait for others to come too.
            launch = launch.args(["--repl-diskless-sync-delay", "0"]);
        }
        match &self.part {
            Part::Replica(master) => launch = launch.args(["--replicaof", &format!("127.0.0.1 {master}")]),
            Part::Member(cluster_port) => {
                launch = launch.args(["--cluster-enabled", "yes", "--cluster-port", &cluster_port.to_string()]);
                launch = launch.args(["--cluster-node-timeout", "2000", "--cluster-replica-validity-factor", "0"]);
            }
            Part::Single | Part::Sentinel(_) => {}
        }
        let process = launch.spawn()?;
        process.wait_until("answer", READY_WITHIN, async || self.command(&["PING"]).await.map(drop)).await?;
        self.process = Some(process);
        Ok(())
    }

    /// Freezes it: connections stay open, nothing is answered.
    ///
    /// # Errors
    /// When it is not running.
    pub fn freeze(&self) -> Result<()> {
        self.process.as_ref().context("Redis is stopped")?.freeze()
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it is not running.
    pub fn thaw(&self) -> Result<()> {
        self.process.as_ref().context("Redis is stopped")?.thaw()
    }

    /// Runs one command on a connection of its own, for set-up and assertions.
    ///
    /// # Errors
    /// When the server does not answer or refuses.
    pub async fn command(&self, words: &[&str]) -> Result<Value> {
        let mut connection = Client::open(self.url())?.get_multiplexed_async_connection().await?;
        let mut command = redis::cmd(words.first().context("a command has a name")?);
        command.arg(&words[1..]);
        Ok(command.query_async(&mut connection).await?)
    }

    /// The same for an answer that is text.
    ///
    /// # Errors
    /// As [`Redis::command`], and when the answer is something else.
    pub async fn text(&self, words: &[&str]) -> Result<String> {
        Ok(redis::from_redis_value(self.command(words).await?)?)
    }

    async fn wait_until(&self, what: &str, probe: impl AsyncFnMut() -> Result<()>) -> Result<()> {
        self.process.as_ref().context("Redis is stopped")?.wait_until(what, AGREED_WITHIN, probe).await
    }

    /// `redis://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port on 127.0.0.1, for a proxy in front of it.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A key prefix that no other test has.
    pub fn prefix() -> String {
        format!("t{}:", uuid::Uuid::now_v7().simple())
    }
}

/// Three masters that share the slots, with or without a replica each.
#[derive(Debug)]
pub struct RedisCluster {
    /// The masters, then the replicas in the same order; each may be killed and frozen on its own.
    pub nodes: Vec<Redis>,
}

impl RedisCluster {
    /// The cluster of masters that the tests of this process share; nobody harms it.
    ///
    /// # Panics
    /// When it cannot be started; the message says why and what to install.
    pub async fn shared() -> &'static RedisCluster {
        static SHARED: OnceCell<RedisCluster> = OnceCell::const_new();
        SHARED.get_or_init(|| async { RedisCluster::start().await.unwrap_or_else(|error| panic!("Redis cluster: {error:#}")) }).await
    }

    /// Starts the masters, lets them meet and waits until every one of them sees a complete cluster.
    ///
    /// # Errors
    /// When Redis is not installed or the masters do not agree in time.
    pub async fn start() -> Result<RedisCluster> {
        let mut cluster = RedisCluster { nodes: Vec::new() };
        for number in 0..MASTERS {
            let (first, next) = (SLOTS / MASTERS * number, SLOTS / MASTERS * (number + 1));
            let last = if number + 1 == MASTERS { SLOTS - 1 } else { next - 1 };
            let node = cluster.add().await?;
            node.command(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]).await?;
        }
        cluster.wait_until_complete().await?;
        Ok(cluster)
    }

    /// The same with a replica for each master, which takes its place when it dies.
    ///
    /// # Errors
    /// As [`RedisCluster::start`].
    pub async fn start_with_replicas() -> Result<RedisCluster> {
        let mut cluster = RedisCluster::start().await?;
        for number in 0..usize::from(MASTERS) {
            let master = cluster.nodes[number].text(&["CLUSTER", "MYID"]).await?;
            let replica = cluster.add().await?;
            // Refused as long as the replica has not heard of the master.
            let follow = async || replica.command(&["CLUSTER", "REPLICATE", &master]).await.map(drop);
            replica.wait_until("master to follow", follow).await?;
        }
        cluster.wait_until_complete().await?;
        for replica in &cluster.nodes[usize::from(MASTERS)..] {
            let is_linked = async || {
                let info = replica.text(&["INFO", "replication"]).await?;
                ensure!(info.contains("master_link_status:up"), "{info}");
                Ok(())
            };
            replica.wait_until("link to the master", is_linked).await?;
        }
        Ok(cluster)
    }

    /// Starts one more server and lets it meet the first.
    async fn add(&mut self) -> Result<&Redis> {
        let node = Redis::start_as(Part::Member(free_port()), free_port(), Scratch::new()?).await?;
        if let Some(first) = self.nodes.first() {
            let Part::Member(cluster_port) = first.part else { anyhow::bail!("a member of a cluster") };
            // A handshake that a busy machine does not finish within the node timeout is forgotten, and then begun again.
            let knows_the_first = async || {
                let known = node.text(&["CLUSTER", "NODES"]).await?;
                let is_begun = known.contains(&format!("127.0.0.1:{}@", first.port));
                if !is_begun {
                    node.command(&["CLUSTER", "MEET", "127.0.0.1", &first.port.to_string(), &cluster_port.to_string()]).await?;
                }
                ensure!(is_begun && !known.contains("handshake"), "{known}");
                Ok(())
            };
            node.wait_until("acquaintance with the first", knows_the_first).await?;
        }
        self.nodes.push(node);
        self.nodes.last().context("just added")
    }

    async fn wait_until_complete(&self) -> Result<()> {
        for node in &self.nodes {
            let is_complete = async || {
                let info = node.text(&["CLUSTER", "INFO"]).await?;
                let known = format!("cluster_known_nodes:{}\r", self.nodes.len());
                let is_whole = info.contains("cluster_state:ok") && info.contains(&format!("cluster_size:{MASTERS}\r"));
                ensure!(is_whole && info.contains(&known), "{info}");
                Ok(())
            };
            node.wait_until("complete cluster", is_complete).await?;
        }
        Ok(())
    }

    /// The addresses of all servers.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }

    /// Position of the server through whose shard the channel goes; none when nobody there listens to it.
    ///
    /// # Errors
    /// When one of the first three servers does not answer.
    pub async fn home_of_channel(&self, part_of_name: &str) -> Result<Option<(usize, String)>> {
        for (position, node) in self.nodes.iter().take(usize::from(MASTERS)).enumerate() {
            let channels: Vec<String> = redis::from_redis_value(node.command(&["PUBSUB", "SHARDCHANNELS"]).await?)?;
            if let Some(channel) = channels.into_iter().find(|channel| channel.contains(part_of_name)) {
                return Ok(Some((position, channel)));
            }
        }
        Ok(None)
    }

    /// Gives the slot of a channel from one master to another, as a cluster that is rebalanced does.
    ///
    /// # Errors
    /// When a master refuses.
    pub async fn move_slot_of(&self, channel: &str, from: usize, to: usize) -> Result<()> {
        let slot: u16 = redis::from_redis_value(self.nodes[from].command(&["CLUSTER", "KEYSLOT", channel]).await?)?;
        let slot = slot.to_string();
        let (giver, taker) = (self.nodes[from].text(&["CLUSTER", "MYID"]).await?, self.nodes[to].text(&["CLUSTER", "MYID"]).await?);
        self.nodes[to].command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &giver]).await?;
        self.nodes[from].command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &taker]).await?;
        for node in [to, from] {
            self.nodes[node].command(&["CLUSTER", "SETSLOT", &slot, "NODE", &taker]).await?;
        }
        Ok(())
    }
}

/// A master and its replica, watched by three sentinels, of which two decide.
#[derive(Debug)]
pub struct RedisSentinels {
    /// The master of the beginning, then its replica; each may be killed and frozen on its own.
    pub servers: Vec<Redis>,
    /// Those who watch.
    pub sentinels: Vec<Redis>,
}

impl RedisSentinels {
    /// The name under which the sentinels know the master.
    pub const MASTER: &'static str = "main";

    /// The servers that the tests of this process share; nobody harms them.
    ///
    /// # Panics
    /// When they cannot be started; the message says why and what to install.
    pub async fn shared() -> &'static RedisSentinels {
        static SHARED: OnceCell<RedisSentinels> = OnceCell::const_new();
        SHARED.get_or_init(|| async { RedisSentinels::start().await.unwrap_or_else(|error| panic!("sentinels: {error:#}")) }).await
    }

    /// Starts all five and waits until every sentinel knows the replica and the other sentinels.
    ///
    /// # Errors
    /// When Redis is not installed or they do not find each other in time.
    pub async fn start() -> Result<RedisSentinels> {
        let master = Redis::start().await?;
        let replica = Redis::start_as(Part::Replica(master.port), free_port(), Scratch::new()?).await?;
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            let (port, scratch) = (free_port(), Scratch::new()?);
            let settings = format!(
                "port {port}\nbind 127.0.0.1\nsentinel monitor {name} 127.0.0.1 {master} 2\n\
                 sentinel down-after-milliseconds {name} 1000\nsentinel failover-timeout {name} 5000\n",
                name = Self::MASTER,
                master = master.port
            );
            let settings = scratch.file("sentinel.conf", &settings)?;
            sentinels.push(Redis::start_as(Part::Sentinel(settings), port, scratch).await?);
        }
        for sentinel in &sentinels {
            let knows_all = async || {
                let state = sentinel.command(&["SENTINEL", "MASTER", Self::MASTER]).await?;
                let state: HashMap<String, String> = redis::from_redis_value(state)?;
                let is = |key: &str, value: &str| state.get(key).is_some_and(|found| found == value);
                ensure!(is("num-slaves", "1") && is("num-other-sentinels", "2") && is("flags", "master"), "{state:?}");
                Ok(())
            };
            sentinel.wait_until("complete view", knows_all).await?;
        }
        Ok(RedisSentinels { servers: vec![master, replica], sentinels })
    }

    /// The addresses of the sentinels.
    pub fn urls(&self) -> Vec<String> {
        self.sentinels.iter().map(Redis::url).collect()
    }
}
