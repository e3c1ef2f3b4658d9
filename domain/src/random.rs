//! Randomness for secrets: the one place that asks for it.
//!
//! Everything here comes from the thread's cryptographically secure generator, seeded by the operating system. Values that
//! a test must know in advance (ids, jitter) are parameters elsewhere, not made here.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Unpredictable bytes.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}

/// A secret of 256 bits that can stand in an address: 43 characters of URL-safe base64.
#[must_use]
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
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
