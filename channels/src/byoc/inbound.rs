//! From the request of an integrator to events: prove the origin, check the form, read.
//!
//! Two addresses below the channel: `events` takes CloudEvents, `messages` the older message form. The bearer token is always
//! required; a Standard Webhooks signature too where the channel says so.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tributary_domain::{inbound::InboundEvent, outbound::OpenChannel};

use super::events::{self, Reading};
use crate::{
    channel::{Accepted, RawInbound, Verified, WebhookReply, WebhookRequest},
    error::{FieldError, ParseError, WebhookReject},
    shared::{
        cloudevents::{self, CloudEvent, Mode},
        fields::parse_error,
        hmac::is_same_secret,
        sign::{self, SignatureError, SigningKeys},
    },
};

/// Largest request, bytes (architecture, "Security walls").
const MAX_BYTES: usize = 1024 * 1024;
/// Largest batch, bytes.
pub(super) const MAX_BATCH_BYTES: usize = 5 * 1024 * 1024;
/// Requests per minute that we offer in the CloudEvents handshake.
const ALLOWED_RATE: &str = "600";

pub(super) fn verify(channel: &OpenChannel, request: &WebhookRequest) -> Result<Verified, WebhookReject> {
    if request.method != Method::POST || !matches!(request.path.as_str(), "events" | "messages") {
        return Err(WebhookReject::NotFound);
    }
    authenticate(channel, &request.headers)?;
    let mode = cloudevents::mode(&request.headers).ok_or(WebhookReject::UnsupportedMediaType)?;
    let is_compat = request.path == "messages";
    if is_compat && mode != Mode::Binary {
        return Err(WebhookReject::UnsupportedMediaType);
    }
    if request.body.len() > if mode == Mode::Batch { MAX_BATCH_BYTES } else { MAX_BYTES } {
        return Err(WebhookReject::TooLarge);
    }
    if channel.flag("verify_signature") {
        check_signature(channel, request)?;
    }
    let reading = reading(channel, request.at);
    let headers = if mode == Mode::Binary && !is_compat { cloudevents::binary_headers(&request.headers) } else { BTreeMap::new() };
    let mut items = Vec::new();
    let (form, dedupe_key) = if is_compat {
        let message = json_value(&request.body).and_then(|value| events::read_compat(&value, reading)).map_err(WebhookReject::Malformed)?;
        ("compat", format!("message {}", message.external_id.as_str()))
    } else if mode == Mode::Batch {
        let events = cloudevents::read_batch(&request.body).map_err(WebhookReject::Malformed)?;
        let read = |event: Result<_, _>| event.and_then(|event| events::read(&event, reading)).err().unwrap_or_default();
        items = events.into_iter().map(read).collect();
        ("batch", format!("batch {}", hex::encode(Sha256::digest(&request.body))))
    } else {
        let event = if mode == Mode::Binary {
            cloudevents::read_binary(&headers, &request.body)
        } else {
            cloudevents::read_structured(&request.body)
        };
        let event = event.map_err(WebhookReject::Malformed)?;
        events::read(&event, reading).map_err(WebhookReject::Malformed)?;
        (if mode == Mode::Binary { "binary" } else { "structured" }, format!("event {}", event.key()))
    };
    Ok(Verified { raw: RawInbound { form: form.to_owned(), headers, body: request.body.clone(), at: request.at }, dedupe_key, items })
}

/// Answers the CloudEvents handshake (HTTP webhook specification, section 4): `OPTIONS` with the sender's origin.
pub(super) fn challenge(channel: &OpenChannel, request: &WebhookRequest) -> Option<WebhookReply> {
    if request.method != Method::OPTIONS || request.path != "events" {
        return None;
    }
    let origin = request.headers.get("webhook-request-origin")?.to_str().ok()?.to_owned();
    authenticate(channel, &request.headers).ok()?;
    let headers =
        vec![("webhook-allowed-origin", origin), ("webhook-allowed-rate", ALLOWED_RATE.to_owned()), ("allow", "POST, OPTIONS".to_owned())];
    Some(WebhookReply { status: 200, content_type: "application/json", headers, body: Bytes::new() })
}

