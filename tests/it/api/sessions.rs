//! Tokens of other houses, and tabs that share a session.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, routing::get};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};
use tributary_domain::actor::Role;

use crate::{
    backend::{Backend, on_both},
    live::place::{PASSWORD, Place},
};

on_both![
    another_house_vouches_and_gives_the_role,
    tokens_that_are_not_good_lead_nowhere,
    two_tabs_share_a_refresh_token,
    success_is_not_limited,
];

const WITH_TOKEN: &str = "mutation($token: String!) { signInWithToken(token: $token) { \
    session { accessToken person { email name role } } errors { code isRetryable } } }";

const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

fn key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::EdDSA => EncodingKey::from_ed_pem(include_bytes!("../../../api/src/auth/test_keys/ed25519.pem")),
        Algorithm::ES256 => EncodingKey::from_ec_pem(include_bytes!("../../../api/src/auth/test_keys/p256.pem")),
        _ => EncodingKey::from_rsa_pem(include_bytes!("../../../api/src/auth/test_keys/rsa.pem")),
    }
    .unwrap()
}

/// A server that publishes the keys of a house.
struct House {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl House {
    async fn open() -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let keys: Vec<_> = ALGORITHMS
            .into_iter()
            .map(|algorithm| {
                let mut jwk = Jwk::from_encoding_key(&key(algorithm), algorithm).unwrap();
                jwk.common.key_id = Some(format!("{algorithm:?}"));
                serde_json::to_value(jwk).unwrap()
            })
            .collect();
        let counter = Arc::clone(&asked);
        let document = json!({ "keys": keys });
        let keys = move || {
            counter.fetch_add(1, Ordering::SeqCst);
            let document = document.clone();
            async move { Json(document) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/keys", get(keys))).await });
        Self { url, asked }
    }

    fn settings(&self) -> String {
        format!(
            r#"
            [channels]
            allow_networks = ["127.0.0.0/8"]
            [[auth.jwks]]
            issuer = "https://login.example"
            audience = "tributary"
            url = "{}"
            workspace = "{{slug}}"
            role_claim = "realm.roles"
            roles = {{ leads = "supervisor", chiefs = "admin" }}
            default_role = "agent"
            "#,
            self.url
        )
    }
}

fn token(algorithm: Algorithm, changes: &Value) -> String {
    let mut claims = json!({
        "iss": "https://login.example", "aud": ["tributary"], "sub": "u-1", "exp": 4_000_000_000_u64,
        "email": "ana@example.org", "email_verified": true, "name": "Ana", "realm": { "roles": ["leads"] },
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let mut header = Header::new(algorithm);
    header.kid = Some(format!("{algorithm:?}"));
    jsonwebtoken::encode(&header, &claims, &key(algorithm)).unwrap()
}

async fn sign_in(place: &Place, token: &str) -> Value {
    let answer = place.anonymous().post(WITH_TOKEN, json!({ "token": token })).await.unwrap().ok().unwrap();
    answer["signInWithToken"].clone()
}

async fn another_house_vouches_and_gives_the_role(backend: Backend) {
    let house = House::open().await;
    let place = Place::with(backend.open().await, &house.settings()).await;
    for algorithm in ALGORITHMS {
        let email = format!("{algorithm:?}@example.org").to_lowercase();
        let answer = sign_in(&place, &token(algorithm, &json!({ "email": email }))).await;
        let person = &answer["session"]["person"];
        assert_eq!((&person["email"], &person["role"], &person["name"]), (&json!(email), &json!("SUPERVISOR"), &json!("Ana")), "{answer}");
        let client = place.anonymous().with_token(answer["session"]["accessToken"].as_str().unwrap());
        let viewer = client.post("{ viewer { role } }", json!({})).await.unwrap().ok().unwrap();
        assert_eq!(viewer["viewer"]["role"], "SUPERVISOR");
    }
    assert_eq!(house.asked.load(Ordering::SeqCst), 1, "keys are kept");

    // The house decides about the role at every sign-in, and a role that was given here does not last.
    place.add_person("boss@example.org", Role::Admin).await;
    for (roles, role) in [(json!(["chiefs"]), "ADMIN"), (json!(["leads"]), "SUPERVISOR"), (json!([]), "AGENT")] {
        let answer = sign_in(&place, &token(Algorithm::ES256, &json!({ "realm": { "roles": roles } }))).await;
        assert_eq!(answer["session"]["person"]["role"], role, "{answer}");
    }
    // Somebody remains admin, whatever the house says.
    let answer = sign_in(&place, &token(Algorithm::EdDSA, &json!({ "email": "boss@example.org", "realm": { "roles": [] } }))).await;
    assert_eq!(answer["session"]["person"]["role"], "ADMIN", "{answer}");
}

async fn tokens_that_are_not_good_lead_nowhere(backend: Backend) {
    let house = House::open().await;
    let place = Place::with(backend.open().await, &house.settings()).await;
    let good = token(Algorithm::RS256, &json!({}));
    let (signed, _) = good.rsplit_once('.').unwrap();
    let other = token(Algorithm::RS256, &json!({ "sub": "u-2" }));
    let forged = format!("{signed}.{}", other.rsplit_once('.').unwrap().1);
    for bad in [
        forged,
        token(Algorithm::ES256, &json!({ "aud": "somebody else" })),
        token(Algorithm::ES256, &json!({ "iss": "https://elsewhere.example" })),
        token(Algorithm::ES256, &json!({ "exp": 1_700_000_000 })),
        token(Algorithm::ES256, &json!({ "email_verified": false })),
        "a.b.c".to_owned(),
    ] {
        let answer = sign_in(&place, &bad).await;
        assert_eq!(answer, json!({ "session": null, "errors": [{ "code": "UNAUTHENTICATED", "isRetryable": false }] }), "{bad}");
    }
}

async fn two_tabs_share_a_refresh_token(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Agent).await;
    let (_, session) = place.sign_in("ada@example.org").await;
    let refresh = async |token: &Value| place.refresh(token).await["session"].clone();
    let (one, other) = futures_util::join!(refresh(&session["refreshToken"]), refresh(&session["refreshToken"]));
    assert!(one["refreshToken"].is_string(), "{one}");
    assert_eq!(one["refreshToken"], other["refreshToken"], "both tabs go on with the same token");
    for tab in [&one, &other] {
        let tab = place.anonymous().with_token(tab["accessToken"].as_str().unwrap());
        assert_eq!(tab.post("{ viewer { role } }", json!({})).await.unwrap().ok().unwrap()["viewer"]["role"], "AGENT");
    }
    let next = refresh(&one["refreshToken"]).await;
    assert!(next["refreshToken"].is_string() && next["refreshToken"] != one["refreshToken"], "{next}");
    // The slower tab comes with the same one a moment later, and has not lost the session either.
    assert_eq!(refresh(&other["refreshToken"]).await["refreshToken"], next["refreshToken"]);
}

async fn success_is_not_limited(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Agent).await;
    let sign_in =
        "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } errors { code isRetryable retryAfterS } } }";
    let attempt = async |password: &str| {
        let input = json!({ "input": { "email": "ada@example.org", "password": password } });
        place.anonymous().post(sign_in, input).await.unwrap().ok().unwrap()["signIn"].clone()
    };
    for _ in 0..12 {
        assert!(attempt(PASSWORD).await["session"].is_object());
    }
    let mut last = Value::Null;
    for _ in 0..11 {
        last = attempt("wrong").await["errors"][0].clone();
    }
    assert_eq!((&last["code"], &last["isRetryable"]), (&json!("RATE_LIMITED"), &json!(true)));
    assert!((1..=6).contains(&last["retryAfterS"].as_i64().unwrap()), "{last}");
}
