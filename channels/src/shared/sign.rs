//! Standard Webhooks 1.0.0: signing what we send, checking what we are sent, with shared keys (`v1`, HMAC-SHA256) and with
//! key pairs (`v1a`, Ed25519).
//!
//! Source: github.com/standard-webhooks/standard-webhooks, specification of 2026-08.

use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretSlice};

use crate::shared::hmac::{hmac_sha256, is_same_secret};

/// How far a timestamp may be from our clock, seconds, both ways (specification, "verifying").
pub const TOLERANCE_S: i64 = 300;

/// Header with the message's id, the idempotency key.
pub const ID: &str = "webhook-id";
/// Header with the time of the attempt, Unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// Header with the signatures, a space between them.
pub const SIGNATURE: &str = "webhook-signature";

/// Most signatures of one request that are looked at; rotation needs two.
const MAX_SIGNATURES: usize = 10;

/// One key, or several while keys are rotated: signs with all that can, accepts any.
#[derive(Clone)]
pub struct SigningKeys(Vec<Key>);

#[derive(Clone)]
enum Key {
    /// `whsec_`: shared; signs and verifies.
    Shared(SecretSlice<u8>),
    /// `whsk_`: our half of a pair; signs.
    Signing(Arc<Ed25519KeyPair>),
    /// `whpk_`: the other side's half; verifies.
    Verifying([u8; 32]),
}

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// There is none.
    #[error("there is no signing secret")]
    Missing,
    /// Without a known beginning, or not base64.
    #[error("a signing secret must be whsec_, whsk_ or whpk_ followed by base64")]
    Encoding,
    /// Too short to be safe, or longer than the specification allows.
    #[error("whsec_ must hold 24 to 64 bytes, whsk_ 32 or 64, whpk_ 32")]
    Length,
    /// None of them can sign.
    #[error("a public key alone signs nothing: add whsec_ or whsk_")]
    CannotSign,
}

/// Why a signed request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing or unreadable, or no signature matches.
    #[error("no valid signature")]
    Mismatch,
    /// Properly signed, but outside of [`TOLERANCE_S`].
    #[error("signed too long ago or in the future")]
    Stale,
}

impl SigningKeys {
    /// Reads keys separated by white space, the current one first.
    ///
    /// # Errors
    /// [`InvalidKey`] if any of them is none.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let keys = text.split_ascii_whitespace().map(Key::parse).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(InvalidKey::Missing) } else { Ok(Self(keys)) }
    }

    /// As [`Self::parse`], for what we send.
    ///
    /// # Errors
    /// [`InvalidKey`], also when none of the keys can sign.
    pub fn parse_for_signing(text: &str) -> Result<Self, InvalidKey> {
        let keys = Self::parse(text)?;
        if keys.0.iter().all(|key| matches!(key, Key::Verifying(_))) { Err(InvalidKey::CannotSign) } else { Ok(keys) }
    }

    /// Value of the signature header for this body, sent now.
    #[must_use]
    pub fn sign(&self, id: &str, at: DateTime<Utc>, body: &[u8]) -> String {
        let timestamp = at.timestamp().to_string();
        let signatures: Vec<_> = self.0.iter().filter_map(|key| key.sign(id, &timestamp, body)).collect();
        signatures.join(" ")
    }

    /// Checks a request against every key, in constant time.
    ///
    /// # Errors
    /// [`SignatureError`]; staleness is told only to those who signed properly.
    pub fn verify(&self, id: &str, timestamp: &str, signatures: &str, body: &[u8], now: DateTime<Utc>) -> Result<(), SignatureError> {
        let at: i64 = timestamp.parse().map_err(|_| SignatureError::Mismatch)?;
        let mut is_signed = false;
        for given in signatures.split(' ').take(MAX_SIGNATURES) {
            for key in &self.0 {
                is_signed |= key.verifies(given, id, timestamp, body);
            }
        }
        match (is_signed, now.timestamp().abs_diff(at) <= TOLERANCE_S.unsigned_abs()) {
            (false, _) => Err(SignatureError::Mismatch),
            (true, false) => Err(SignatureError::Stale),
            (true, true) => Ok(()),
        }
    }
}

