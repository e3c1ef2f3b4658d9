//! What integrators send us.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tributary_channels::{
    byoc::Byoc,
    channel::{Accepted, RawInbound},
    error::WebhookReject,
};
use tributary_domain::inbound::{AttachmentSource, InboundEvent};

use super::{Bench, bearer, channel, fake, fixtures, now, plain_channel, request, snapshot, webhook};

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

fn fixture(name: &str) -> String {
    fixtures().into_iter().find(|(found, _)| found == name).expect("a fixture").1
}

fn event(id: &str, kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "/shop", "type": kind, "time": "2026-01-01T08:00:00Z", "data": data})
}

fn events(body: &Value) -> tributary_channels::channel::WebhookRequest {
    request("events", &[("authorization", &bearer()), ("content-type", STRUCTURED)], body.to_string())
}

#[test]
fn every_recorded_event_is_understood_as_before() {
    let (adapter, channel) = (Byoc::default(), plain_channel());
    for (name, body) in fixtures() {
        let (path, media_type) = if name.starts_with("compat") { ("messages", "application/json") } else { ("events", STRUCTURED) };
        let verified =
            webhook(&adapter).verify(&channel, &request(path, &[("authorization", &bearer()), ("content-type", media_type)], body));
        let verified = verified.unwrap_or_else(|reject| panic!("{name}: {reject:?}"));
        let parsed = webhook(&adapter).parse(&channel, &verified.raw).expect("readable");
        let items: Vec<_> = parsed.into_iter().map(|item| item.unwrap_or_else(|error| panic!("{name}: {error}"))).collect();
        snapshot(&name, &json!({"dedupe_key": verified.dedupe_key, "items": items}));
    }
}

#[test]
fn the_same_event_in_binary_mode() {
    let (adapter, channel) = (Byoc::default(), plain_channel());
    let structured: Value = serde_json::from_str(&fixture("message_created")).expect("JSON");
    let bearer = bearer();
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "evt-message_created"),
        ("ce-source", "https://middleware.example/shop"),
        ("ce-type", "message.created"),
        ("ce-time", "2026-01-01T08:00:05Z"),
    ];
    let binary = webhook(&adapter).verify(&channel, &request("events", &headers, structured["data"].to_string())).expect("accepted");
    let other = webhook(&adapter).verify(&channel, &events(&structured)).expect("accepted");
    assert_eq!(binary.dedupe_key, other.dedupe_key);
    assert!(!binary.raw.headers.contains_key("authorization"), "secrets are not stored");
    assert_eq!(webhook(&adapter).parse(&channel, &binary.raw), webhook(&adapter).parse(&channel, &other.raw));
    let without = request("events", &headers[..2], structured["data"].to_string());
    let Err(WebhookReject::Malformed(errors)) = webhook(&adapter).verify(&channel, &without) else { panic!("attributes are required") };
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["ce-specversion", "ce-id", "ce-source", "ce-type"]);
}

#[test]
fn a_bad_item_of_a_batch_does_not_touch_its_neighbours() {
    let (adapter, channel) = (Byoc::default(), plain_channel());
    let good: Value = serde_json::from_str(&fixture("message_created")).expect("JSON");
    let batch =
        json!([good, event("2", "message.created", json!({"direction": "sideways"})), {"id": 3}, event("4", "channel.health", json!({}))]);
    let headers = [("authorization", &*bearer()), ("content-type", BATCH)];
    let verified = webhook(&adapter).verify(&channel, &request("events", &headers, batch.to_string())).expect("accepted");
    assert_eq!(verified.raw.form, "batch");
    let items = webhook(&adapter).parse(&channel, &verified.raw).expect("readable");
    assert!(matches!(&items[0], Ok(InboundEvent::Message(_))));
    assert!(items[1].as_ref().is_err_and(|error| error.reason.contains("data.direction: must be inbound or outbound")));
    assert!(items[2].is_err());
    assert!(matches!(&items[3], Ok(InboundEvent::Health { .. })));
}

