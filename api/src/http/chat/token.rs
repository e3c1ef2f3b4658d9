//! What visitors hold: session tokens, cursors, addresses of files. All are authenticated with one key and bound to a
//! channel; none is stored. Signed identities of the customer's own site are read here too.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tributary_domain::ids::{AttachmentId, ChannelId, ExternalUserId};

/// How long a token opens everything.
const TOKEN_HOLDS: TimeDelta = TimeDelta::days(30);
/// How long after that it still says who the visitor was.
const REMEMBERED: TimeDelta = TimeDelta::days(90);
/// Age at which an open connection gets a new one.
const RENEWED_AFTER: TimeDelta = TimeDelta::days(1);
/// Longest token that is looked at, bytes; ours are far shorter.
const MAX_TOKEN: usize = 4096;
/// Longest `sub` of a signed identity, characters.
const MAX_SUBJECT: usize = 200;
/// What the external id of a signed identity begins with; those that we make are UUIDs.
const SIGNED: &str = "user:";
/// Bytes kept of the code that binds a cursor to its visitor.
const CURSOR_TAG: usize = 12;

/// Makes and checks what visitors hold. Every node of an installation needs the same key.
#[derive(Clone)]
pub struct ChatKey([u8; 32]);

impl std::fmt::Debug for ChatKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChatKey")
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    /// The visitor: external id of the identity.
    pub v: ExternalUserId,
    /// The one that the same browser was before it signed in; repeats of its frames are still known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<ExternalUserId>,
    /// Issued, seconds since 1970.
    pub iat: i64,
    /// Good until, seconds since 1970.
    pub exp: i64,
    /// Where the visitor is: language, time zone, page. Kept here until the first message makes a contact.
    #[serde(default)]
    pub at: Whereabouts,
}

/// Where a visitor is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Whereabouts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
}

impl Claims {
    pub(super) fn new(visitor: ExternalUserId, was: Option<ExternalUserId>, at: Whereabouts, now: DateTime<Utc>) -> Self {
        Self { v: visitor, was, iat: now.timestamp(), exp: (now + TOKEN_HOLDS).timestamp(), at }
    }

    /// Whether the customer's site vouches for the visitor.
    pub(super) fn is_signed_in(&self) -> bool {
        self.v.0.starts_with(SIGNED)
    }

    /// The same visitor with a token as new as can be, if this one is old enough to be worth it.
    pub(super) fn renewed(&self, now: DateTime<Utc>) -> Option<Self> {
        let is_old = now.timestamp() - self.iat > RENEWED_AFTER.num_seconds();
        is_old.then(|| Self::new(self.v.clone(), self.was.clone(), self.at.clone(), now))
    }
}

impl ChatKey {
    /// A key of 32 random bytes.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn mac(&self, purpose: &str, channel: ChannelId, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(channel.uuid().as_bytes());
        for part in parts {
            // Lengths keep parts apart.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The token that says this.
    pub(super) fn token(&self, channel: ChannelId, claims: &Claims) -> String {
        let said = serde_json::to_vec(claims).expect("claims have text keys and no failing serializers");
        let tag = self.mac("chat token", channel, &[&said]);
        format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(said), BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    /// What a token that we issued for this channel says, whether or not it has run out.
    fn read(&self, channel: ChannelId, token: &str) -> Option<Claims> {
        let (said, tag) = token.split_once('.').filter(|_| token.len() <= MAX_TOKEN)?;
        let (said, tag) = (BASE64_URL_SAFE_NO_PAD.decode(said).ok()?, BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?);
        let is_ours = bool::from(self.mac("chat token", channel, &[&said]).ct_eq(&tag));
        is_ours.then(|| serde_json::from_slice(&said).ok()).flatten()
    }

    /// What a token says that is good now.
    pub(super) fn verify(&self, channel: ChannelId, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        self.read(channel, token).filter(|claims| now.timestamp() < claims.exp)
    }

    /// What a token says that is good now or was not long ago.
    pub(super) fn remember(&self, channel: ChannelId, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        self.read(channel, token).filter(|claims| now.timestamp() < claims.exp + REMEMBERED.num_seconds())
    }

    /// Binds a cursor of the log to a visitor.
    pub(super) fn bind_cursor(&self, channel: ChannelId, visitor: &ExternalUserId, cursor: &str) -> String {
        let tag = self.mac("chat cursor", channel, &[visitor.0.as_bytes(), cursor.as_bytes()]);
        format!("{cursor}.{}", BASE64_URL_SAFE_NO_PAD.encode(&tag[..CURSOR_TAG]))
    }

    /// The cursor of the log in a bound one; `None` unless it was bound for this visitor.
    pub(super) fn unbind_cursor<'a>(&self, channel: ChannelId, visitor: &ExternalUserId, bound: &'a str) -> Option<&'a str> {
        let (cursor, _) = bound.split_once('.')?;
        bool::from(self.bind_cursor(channel, visitor, cursor).as_bytes().ct_eq(bound.as_bytes())).then_some(cursor)
    }

