//! Secrets at rest: XChaCha20-Poly1305 with a random nonce; the associated data bind a sealed value to its workspace,
//! channel, field and key, so that a row copied elsewhere does not open.
//!
//! Each workspace has data keys of its own; they are stored wrapped by a master key. The ring of master keys comes from
//! the configuration: the first one wraps, all of them unwrap. Rotation re-wraps the data keys and is then done; sealed
//! values follow in the background with [`Vault::reseal`].

mod ring;
mod vault;

use base64::{Engine, prelude::BASE64_STANDARD};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};

pub use self::{
    ring::{MasterKeys, RingError},
    vault::Vault,
};
use crate::{
    Error, Result,
    ids::{ChannelId, DataKeyId, WorkspaceId},
    random,
};

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// A sealed value as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The data key.
    pub key_id: DataKeyId,
    /// Base64.
    pub nonce: String,
    /// Base64.
    pub ciphertext: String,
}

/// Where a sealed value belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The channel.
    pub channel: ChannelId,
    /// The setting.
    pub field: &'a str,
}

/// A data key in the clear. Wiped when dropped.
pub struct DataKey {
    /// Its id.
    pub id: DataKeyId,
    bytes: SecretBox<[u8; KEY_BYTES]>,
}

impl DataKey {
    /// A new random key.
    #[must_use]
    pub fn generate(id: DataKeyId) -> Self {
        Self { id, bytes: SecretBox::new(Box::new(random::bytes())) }
    }

    /// Seals a secret for its place.
    #[must_use]
    pub fn seal(&self, place: Place<'_>, secret: &SecretString) -> Sealed {
        let (nonce, ciphertext) = encrypt(self.bytes.expose_secret(), secret.expose_secret().as_bytes(), &self.context(place));
        Sealed { key_id: self.id, nonce: BASE64_STANDARD.encode(nonce), ciphertext: BASE64_STANDARD.encode(ciphertext) }
    }

    /// Opens a secret at its place.
    ///
    /// # Errors
    /// [`Error::Sealed`] when it was changed, or sealed for another place or with another key.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<SecretString> {
        if sealed.key_id != self.id {
            return Err(Error::Sealed);
        }
        let nonce = BASE64_STANDARD.decode(&sealed.nonce).map_err(|_| Error::Sealed)?;
        let ciphertext = BASE64_STANDARD.decode(&sealed.ciphertext).map_err(|_| Error::Sealed)?;
        let clear = decrypt(self.bytes.expose_secret(), &nonce, &ciphertext, &self.context(place))?;
        String::from_utf8(clear).map(SecretString::from).map_err(|_| Error::Sealed)
    }

    /// Parts of fixed length first, so that no two places share a text.
    fn context(&self, place: Place<'_>) -> Vec<u8> {
        let mut context = b"tributary sealed setting\0".to_vec();
        context.extend(place.workspace.uuid().as_bytes());
        context.extend(place.channel.uuid().as_bytes());
        context.extend(self.id.uuid().as_bytes());
        context.extend(place.field.as_bytes());
        context
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).finish_non_exhaustive()
    }
}

fn encrypt(key: &[u8; KEY_BYTES], clear: &[u8], context: &[u8]) -> ([u8; NONCE_BYTES], Vec<u8>) {
    let nonce = random::bytes::<NONCE_BYTES>();
    let ciphertext = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: clear, aad: context })
        .expect("the cipher fails only beyond 256 GiB");
    (nonce, ciphertext)
}

fn decrypt(key: &[u8; KEY_BYTES], nonce: &[u8], ciphertext: &[u8], context: &[u8]) -> Result<Vec<u8>> {
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| Error::Sealed)?;
    XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(nonce), Payload { msg: ciphertext, aad: context }).map_err(|_| Error::Sealed)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_sealed_value_opens_at_its_place_only() {
        let key = DataKey::generate(DataKeyId::from(Uuid::from_u128(1)));
        let (workspace, channel) = (WorkspaceId::from(Uuid::from_u128(2)), ChannelId::from(Uuid::from_u128(3)));
        let place = Place { workspace, channel, field: "token" };
        let sealed = key.seal(place, &SecretString::from("hush"));
        assert_eq!(key.open(place, &sealed).unwrap().expose_secret(), "hush");
        assert_ne!(sealed, key.seal(place, &SecretString::from("hush")), "nonces are random");

        let elsewhere = [
            Place { workspace: WorkspaceId::from(Uuid::from_u128(9)), ..place },
            Place { channel: ChannelId::from(Uuid::from_u128(9)), ..place },
            Place { field: "token2", ..place },
        ];
        for other in elsewhere {
            assert!(matches!(key.open(other, &sealed), Err(Error::Sealed)), "{other:?}");
        }
        let stranger = DataKey::generate(key.id);
        assert!(matches!(stranger.open(place, &sealed), Err(Error::Sealed)));
        let mut renamed = sealed.clone();
        renamed.key_id = DataKeyId::from(Uuid::from_u128(8));
        assert!(matches!(key.open(place, &renamed), Err(Error::Sealed)));
        let mut cut = sealed.clone();
        cut.nonce.clear();
        assert!(matches!(key.open(place, &cut), Err(Error::Sealed)));
        assert!(!format!("{key:?} {sealed:?}").contains("hush"));
    }
}