#[test]
fn only_those_with_the_token_are_heard() {
    let adapter = Byoc::default();
    let body = fixture("message_created");
    let verify = |channel: &tributary_domain::outbound::OpenChannel, authorization: Option<&str>| {
        let mut headers = vec![("content-type", STRUCTURED)];
        headers.extend(authorization.map(|value| ("authorization", value)));
        webhook(&adapter).verify(channel, &request("events", &headers, body.clone())).map(|_| ())
    };
    let known = plain_channel();
    let refused = Err(WebhookReject::Unauthenticated);
    for wrong in [None, Some(""), Some("Bearer"), Some("Bearer "), Some("Bearer wrong"), Some(fake::INBOUND_TOKEN), Some("Basic abc")] {
        assert_eq!(verify(&known, wrong), refused, "{wrong:?}");
    }
    assert_eq!(verify(&known, Some(&bearer())), Ok(()));
    let mut changing = plain_channel();
    changing.secrets.insert("inbound_token".into(), format!("next-token {}", fake::INBOUND_TOKEN).into());
    assert_eq!(verify(&changing, Some(&bearer())), Ok(()));
    assert_eq!(verify(&changing, Some("Bearer next-token")), Ok(()));
    for nothing in [None, Some(""), Some("  ")] {
        let mut open = plain_channel();
        open.secrets.remove("inbound_token");
        open.secrets.extend(nothing.map(|text| ("inbound_token".to_owned(), text.into())));
        for given in [None, Some("Bearer "), Some("Bearer wrong"), Some(&*bearer())] {
            assert_eq!(verify(&open, given), refused, "a channel without a token hears nobody");
        }
    }
}

