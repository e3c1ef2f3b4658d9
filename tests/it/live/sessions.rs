//! Signing in, going on, and out.

use std::time::Duration;

use serde_json::{Value, json};
use tributary_domain::actor::Role;

use super::place::Place;
use crate::backend::{Backend, on_both};

on_both!(
    wrong_credentials_are_refused_alike_and_not_for_ever,
    a_refresh_token_that_comes_twice_ends_the_session,
    signing_out_ends_the_token_and_the_socket,
);

const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } errors { code } } }";

async fn wrong_credentials_are_refused_alike_and_not_for_ever(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Agent).await;
    let client = place.anonymous();
    for (email, password) in
        [("ada@example.org", "wrong"), ("nobody@example.org", "wrong"), ("", ""), ("ada@example.org", &"x".repeat(2000))]
    {
        let answer = client.post(SIGN_IN, json!({ "input": { "email": email, "password": password } })).await.unwrap().ok().unwrap();
        assert_eq!(answer["signIn"], json!({ "session": null, "errors": [{ "code": "UNAUTHENTICATED" }] }), "{email}");
    }
    let mut last = Value::Null;
    // Two of them counted above: the eleventh wrong one of a minute is refused.
    for _ in 0..9 {
        let input = json!({ "input": { "email": "ADA@example.org ", "password": "wrong" } });
        last = client.post(SIGN_IN, input).await.unwrap().ok().unwrap()["signIn"]["errors"][0]["code"].clone();
    }
    assert_eq!(last, "RATE_LIMITED");
}

async fn a_refresh_token_that_comes_twice_ends_the_session(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Agent).await;
    let (_, session) = place.sign_in("ada@example.org").await;
    let refresh = async |token: &Value| place.refresh(token).await;
    let first = session["refreshToken"].clone();
    let second = refresh(&first).await["session"]["refreshToken"].clone();
    let third = refresh(&second).await["session"].clone();
    assert!(third["refreshToken"].is_string());
    // The one before the last is only let through while its answer may have been lost; older ones are stolen.
    let stolen = refresh(&first).await;
    assert_eq!((&stolen["session"], &stolen["errors"][0]["code"]), (&Value::Null, &json!("UNAUTHENTICATED")));
    assert_eq!(refresh(&third["refreshToken"]).await["session"], Value::Null, "the session is over");
    let ended = place.anonymous().with_token(third["accessToken"].as_str().unwrap());
    assert_eq!(ended.post("{ viewer { role } }", json!({})).await.unwrap().codes(), ["UNAUTHENTICATED"]);
    assert_eq!(refresh(&json!("trb_ref_unknown")).await["errors"][0]["code"], "UNAUTHENTICATED");
}

async fn signing_out_ends_the_token_and_the_socket(backend: Backend) {
    let place = Place::start(backend).await;
    place.add_person("ada@example.org", Role::Supervisor).await;
    let (client, _) = place.sign_in("ada@example.org").await;
    let viewer = "{ viewer { role person { email } apiClient { id } } }";
    let answer = client.post(viewer, json!({})).await.unwrap().ok().unwrap();
    assert_eq!(answer["viewer"], json!({ "role": "SUPERVISOR", "person": { "email": "ada@example.org" }, "apiClient": null }));
    assert_eq!(place.anonymous().post(viewer, json!({})).await.unwrap().ok().unwrap()["viewer"], Value::Null);

    let socket = client.socket().await.unwrap();
    let out = client.post("mutation { signOut { errors { code } } }", json!({})).await.unwrap().ok().unwrap();
    assert_eq!(out["signOut"]["errors"], json!([]));
    assert_eq!(client.post(viewer, json!({})).await.unwrap().codes(), ["UNAUTHENTICATED"]);
    let (code, _) = socket.wait_closed(Duration::from_secs(30)).await.unwrap().unwrap();
    assert_eq!(code, 4403);
}
