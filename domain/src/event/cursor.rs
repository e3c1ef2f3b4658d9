//! The cursor handed to those who follow a log: opaque, authenticated, bound to workspace and epoch.
//!
//! What it does not do: say whether the place is still in the log. [`super::log::check`] does, with the database.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Position, Seq};
use crate::{Error, Result, ids::WorkspaceId};

/// First byte of every cursor; raised when the format changes.
const FORMAT: u8 = 1;
/// Bytes of the authentication code that are kept: 128 bits.
const TAG_BYTES: usize = 16;
/// Format, epoch, seq, tag. The workspace is not inside: it is authenticated, and both sides know it.
const CURSOR_BYTES: usize = 1 + 8 + 8 + TAG_BYTES;

/// Makes and reads cursors. All nodes must have the same key.
#[derive(Clone)]
pub struct CursorKey(Hmac<Sha256>);

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey")
    }
}

impl CursorKey {
    /// A key of any length; 32 random bytes are right.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("this construction takes keys of any length"))
    }

    /// The text to hand out for a position.
    #[must_use]
    pub fn encode(&self, workspace: WorkspaceId, position: Position) -> String {
        let mut bytes = Vec::with_capacity(CURSOR_BYTES);
        bytes.push(FORMAT);
        bytes.extend(position.epoch.to_be_bytes());
        bytes.extend(position.seq.0.to_be_bytes());
        let tag = self.authenticate(workspace, &bytes).finalize().into_bytes();
        bytes.extend(&tag[..TAG_BYTES]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position behind a text that we handed out for this workspace.
    ///
    /// # Errors
    /// [`Error::Invalid`] on field `after` when we never handed it out (forged, cut, of another workspace).
    pub fn decode(&self, workspace: WorkspaceId, text: &str) -> Result<Position> {
        let forged = || Error::invalid("after", "not a cursor of this workspace");
        let bytes: [u8; CURSOR_BYTES] =
            BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(forged)?;
        let (body, tag) = bytes.split_at(CURSOR_BYTES - TAG_BYTES);
        self.authenticate(workspace, body).verify_truncated_left(tag).map_err(|_| forged())?;
        let number = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&body[at..at + 8]);
            i64::from_be_bytes(eight)
        };
        if body[0] != FORMAT {
            // Ours, but of a version that this program no longer reads.
            return Err(Error::StreamReset);
        }
        Ok(Position { epoch: number(1), seq: Seq(number(9)) })
    }

    fn authenticate(&self, workspace: WorkspaceId, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(b"tributary event cursor\0");
        mac.update(workspace.uuid().as_bytes());
        mac.update(body);
        mac
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_cursor_comes_back_and_a_forged_one_does_not() {
        let key = CursorKey::new(b"secret");
        let workspace = WorkspaceId::from(Uuid::from_u128(1));
        let position = Position { epoch: 3, seq: Seq(41) };
        let text = key.encode(workspace, position);
        assert_eq!(key.decode(workspace, &text).unwrap(), position);

        let other = WorkspaceId::from(Uuid::from_u128(2));
        assert!(matches!(key.decode(other, &text), Err(Error::Invalid { .. })), "of another workspace");
        assert!(matches!(CursorKey::new(b"other").decode(workspace, &text), Err(Error::Invalid { .. })), "of another server");
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let edited = String::from_utf8(bytes).unwrap();
            if edited != text {
                assert!(matches!(key.decode(workspace, &edited), Err(Error::Invalid { .. })), "edited at {at}");
            }
        }
        for cut in ["", "A", &text[..text.len() - 1], "🙂"] {
            assert!(matches!(key.decode(workspace, cut), Err(Error::Invalid { .. })));
        }
    }
}
