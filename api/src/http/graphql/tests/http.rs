//! Tests of GraphQL over HTTP.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::support::{ask, limits, post, router, with};
use crate::http::graphql::Limits;

fn query(text: &str) -> String {
    json!({"query": text}).to_string()
}

fn get(parameters: &[(&str, &str)]) -> Request<Body> {
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    Request::get(format!("/graphql?{text}")).header("graphql-require-preflight", "1").body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_query_is_answered_as_asked() {
    let router = router(limits());
    let answer = ask(&router, post(query("{hello}"))).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"data": {"hello": "Hello world"}})));
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/graphql-response+json; charset=utf-8");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");

    let body = json!({"query": "query A($n:String){hello(name:$n)} query B{boom}", "operationName": "A", "variables": {"n": "Ana"}, "extensions": {"x": 1}, "more": 1});
    let answer = ask(&router, with(post(body.to_string()), "accept", "*/*")).await;
    assert_eq!(answer.json(), json!({"data": {"hello": "Hello Ana"}}));
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json; charset=utf-8");

    let answer = ask(&router, get(&[("query", "query($n:String){hello(name:$n)}"), ("variables", r#"{"n":"Bo"}"#)])).await;
    assert_eq!(answer.json(), json!({"data": {"hello": "Hello Bo"}}));
    // A token says as well as any other header that no foreign page sent this.
    let signed_in = Request::get("/graphql?query=%7Bwhoami%7D").header("authorization", "Bearer user:ana").body(Body::empty()).unwrap();
    assert_eq!(ask(&router, signed_in).await.json(), json!({"data": {"whoami": "ana"}}));
    let answer = ask(&router, with(post(query("{agent}")), "user-agent", "test/1")).await;
    assert_eq!(answer.json()["data"]["agent"], "test/1");
}

#[tokio::test]
async fn status_and_code_of_every_refusal() {
    let router = router(limits());
    let nulls = r#"{"query":"{hello}","variables":null,"operationName":null,"extensions":null}"#;
    assert_eq!(ask(&router, post(nulls)).await.status, StatusCode::OK);
    let mut request = post(query("{hello}"));
    *request.method_mut() = Method::PUT;
    let no_type = Request::post("/graphql").body(Body::from(query("{hello}"))).unwrap();
    let plain_get = Request::get("/graphql?query=%7Bhello%7D").body(Body::empty()).unwrap();
    let compressed = "[".repeat(100_000);
    for (request, status, code) in [
        (request, 405, "BAD_REQUEST"),
        (get(&[("query", "mutation{touch}")]), 405, "BAD_REQUEST"),
        (plain_get, 400, "CSRF_GUARD"),
        (no_type, 415, "BAD_REQUEST"),
        (with(post(query("{hello}")), "content-type", "text/plain"), 415, "BAD_REQUEST"),
        (with(post(query("{hello}")), "content-type", "application/x-www-form-urlencoded"), 415, "BAD_REQUEST"),
        (with(post(query("{hello}")), "content-type", "application/json; charset=latin1"), 415, "BAD_REQUEST"),
        (with(post(query("{hello}")), "accept", "text/html"), 406, "BAD_REQUEST"),
        (post("nonsense"), 400, "BAD_REQUEST"),
        (post("\"text\""), 400, "BAD_REQUEST"),
        (post(b"{\"query\":\"\xff\"}".to_vec()), 400, "BAD_REQUEST"),
        (post("{}"), 400, "BAD_REQUEST"),
        (post(r#"{"query":1}"#), 400, "BAD_REQUEST"),
        (post(r#"{"query":"{hello}","variables":[]}"#), 400, "BAD_REQUEST"),
        (post(r#"{"query":"{hello}","operationName":{}}"#), 400, "BAD_REQUEST"),
        (post(r#"{"query":"{hello}","extensions":"x"}"#), 400, "BAD_REQUEST"),
        (post(format!(r#"{{"query":"{{hello}}","variables":{{"x":{compressed}}}}}"#)), 400, "BAD_REQUEST"),
        (get(&[("query", "{hello}"), ("variables", "nonsense")]), 400, "BAD_REQUEST"),
        (post(format!(" [{}]", query("{hello}"))), 400, "BATCHING_NOT_SUPPORTED"),
        (post("[]"), 400, "BATCHING_NOT_SUPPORTED"),
        (post(query("{")), 400, "GRAPHQL_PARSE_FAILED"),
        (post(query("{nothing}")), 400, "GRAPHQL_VALIDATION_FAILED"),
        (post(query("query($n:Int){hello}")), 400, "GRAPHQL_VALIDATION_FAILED"),
        (post(query("query($d:NaiveDate!){day(day:$d)}")), 400, "GRAPHQL_VALIDATION_FAILED"),
        (post(query("subscription{never}")), 400, "BAD_REQUEST"),
        (with(post(query("{hello}")), "authorization", "Bearer wrong"), 401, "UNAUTHENTICATED"),
        (with(post(query("{hello}")), "authorization", "Basic wrong"), 401, "UNAUTHENTICATED"),
        (with(post(query("{hello}")), "authorization", "Bearer expired"), 401, "UNAUTHENTICATED"),
        (with(post(query("{hello}")), "authorization", "Bearer away"), 503, "UNAVAILABLE"),
    ] {
        let shown = format!("{request:?}");
        let answer = ask(&router, request).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{shown}: {}", answer.text);
        assert!(answer.json().get("data").is_none(), "{shown}: {}", answer.text);
        assert_eq!(answer.json()["errors"][0]["extensions"]["retryable"], code == "UNAVAILABLE", "{shown}: {}", answer.text);
        assert_eq!(answer.headers.contains_key(header::WWW_AUTHENTICATE), status == 401);
        assert_eq!(answer.headers.contains_key(header::ALLOW), status == 405);
    }
}

#[tokio::test]
async fn plain_json_answers_200_to_everything_well_formed() {
    let router = router(limits());
    for (body, status) in [
        (query("{"), 200),
        (query("{nothing}"), 200),
        (query("{...F} fragment F on Query{...F}"), 200),
        ("{".into(), 400),
        ("{}".into(), 400),
    ] {
        let answer = ask(&router, with(post(body.clone()), "accept", "application/json")).await;
        assert_eq!(answer.status.as_u16(), status, "{body}");
        assert!(answer.json().get("data").is_none(), "{body}");
    }
}

/// The table of GraphQL over HTTP (draft of 2025, sections 6.4.1 and 6.4.2): with the media type of its own the status says
/// what happened, with plain JSON it says only whether a GraphQL request was understood as one.
#[tokio::test]
async fn status_and_type_follow_what_is_accepted() {
    const OWN: &str = "application/graphql-response+json; charset=utf-8";
    const PLAIN: &str = "application/json; charset=utf-8";
    let router = router(limits());
    let well_formed = [
        ("{hello}", 200, true),
        ("{refused}", 200, true),
        ("{nothing}", 400, false),
        ("{", 400, false),
        ("subscription{never}", 400, false),
    ];
    for (accept, content_type) in [
        (Some("application/graphql-response+json"), OWN),
        (Some("application/graphql-response+json, application/json;q=0.9"), OWN),
        (Some("application/graphql-response+json; charset=utf-8"), OWN),
        (Some("application/json"), PLAIN),
        (Some("application/json; charset=utf-8"), PLAIN),
        (Some("application/*"), PLAIN),
        (Some("*/*"), PLAIN),
        (None, PLAIN),
    ] {
        let accepting = |mut request: Request<Body>| {
            request.headers_mut().remove("accept");
            match accept {
                Some(accept) => with(request, "accept", accept),
                None => request,
            }
        };
        for (document, own_status, has_data) in well_formed {
            let status = if content_type == OWN { own_status } else { 200 };
            for request in [post(query(document)), get(&[("query", document)])] {
                let shown = format!("{} {accept:?} {document}", request.method());
                let answer = ask(&router, accepting(request)).await;
                assert_eq!(
                    (answer.status.as_u16(), answer.headers[header::CONTENT_TYPE].to_str().unwrap()),
                    (status, content_type),
                    "{shown}"
                );
                assert_eq!(answer.json().get("data").is_some(), has_data, "{shown}: {}", answer.text);
                assert_eq!(answer.headers[header::VARY], "accept, authorization", "{shown}");
            }
        }
        // What is no GraphQL request keeps its status whatever is accepted.
        for (request, status) in [
            (post("{}"), 400),
            (post("[]"), 400),
            (with(post(query("{hello}")), "content-type", "text/plain"), 415),
            (with(post(query("{hello}")), "authorization", "Bearer wrong"), 401),
            (get(&[("query", "mutation{touch}")]), 405),
        ] {
            let answer = ask(&router, accepting(request)).await;
            assert_eq!(
                (answer.status.as_u16(), answer.headers[header::CONTENT_TYPE].to_str().unwrap()),
                (status, content_type),
                "{accept:?}"
            );
        }
    }
}

#[tokio::test]
async fn who_asks_reaches_the_schema() {
    let router = router(limits());
    let answer = ask(&router, with(post(query("{whoami}")), "authorization", "bearer user:ana")).await;
    assert_eq!(answer.json(), json!({"data": {"whoami": "ana"}}));
    assert_eq!(ask(&router, post(query("{whoami}"))).await.json(), json!({"data": {"whoami": null}}));
}

#[tokio::test]
async fn what_nobody_foresaw_is_hidden_and_what_was_meant_is_shown() {
    let router = router(limits());
    for field in ["boom", "foreign", "nullableForeign"] {
        let answer = ask(&router, post(query(&format!("{{{field}}}")))).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::OK, "INTERNAL"), "{field}");
        assert!(!answer.text.contains("secret"), "{}", answer.text);
        let error = &answer.json()["errors"][0];
        assert!(error["message"].as_str().unwrap().contains(error["extensions"]["id"].as_str().unwrap()));
        assert!(answer.json().get("data").is_some(), "it was executed");
    }
    let answer = ask(&router, post(query("{refused}"))).await;
    assert_eq!((answer.code().as_str(), answer.json()["errors"][0]["message"].clone()), ("FORBIDDEN", Value::from("refused on purpose")));
    let answer = ask(&router, post(query(r#"{day(day:"never")}"#))).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::OK, "INVALID"), "{}", answer.text);
}

#[tokio::test]
async fn operations_that_take_too_long_are_stopped() {
    let router = router(Limits { execution: Duration::from_millis(30), ..limits() });
    let answer = ask(&router, post(query("{endless}"))).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::OK, "UNAVAILABLE"));
}

#[tokio::test]
async fn large_endless_and_slow_bodies() {
    let router_small = router(Limits { body_timeout: Duration::from_millis(30), ..limits() });
    let exact = query(&format!("{{hello}}#{}", "x".repeat((1 << 20) - query("{hello}#").len())));
    assert_eq!(exact.len(), 1 << 20);
    assert_eq!(ask(&router_small, post(exact.clone())).await.status, StatusCode::OK);
    let larger = ask(&router_small, post(exact + " ")).await;
    assert_eq!((larger.status, larger.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_BODY"));
    // Announced: refused without reading a byte of it.
    let announced = with(post(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>())), "content-length", "10485760");
    assert_eq!(ask(&router_small, announced).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 8192])));
    assert_eq!(ask(&router_small, post(Body::from_stream(endless))).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let slow = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    assert_eq!(ask(&router_small, post(slow)).await.status, StatusCode::REQUEST_TIMEOUT);
    let broken = Body::from_stream(stream::iter([Err::<Bytes, _>(std::io::Error::other("cut"))]));
    assert_eq!(ask(&router_small, post(broken)).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn persisted_queries() {
    let router_ = router(limits());
    let hash = |text: &str| hex::encode(Sha256::digest(text));
    let by_hash = |text: Option<&str>, hash: &str| {
        json!({"query": text, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}}).to_string()
    };
    let (text, unknown) = ("{hello}", hash("{other}"));
    for body in [by_hash(None, &hash(text)), by_hash(None, &unknown)] {
        let answer = ask(&router_, post(body)).await;
        assert_eq!(
            (answer.code().as_str(), answer.json()["errors"][0]["message"].clone()),
            ("PERSISTED_QUERY_NOT_FOUND", Value::from("PersistedQueryNotFound"))
        );
    }
    assert_eq!(ask(&router_, post(by_hash(Some(text), &unknown))).await.code(), "PERSISTED_QUERY_MISMATCH");
    assert_eq!(ask(&router_, post(by_hash(None, &unknown))).await.code(), "PERSISTED_QUERY_NOT_FOUND", "a wrong one was not kept");
    assert_eq!(ask(&router_, post(by_hash(Some(text), &hash(text)))).await.json(), json!({"data": {"hello": "Hello world"}}));
    assert_eq!(ask(&router_, post(by_hash(None, &hash(text).to_uppercase()))).await.json(), json!({"data": {"hello": "Hello world"}}));
    let extension = json!({"persistedQuery": {"version": 1, "sha256Hash": hash(text)}}).to_string();
    assert_eq!(ask(&router_, get(&[("extensions", &extension)])).await.json(), json!({"data": {"hello": "Hello world"}}));
    for bad in [json!(1), json!({"version": 2, "sha256Hash": hash(text)}), json!({"version": 1, "sha256Hash": "zz"}), json!({"version": 1})]
    {
        let body = json!({"query": text, "extensions": {"persistedQuery": bad}}).to_string();
        assert_eq!(ask(&router_, post(body)).await.code(), "BAD_REQUEST");
    }
    // A persisted mutation still does not go by GET, and a persisted bomb is still a bomb.
    let touch = "mutation{touch}";
    assert_eq!(ask(&router_, post(by_hash(Some(touch), &hash(touch)))).await.json(), json!({"data": {"touch": true}}));
    let extension = json!({"persistedQuery": {"version": 1, "sha256Hash": hash(touch)}}).to_string();
    assert_eq!(ask(&router_, get(&[("extensions", &extension)])).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let bomb = "{...A} fragment A on Query{...A}";
    assert_eq!(ask(&router_, post(by_hash(Some(bomb), &hash(bomb)))).await.code(), "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(ask(&router_, post(by_hash(None, &hash(bomb)))).await.code(), "GRAPHQL_VALIDATION_FAILED");
    // The cache is bounded: without room nothing stays.
    let forgetful = router(Limits { persisted_bytes: 0, ..limits() });
    assert_eq!(ask(&forgetful, post(by_hash(Some(text), &hash(text)))).await.status, StatusCode::OK);
    assert_eq!(ask(&forgetful, post(by_hash(None, &hash(text)))).await.code(), "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn the_guard_stands_before_the_engine() {
    let router_ = router(limits());
    let bomb: String =
        (0..25).map(|index| format!("fragment F{index} on Query{{{}}} ", format!("me{{...F{}}} ", index + 1).repeat(5))).collect();
    let answer = ask(&router_, post(query(&format!("{{...F0}} {bomb} fragment F25 on Query{{hello}}")))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.code().starts_with("LIMIT_"), "{}", answer.text);
    assert!(answer.json()["errors"][0]["extensions"]["limit"].is_u64());
    // A document that is wrong everywhere is not answered with a complaint about every place.
    let wrong: String = (0..3_000).map(|number| format!("unknown{number} ")).collect();
    let answer = ask(&router_, post(query(&format!("{{me{{{wrong}}}}}")))).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "GRAPHQL_VALIDATION_FAILED"));
    assert_eq!(answer.json()["errors"].as_array().map(Vec::len), Some(100));
    let mut closed = limits();
    closed.document.introspection = false;
    assert_eq!(ask(&router(closed), post(query("{__schema{types{name}}}"))).await.code(), "INTROSPECTION_DISABLED");
    assert_eq!(ask(&router_, post(query("{__schema{types{name}}}"))).await.status, StatusCode::OK);
}
