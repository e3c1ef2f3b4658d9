//! Random opaque tokens: refresh tokens, API tokens, path tokens.
//!
//! A token is a prefix that says what it is (so that scanners find leaked ones), an underscore and 32 random bytes in
//! base64url. Only its SHA-256 is stored: with 256 random bits a slow hash would protect nothing.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::CryptoRng;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Random bytes in a token.
const RANDOM_BYTES: usize = 32;

/// What is stored of a token. Compares in constant time.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of `token`, prefix included.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// A hash read from storage; `None` unless it has 32 bytes.
    #[must_use]
    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// For storage and for look-ups by key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// For text columns.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A new token beginning with `prefix` and an underscore.
pub fn generate(prefix: &str, rng: &mut impl CryptoRng) -> SecretString {
    let mut bytes = [0_u8; RANDOM_BYTES];
    rng.fill_bytes(&mut bytes);
    format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(bytes)).into()
}

/// Whether `token` has the form of a token with this prefix. A cheap check that spares a look-up; proves nothing.
#[must_use]
pub fn has_form(prefix: &str, token: &str) -> bool {
    token
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|rest| URL_SAFE_NO_PAD.decode(rest).is_ok_and(|bytes| bytes.len() == RANDOM_BYTES))
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn tokens_differ_have_their_form_and_match_their_hash_only() {
        let mut rng = StdRng::seed_from_u64(7);
        let (one, two) = (generate("trb_api", &mut rng), generate("trb_api", &mut rng));
        let (one, two) = (one.expose_secret(), two.expose_secret());
        assert_ne!(one, two);
        assert!(has_form("trb_api", one));
        assert!(!has_form("trb_ref", one));
        assert!(!has_form("trb_api", "trb_api_short"));
        assert!(!has_form("trb_api", &one[..one.len() - 1]));
        assert!(TokenHash::of(one) == TokenHash::of(one));
        assert!(TokenHash::of(one) != TokenHash::of(two));
        assert_eq!(TokenHash::from_stored(TokenHash::of(one).as_bytes()), Some(TokenHash::of(one)));
        assert_eq!(TokenHash::from_stored(b"short"), None);
        assert_eq!(TokenHash::of("").to_hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(format!("{:?}", TokenHash::of(one)), "TokenHash(…)");
    }
}