impl Key {
    fn parse(text: &str) -> Result<Self, InvalidKey> {
        let (form, encoded) = text.split_once('_').ok_or(InvalidKey::Encoding)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| InvalidKey::Encoding)?;
        match (form, bytes.len()) {
            ("whsec", 24..=64) => Ok(Self::Shared(SecretSlice::from(bytes))),
            // Some tools write the public half behind the seed.
            ("whsk", 32 | 64) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&bytes[..32]).map_err(|_| InvalidKey::Encoding)?;
                if bytes.len() == 64 && pair.public_key().as_ref() != &bytes[32..] {
                    return Err(InvalidKey::Encoding);
                }
                Ok(Self::Signing(Arc::new(pair)))
            }
            ("whpk", 32) => Ok(Self::Verifying(bytes.try_into().map_err(|_| InvalidKey::Length)?)),
            ("whsec" | "whsk" | "whpk", _) => Err(InvalidKey::Length),
            _ => Err(InvalidKey::Encoding),
        }
    }

    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> Option<String> {
        match self {
            Self::Shared(key) => Some(format!("v1,{}", signature(key, id, timestamp, body))),
            Self::Signing(pair) => Some(format!("v1a,{}", STANDARD.encode(pair.sign(&signed(id, timestamp, body))))),
            Self::Verifying(_) => None,
        }
    }

    fn verifies(&self, given: &str, id: &str, timestamp: &str, body: &[u8]) -> bool {
        match (self, given.split_once(',')) {
            (Self::Shared(key), Some(("v1", given))) => is_same_secret(signature(key, id, timestamp, body).as_bytes(), given.as_bytes()),
            (Self::Verifying(key), Some(("v1a", given))) => STANDARD
                .decode(given)
                .is_ok_and(|given| UnparsedPublicKey::new(&ED25519, key).verify(&signed(id, timestamp, body), &given).is_ok()),
            _ => false,
        }
    }
}

