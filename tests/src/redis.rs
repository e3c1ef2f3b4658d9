//! A private Redis without persistence: it may vanish at any time, and here it does.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use redis::{Client, Value};
use tokio::sync::OnceCell;

use crate::{
    host::{Program, Scratch, free_port},
    process::{Launch, Process, Signal},
};

const READY_WITHIN: Duration = Duration::from_secs(15);
/// Slots of a Redis cluster (cluster specification, checked 2026-11).
const SLOTS: u16 = 16_384;

/// One server.
#[derive(Debug)]
pub struct Redis {
    process: Option<Process>,
    program: PathBuf,
    port: u16,
    /// Port of the cluster's own traffic; none for a single server.
    cluster_port: Option<u16>,
    scratch: Scratch,
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
        Redis::start_as(None).await
    }

    async fn start_as(cluster_port: Option<u16>) -> Result<Redis> {
        let program = Program { name: "redis-server", package: "redis-server" }.find()?;
        let mut server = Redis { process: None, program, port: free_port(), cluster_port, scratch: Scratch::new()? };
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
        launch = launch.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
        if let Some(cluster_port) = self.cluster_port {
            launch = launch.args(["--cluster-enabled", "yes", "--cluster-port", &cluster_port.to_string()]);
            launch = launch.args(["--cluster-node-timeout", "2000"]);
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

/// Three masters that share the slots, without replicas.
#[derive(Debug)]
pub struct RedisCluster {
    /// The masters; each may be killed and frozen on its own.
    pub nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts the masters, lets them meet and waits until every one of them sees a complete cluster.
    ///
    /// # Errors
    /// When Redis is not installed or the masters do not agree in time.
    pub async fn start() -> Result<RedisCluster> {
        const MASTERS: u16 = 3;
        let mut nodes = Vec::new();
        for number in 0..MASTERS {
            let node = Redis::start_as(Some(free_port())).await?;
            let (first, next) = (SLOTS / MASTERS * number, SLOTS / MASTERS * (number + 1));
            let last = if number + 1 == MASTERS { SLOTS - 1 } else { next - 1 };
            node.command(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]).await?;
            nodes.push(node);
        }
        let (port, cluster_port) = (nodes[0].port.to_string(), nodes[0].cluster_port.unwrap_or_default().to_string());
        for node in &nodes[1..] {
            node.command(&["CLUSTER", "MEET", "127.0.0.1", &port, &cluster_port]).await?;
        }
        for node in &nodes {
            let process = node.process.as_ref().context("just started")?;
            let is_complete = async || {
                let Value::BulkString(info) = node.command(&["CLUSTER", "INFO"]).await? else { anyhow::bail!("CLUSTER INFO is no text") };
                let info = String::from_utf8_lossy(&info).into_owned();
                ensure!(info.contains("cluster_state:ok") && info.contains(&format!("cluster_size:{MASTERS}")), "{info}");
                Ok(())
            };
            process.wait_until("complete cluster", READY_WITHIN, is_complete).await?;
        }
        Ok(RedisCluster { nodes })
    }

    /// The addresses of all masters.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }
}
