//! What the machine offers to a test: programs, ports, scratch folders, an ordinary user.
//!
//! It installs nothing: a missing program is an error that names the command which installs it.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock},
};

use anyhow::{Context, Result, anyhow, bail};
use rand::RngExt;

use crate::process::keeper;

/// Below the range from which Linux takes the ports of outgoing connections (32768 and up): a client that keeps
/// knocking at the port of a stopped server would otherwise connect to itself, and the server could not come back.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// A program that tests start, with the Debian package it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// File name of the program.
    pub name: &'static str,
    /// Debian package that installs it.
    pub package: &'static str,
}

impl Program {
    /// Looks in `PATH`, then where servers are installed for administrators, then among the PostgreSQL versions.
    ///
    /// # Errors
    /// Names the command that installs the program when it is nowhere.
    pub fn find(self) -> Result<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
        places.extend(["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from));
        places.extend(postgres_folders());
        places.into_iter().map(|place| place.join(self.name)).find(|file| is_executable(file)).ok_or_else(|| {
            anyhow!(
                "the program `{}` is missing; install it with: apt-get install --no-install-recommends {} \
                 (all needs of the tests at once: scripts/install-test-needs.sh)",
                self.name,
                self.package
            )
        })
    }
}

/// Newest version first: Debian keeps the server programs out of the path, one folder per version.
fn postgres_folders() -> Vec<PathBuf> {
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> =
        versions.flatten().filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))).collect();
    found.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// A port of 127.0.0.1 on which nothing listens now and which this process hands out only once.
///
/// # Panics
/// When two hundred ports in a row are taken: the machine is not usable for tests.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
    let mut given = GIVEN.lock().expect("no holder of the lock panics");
    let given = given.get_or_insert_with(HashSet::new);
    for _ in 0..200 {
        let port = rand::rng().random_range(PORTS);
        if !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            given.insert(port);
            return port;
        }
    }
    panic!("no free port on 127.0.0.1 in {PORTS:?}");
}

/// Who runs the servers that refuse to work for root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Log-in name.
    pub name: String,
    /// Name of the main group.
    pub group: String,
    /// Number of the user.
    pub uid: u32,
    /// Number of the main group.
    pub gid: u32,
    /// Whether it is another user than the one who runs the tests.
    pub is_foreign: bool,
}

impl User {
    /// The user of this process, or `nobody` when that is root.
    ///
    /// # Errors
    /// When `/etc/passwd` does not know the user.
    pub fn ordinary() -> Result<&'static User> {
        static USER: OnceLock<Result<User, String>> = OnceLock::new();
        USER.get_or_init(|| look_up_user().map_err(|error| format!("{error:#}"))).as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// The words to put before a command so that this user runs it; none when it is us.
    ///
    /// # Errors
    /// When `setpriv` is missing.
    pub fn prefix(&self) -> Result<Vec<OsString>> {
        if !self.is_foreign {
            return Ok(Vec::new());
        }
        let setpriv = Program { name: "setpriv", package: "util-linux" }.find()?;
        Ok(vec![
            setpriv.into_os_string(),
            format!("--reuid={}", self.uid).into(),
            format!("--regid={}", self.gid).into(),
            "--clear-groups".into(),
            "--".into(),
        ])
    }
}

fn look_up_user() -> Result<User> {
    let own = fs::metadata("/proc/self").context("/proc is not mounted")?.uid();
    let passwd = fs::read_to_string("/etc/passwd")?;
    let mut records = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let wanted = |record: &Vec<&str>| {
        if own == 0 { record.first() == Some(&"nobody") } else { record.get(2).and_then(|uid| uid.parse().ok()) == Some(own) }
    };
    let record = records.find(wanted).with_context(|| format!("/etc/passwd has no ordinary user for uid {own}"))?;
    let [name, _, uid, gid, ..] = record[..] else { bail!("a line of /etc/passwd is too short") };
    let groups = fs::read_to_string("/etc/group")?;
    let group = groups
        .lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            let group = fields.next()?;
            (fields.nth(1)? == gid).then(|| group.to_owned())
        })
        .with_context(|| format!("/etc/group has no group {gid}"))?;
    Ok(User { name: name.to_owned(), group, uid: uid.parse()?, gid: gid.parse()?, is_foreign: own == 0 })
}

/// A folder of the ordinary user, with a short path (a unix socket's path may have 107 bytes), removed on drop and,
/// when the test process dies, by its keeper.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    /// Makes an empty folder, readable by its owner only.
    ///
    /// # Errors
    /// When the temporary folder of the machine is not writable.
    pub fn new() -> Result<Scratch> {
        let short = Path::new("/tmp");
        let parent = if short.is_dir() { short.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("trb").tempdir_in(&parent).with_context(|| format!("no folder in {parent:?}"))?;
        keeper::remove_at_end(folder.path())?;
        give_to_user(folder.path())?;
        Ok(Scratch { folder })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a folder (and those above it) inside, owned by the ordinary user.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let mut path = self.path().to_owned();
        for part in Path::new(name).components() {
            path.push(part);
            if !path.is_dir() {
                fs::create_dir(&path).with_context(|| format!("cannot make {path:?}"))?;
                give_to_user(&path)?;
            }
        }
        Ok(path)
    }

    /// Writes a file inside, owned by the ordinary user and readable by nobody else.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn file(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.path().join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {path:?}"))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        give_to_user(&path)?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        keeper::removed(self.folder.path());
    }
}

fn give_to_user(path: &Path) -> Result<()> {
    let user = User::ordinary()?;
    if user.is_foreign {
        chown(path, Some(user.uid), Some(user.gid)).with_context(|| format!("cannot give {path:?} to {}", user.name))?;
    }
    Ok(())
}