#[tokio::test]
async fn signatures_are_required_where_the_channel_says_so() {
    let bench = Bench::new();
    let integrator = fake::FakeIntegrator::start(fake::Manner::Signed, Arc::new(bench.clock.clone())).await;
    let strict = channel(&json!({"url": "https://middleware.example/hook", "verify_signature": true}));
    let (headers, body) = integrator.event("evt-1", "channel.health", &json!({"status": "ok"}));
    let verify = |channel, headers: &[(&'static str, String)], body: &[u8], late_s| {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut request = request("events", &headers, body.to_vec());
        request.at += chrono::TimeDelta::seconds(late_s);
        webhook(&bench.adapter).verify(channel, &request).map(|_| ())
    };
    assert_eq!(verify(&strict, &headers, &body, 0), Ok(()));
    assert_eq!(verify(&strict, &headers, &body, 300), Ok(()));
    assert_eq!(verify(&strict, &headers, &body, 301), Err(WebhookReject::Stale));
    assert_eq!(verify(&strict, &headers, &body, -301), Err(WebhookReject::Stale));
    let changed = String::from_utf8_lossy(&body).replace("ok", "no").into_bytes();
    assert_eq!(verify(&strict, &headers, &changed, 0), Err(WebhookReject::Unauthenticated));
    for missing in ["webhook-id", "webhook-timestamp", "webhook-signature", "authorization"] {
        let rest: Vec<_> = headers.iter().filter(|(name, _)| *name != missing).cloned().collect();
        assert_eq!(verify(&strict, &rest, &body, 0), Err(WebhookReject::Unauthenticated), "{missing}");
    }
    let mut keyless = strict.clone();
    keyless.secrets.remove("signing_secret");
    assert_eq!(verify(&keyless, &headers, &body, 0), Err(WebhookReject::Unauthenticated), "no key checks nothing and lets nobody in");
}

#[test]
fn what_cannot_be_taken_is_refused_with_its_reason() {
    let (adapter, channel) = (Byoc::default(), plain_channel());
    let bearer = bearer();
    let verify = |path: &str, media_type: &str, body: Vec<u8>| {
        let headers = [("authorization", bearer.as_str()), ("content-type", media_type)];
        webhook(&adapter).verify(&channel, &request(path, &headers, body)).map(|_| ())
    };
    assert_eq!(verify("elsewhere", STRUCTURED, b"{}".to_vec()), Err(WebhookReject::NotFound));
    assert_eq!(verify("", STRUCTURED, b"{}".to_vec()), Err(WebhookReject::NotFound));
    assert_eq!(verify("events", "text/xml", b"{}".to_vec()), Err(WebhookReject::UnsupportedMediaType));
    assert_eq!(verify("messages", BATCH, b"[]".to_vec()), Err(WebhookReject::UnsupportedMediaType));
    assert_eq!(verify("events", BATCH, b"[]".to_vec()), Ok(()));
    let mib = 1024 * 1024;
    let padded = |length: usize| {
        let body = event("1", "channel.health", json!({"status": "ok"})).to_string();
        format!("{body}{}", " ".repeat(length - body.len())).into_bytes()
    };
    assert_eq!(verify("events", STRUCTURED, padded(mib)), Ok(()));
    assert_eq!(verify("events", STRUCTURED, padded(mib + 1)), Err(WebhookReject::TooLarge));
    assert_eq!(verify("events", BATCH, format!("[{}]", " ".repeat(5 * mib - 2)).into_bytes()), Ok(()));
    assert_eq!(verify("events", BATCH, vec![b' '; 5 * mib + 1]), Err(WebhookReject::TooLarge));
    let get = {
        let mut get = events(&json!({}));
        get.method = http::Method::GET;
        get
    };
    assert_eq!(webhook(&adapter).verify(&channel, &get).map(|_| ()), Err(WebhookReject::NotFound));
}

#[test]
fn mistakes_are_answered_field_by_field() {
    let (adapter, channel) = (Byoc::default(), plain_channel());
    let fields = |body: &Value| match webhook(&adapter).verify(&channel, &events(body)) {
        Err(WebhookReject::Malformed(errors)) => errors.into_iter().map(|error| error.field).collect::<Vec<_>>(),
        other => panic!("must be malformed: {other:?}"),
    };
    assert_eq!(fields(&json!({})), ["specversion", "id", "source", "type"]);
    assert_eq!(
        fields(&event("1", "message.created", json!({}))),
        ["data.direction", "data.messageContent", "data.idOnExternalPlatform", "data.author.endUserIdentity.idOnExternalPlatform",]
    );
    assert_eq!(fields(&event("1", "message.created", Value::Null))[0], "data");
    assert_eq!(fields(&event("1", "message.status", json!({"idOnExternalPlatform": "m", "status": "lost"}))), ["data.status"]);
    assert_eq!(fields(&event("1", "message.deleted", json!({"idOnExternalPlatform": "x".repeat(256)}))), ["data.idOnExternalPlatform"]);
    assert_eq!(fields(&event("1", "message.deleted", json!({"idOnExternalPlatform": "a\u{0}b"}))), ["data.idOnExternalPlatform"]);
    assert_eq!(fields(&event("1", "typing.started", json!([]))), ["data.author.endUserIdentity.idOnExternalPlatform"]);
    assert_eq!(
        fields(&event("1", "reaction.added", json!({"idOnExternalPlatform": "m", "endUserIdentity": {"idOnExternalPlatform": "u"}}))),
        ["data.reaction"]
    );
    assert_eq!(
        fields(&event("1", "contact.updated", json!({"endUserIdentity": {"idOnExternalPlatform": "u", "phone": "030"}}))),
        ["data.endUserIdentity.phone"]
    );
    let compat = request("messages", &[("authorization", &bearer()), ("content-type", "application/json")], "{\"thread\":{}}");
    let Err(WebhookReject::Malformed(errors)) = webhook(&adapter).verify(&channel, &compat) else { panic!("must be malformed") };
    assert!(errors.iter().any(|error| error.field == "thread.idOnExternalPlatform"));
}

#[test]
fn answers_name_our_id() {
    let adapter = Byoc::default();
    let reply = |accepted: &Accepted| {
        let reply = webhook(&adapter).reply(accepted, &[]);
        (reply.status, serde_json::from_slice::<Value>(&reply.body).expect("JSON"))
    };
    let reference = || "raw_1".to_owned();
    assert_eq!(reply(&Accepted::Stored { reference: reference() }), (202, json!({"id": "raw_1", "status": "accepted"})));
    assert_eq!(reply(&Accepted::Duplicate { reference: reference() }), (200, json!({"id": "raw_1", "status": "duplicate"})));
    assert_eq!(reply(&Accepted::Conflict).0, 409);
}

#[test]
fn every_event_of_a_batch_has_an_id_and_its_mistakes() {
    let (adapter, channel) = (Byoc::default(), plain_channel());
    let good: Value = serde_json::from_str(&fixture("message_created")).expect("JSON");
    let batch = json!([good, event("2", "message.created", json!({"direction": "sideways"})), {"id": 3}]);
    let headers = [("authorization", &*bearer()), ("content-type", BATCH)];
    let verified = webhook(&adapter).verify(&channel, &request("events", &headers, batch.to_string())).expect("accepted");
    let reply = |accepted: &Accepted| {
        let reply = webhook(&adapter).reply(accepted, &verified.items);
        (reply.status, serde_json::from_slice::<Value>(&reply.body).expect("JSON"))
    };
    let (status, body) = reply(&Accepted::Stored { reference: "raw_1".to_owned() });
    assert_eq!((status, &body["id"], &body["status"]), (202, &json!("raw_1"), &json!("accepted")));
    assert_eq!(body["events"][0], json!({"id": "raw_1/0", "status": "accepted"}));
    assert_eq!((&body["events"][1]["id"], &body["events"][1]["status"]), (&json!("raw_1/1"), &json!("invalid")));
    let wrong = body["events"][1]["errors"].as_array().expect("mistakes");
    assert!(wrong.contains(&json!({"field": "data.direction", "reason": "must be inbound or outbound"})), "{wrong:?}");
    assert_eq!(body["events"][2]["status"], "invalid");
    assert_eq!(body["events"].as_array().map(Vec::len), Some(3));
    let (status, body) = reply(&Accepted::Duplicate { reference: "raw_1".to_owned() });
    assert_eq!((status, &body["events"][0]["status"]), (200, &json!("duplicate")));
    assert_eq!(reply(&Accepted::Conflict).1.get("events"), None);
}

#[test]
fn the_handshake_is_answered_to_those_with_the_token() {
    let (adapter, channel) = (Byoc::default(), plain_channel());
    let handshake = |headers: &[(&'static str, &str)]| {
        let mut request = request("events", headers, "");
        request.method = http::Method::OPTIONS;
        webhook(&adapter).challenge(&channel, &request)
    };
    let reply = handshake(&[("authorization", &bearer()), ("webhook-request-origin", "middleware.example")]).expect("an answer");
    assert_eq!(reply.status, 200);
    assert!(reply.headers.contains(&("webhook-allowed-origin", "middleware.example".to_owned())));
    assert_eq!(handshake(&[("webhook-request-origin", "middleware.example")]), None);
    assert_eq!(handshake(&[("authorization", &bearer())]), None);
}

#[test]
fn files_behind_a_private_authority_are_left_to_the_adapter() {
    let (adapter, mut channel) = (Byoc::default(), plain_channel());
    channel.settings.insert("ca_pem".into(), "pem".into());
    let raw =
        RawInbound { form: "structured".into(), headers: Default::default(), body: fixture("message_created_file").into(), at: now() };
    let items = webhook(&adapter).parse(&channel, &raw).expect("readable");
    let Some(Ok(InboundEvent::Message(message))) = items.first() else { panic!("a message expected") };
    assert_eq!(message.attachments[0].source, AttachmentSource::Reference("https://files.example/a.png".into()));
}

/// Member names that the parser looks for.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "id", "source", "specversion", "type", "time", "data", "data_base64", "idOnExternalPlatform", "messageContent", "payload", "text",
    "content", "actions", "elements", "slots", "fields", "thread", "author", "endUserIdentity", "attachments", "url", "postback",
    "direction", "status", "reason", "recipients", "selected", "start", "latitude", "longitude",
];

/// Values that lead it on.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "1.0", "message.created", "message.updated", "message.status", "reaction.added", "TEXT", "FILE", "FORM", "PLUGIN", "LIST_PICKER",
    "QUICK_REPLIES", "RICH_LINK", "TIME_PICKER", "LOCATION", "POSTBACK", "inbound", "outbound", "2026-01-01T08:00:00Z", "https://a.b/",
];

