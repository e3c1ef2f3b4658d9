//! Standard Webhooks 1.0.0: signing what we send, checking what we are sent (symmetric keys, `v1`).
//!
//! Source: github.com/standard-webhooks/standard-webhooks, specification of 2026-08.

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

/// One key, or several while keys are rotated: signs with all, accepts any.
#[derive(Clone)]
pub struct SigningKeys(Vec<SecretSlice<u8>>);

/// A text that is no key of the form `whsec_` + base64 of 24 to 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// There is none.
    #[error("there is no signing secret")]
    Missing,
    /// Not `whsec_` and base64.
    #[error("a signing secret must be whsec_ followed by base64")]
    Encoding,
    /// Too short to be safe, or longer than the specification allows.
    #[error("a signing secret must hold 24 to 64 bytes")]
    Length,
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
        let keys = text
            .split_ascii_whitespace()
            .map(|key| {
                let encoded = key.strip_prefix("whsec_").ok_or(InvalidKey::Encoding)?;
                let bytes = STANDARD.decode(encoded).map_err(|_| InvalidKey::Encoding)?;
                if (24..=64).contains(&bytes.len()) { Ok(SecretSlice::from(bytes)) } else { Err(InvalidKey::Length) }
            })
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(InvalidKey::Missing) } else { Ok(Self(keys)) }
    }

    /// Value of the signature header for this body, sent now.
    #[must_use]
    pub fn sign(&self, id: &str, at: DateTime<Utc>, body: &[u8]) -> String {
        let timestamp = at.timestamp().to_string();
        let signatures: Vec<_> = self.0.iter().map(|key| format!("v1,{}", signature(key, id, &timestamp, body))).collect();
        signatures.join(" ")
    }

    /// Checks a request against every key, in constant time.
    ///
    /// # Errors
    /// [`SignatureError`]; staleness is told only to those who signed properly.
    pub fn verify(&self, id: &str, timestamp: &str, signatures: &str, body: &[u8], now: DateTime<Utc>) -> Result<(), SignatureError> {
        let at: i64 = timestamp.parse().map_err(|_| SignatureError::Mismatch)?;
        let mut is_signed = false;
        for given in signatures.split(' ').take(MAX_SIGNATURES).filter_map(|one| one.strip_prefix("v1,")) {
            for key in &self.0 {
                is_signed |= is_same_secret(signature(key, id, timestamp, body).as_bytes(), given.as_bytes());
            }
        }
        match (is_signed, now.timestamp().abs_diff(at) <= TOLERANCE_S.unsigned_abs()) {
            (false, _) => Err(SignatureError::Mismatch),
            (true, false) => Err(SignatureError::Stale),
            (true, true) => Ok(()),
        }
    }
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
        assert_eq!(error(&format!("{OLD} whsec_c2hvcnQ=")), Some(InvalidKey::Length));
    }
}
