//! Child processes that end with the test: [`Launch`] describes one, [`Process`] guards it.
//!
//! Each child is the leader of a process group of its own. Dropping the guard stops the group; the [`keeper`] does the
//! same when the test process dies. Only processes started here are ever signalled, by number, and a number is given up
//! before the system may use it again.

pub mod keeper;

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::net::TcpStream;

use crate::host::User;

/// How long a polite end may take before the process group is killed.
const GRACE: Duration = Duration::from_secs(3);
/// Pause between two looks at something that is not ready yet.
const LOOK_EVERY: Duration = Duration::from_millis(15);

/// The signals that tests send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ends at once, nothing is written (`kill -9`).
    Kill,
    /// Asks to end in order.
    Term,
    /// For PostgreSQL the immediate stop: no checkpoint, recovery at the next start.
    Quit,
    /// As Ctrl-C.
    Int,
    /// Freezes.
    Stop,
    /// Lets a frozen process go on.
    Cont,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Signal::Kill => "KILL",
            Signal::Term => "TERM",
            Signal::Quit => "QUIT",
            Signal::Int => "INT",
            Signal::Stop => "STOP",
            Signal::Cont => "CONT",
        }
    }
}

/// A process to start: program, arguments and a small, fixed environment (PATH, HOME, C.UTF-8, UTC) plus what is added.
#[derive(Debug)]
pub struct Launch {
    name: String,
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    home: PathBuf,
    is_for_user: bool,
    end: Signal,
}

