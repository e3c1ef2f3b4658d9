//! Our own access tokens: short-lived JWTs, signed with HS256, keys chosen by `kid`.
//!
//! The algorithm is fixed here and never read from the token. The first key of the ring signs, all of them verify, so
//! a key is changed by putting a new one in front and taking the old one away once its last token has expired. Times
//! come from the clock that was given, not from the machine.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tributary_domain::{
    clock::Clock,
    ids::{PersonId, SessionId, WorkspaceId},
};

use super::Refusal;

/// Shortest secret that is accepted, in bytes: as long as the hash (RFC 7518, 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who.
    pub sub: PersonId,
    /// In which workspace.
    pub wsp: WorkspaceId,
    /// The session whose end is the end of this token.
    pub sid: SessionId,
    /// With which role. A hint for clients; the server reads the person's role from the database.
    pub role: String,
    /// From when, in seconds since 1970.
    pub iat: i64,
    /// Until when, in seconds since 1970.
    pub exp: i64,
}

impl Claims {
    /// Until when.
    #[must_use]
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.exp, 0)
    }
}

/// Whom a token is for.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Who.
    pub person: PersonId,
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// In which session.
    pub session: SessionId,
    /// With which role.
    pub role: String,
}

/// A token ready to be given out.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The compact JWT.
    pub token: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// What can go wrong when making tokens.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No key, or one shorter than [`MIN_SECRET_BYTES`].
    #[error("access tokens need at least one key, each of at least {MIN_SECRET_BYTES} bytes")]
    Keys,
    /// Signing failed.
    #[error("the token cannot be signed")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// Issues and verifies access tokens.
pub struct AccessTokens {
    clock: Arc<dyn Clock>,
    issuer: String,
    ttl: TimeDelta,
    signing: (String, EncodingKey),
    verifying: HashMap<String, DecodingKey>,
    validation: Validation,
}

impl AccessTokens {
    /// Signs with the first of `secrets`, verifies with all.
    ///
    /// # Errors
    /// [`TokenError::Keys`].
    pub fn new(
        secrets: &[SecretSlice<u8>],
        issuer: &str,
        audience: &str,
        ttl: std::time::Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TokenError> {
        if secrets.iter().any(|secret| secret.expose_secret().len() < MIN_SECRET_BYTES) {
            return Err(TokenError::Keys);
        }
        let first = secrets.first().ok_or(TokenError::Keys)?.expose_secret();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "sub", "iss", "aud"]);
        // The library reads the machine's clock; ours is compared below.
        validation.validate_exp = false;
        Ok(Self {
            clock,
            issuer: issuer.to_owned(),
            ttl: TimeDelta::from_std(ttl).map_err(|_too_long| TokenError::Keys)?,
            signing: (key_id(first), EncodingKey::from_secret(first)),
            verifying: secrets
                .iter()
                .map(|secret| (key_id(secret.expose_secret()), DecodingKey::from_secret(secret.expose_secret())))
                .collect(),
            validation,
        })
    }

    /// A token for `subject`, good from now on.
    ///
    /// # Errors
    /// [`TokenError::Sign`].
    pub fn issue(&self, subject: &Subject) -> Result<Issued, TokenError> {
        let now = self.clock.now();
        let expires_at = now + self.ttl;
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(self.signing.0.clone());
        let claims = Signed {
            iss: &self.issuer,
            aud: self.validation.aud.as_ref().and_then(|all| all.iter().next()).map_or("", String::as_str),
            claims: Claims {
                sub: subject.person,
                wsp: subject.workspace,
                sid: subject.session,
                role: subject.role.clone(),
                iat: now.timestamp(),
                exp: expires_at.timestamp(),
            },
        };
        Ok(Issued { token: jsonwebtoken::encode(&header, &claims, &self.signing.1)?, expires_at })
    }

    /// Whether `token` looks like a JWT at all; opaque tokens do not.
    #[must_use]
    pub fn has_form(token: &str) -> bool {
        token.starts_with("eyJ") && token.split('.').count() == 3
    }

    /// What a token of ours says.
    ///
    /// # Errors
    /// [`Refusal::Expired`] for one whose signature is right and whose time is over, else [`Refusal::Invalid`].
    pub fn verify(&self, token: &str) -> Result<Claims, Refusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Invalid)?;
        let key = header.kid.and_then(|kid| self.verifying.get(&kid)).ok_or(Refusal::Invalid)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation).map_err(|_| Refusal::Invalid)?.claims;
        if claims.exp <= self.clock.now().timestamp() { Err(Refusal::Expired) } else { Ok(claims) }
    }
}

