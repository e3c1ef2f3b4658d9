//! Random bytes and tokens from the operating system's generator.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::Rng;
use uuid::Uuid;

/// Unpredictable bytes, for keys and nonces.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// An unguessable token of 256 bits, safe in addresses and headers.
#[must_use]
pub fn token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes::<32>())
}

/// The list from a random place on and around: where not all get a turn, nobody is always the last.
#[must_use]
pub(crate) fn rotated<T>(mut list: Vec<T>) -> Vec<T> {
    if !list.is_empty() {
        let start = u64::from_be_bytes(bytes()) % list.len() as u64;
        list.rotate_left(usize::try_from(start).unwrap_or(0));
    }
    list
}

/// A new id: sortable by the time it was made.
#[must_use]
pub fn id<I: From<Uuid>>() -> I {
    Uuid::now_v7().into()
}

#[cfg(test)]
mod tests {
    use super::{bytes, token};

    #[test]
    fn tokens_differ_and_fit_into_addresses() {
        let (one, other) = (token(), token());
        assert_ne!(one, other);
        assert_eq!(one.len(), 43);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_ne!(bytes::<16>(), [0; 16]);
    }
}