/// Arbitrary JSON, with the member names that the parser looks for.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop::sample::select(VALUES).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(NAMES).prop_map(str::to_owned), inner, 0..8)
                .prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

/// Reads a body in every form; the answer may be anything but a panic, and is the same twice.
fn read_everyhow(body: &[u8]) {
    let (adapter, channel) = (Byoc::default(), plain_channel());
    for (path, media_type) in [("events", STRUCTURED), ("events", BATCH), ("events", "application/json"), ("messages", "application/json")]
    {
        let headers = [("authorization", &*bearer()), ("content-type", media_type)];
        if let Ok(verified) = webhook(&adapter).verify(&channel, &request(path, &headers, body.to_vec())) {
            let parsed = webhook(&adapter).parse(&channel, &verified.raw).expect("what was accepted can be read");
            assert!(media_type == BATCH || parsed.iter().all(Result::is_ok), "what was accepted has no mistakes");
            assert_eq!(Ok(parsed), webhook(&adapter).parse(&channel, &verified.raw));
        }
    }
    for form in ["structured", "batch", "binary", "compat", "unknown"] {
        let raw = RawInbound { form: form.into(), headers: Default::default(), body: body.to_vec().into(), at: now() };
        assert!(webhook(&adapter).parse(&channel, &raw).is_ok() || form != "structured", "one event is one item, readable or not");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_parser_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        read_everyhow(&body);
    }

    #[test]
    fn no_json_makes_the_parser_panic(value in any_json()) {
        read_everyhow(value.to_string().as_bytes());
    }

    #[test]
    fn no_data_makes_the_parser_panic(data in any_json(), kind in prop::sample::select(&[
        "message.created", "message.updated", "message.deleted", "message.status", "typing.started", "reaction.added", "thread.closed",
        "thread.updated", "contact.updated", "channel.health",
    ][..])) {
        read_everyhow(event("1", kind, data).to_string().as_bytes());
    }

    #[test]
    fn no_content_makes_the_parser_panic(payload in any_json(), kind in prop::sample::select(&[
        "TEXT", "FILE", "FORM", "PLUGIN", "POSTBACK", "QUICK_REPLIES", "RICH_LINK", "LIST_PICKER", "ADAPTIVE_CARD", "TIME_PICKER",
        "LOCATION", "TIME_CHOSEN", "FORM_ANSWERS", "STREAMED",
    ][..])) {
        let content = json!({"type": kind, "payload": payload});
        let data = json!({"idOnExternalPlatform": "m", "direction": "inbound", "author": {"endUserIdentity": {"idOnExternalPlatform": "u"}}, "messageContent": content});
        read_everyhow(event("1", "message.created", data).to_string().as_bytes());
    }
}
