//! CloudEvents 1.0 over HTTP: structured, batched and binary mode, JSON data only.
//!
//! Sources: CloudEvents specification 1.0.2, JSON event format, HTTP protocol binding (checked 2026-07).

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde_json::Value;

use crate::{
    error::FieldError,
    shared::fields::{Errors, Field},
};

/// Most events of one batch; more are refused as a whole, so that a small body cannot make endless work.
pub const MAX_BATCH: usize = 1000;

/// How events stand in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One event as a JSON document.
    Structured,
    /// A JSON list of events.
    Batch,
    /// Attributes in `ce-*` headers, data in the body.
    Binary,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct CloudEvent {
    /// Unique within the source.
    pub id: String,
    /// Who reports.
    pub source: String,
    /// What happened.
    pub kind: String,
    /// When, if told.
    pub time: Option<DateTime<Utc>>,
    /// The payload; `null` if there is none.
    pub data: Value,
}

impl CloudEvent {
    /// What makes two events the same one: source and id, unambiguously joined.
    #[must_use]
    pub fn key(&self) -> String {
        Value::from(vec![self.source.clone(), self.id.clone()]).to_string()
    }
}

/// The mode of a request by its media type; `None` if it can hold no event that we read.
#[must_use]
pub fn mode(headers: &HeaderMap) -> Option<Mode> {
    let content_type = headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
    match media_type(content_type).as_str() {
        "application/cloudevents+json" => Some(Mode::Structured),
        "application/cloudevents-batch+json" => Some(Mode::Batch),
        json if is_json(json) => Some(Mode::Binary),
        _ => None,
    }
}

/// The headers that [`read_binary`] needs, lower-case.
#[must_use]
pub fn binary_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let wanted = headers.iter().filter(|(name, _)| name.as_str().starts_with("ce-") || *name == http::header::CONTENT_TYPE);
    wanted.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect()
}

/// Reads one event in structured mode.
///
/// # Errors
/// What is wrong with it, by field.
pub fn read_structured(body: &[u8]) -> Result<CloudEvent, Vec<FieldError>> {
    read_event(&json(body)?)
}

/// Reads a batch: what is wrong with one event does not touch its neighbours.
///
/// # Errors
/// The body is no list, or too long a list.
pub fn read_batch(body: &[u8]) -> Result<Vec<Result<CloudEvent, Vec<FieldError>>>, Vec<FieldError>> {
    match json(body)? {
        Value::Array(events) if events.len() <= MAX_BATCH => Ok(events.iter().map(read_event).collect()),
        Value::Array(_) => Err(one("", format!("a batch has at most {MAX_BATCH} events"))),
        _ => Err(one("", "a batch is a list of events")),
    }
}

/// Reads one event in binary mode; `headers` as [`binary_headers`] gives them.
///
/// # Errors
/// What is wrong with it, by field.
pub fn read_binary(headers: &BTreeMap<String, String>, body: &[u8]) -> Result<CloudEvent, Vec<FieldError>> {
    let attributes = headers.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("ce-")?;
        // Percent-encoding as the HTTP binding prescribes, section 3.1.3.2.
        Some((format!("ce-{name}"), Value::String(percent_decoded(value.trim_matches('"')))))
    });
    let attributes = Value::Object(attributes.collect());
    let data = if body.is_empty() { Value::Null } else { json(body)? };
    let errors = Errors::default();
    let root = Field::root(&attributes, "", &errors);
    let event = envelope(&root, "ce-", data);
    errors.into_result(event)
}

fn read_event(value: &Value) -> Result<CloudEvent, Vec<FieldError>> {
    let errors = Errors::default();
    let root = Field::root(value, "", &errors);
    if !value.is_object() {
        return Err(one("", "an event is an object"));
    }
    if let Some(content_type) = root.at("datacontenttype").text()
        && !is_json(&media_type(&content_type))
    {
        root.at("datacontenttype").wrong("only JSON data is understood");
    }
    let data = match root.at("data_base64").text() {
        None => value.get("data").cloned().unwrap_or_default(),
        Some(encoded) => {
            let data = STANDARD.decode(encoded).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            if data.is_none() {
                root.at("data_base64").wrong("must be base64 of a JSON text");
            }
            data.unwrap_or_default()
        }
    };
    let event = envelope(&root, "", data);
    errors.into_result(event)
}