/// What is signed: id, time and body with dots between.
fn signed(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

fn signature(key: &SecretSlice<u8>, id: &str, timestamp: &str, body: &[u8]) -> String {
    STANDARD.encode(hmac_sha256(key.expose_secret(), &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{InvalidKey, SignatureError, SigningKeys};

    const OLD: &str = "whsec_dHJpYnV0YXJ5LXN0YW5kYXJkLXdlYmhvb2tzLWtleTAx";
    const NEW: &str = "whsec_bmV4dC1zaWduaW5nLXNlY3JldC1rZXktMDAwMDAwMDI=";
    const BODY: &[u8] = br#"{"type":"message.created"}"#;
    const T: i64 = 1_767_225_600;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time")
    }

    #[test]
    fn known_answer() {
        let keys = SigningKeys::parse(OLD).expect("a key");
        assert_eq!(keys.sign("msg_01", at(T), BODY), "v1,F1OMFHyMKuLgzDrea2QgLbFrqDSoYCedyp2ZCku7M0E=");
    }

    #[test]
    fn any_key_of_a_rotation_is_enough_on_either_side() {
        let both = SigningKeys::parse(&format!("{NEW}\n{OLD}")).expect("two keys");
        let old = SigningKeys::parse(OLD).expect("a key");
        let signed = both.sign("msg_01", at(T), BODY);
        assert_eq!(signed.split(' ').count(), 2);
        assert_eq!(old.verify("msg_01", &T.to_string(), &signed, BODY, at(T)), Ok(()));
        let signed = old.sign("msg_01", at(T), BODY);
        assert_eq!(both.verify("msg_01", &T.to_string(), &signed, BODY, at(T)), Ok(()));
        assert_eq!(both.verify("msg_01", &T.to_string(), &format!("v1a,AAAA {signed}"), BODY, at(T)), Ok(()));
    }

    /// Computed with OpenSSL 3 from the seed 00 01 … 1f.
    #[test]
    fn known_answer_of_a_key_pair() {
        const PRIVATE: &str = "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        const PUBLIC: &str = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
        const SIGNED: &str = "v1a,kkZfC7/roGjHOzHXpv4Bq7oFSNpPpVPFgvIUsFbat26cabjl/BoTvDnawzrdgjTeIOcWX4e86+GNvNoptOpSCA==";
        let ours = SigningKeys::parse_for_signing(PRIVATE).expect("a key");
        assert_eq!(ours.sign("msg_01", at(T), BODY), SIGNED);
        let theirs = SigningKeys::parse(PUBLIC).expect("a key");
        let (t, mismatch) = (T.to_string(), Err(SignatureError::Mismatch));
        assert_eq!(theirs.verify("msg_01", &t, SIGNED, BODY, at(T)), Ok(()));
        assert_eq!(theirs.verify("msg_01", &t, SIGNED, BODY, at(T + 301)), Err(SignatureError::Stale));
        assert_eq!(theirs.verify("msg_02", &t, SIGNED, BODY, at(T)), mismatch);
        assert_eq!(theirs.verify("msg_01", &t, SIGNED, b"{}", at(T)), mismatch);
        assert_eq!(theirs.verify("msg_01", &t, &SIGNED.replace("v1a,", "v1,"), BODY, at(T)), mismatch);
        assert_eq!(ours.verify("msg_01", &t, SIGNED, BODY, at(T)), mismatch, "we do not send to ourselves");
        assert_eq!(SigningKeys::parse_for_signing(PUBLIC).err(), Some(InvalidKey::CannotSign));
        let mixed = SigningKeys::parse_for_signing(&format!("{OLD} {PRIVATE} {PUBLIC}")).expect("keys");
        assert_eq!(mixed.sign("msg_01", at(T), BODY), format!("v1,F1OMFHyMKuLgzDrea2QgLbFrqDSoYCedyp2ZCku7M0E= {SIGNED}"));
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let keys = SigningKeys::parse(OLD).expect("a key");
        let (signed, t) = (keys.sign("msg_01", at(T), BODY), T.to_string());
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(keys.verify("msg_02", &t, &signed, BODY, at(T)), mismatch);
        assert_eq!(keys.verify("msg_01", &(T + 1).to_string(), &signed, BODY, at(T)), mismatch);
        assert_eq!(keys.verify("msg_01", &t, &signed, b"{}", at(T)), mismatch);
        assert_eq!(keys.verify("msg_01", &t, "", BODY, at(T)), mismatch);
        assert_eq!(keys.verify("msg_01", &t, &signed.replace("v1,", "v1a,"), BODY, at(T)), mismatch);
        assert_eq!(keys.verify("msg_01", "soon", &signed, BODY, at(T)), mismatch);
        assert_eq!(SigningKeys::parse(NEW).expect("a key").verify("msg_01", &t, &signed, BODY, at(T)), mismatch);
        let late_in_the_list = format!("{}{signed}", "v1,AAAA ".repeat(10));
        assert_eq!(keys.verify("msg_01", &t, &late_in_the_list, BODY, at(T)), mismatch);
    }

    #[test]
    fn five_minutes_both_ways() {
        let keys = SigningKeys::parse(OLD).expect("a key");
        let (signed, t) = (keys.sign("msg_01", at(T), BODY), T.to_string());
        for (now, expected) in
            [(T - 300, Ok(())), (T + 300, Ok(())), (T - 301, Err(SignatureError::Stale)), (T + 301, Err(SignatureError::Stale))]
        {
            assert_eq!(keys.verify("msg_01", &t, &signed, BODY, at(now)), expected, "{now}");
        }
        let extreme = i64::MIN.to_string();
        assert_eq!(keys.verify("msg_01", &extreme, &signed, BODY, at(T)), Err(SignatureError::Mismatch));
    }

    #[test]
    fn keys_are_checked() {
        let error = |text: &str| SigningKeys::parse(text).err();
        assert_eq!(error("  "), Some(InvalidKey::Missing));
        assert_eq!(error("secret"), Some(InvalidKey::Encoding));
        assert_eq!(error("whsec_?"), Some(InvalidKey::Encoding));
        assert_eq!(error("whsec_c2hvcnQ="), Some(InvalidKey::Length));
        assert_eq!(error("whsk_c2hvcnQ="), Some(InvalidKey::Length));
        assert_eq!(error("whpk_c2hvcnQ="), Some(InvalidKey::Length));
        assert_eq!(error("other_c2hvcnQ="), Some(InvalidKey::Encoding));
        assert_eq!(error(&format!("{OLD} whsec_c2hvcnQ=")), Some(InvalidKey::Length));
    }
}