pub(super) fn parse(channel: &OpenChannel, raw: &RawInbound) -> Result<Vec<Result<InboundEvent, ParseError>>, ParseError> {
    let reading = reading(channel, raw.at);
    let whole = |errors: Vec<FieldError>| parse_error(&errors);
    if raw.form == "compat" {
        let message = json_value(&raw.body).and_then(|value| events::read_compat(&value, reading)).map_err(whole)?;
        return Ok(vec![Ok(InboundEvent::Message(Box::new(message)))]);
    }
    let events = envelopes(raw)?;
    let read = |event: Result<_, _>| event.and_then(|event| events::read(&event, reading)).map_err(|errors| parse_error(&errors));
    Ok(events.into_iter().map(read).collect())
}

type Envelope = Result<CloudEvent, Vec<FieldError>>;

fn envelopes(raw: &RawInbound) -> Result<Vec<Envelope>, ParseError> {
    match raw.form.as_str() {
        "structured" => Ok(vec![cloudevents::read_structured(&raw.body)]),
        "binary" => Ok(vec![cloudevents::read_binary(&raw.headers, &raw.body)]),
        "batch" => cloudevents::read_batch(&raw.body).map_err(|errors| parse_error(&errors)),
        other => Err(ParseError::new(format!("unknown form {other}"))),
    }
}

/// Source and id of each event: the same one again, in whatever request, has no effect. The older message form has
/// neither; there the message's own id decides.
pub(super) fn keys(raw: &RawInbound) -> Vec<Option<String>> {
    let events = envelopes(raw).unwrap_or_default();
    events.into_iter().map(|event| event.ok().map(|event| event.key())).collect()
}

/// Every event has an id of ours: that of the request, in a batch with its position after a stroke. A batch is taken as a
/// whole; which of its events cannot be read, and why, stands beside them.
pub(super) fn reply(accepted: &Accepted, items: &[Vec<FieldError>]) -> WebhookReply {
    let (status, mut body) = match accepted {
        Accepted::Stored { reference } => (202, json!({"id": reference, "status": "accepted"})),
        Accepted::Duplicate { reference } => (200, json!({"id": reference, "status": "duplicate"})),
        Accepted::Conflict => (409, json!({"status": "conflict", "error": "This id was used before with other content."})),
    };
    if let Accepted::Stored { reference } | Accepted::Duplicate { reference } = accepted
        && !items.is_empty()
    {
        let told = items.iter().enumerate().map(|(position, errors)| {
            let id = format!("{reference}/{position}");
            if errors.is_empty() {
                json!({"id": id, "status": body["status"]})
            } else {
                json!({"id": id, "status": "invalid", "errors": errors})
            }
        });
        body["events"] = told.collect::<Vec<_>>().into();
    }
    WebhookReply { status, content_type: "application/json", headers: Vec::new(), body: body.to_string().into() }
}

/// Compares the bearer token with every token of the channel (several while they are changed), in constant time.
fn authenticate(channel: &OpenChannel, headers: &HeaderMap) -> Result<(), WebhookReject> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
    let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map_or("", |(_, token)| token.trim());
    let expected = channel.secret("inbound_token").map_or("", |secret| secret.expose_secret());
    let is_known =
        expected.split_ascii_whitespace().fold(false, |is_known, token| is_known | is_same_secret(token.as_bytes(), given.as_bytes()));
    if is_known { Ok(()) } else { Err(WebhookReject::Unauthenticated) }
}

fn check_signature(channel: &OpenChannel, request: &WebhookRequest) -> Result<(), WebhookReject> {
    let keys = channel.secret("signing_secret").and_then(|secret| SigningKeys::parse(secret.expose_secret()).ok());
    let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(keys), Some(id), Some(timestamp), Some(signatures)) = (keys, text(sign::ID), text(sign::TIMESTAMP), text(sign::SIGNATURE))
    else {
        return Err(WebhookReject::Unauthenticated);
    };
    keys.verify(id, timestamp, signatures, &request.body, request.at).map_err(|error| match error {
        SignatureError::Mismatch => WebhookReject::Unauthenticated,
        SignatureError::Stale => WebhookReject::Stale,
    })
}

fn reading(channel: &OpenChannel, at: chrono::DateTime<chrono::Utc>) -> Reading {
    Reading { at, fetches_files: channel.text("ca_pem").is_some() }
}

fn json_value(body: &[u8]) -> Result<Value, Vec<FieldError>> {
    serde_json::from_slice(body).map_err(|error| {
        vec![FieldError { field: String::new(), reason: format!("not valid JSON (line {}, column {})", error.line(), error.column()) }]
    })
}
