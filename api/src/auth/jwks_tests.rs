//! Tests of tokens of other houses.

use std::{
    collections::VecDeque,
    sync::{
        Mutex as StdMutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tributary_domain::clock::TestClock;

use super::*;

// Keys made for these tests; nothing else trusts them.
const ED25519: &[u8] = include_bytes!("test_keys/ed25519.pem");
const P256: &[u8] = include_bytes!("test_keys/p256.pem");
const RSA: &[u8] = include_bytes!("test_keys/rsa.pem");

const NOW: i64 = 1_800_000_000;

fn key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::EdDSA => EncodingKey::from_ed_pem(ED25519),
        Algorithm::ES256 => EncodingKey::from_ec_pem(P256),
        _ => EncodingKey::from_rsa_pem(RSA),
    }
    .unwrap()
}

fn public(kid: &str, algorithm: Algorithm) -> Value {
    let mut jwk = Jwk::from_encoding_key(&key(algorithm), algorithm).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_value(jwk).unwrap()
}

fn document(keys: &[Value]) -> Bytes {
    json!({ "keys": keys }).to_string().into()
}

fn token(kid: &str, algorithm: Algorithm, claims: &Value) -> String {
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, &key(algorithm)).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "https://login.example", "aud": ["tributary"], "sub": "u-1", "exp": NOW + 300,
        "email": "ana@example.com", "email_verified": true, "realm": { "roles": ["guests", "support-leads"] },
    })
}

