//! What a process has used, from the operating system.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// Ticks per second of the kernel's process times: fixed on Linux.
const TICKS: u64 = 100;

/// User and system time of a process so far.
pub(crate) fn time(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold blanks, so fields are counted behind its bracket: the 14th and 15th of all.
    let (_, fields) = stat.rsplit_once(") ").context("no process status")?;
    let ticks = |at: usize| -> Result<u64> { Ok(fields.split(' ').nth(at).context("a short process status")?.parse()?) };
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 1000 / TICKS))
}

/// Binds a process with all its threads to one core; without a second core it stays where it is.
pub(crate) fn bind(pid: u32, core: usize) -> Result<()> {
    if std::thread::available_parallelism()?.get() < 2 {
        return Ok(());
    }
    let bound = std::process::Command::new("taskset").args(["-a", "-p", "-c", &core.to_string(), &pid.to_string()]).output()?;
    anyhow::ensure!(bound.status.success(), "taskset: {}", String::from_utf8_lossy(&bound.stderr));
    Ok(())
}