    /// The query that opens a file until a time.
    pub(super) fn file_query(&self, channel: ChannelId, file: AttachmentId, expires: DateTime<Utc>) -> String {
        let expires = expires.timestamp();
        let tag = self.mac("chat file", channel, &[file.uuid().as_bytes(), &expires.to_be_bytes()]);
        format!("expires={expires}&signature={}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    /// Whether such a query opens the file now.
    pub(super) fn opens_file(&self, channel: ChannelId, file: AttachmentId, expires: i64, signature: &str, now: DateTime<Utc>) -> bool {
        let tag = self.mac("chat file", channel, &[file.uuid().as_bytes(), &expires.to_be_bytes()]);
        let is_ours = BASE64_URL_SAFE_NO_PAD.decode(signature).is_ok_and(|given| bool::from(tag.ct_eq(&given)));
        is_ours && now.timestamp() < expires
    }
}

/// What the customer's site says about a visitor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct SignedIdentity {
    sub: String,
    exp: i64,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
}

impl SignedIdentity {
    /// Reads a JWT that the customer's site signed for this widget key; `None` when anything about it is wrong.
    pub(super) fn read(jwt: &str, secret: &SecretString, widget_key: &str, now: DateTime<Utc>) -> Option<Self> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[widget_key]);
        validation.set_required_spec_claims(&["exp", "sub", "aud"]);
        // The library reads the machine's clock; ours is compared below.
        validation.validate_exp = false;
        let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
        let claims = jsonwebtoken::decode::<Self>(jwt, &key, &validation).ok()?.claims;
        let is_named = !claims.sub.trim().is_empty() && claims.sub.chars().count() <= MAX_SUBJECT;
        (is_named && now.timestamp() < claims.exp).then_some(claims)
    }

    /// The visitor that it stands for.
    pub(super) fn visitor(&self) -> ExternalUserId {
        ExternalUserId(format!("{SIGNED}{}", self.sub))
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    fn channel(n: u128) -> ChannelId {
        ChannelId::from(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn a_token_holds_for_its_channel_and_its_time() {
        let key = ChatKey::new([7; 32]);
        let claims = Claims::new("v1".into(), None, Whereabouts::default(), now());
        let token = key.token(channel(1), &claims);
        assert_eq!(key.verify(channel(1), &token, now()), Some(claims.clone()));
        assert_eq!(key.verify(channel(2), &token, now()), None);
        assert_eq!(ChatKey::new([8; 32]).verify(channel(1), &token, now()), None);
        let later = now() + TimeDelta::days(30);
        assert_eq!(key.verify(channel(1), &token, later), None);
        assert_eq!(key.remember(channel(1), &token, later), Some(claims.clone()));
        assert_eq!(key.remember(channel(1), &token, now() + TimeDelta::days(120)), None);
        assert_eq!(claims.renewed(now() + TimeDelta::hours(1)), None);
        assert!(claims.renewed(now() + TimeDelta::days(2)).is_some());
        for at in 0..token.len() {
            let mut edited = token.clone().into_bytes();
            edited[at] = if edited[at] == b'A' { b'Q' } else { b'A' };
            let edited = String::from_utf8(edited).expect("still ASCII");
            if edited != token {
                assert_eq!(key.verify(channel(1), &edited, now()), None, "edited at {at}");
            }
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_visitor() {
        let key = ChatKey::new([7; 32]);
        let bound = key.bind_cursor(channel(1), &"v1".into(), "abc");
        assert_eq!(key.unbind_cursor(channel(1), &"v1".into(), &bound), Some("abc"));
        assert_eq!(key.unbind_cursor(channel(1), &"v2".into(), &bound), None);
        for wrong in ["abc", "", ".", "abd.AAAA", "🙂.🙂"] {
            assert_eq!(key.unbind_cursor(channel(1), &"v1".into(), wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_opens_one_file_until_its_end() {
        let key = ChatKey::new([7; 32]);
        let (file, other) = (AttachmentId::from(uuid::Uuid::from_u128(1)), AttachmentId::from(uuid::Uuid::from_u128(2)));
        let query = key.file_query(channel(1), file, now() + TimeDelta::hours(1));
        let (_, signature) = query.split_once("signature=").expect("signed");
        let until = (now() + TimeDelta::hours(1)).timestamp();
        assert!(key.opens_file(channel(1), file, until, signature, now()));
        assert!(!key.opens_file(channel(1), other, until, signature, now()));
        assert!(!key.opens_file(channel(2), file, until, signature, now()));
        assert!(!key.opens_file(channel(1), file, until + 1, signature, now()));
        assert!(!key.opens_file(channel(1), file, until, signature, now() + TimeDelta::hours(1)));
    }

    #[test]
    fn an_identity_needs_the_right_signature_audience_and_time() {
        let secret = SecretString::from("a secret of the customer's site!");
        let sign = |algorithm: Algorithm, secret: &str, claims: serde_json::Value| {
            jsonwebtoken::encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(secret.as_bytes())).expect("signable")
        };
        let good = json!({"sub": "42", "aud": "wk", "exp": now().timestamp() + 60, "name": "Mara"});
        let read = |jwt: &str| SignedIdentity::read(jwt, &secret, "wk", now());
        let found = read(&sign(Algorithm::HS256, "a secret of the customer's site!", good.clone())).expect("good");
        assert_eq!(found.visitor(), ExternalUserId("user:42".into()));
        assert_eq!(found.name.as_deref(), Some("Mara"));
        assert!(read(&sign(Algorithm::HS256, "another secret", good.clone())).is_none());
        assert!(read(&sign(Algorithm::HS384, "a secret of the customer's site!", good)).is_none());
        for wrong in [
            json!({"sub": "42", "aud": "other", "exp": now().timestamp() + 60}),
            json!({"sub": "42", "exp": now().timestamp() + 60}),
            json!({"sub": "42", "aud": "wk", "exp": now().timestamp()}),
            json!({"sub": "42", "aud": "wk"}),
            json!({"sub": " ", "aud": "wk", "exp": now().timestamp() + 60}),
            json!({"sub": "x".repeat(201), "aud": "wk", "exp": now().timestamp() + 60}),
        ] {
            assert!(read(&sign(Algorithm::HS256, "a secret of the customer's site!", wrong.clone())).is_none(), "{wrong}");
        }
        assert!(read("").is_none() && read("a.b.c").is_none());
    }
}