#[derive(Serialize)]
struct Signed<'a> {
    iss: &'a str,
    aud: &'a str,
    #[serde(flatten)]
    claims: Claims,
}

/// Names a secret without telling it.
fn key_id(secret: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(b"tributary access token key");
    digest.update(secret);
    hex::encode(&digest.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use tributary_domain::clock::TestClock;
    use uuid::Uuid;

    use super::*;

    fn secret(byte: u8) -> SecretSlice<u8> {
        vec![byte; 32].into()
    }

    fn tokens(secrets: &[SecretSlice<u8>], clock: &TestClock) -> AccessTokens {
        let ttl = std::time::Duration::from_secs(600);
        AccessTokens::new(secrets, "tributary", "tributary-api", ttl, Arc::new(clock.clone())).unwrap()
    }

    fn subject() -> Subject {
        Subject {
            person: Uuid::from_u128(1).into(),
            workspace: Uuid::from_u128(2).into(),
            session: Uuid::from_u128(3).into(),
            role: "agent".into(),
        }
    }

    fn clock() -> TestClock {
        TestClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
    }

    #[test]
    fn a_token_is_good_until_its_last_second() {
        let clock = clock();
        let tokens = tokens(&[secret(1)], &clock);
        let issued = tokens.issue(&subject()).unwrap();
        let claims = tokens.verify(&issued.token).unwrap();
        assert_eq!((claims.sub, claims.role.as_str()), (subject().person, "agent"));
        assert_eq!(claims.expires_at(), Some(issued.expires_at));
        clock.advance(TimeDelta::seconds(599));
        assert!(tokens.verify(&issued.token).is_ok());
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(tokens.verify(&issued.token), Err(Refusal::Expired));
    }

    #[test]
    fn keys_rotate_and_old_ones_leave() {
        let clock = clock();
        let old = tokens(&[secret(1)], &clock).issue(&subject()).unwrap().token;
        assert!(tokens(&[secret(2), secret(1)], &clock).verify(&old).is_ok());
        assert_eq!(tokens(&[secret(2)], &clock).verify(&old), Err(Refusal::Invalid));
    }

    #[test]
    fn forged_tokens_are_refused() {
        let clock = clock();
        let tokens = tokens(&[secret(1)], &clock);
        let good = tokens.issue(&subject()).unwrap().token;
        let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
        // {"alg":"none","typ":"JWT"}: the header is the attacker's to write.
        parts[0] = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0".into();
        assert_eq!(tokens.verify(&parts.join(".")), Err(Refusal::Invalid));
        assert_eq!(tokens.verify(&format!("{}.{}.", parts[0], parts[1])), Err(Refusal::Invalid));
        assert_eq!(tokens.verify("eyJ.x.y"), Err(Refusal::Invalid));
        assert_eq!(tokens.verify(""), Err(Refusal::Invalid));

        let sign = |kid: &str, alg: Algorithm, iss: &str, aud: &str| {
            let mut header = Header::new(alg);
            header.kid = Some(kid.to_owned());
            let claims = Claims {
                sub: subject().person,
                wsp: subject().workspace,
                sid: subject().session,
                role: "admin".into(),
                iat: 0,
                exp: 1_900_000_000,
            };
            jsonwebtoken::encode(&header, &Signed { iss, aud, claims }, &EncodingKey::from_secret(&[1; 32])).unwrap()
        };
        let kid = key_id(&[1; 32]);
        assert!(tokens.verify(&sign(&kid, Algorithm::HS256, "tributary", "tributary-api")).is_ok(), "the control");
        for bad in [
            sign(&kid, Algorithm::HS512, "tributary", "tributary-api"),
            sign(&kid, Algorithm::HS256, "somebody", "tributary-api"),
            sign(&kid, Algorithm::HS256, "tributary", "another"),
            sign("unknown", Algorithm::HS256, "tributary", "tributary-api"),
        ] {
            assert_eq!(tokens.verify(&bad), Err(Refusal::Invalid));
        }
    }

    #[test]
    fn short_or_missing_secrets_do_not_start() {
        let clock: Arc<dyn Clock> = Arc::new(clock());
        let ttl = std::time::Duration::from_secs(600);
        for secrets in [vec![], vec![vec![1_u8; 31].into()], vec![secret(1), vec![].into()]] {
            assert!(matches!(AccessTokens::new(&secrets, "i", "a", ttl, Arc::clone(&clock)), Err(TokenError::Keys)));
        }
    }
}