fn envelope(root: &Field<'_>, prefix: &str, data: Value) -> CloudEvent {
    let attribute = |name: &str| root.at(&format!("{prefix}{name}"));
    let version = attribute("specversion").required_text();
    if !version.is_empty() && version != "1.0" {
        attribute("specversion").wrong("must be 1.0");
    }
    CloudEvent {
        id: attribute("id").required_id(),
        source: attribute("source").required_id(),
        kind: attribute("type").required_id(),
        time: attribute("time").time(),
        data,
    }
}

fn json(body: &[u8]) -> Result<Value, Vec<FieldError>> {
    serde_json::from_slice(body).map_err(|error| one("", format!("not valid JSON (line {}, column {})", error.line(), error.column())))
}

fn one(field: &str, reason: impl Into<String>) -> Vec<FieldError> {
    vec![FieldError { field: field.to_owned(), reason: reason.into() }]
}

fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}

fn percent_decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = (byte == b'%').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::{MAX_BATCH, Mode, binary_headers, mode, read_batch, read_binary, read_structured};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    fn event() -> serde_json::Value {
        json!({"specversion": "1.0", "id": "1", "source": "/shop", "type": "message.created", "time": "2026-01-01T09:00:00+01:00", "data": {"a": 1}})
    }

    #[test]
    fn modes_by_media_type() {
        let of = |text: &str| mode(&headers(&[("content-type", text)]));
        assert_eq!(of("application/cloudevents+json; charset=utf-8"), Some(Mode::Structured));
        assert_eq!(of("Application/CloudEvents-Batch+JSON"), Some(Mode::Batch));
        assert_eq!(of("application/json"), Some(Mode::Binary));
        assert_eq!(of("text/plain"), None);
        assert_eq!(mode(&HeaderMap::new()), None);
    }

    #[test]
    fn the_same_event_in_every_mode() {
        let structured = read_structured(event().to_string().as_bytes()).expect("an event");
        assert_eq!(structured.key(), r#"["/shop","1"]"#);
        assert_eq!(structured.time.map(|time| time.to_rfc3339()).as_deref(), Some("2026-01-01T08:00:00+00:00"));
        let attributes = [
            ("content-type", "application/json"),
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "%2Fshop"),
            ("ce-type", "message.created"),
            ("ce-time", "2026-01-01T08:00:00Z"),
            ("authorization", "Bearer secret"),
        ];
        let kept = binary_headers(&headers(&attributes));
        assert!(!kept.contains_key("authorization"));
        assert_eq!(read_binary(&kept, br#"{"a":1}"#), Ok(structured.clone()));
        let batch = json!([event(), {"id": 7}, event()]).to_string();
        let batch = read_batch(batch.as_bytes()).expect("a batch");
        assert_eq!(batch.iter().filter_map(|one| one.as_ref().ok()).collect::<Vec<_>>(), [&structured, &structured]);
        let mut encoded = event();
        encoded["data"].take();
        encoded["data_base64"] = "eyJhIjoxfQ==".into();
        assert_eq!(read_structured(encoded.to_string().as_bytes()), Ok(structured));
    }

    #[test]
    fn mistakes_are_named() {
        let fields = |value: serde_json::Value| {
            let found = read_structured(value.to_string().as_bytes()).expect_err("mistakes");
            found.into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(json!({})), ["specversion", "id", "source", "type"]);
        assert_eq!(fields(json!([])), [""]);
        assert_eq!(fields(json!({"specversion": "0.3", "id": "", "source": 1, "type": "t"})), ["specversion", "id", "source"]);
        let mut xml = event();
        xml["datacontenttype"] = "text/xml".into();
        assert_eq!(fields(xml), ["datacontenttype"]);
        assert!(read_structured(b"{").expect_err("cut off")[0].reason.contains("not valid JSON"));
        assert!(read_structured("[".repeat(100_000).as_bytes()).is_err());
        assert!(read_batch(b"{}").is_err());
        assert!(read_batch(format!("[{}]", vec!["1"; MAX_BATCH + 1].join(",")).as_bytes()).is_err());
        assert_eq!(read_batch(b"[]"), Ok(Vec::new()));
    }
}
