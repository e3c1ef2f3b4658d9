//! Keys of this installation: from the settings, or made at first start and kept in the data folder.
//!
//! Key files are created whole or not at all, readable by their owner only, and never overwritten: losing the master
//! key loses every channel's secrets.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::CryptoRng;
use secrecy::{ExposeSecret, SecretSlice};

use super::Config;

/// Bytes of a generated key, and of a master key.
pub const KEY_BYTES: usize = 32;

/// Id of the generated master key.
pub const GENERATED_ID: &str = "file";

/// A key file that cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system said no.
    #[error("the key file {} cannot be read or made", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its content is not 32 bytes in base64.
    #[error("the key file {} does not hold 32 bytes in base64; put the original back", .0.display())]
    Content(PathBuf),
    /// A key in the settings is wrong; `Config::load` reports it with its key.
    #[error("a key in the settings is not valid base64")]
    Setting,
}

/// One key of the ring that seals stored secrets.
#[derive(Debug, Clone)]
pub struct MasterKey {
    /// Stored beside what it sealed.
    pub id: String,
    /// 32 bytes.
    pub key: SecretSlice<u8>,
}

/// Secrets that sign access tokens, the signing one first. Makes `auth.key` in the data folder when none are set.
///
/// # Errors
/// See [`KeyError`].
pub fn access_token_secrets(config: &Config, rng: &mut impl CryptoRng) -> Result<Vec<SecretSlice<u8>>, KeyError> {
    if config.auth.secrets.is_empty() {
        return Ok(vec![load_or_make(&config.server.data_folder.join("auth.key"), rng)?]);
    }
    config.auth.secrets.iter().map(|text| Ok(STANDARD.decode(text.expose_secret()).map_err(|_| KeyError::Setting)?.into())).collect()
}

/// Keys that seal stored secrets, the sealing one first. Makes `master.key` in the data folder when none are set.
///
/// # Errors
/// See [`KeyError`].
pub fn master_keys(config: &Config, rng: &mut impl CryptoRng) -> Result<Vec<MasterKey>, KeyError> {
    if config.secrets.master_keys.is_empty() {
        return Ok(vec![MasterKey { id: GENERATED_ID.into(), key: load_or_make(&config.server.data_folder.join("master.key"), rng)? }]);
    }
    config.secrets.master_keys.iter().map(|text| read_master_key(text.expose_secret()).ok_or(KeyError::Setting)).collect()
}

/// What is wrong with the keys in the settings.
pub(super) fn problems(config: &Config) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    let is_long = |text: &str| STANDARD.decode(text).is_ok_and(|bytes| bytes.len() >= KEY_BYTES);
    if !config.auth.secrets.iter().all(|text| is_long(text.expose_secret())) {
        problems.push(("auth.secrets", "Every secret must be at least 32 bytes in base64; `openssl rand -base64 32` makes one.".into()));
    }
    let keys: Vec<_> = config.secrets.master_keys.iter().map(|text| read_master_key(text.expose_secret())).collect();
    if keys.iter().any(Option::is_none) {
        problems.push((
            "secrets.master_keys",
            "Every key must be \"id:key\" with exactly 32 bytes in base64; `openssl rand -base64 32` makes one.".into(),
        ));
    }
    let mut ids = std::collections::HashSet::new();
    if keys.iter().flatten().any(|key| !ids.insert(key.id.as_str())) {
        problems.push(("secrets.master_keys", "Two keys have the same id. Never use an id again for another key.".into()));
    }
    problems
}

fn read_master_key(text: &str) -> Option<MasterKey> {
    let (id, key) = text.split_once(':')?;
    let key = STANDARD.decode(key).ok().filter(|key| key.len() == KEY_BYTES)?;
    (!id.is_empty() && id.len() <= 64).then(|| MasterKey { id: id.to_owned(), key: key.into() })
}

fn load_or_make(path: &Path, rng: &mut impl CryptoRng) -> Result<SecretSlice<u8>, KeyError> {
    let file_error = |source| KeyError::File { path: path.to_owned(), source };
    match fs::read_to_string(path) {
        Ok(text) => return read_key(path, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(file_error(error)),
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(file_error)?;
    let mut bytes = [0_u8; KEY_BYTES];
    rng.fill_bytes(&mut bytes);
    // Written under a name of its own and then linked: a second process starting at the same moment finds either no
    // file or a whole one, and the link fails instead of replacing the other's key.
    let draft = folder.join(format!(".{}.{}", path.file_name().unwrap_or_default().to_string_lossy(), std::process::id()));
    let made = write_private(&draft, STANDARD.encode(bytes).as_bytes()).and_then(|()| fs::hard_link(&draft, path));
    let removed = match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    match made.and(removed) {
        Ok(()) => Ok(bytes.to_vec().into()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(path).map_err(file_error)?;
            read_key(path, &text)
        }
        Err(error) => Err(file_error(error)),
    }
}

fn read_key(path: &Path, text: &str) -> Result<SecretSlice<u8>, KeyError> {
    match STANDARD.decode(text.trim()) {
        Ok(bytes) if bytes.len() == KEY_BYTES => Ok(bytes.into()),
        _ => Err(KeyError::Content(path.to_owned())),
    }
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
