//! The keeper: a small shell beside the test process that cleans up after it, however it ended.
//!
//! It reads what to watch from a pipe that only the test process holds. When the pipe closes (normal end, panic,
//! `kill -9`, Ctrl-C) it stops every process still on its list and removes every folder on it. That covers what `Drop`
//! cannot: statics, and a test process that is killed.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock},
};

use anyhow::{Context, Result};

use super::Signal;

/// Lines: `watch PID SIGNAL`, `forget PID`, `dir PATH`, `undir PATH`. A stopped process gets CONT too, or it would not
/// notice the polite signal; after two seconds the whole process group is killed.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
processes='' folders=''
without() { kept=''; for item in $1; do case $item in "$2"|"$2":*) ;; *) kept="$kept $item" ;; esac; done; }
while read -r verb value signal; do
  case $verb in
    watch)  processes="$processes $value:$signal" ;;
    forget) without "$processes" "$value"; processes=$kept ;;
    dir)    folders="$folders $value" ;;
    undir)  without "$folders" "$value"; folders=$kept ;;
  esac
done
for item in $processes; do kill -s "${item#*:}" "${item%:*}"; kill -s CONT "${item%:*}"; done
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  left=''
  for item in $processes; do kill -0 "${item%:*}" && left=yes; done
  [ -z "$left" ] && break
  sleep 0.1
done
for item in $processes; do kill -s KILL -- "-${item%:*}"; done
for folder in $folders; do rm -rf -- "$folder"; done
"#;

static KEEPER: OnceLock<Mutex<Option<ChildStdin>>> = OnceLock::new();

/// Has the process group of `pid` stopped at the end: politely with `signal`, then by force.
///
/// # Errors
/// When the keeper cannot be reached.
pub fn stop_at_end(pid: u32, signal: Signal) -> Result<()> {
    tell(&format!("watch {pid} {}", signal.name()))
}

/// Takes a process off the list; call it before its number can be given to another process.
///
/// # Errors
/// When the keeper cannot be reached.
pub fn stopped(pid: u32) -> Result<()> {
    tell(&format!("forget {pid}"))
}

/// Has the folder removed at the end.
///
/// # Errors
/// When the keeper cannot be reached, or for a path with white space, which its list cannot hold.
pub fn remove_at_end(folder: &Path) -> Result<()> {
    let path = folder.to_str().filter(|path| !path.contains(char::is_whitespace));
    tell(&format!("dir {}", path.with_context(|| format!("{folder:?} is no path for scratch folders"))?))
}

/// Takes a folder off the list; one that stays on it is removed twice, which does no harm.
pub fn removed(folder: &Path) {
    drop(tell(&format!("undir {}", folder.display())));
}

fn tell(line: &str) -> Result<()> {
    let keeper = KEEPER.get_or_init(|| Mutex::new(start()));
    let mut pipe = keeper.lock().expect("no holder of the lock panics");
    let pipe = pipe.as_mut().context("cannot start `sh`, the keeper of the test processes")?;
    writeln!(pipe, "{line}").context("the keeper of the test processes is gone")
}

/// In a process group of its own, so that Ctrl-C reaches the tests and not their keeper.
fn start() -> Option<ChildStdin> {
    let mut keeper = Command::new("sh");
    keeper.args(["-c", SCRIPT, "tributary-test-keeper"]).current_dir("/").process_group(0);
    keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    keeper.spawn().ok()?.stdin
}
