//! The real `tributary` binary as a child process: one node of a deployment, to be killed, frozen and started again.
//!
//! It is not built here: cargo builds no program of another crate for a test. `make test` builds it first, and so does
//! `cargo build --workspace --bins` by hand.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};

use crate::{
    client::http_client,
    host::{Scratch, free_port},
    process::{Launch, Process, Signal},
};

/// Migrations of a fresh database included.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// One node; its settings stay the same across restarts, its data folder and port too.
#[derive(Debug)]
pub struct Node {
    name: String,
    port: u16,
    args: Vec<String>,
    env: Vec<(String, String)>,
    open_files: Option<u32>,
    process: Option<Process>,
    scratch: Scratch,
}

impl Node {
    /// Describes a node that runs `tributary serve` on a free port. Settings are added with [`Node::set`], then
    /// [`Node::start`] runs it.
    ///
    /// # Errors
    /// When there is no room for its data folder.
    pub fn new(name: &str) -> Result<Node> {
        let port = free_port();
        let node = Node {
            name: name.to_owned(),
            port,
            args: vec!["serve".to_owned()],
            env: Vec::new(),
            open_files: None,
            process: None,
            scratch: Scratch::new()?,
        };
        Ok(node.set("TRIBUTARY__SERVER__LISTEN", &format!("127.0.0.1:{port}")))
    }

    /// Sets an environment variable, such as `TRIBUTARY__DATABASE__URL` or `TRIBUTARY__REDIS__URL`; the last one wins.
    pub fn set(mut self, key: &str, value: &str) -> Node {
        self.env.retain(|(known, _)| known != key);
        self.env.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Adds an argument after `serve`.
    pub fn arg(mut self, arg: &str) -> Node {
        self.args.push(arg.to_owned());
        self
    }

    /// Starts it with leave for so many open files unless it asks for more, as systems do.
    pub fn with_open_files(mut self, limit: u32) -> Node {
        self.open_files = Some(limit);
        self
    }

    /// Starts it and returns once `/readyz` answers 200; it must not be running.
    ///
    /// # Errors
    /// When the binary is not built, or the node ends or does not get ready in time; with the end of its log.
    pub async fn start(&mut self) -> Result<()> {
        self.launch()?;
        self.wait_until_ready().await
    }

    /// Starts it without waiting, for tests of a start that must fail or wait.
    ///
    /// # Errors
    /// When the binary is not built or the node runs already.
    pub fn launch(&mut self) -> Result<()> {
        ensure!(!self.process.as_ref().is_some_and(Process::is_running), "the node {} is running", self.name);
        let launch = match self.open_files {
            None => Launch::new(&self.name, binary()?, self.scratch.path()),
            Some(limit) => {
                let script = format!(r#"ulimit -S -n {limit}; exec "$0" "$@""#);
                Launch::new(&self.name, "sh", self.scratch.path()).arg("-c").arg(script).arg(binary()?)
            }
        };
        let mut launch = launch.args(&self.args).end_with(Signal::Kill);
        for (key, value) in &self.env {
            launch = launch.env(key, value);
        }
        self.process = Some(launch.spawn()?);
        Ok(())
    }

    /// Waits until `/readyz` answers 200.
    ///
    /// # Errors
    /// When the node ends or the time passes first.
    pub async fn wait_until_ready(&self) -> Result<()> {
        let url = self.url("/readyz");
        let client = http_client()?;
        let probe = async || Ok(client.get(&url).send().await?.error_for_status().map(drop)?);
        self.process()?.wait_until("readiness", READY_WITHIN, probe).await
    }

    /// Ends it in the middle of whatever it does.
    ///
    /// # Errors
    /// When waiting for its end fails.
    pub fn kill9(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), |mut process| process.kill())
    }

    /// Asks it to leave in order and waits for that.
    ///
    /// # Errors
    /// When it is not gone within the time or ends with a failure.
    pub fn terminate(&mut self, within: Duration) -> Result<()> {
        let mut process = self.process.take().context("the node is not running")?;
        let status = process.end(Signal::Term, within)?;
        ensure!(status.success(), "the node {} left with {status}{}", self.name, process.log_tail());
        Ok(())
    }

    /// Freezes it: its leases run out while it holds its sockets.
    ///
    /// # Errors
    /// When it is not running.
    pub fn freeze(&self) -> Result<()> {
        self.process()?.freeze()
    }

    /// Lets it go on, convinced that no time has passed.
    ///
    /// # Errors
    /// When it is not running.
    pub fn thaw(&self) -> Result<()> {
        self.process()?.thaw()
    }

    /// The guard of the running child, for its log and number.
    ///
    /// # Errors
    /// When it is not running.
    pub fn process(&self) -> Result<&Process> {
        self.process.as_ref().with_context(|| format!("the node {} is not running", self.name))
    }

    /// Its port on 127.0.0.1, for a proxy in front of it.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// An address under it: `url("/graphql")`.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A folder of its own that survives restarts, for SQLite files and attachments.
    pub fn folder(&self) -> PathBuf {
        self.scratch.path().to_owned()
    }
}

/// The binary of the same build as the running test: `target/<profile>/tributary` beside `target/<profile>/deps`.
///
/// # Errors
/// Says how to build it when it is not there.
pub fn binary() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let profile = test.parent().and_then(|deps| deps.parent()).context("the test does not lie in target/<profile>/deps")?;
    let binary = profile.join("tributary");
    ensure!(binary.is_file(), "{binary:?} is not built; run `cargo build --workspace --bins` first");
    Ok(binary)
}