impl Launch {
    /// A process called `name` in messages and log files; `home` is its working folder and gets its log.
    pub fn new(name: &str, program: impl Into<PathBuf>, home: &Path) -> Launch {
        Launch {
            name: name.to_owned(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            home: home.to_owned(),
            is_for_user: false,
            end: Signal::Term,
        }
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Launch {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Launch {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Launch {
        self.env.push((key.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Runs as [`User::ordinary`] instead of as root.
    pub fn for_user(mut self) -> Launch {
        self.is_for_user = true;
        self
    }

    /// The signal that ends it in order; TERM unless said.
    pub fn end_with(mut self, signal: Signal) -> Launch {
        self.end = signal;
        self
    }

    fn command(&self) -> Result<Command> {
        let mut words = if self.is_for_user { User::ordinary()?.prefix()? } else { Vec::new() };
        words.push(self.program.clone().into_os_string());
        words.extend(self.args.iter().cloned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().current_dir(&self.home).stdin(Stdio::null());
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin".into());
        command.env("PATH", path).env("HOME", &self.home).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        Ok(command)
    }

    /// Starts it in the background.
    ///
    /// # Errors
    /// When the program cannot be started at all; one that ends at once shows when waiting for it.
    pub fn spawn(self) -> Result<Process> {
        let log = self.home.join(format!("{}.out", self.name));
        let out = File::options().create(true).append(true).open(&log).with_context(|| format!("cannot write {log:?}"))?;
        let mut command = self.command()?;
        command.process_group(0).stdout(out.try_clone()?).stderr(out);
        let child = command.spawn().with_context(|| format!("cannot start {:?}", self.program))?;
        keeper::stop_at_end(child.id(), self.end)?;
        Ok(Process { name: self.name, child: Some(child), log, end: self.end })
    }

    /// Runs it to its end and returns what it printed.
    ///
    /// # Errors
    /// When it fails; with what it said on its error output.
    pub async fn run(self) -> Result<String> {
        let command = tokio::process::Command::from(self.command()?).kill_on_drop(true).output();
        let output = command.await.with_context(|| format!("cannot start {:?}", self.program))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{} failed ({}): {}\n{}", self.name, output.status, said.trim(), String::from_utf8_lossy(&output.stdout));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// A running child; dropping it stops it and everything in its process group.
#[derive(Debug)]
pub struct Process {
    name: String,
    /// None once it was waited for: from then on its number belongs to somebody else.
    child: Option<Child>,
    log: PathBuf,
    end: Signal,
}

impl Process {
    /// Its process number.
    ///
    /// # Panics
    /// When it was stopped.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("asked for the number of a stopped process").id()
    }

    /// Whether it runs (or is frozen), as against has ended by itself or was stopped.
    pub fn is_running(&self) -> bool {
        self.child.as_ref().is_some_and(|child| is_alive(child.id()))
    }

    /// Memory that it holds now, in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.with_context(|| format!("{} has ended", self.name))?.trim().trim_end_matches("kB");
        Ok(kilobytes.trim().parse::<u64>()? * 1024)
    }

    /// Sends a signal to the process, not to its group.
    ///
    /// # Errors
    /// When it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let Some(child) = &self.child else { bail!("{} is stopped", self.name) };
        send(signal, &child.id().to_string()).with_context(|| format!("{} got no {signal:?}{}", self.name, self.log_tail()))
    }

    /// Freezes it: it keeps its sockets and answers nothing.
    ///
    /// # Errors
    /// When it has ended.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::Stop)
    }

    /// Lets a frozen process go on.
    ///
    /// # Errors
    /// When it has ended.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::Cont)
    }

    /// Kills the whole group at once and waits until it is gone.
    ///
    /// # Errors
    /// When waiting fails.
    pub fn kill(&mut self) -> Result<()> {
        self.reap().map(drop)
    }

    /// Sends `signal` and waits for the end; kills what is left of the group.
    ///
    /// # Errors
    /// When it does not end in `within`; then it is killed, and the error says so with the end of its log.
    pub fn end(&mut self, signal: Signal, within: Duration) -> Result<ExitStatus> {
        self.signal(signal)?;
        self.signal(Signal::Cont)?;
        self.wait_for_end(signal, within, within)
    }

    /// As [`Process::end`], but kills the children one by one once `patience` is over, for a server that waits for
    /// children which it has lost sight of.
    ///
    /// # Errors
    /// As [`Process::end`].
    pub fn end_with_children(&mut self, signal: Signal, patience: Duration, within: Duration) -> Result<ExitStatus> {
        self.signal(signal)?;
        self.signal(Signal::Cont)?;
        self.wait_for_end(signal, patience, within)
    }

    fn wait_for_end(&mut self, signal: Signal, patience: Duration, within: Duration) -> Result<ExitStatus> {
        let start = Instant::now();
        while self.is_running() && start.elapsed() < within {
            if start.elapsed() >= patience {
                for child in children_of(self.pid()) {
                    // It may have ended in between.
                    drop(send(Signal::Kill, &child.to_string()));
                }
            }
            thread::sleep(LOOK_EVERY);
        }
        let is_late = self.is_running();
        let status = self.reap()?.context("nobody else waits for it")?;
        ensure!(!is_late, "{} did not end within {within:?} of {signal:?}{}", self.name, self.log_tail());
        Ok(status)
    }

    /// The number stays ours as long as the child is not waited for, so the group is killed before.
    fn reap(&mut self) -> Result<Option<ExitStatus>> {
        let Some(mut child) = self.child.take() else { return Ok(None) };
        // Fails when the group is empty already, which is what we want.
        drop(send(Signal::Kill, &format!("-{}", child.id())));
        keeper::stopped(child.id())?;
        Ok(Some(child.wait().with_context(|| format!("cannot wait for {}", self.name))?))
    }

    /// Waits until something listens on the port of 127.0.0.1.
    ///
    /// # Errors
    /// When the process ends or the time passes first.
    pub async fn wait_for_port(&self, port: u16, within: Duration) -> Result<()> {
        self.wait_until(&format!("a listener on port {port}"), within, async || {
            TcpStream::connect(("127.0.0.1", port)).await.map(drop).map_err(Into::into)
        })
        .await
    }

    /// Repeats `probe` until it succeeds.
    ///
    /// # Errors
    /// When the process ends or the time passes first; with the probe's last error and the end of the log.
    pub async fn wait_until<T>(&self, what: &str, within: Duration, mut probe: impl AsyncFnMut() -> Result<T>) -> Result<T> {
        let deadline = Instant::now() + within;
        loop {
            if !self.is_running() {
                bail!("{} ended before there was {what}{}", self.name, self.log_tail());
            }
            // A probe may hang as long as the server does, a frozen one for example.
            let left = deadline.saturating_duration_since(Instant::now()).max(LOOK_EVERY);
            let error = match tokio::time::timeout(left, probe()).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => error,
                Err(_) => anyhow::anyhow!("no answer"),
            };
            if Instant::now() >= deadline {
                return Err(error.context(format!("{}: no {what} within {within:?}{}", self.name, self.log_tail())));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Everything it has written so far, output and errors.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The last lines of its log, as an appendix to an error.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(25)..].join("\n    ");
        if tail.is_empty() { "; it wrote no log".to_owned() } else { format!("; its log ends with:\n    {tail}") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whatever fails here, the keeper tries again at the end of the test process.
        if self.end != Signal::Kill && self.is_running() {
            drop(self.end(self.end, GRACE));
        }
        drop(self.kill());
    }
}

/// A zombie has ended, though its number is still taken.
fn is_alive(pid: u32) -> bool {
    state_and_parent(pid).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X'))
}

fn children_of(pid: u32) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|number| state_and_parent(*number).is_some_and(|(_, parent)| parent == pid)).collect()
}

fn state_and_parent(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may itself hold parentheses and blanks.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// Through the shell's own `kill`: the system call would need unsafe code.
fn send(signal: Signal, target: &str) -> Result<()> {
    let script = r#"kill -s "$1" -- "$2""#;
    let output = Command::new("sh").args(["-c", script, "sh", signal.name(), target]).output().context("cannot start `sh`")?;
    if !output.status.success() {
        bail!("kill -s {} {target}: {}", signal.name(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