fn with(changes: &Value) -> Value {
    let mut all = claims();
    for (name, value) in changes.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

struct FakeHouse {
    answers: StdMutex<VecDeque<Option<Bytes>>>,
    asked: AtomicUsize,
}

impl FakeHouse {
    fn answering(answers: impl IntoIterator<Item = Option<Bytes>>) -> Arc<Self> {
        Arc::new(Self { answers: StdMutex::new(answers.into_iter().collect()), asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl FetchKeys for FakeHouse {
    async fn fetch(&self, _url: &Url) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answers.lock().unwrap().pop_front().flatten().ok_or_else(|| "away".into())
    }
}

fn issuer(keys: KeySource, house: &Arc<FakeHouse>, clock: &TestClock) -> Result<ExternalIssuer, KeysError> {
    let settings = IssuerSettings {
        issuer: "https://login.example".into(),
        audience: "tributary".into(),
        keys,
        role_claim: "realm.roles".into(),
        roles: HashMap::from([("support-leads".into(), "supervisor".into())]),
        default_role: None,
    };
    ExternalIssuer::new(settings, house.clone(), Arc::new(clock.clone()))
}

fn clock() -> TestClock {
    TestClock::at(DateTime::from_timestamp(NOW, 0).unwrap())
}

fn address() -> KeySource {
    KeySource::Url(Url::parse("https://login.example/keys").unwrap())
}

#[tokio::test]
async fn three_kinds_of_keys_and_nothing_else() {
    let (clock, house) = (clock(), FakeHouse::answering([]));
    let keys = document(&[
        public("ed", Algorithm::EdDSA),
        public("ec", Algorithm::ES256),
        public("rsa", Algorithm::RS256),
        public("rsa512", Algorithm::RS512),
        json!({ "kty": "oct", "kid": "oct", "k": "c2VjcmV0" }),
        json!({ "kty": "something-new" }),
    ]);
    let issuer = issuer(KeySource::Document(keys), &house, &clock).unwrap();
    for (kid, algorithm) in [("ed", Algorithm::EdDSA), ("ec", Algorithm::ES256), ("rsa", Algorithm::RS256)] {
        let user = issuer.verify(&token(kid, algorithm, &claims())).await.unwrap();
        assert_eq!((user.subject.as_str(), user.role.as_str(), user.is_email_verified), ("u-1", "supervisor", true));
    }
    // Right signature, wrong algorithm for the key, or a key that must not be used.
    for (kid, algorithm) in [("rsa", Algorithm::RS512), ("rsa", Algorithm::PS256), ("rsa512", Algorithm::RS512), ("ed", Algorithm::RS256)] {
        assert_eq!(issuer.verify(&token(kid, algorithm, &claims())).await, Err(Refusal::Invalid), "{kid} {algorithm:?}");
    }
    // A public key used as if it were a shared secret.
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("oct".into());
    let forged = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(b"secret")).unwrap();
    assert_eq!(issuer.verify(&forged).await, Err(Refusal::Invalid));
    assert_eq!(house.asked(), 0);
}

#[tokio::test]
async fn claims_are_checked() {
    let (clock, house) = (clock(), FakeHouse::answering([]));
    let issuer = issuer(KeySource::Document(document(&[public("ed", Algorithm::EdDSA)])), &house, &clock).unwrap();
    for (changes, expected) in [
        (json!({ "iss": "https://evil.example" }), Refusal::Invalid),
        (json!({ "aud": "another" }), Refusal::Invalid),
        (json!({ "exp": NOW - 31 }), Refusal::Expired),
        (json!({ "nbf": NOW + 31 }), Refusal::Invalid),
        (json!({ "realm": { "roles": ["guests"] } }), Refusal::Invalid),
        (json!({ "realm": "support-leads" }), Refusal::Invalid),
    ] {
        assert_eq!(issuer.verify(&token("ed", Algorithm::EdDSA, &with(&changes))).await, Err(expected), "{changes}");
    }
    assert!(issuer.verify(&token("ed", Algorithm::EdDSA, &with(&json!({ "exp": NOW - 29, "nbf": NOW + 29 })))).await.is_ok());
}

#[tokio::test]
async fn unknown_keys_fetch_at_most_once_a_minute() {
    let clock = clock();
    let (one, two) =
        (document(&[public("a", Algorithm::EdDSA)]), document(&[public("a", Algorithm::EdDSA), public("b", Algorithm::EdDSA)]));
    let house = FakeHouse::answering([Some(one), Some(two)]);
    let issuer = issuer(address(), &house, &clock).unwrap();
    let (a, b) = (token("a", Algorithm::EdDSA, &claims()), token("b", Algorithm::EdDSA, &claims()));
    let answers = futures_util::future::join_all((0..5).map(|_| issuer.verify(&a))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(house.asked(), 1, "one fetches, the others wait");
    for _ in 0..5 {
        assert_eq!(issuer.verify(&b).await, Err(Refusal::Invalid));
    }
    assert_eq!(house.asked(), 1);
    clock.advance(TimeDelta::seconds(60));
    assert!(issuer.verify(&b).await.is_ok());
    assert_eq!(house.asked(), 2);
}

#[tokio::test]
async fn a_house_that_is_away_keeps_its_known_keys_for_a_day() {
    let clock = clock();
    let house = FakeHouse::answering([None, Some(document(&[public("a", Algorithm::EdDSA)])), None, Some(Bytes::from_static(b"<html>"))]);
    let issuer = issuer(address(), &house, &clock).unwrap();
    let good = |exp: i64| token("a", Algorithm::EdDSA, &with(&json!({ "exp": exp })));
    assert_eq!(issuer.verify(&good(NOW + 300)).await, Err(Refusal::Unavailable));
    clock.advance(TimeDelta::seconds(61));
    assert!(issuer.verify(&good(NOW + 300)).await.is_ok());
    clock.advance(TimeDelta::hours(2));
    assert!(issuer.verify(&good(NOW + 90_000)).await.is_ok());
    clock.advance(TimeDelta::hours(2));
    assert!(issuer.verify(&good(NOW + 90_000)).await.is_ok(), "a page instead of keys changes nothing");
    assert_eq!(house.asked(), 4);
    clock.advance(TimeDelta::hours(21));
    assert_eq!(issuer.verify(&good(NOW + 900_000)).await, Err(Refusal::Unavailable));
}

#[test]
fn documents_without_usable_keys_do_not_start() {
    let (clock, house) = (clock(), FakeHouse::answering([]));
    let start = |text: &'static str| issuer(KeySource::Document(Bytes::from_static(text.as_bytes())), &house, &clock);
    assert!(matches!(start("{}"), Err(KeysError::Document(_))));
    assert!(matches!(start(r#"{"keys":[]}"#), Err(KeysError::Empty)));
}
