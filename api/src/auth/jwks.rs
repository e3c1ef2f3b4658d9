//! Tokens of another house: JWTs verified with the public keys that it publishes (a JSON Web Key Set, RFC 7517).
//!
//! Only RS256, ES256 and EdDSA, and only when the key is of that kind: the list stands here, the token has no say.
//! Keys are cached. An unknown `kid` and keys older than an hour make one caller fetch them anew, at most once per
//! minute whatever arrives, so that nobody can make us hammer the other house. When it is away, known keys stay good
//! for a day. Fetching itself is given in from outside, because all ways out of the house are guarded.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use serde::Deserialize;
use tokio::sync::{Mutex, RwLock};
use tributary_domain::clock::Clock;
use url::Url;

use super::Refusal;

/// Keys older than this are fetched anew when next needed.
const FRESH_FOR: TimeDelta = TimeDelta::hours(1);
/// Keys older than this are not trusted any more.
const TRUSTED_FOR: TimeDelta = TimeDelta::hours(24);
/// At most one fetch in this time.
const FETCH_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// Accepted difference between the two houses' clocks.
const LEEWAY_S: i64 = 30;
/// More keys than any issuer publishes; the rest is ignored.
const MAX_KEYS: usize = 100;

/// Fetches the document at `url`; made of the guarded client.
#[async_trait]
pub trait FetchKeys: Send + Sync + 'static {
    /// The body of a successful answer, capped in size and time by the implementation.
    ///
    /// # Errors
    /// Any; it is logged.
    async fn fetch(&self, url: &Url) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>>;
}

/// Where the keys are.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// Published under an address.
    Url(Url),
    /// Given once, as a JWKS document.
    Document(Bytes),
}

/// How one other house signs its people in.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// Must equal the claim `iss`.
    pub issuer: String,
    /// Must be in the claim `aud`.
    pub audience: String,
    /// Where its keys are.
    pub keys: KeySource,
    /// Claim that holds the role or a list of roles or groups; dots lead into objects (`realm_access.roles`).
    pub role_claim: String,
    /// From a value of that claim to a role of ours. The first match in the order of the claim's values wins.
    pub roles: HashMap<String, String>,
    /// Role of people without a match; `None` refuses them.
    pub default_role: Option<String>,
}

