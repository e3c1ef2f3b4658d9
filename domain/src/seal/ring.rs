//! The master keys, and data keys wrapped by them.

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretBox, SecretString};

use super::{DataKey, KEY_BYTES, NONCE_BYTES, decrypt, encrypt};
use crate::{
    Error, Result,
    entity::data_key,
    ids::{DataKeyId, WorkspaceId},
};

/// Why the configured keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// There must be at least one.
    #[error("no master key is configured")]
    Empty,
    /// Two keys of the same name.
    #[error("the master key {0} is named twice")]
    Twice(String),
    /// Not 32 bytes in base64.
    #[error("the master key {0} is not 32 bytes in base64 (make one with: openssl rand -base64 32)")]
    NotAKey(String),
}

/// The ring of master keys: the first one wraps, all of them unwrap.
pub struct MasterKeys(Vec<(String, SecretBox<[u8; KEY_BYTES]>)>);

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl MasterKeys {
    /// A ring of named keys in base64, the current one first.
    ///
    /// # Errors
    /// See [`RingError`].
    pub fn new<'a>(keys: impl IntoIterator<Item = (&'a str, &'a SecretString)>) -> Result<Self, RingError> {
        let mut ring: Vec<(String, SecretBox<[u8; KEY_BYTES]>)> = Vec::new();
        for (name, key) in keys {
            if ring.iter().any(|(known, _)| known == name) {
                return Err(RingError::Twice(name.to_owned()));
            }
            let bytes = BASE64_STANDARD.decode(key.expose_secret().trim()).ok().and_then(|bytes| bytes.try_into().ok());
            let bytes = bytes.ok_or_else(|| RingError::NotAKey(name.to_owned()))?;
            ring.push((name.to_owned(), SecretBox::new(Box::new(bytes))));
        }
        if ring.is_empty() { Err(RingError::Empty) } else { Ok(Self(ring)) }
    }

    /// Name of the key that wraps.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.0[0].0
    }

    /// A data key wrapped by the current master key.
    pub(super) fn wrap(&self, workspace: WorkspaceId, key: &DataKey) -> Vec<u8> {
        let (name, master) = &self.0[0];
        let (nonce, ciphertext) = encrypt(master.expose_secret(), key.bytes.expose_secret(), &context(workspace, key.id, name));
        [nonce.as_slice(), &ciphertext].concat()
    }

    /// The data key of a row.
    pub(super) fn unwrap_row(&self, row: &data_key::Model) -> Result<DataKey> {
        let (name, master) = self.0.iter().find(|(name, _)| *name == row.master_key_id).ok_or(Error::Sealed)?;
        let (nonce, ciphertext) = row.wrapped.split_at_checked(NONCE_BYTES).ok_or(Error::Sealed)?;
        let clear = decrypt(master.expose_secret(), nonce, ciphertext, &context(row.workspace_id, row.id, name))?;
        let bytes: [u8; KEY_BYTES] = clear.try_into().map_err(|_| Error::Sealed)?;
        Ok(DataKey { id: row.id, bytes: SecretBox::new(Box::new(bytes)) })
    }
}

fn context(workspace: WorkspaceId, key: DataKeyId, master: &str) -> Vec<u8> {
    let mut context = b"tributary data key\0".to_vec();
    context.extend(workspace.uuid().as_bytes());
    context.extend(key.uuid().as_bytes());
    context.extend(master.as_bytes());
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_says_what_is_wrong_with_it() {
        let good = SecretString::from(BASE64_STANDARD.encode([7; KEY_BYTES]));
        let short = SecretString::from("c2hvcnQ=");
        assert_eq!(MasterKeys::new([]).unwrap_err(), RingError::Empty);
        assert_eq!(MasterKeys::new([("a", &good), ("a", &good)]).unwrap_err(), RingError::Twice("a".to_owned()));
        assert_eq!(MasterKeys::new([("a", &good), ("b", &short)]).unwrap_err(), RingError::NotAKey("b".to_owned()));
        assert_eq!(MasterKeys::new([("a", &good)]).unwrap().current(), "a");
    }
}
