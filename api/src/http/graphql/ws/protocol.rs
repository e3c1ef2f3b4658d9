//! Messages and close codes of `graphql-transport-ws`.

use async_graphql::{Response, ServerError};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::graphql::{
    error::Outcome,
    wire::{self, Params},
};

pub(super) const SUBPROTOCOL: &str = "graphql-transport-ws";

/// A close frame holds 125 bytes, two of them the code.
const MAX_REASON_BYTES: usize = 123;
/// Longer ids serve nobody.
const MAX_ID_BYTES: usize = 256;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    ConnectionInit {
        #[serde(default)]
        payload: Option<Value>,
    },
    Ping {
        #[serde(default)]
        payload: Option<Value>,
    },
    Pong {},
    Subscribe {
        id: String,
        payload: Params,
    },
    Complete {
        id: String,
    },
}

impl ClientMessage {
    pub(super) fn read(text: &str) -> Result<Self, Close> {
        let message = serde_json::from_str(text).map_err(|_| Close::MALFORMED)?;
        match &message {
            Self::Subscribe { id, .. } | Self::Complete { id } if id.is_empty() || id.len() > MAX_ID_BYTES => Err(Close::MALFORMED),
            _ => Ok(message),
        }
    }
}

/// The token in a payload, under `authorization` in any case.
pub(super) fn token(payload: Option<&Value>) -> Option<&str> {
    let (_, value) = payload?.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    crate::auth::bearer(value.as_str()?)
}

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

impl Close {
    pub(super) const LEAVING: Self = Self::new(1012, "This node is leaving, come back");
    pub(super) const TRY_LATER: Self = Self::new(1013, "Tokens cannot be checked at the moment");
    pub(super) const MALFORMED: Self = Self::new(4400, "The message is malformed or too large");
    pub(super) const UNAUTHORIZED: Self = Self::new(4401, "Unauthorized");
    pub(super) const EXPIRED: Self = Self::new(4403, "The token has expired");
    pub(super) const REVOKED: Self = Self::new(4403, "You are no longer signed in");
    pub(super) const OTHER_USER: Self = Self::new(4403, "The new token belongs to another user");
    pub(super) const INIT_TIMEOUT: Self = Self::new(4408, "Connection initialisation timeout");
    pub(super) const SLOW: Self = Self::new(4408, "The client does not take its messages");
    pub(super) const SILENT: Self = Self::new(4408, "No sign of life from the client");
    pub(super) const DUPLICATE: Self = Self::new(4409, "An operation with this id is already running");
    pub(super) const INIT_TWICE: Self = Self::new(4429, "Too many initialisation requests");
    pub(super) const TOO_FAST: Self = Self::new(4429, "Too many messages");
    pub(super) const TOO_MANY: Self = Self::new(4429, "Too many connections of this user");

    const fn new(code: u16, reason: &'static str) -> Self {
        assert!(reason.len() <= MAX_REASON_BYTES);
        Self { code, reason }
    }

    pub(super) fn frame(self) -> Message {
        Message::Close(Some(CloseFrame { code: self.code, reason: Utf8Bytes::from_static(self.reason) }))
    }
}

pub(super) fn ack() -> Message {
    Message::Text(Utf8Bytes::from_static(r#"{"type":"connection_ack"}"#))
}

pub(super) fn pong() -> Message {
    Message::Text(Utf8Bytes::from_static(r#"{"type":"pong"}"#))
}

pub(super) fn renewed() -> Message {
    Message::Text(Utf8Bytes::from_static(r#"{"type":"pong","payload":{"renewed":true}}"#))
}

pub(super) fn not_renewed(code: &str) -> Message {
    Message::Text(json!({ "type": "pong", "payload": { "renewed": false, "code": code } }).to_string().into())
}

pub(super) fn next(id: &str, response: &Response) -> Message {
    let mut json = head("next", id);
    json.extend_from_slice(b",\"payload\":");
    wire::write_json(&mut json, response, Outcome::Executed);
    finished(json)
}

/// A result that several get: only the id differs.
pub(super) fn next_shared(id: &str, json: &str) -> Message {
    // As text from the beginning: that it is UTF-8 need not be found out for every socket.
    Message::Text([&shared_head(id), json, SHARED_TAIL].concat().into())
}

/// What stands before a result that several get.
pub(super) fn shared_head(id: &str) -> String {
    let id = serde_json::to_string(id).expect("a text is always representable as JSON");
    ["{\"id\":", &id, ",\"type\":\"next\",\"payload\":"].concat()
}

/// What stands behind it.
pub(super) const SHARED_TAIL: &str = "}";

pub(super) fn error(id: &str, errors: &[ServerError]) -> Message {
    let mut json = head("error", id);
    json.extend_from_slice(b",\"payload\":");
    serde_json::to_writer(&mut json, errors).expect("GraphQL errors are always representable as JSON");
    finished(json)
}

pub(super) fn complete(id: &str) -> Message {
    finished(head("complete", id))
}

fn head(kind: &str, id: &str) -> Vec<u8> {
    let mut json = Vec::with_capacity(512);
    json.extend_from_slice(b"{\"id\":");
    serde_json::to_writer(&mut json, id).expect("a text is always representable as JSON");
    json.extend_from_slice(b",\"type\":\"");
    json.extend_from_slice(kind.as_bytes());
    json.push(b'"');
    json
}

fn finished(mut json: Vec<u8>) -> Message {
    json.push(b'}');
    Message::Text(Utf8Bytes::try_from(json).expect("JSON is UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_strictly_where_it_matters() {
        for good in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":null}"#,
            r#"{"type":"ping","payload":{"x":1},"unknown":true}"#,
            r#"{"type":"pong"}"#,
            r#"{"type":"pong","payload":{}}"#,
            r#"{"id":"1","type":"complete"}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":"{a}","variables":null,"operationName":null,"extensions":null}}"#,
        ] {
            assert!(ClientMessage::read(good).is_ok(), "{good}");
        }
        let long = format!(r#"{{"id":"{}","type":"complete"}}"#, "x".repeat(257));
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":"next"}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":1}"#,
            r#"{"id":"","type":"complete"}"#,
            &long,
            r#"{"id":"1","type":"subscribe"}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":1}}"#,
        ] {
            assert_eq!(ClientMessage::read(bad).err(), Some(Close::MALFORMED), "{bad}");
        }
    }

    #[test]
    fn tokens_are_found_in_payloads() {
        assert_eq!(token(Some(&json!({"Authorization": "Bearer t"}))), Some("t"));
        assert_eq!(token(Some(&json!({"authorization": "bearer t"}))), Some("t"));
        assert_eq!(token(Some(&json!({"authorization": 1}))), None);
        assert_eq!(token(Some(&json!([]))), None);
        assert_eq!(token(None), None);
    }

    #[test]
    fn ids_are_escaped() {
        let Message::Text(text) = complete("a\"b\n") else { unreachable!() };
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({"id": "a\"b\n", "type": "complete"}));
        let Message::Text(text) = next_shared("a\"b\n", r#"{"data":1}"#) else { unreachable!() };
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({"id": "a\"b\n", "type": "next", "payload": {"data": 1}}));
    }
}