/// Somebody another house vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalUser {
    /// The house.
    pub issuer: String,
    /// Its id of the person.
    pub subject: String,
    /// Address, if it says so.
    pub email: Option<String>,
    /// Whether the house has verified the address. Do not match people by an address it has not.
    pub is_email_verified: bool,
    /// Display name.
    pub name: Option<String>,
    /// Our role, mapped from its claim.
    pub role: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// A key set that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Not a JWKS document.
    #[error("not a JSON Web Key Set")]
    Document(#[from] serde_json::Error),
    /// No RS256, ES256 or EdDSA signing key with an id in it.
    #[error("the key set holds no usable RS256, ES256 or EdDSA key with a kid")]
    Empty,
    /// It could not be fetched.
    #[error("the key set could not be fetched")]
    Fetch(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Verifies the tokens of one other house.
pub struct ExternalIssuer {
    settings: IssuerSettings,
    clock: Arc<dyn Clock>,
    fetch: Arc<dyn FetchKeys>,
    keys: RwLock<Keys>,
    /// Time of the last attempt; held while fetching, so that one fetches and the others wait for its result.
    attempt: Mutex<Option<DateTime<Utc>>>,
}

#[derive(Default)]
struct Keys {
    by_id: HashMap<String, (Algorithm, Arc<DecodingKey>)>,
    fetched_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct ExternalClaims {
    sub: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

impl ExternalIssuer {
    /// Ready to verify; a document is read at once, an address when the first token arrives.
    ///
    /// # Errors
    /// [`KeysError`] when a given document cannot be used.
    pub fn new(settings: IssuerSettings, fetch: Arc<dyn FetchKeys>, clock: Arc<dyn Clock>) -> Result<Self, KeysError> {
        let keys = match &settings.keys {
            KeySource::Url(_) => Keys::default(),
            KeySource::Document(document) => Keys { by_id: read_keys(document)?, fetched_at: None },
        };
        Ok(Self { settings, clock, fetch, keys: RwLock::new(keys), attempt: Mutex::new(None) })
    }

    /// The issuer's name, to choose among several before verifying.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Whom the token stands for.
    ///
    /// # Errors
    /// See [`Refusal`]; `Unavailable` when the keys cannot be had.
    pub async fn verify(&self, token: &str) -> Result<ExternalUser, Refusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Invalid)?;
        let kid = header.kid.ok_or(Refusal::Invalid)?;
        let (algorithm, key) = self.key(&kid).await?;
        if header.alg != algorithm {
            return Err(Refusal::Invalid);
        }
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "sub", "iss", "aud"]);
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<ExternalClaims>(token, &key, &validation).map_err(|_| Refusal::Invalid)?.claims;
        let now = self.clock.now().timestamp();
        if claims.exp.saturating_add(LEEWAY_S) <= now {
            return Err(Refusal::Expired);
        }
        if claims.nbf.is_some_and(|from| from.saturating_sub(LEEWAY_S) > now) {
            return Err(Refusal::Invalid);
        }
        self.user(claims)
    }

    fn user(&self, claims: ExternalClaims) -> Result<ExternalUser, Refusal> {
        let text = |name: &str| claims.rest.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        Ok(ExternalUser {
            issuer: self.settings.issuer.clone(),
            email: text("email"),
            is_email_verified: claims.rest.get("email_verified").and_then(serde_json::Value::as_bool).unwrap_or(false),
            name: text("name"),
            role: self.role(&claims.rest).ok_or(Refusal::Invalid)?,
            expires_at: DateTime::from_timestamp(claims.exp, 0).ok_or(Refusal::Invalid)?,
            subject: claims.sub,
        })
    }

    fn role(&self, claims: &serde_json::Map<String, serde_json::Value>) -> Option<String> {
        // Claims with a dot in their name (addresses, for instance) exist: the whole name is tried first.
        let value = claims.get(&self.settings.role_claim).or_else(|| {
            let mut steps = self.settings.role_claim.split('.');
            let first = claims.get(steps.next()?)?;
            steps.try_fold(first, |value, step| value.get(step))
        });
        let values: Vec<&str> = match value {
            Some(serde_json::Value::String(one)) => vec![one],
            Some(serde_json::Value::Array(many)) => many.iter().filter_map(serde_json::Value::as_str).collect(),
            _ => vec![],
        };
        values.iter().find_map(|value| self.settings.roles.get(*value)).or(self.settings.default_role.as_ref()).cloned()
    }

    async fn key(&self, kid: &str) -> Result<(Algorithm, Arc<DecodingKey>), Refusal> {
        let KeySource::Url(url) = &self.settings.keys else {
            return self.keys.read().await.by_id.get(kid).cloned().ok_or(Refusal::Invalid);
        };
        if let Some(key) = self.cached(kid, FRESH_FOR).await {
            return Ok(key);
        }
        let mut attempt = self.attempt.lock().await;
        // Somebody else may have fetched while this caller waited for the lock.
        if let Some(key) = self.cached(kid, FRESH_FOR).await {
            return Ok(key);
        }
        let now = self.clock.now();
        if attempt.is_none_or(|last| now - last >= FETCH_PAUSE) {
            *attempt = Some(now);
            match self.refresh(url, now).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(issuer = %self.settings.issuer, error = &error as &dyn std::error::Error, "The keys of an identity provider could not be refreshed");
                }
            }
        }
        if let Some(key) = self.cached(kid, TRUSTED_FOR).await {
            return Ok(key);
        }
        let has_keys = self.keys.read().await.fetched_at.is_some_and(|at| now - at < TRUSTED_FOR);
        Err(if has_keys { Refusal::Invalid } else { Refusal::Unavailable })
    }

    async fn cached(&self, kid: &str, max_age: TimeDelta) -> Option<(Algorithm, Arc<DecodingKey>)> {
        let keys = self.keys.read().await;
        keys.fetched_at.filter(|at| self.clock.now() - *at < max_age)?;
        keys.by_id.get(kid).cloned()
    }

    async fn refresh(&self, url: &Url, now: DateTime<Utc>) -> Result<(), KeysError> {
        let document = self.fetch.fetch(url).await.map_err(KeysError::Fetch)?;
        let by_id = read_keys(&document)?;
        *self.keys.write().await = Keys { by_id, fetched_at: Some(now) };
        Ok(())
    }
}

/// Usable keys of a document. Single keys of kinds we do not know are normal and skipped.
fn read_keys(document: &[u8]) -> Result<HashMap<String, (Algorithm, Arc<DecodingKey>)>, KeysError> {
    #[derive(Deserialize)]
    struct Loose {
        keys: Vec<serde_json::Value>,
    }
    let loose: Loose = serde_json::from_slice(document)?;
    let set = JwkSet { keys: loose.keys.into_iter().take(MAX_KEYS).filter_map(|key| serde_json::from_value(key).ok()).collect() };
    let keys: HashMap<_, _> = set.keys.iter().filter_map(usable).collect();
    if keys.is_empty() { Err(KeysError::Empty) } else { Ok(keys) }
}

fn usable(jwk: &Jwk) -> Option<(String, (Algorithm, Arc<DecodingKey>))> {
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    // A key made for another algorithm of its family (RS512, PS256) is not used for ours.
    if jwk.common.key_algorithm.is_some_and(|named| named.to_string() != format!("{algorithm:?}")) {
        return None;
    }
    Some((jwk.common.key_id.clone()?, (algorithm, Arc::new(DecodingKey::from_jwk(jwk).ok()?))))
}

#[cfg(test)]
#[path = "jwks_tests.rs"]
mod tests;
