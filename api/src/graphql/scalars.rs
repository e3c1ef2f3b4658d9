//! Scalars and typed ids.

use async_graphql::{ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use tributary_domain::{Error, Result, ids::InvalidId};

/// Opaque position in the workspace's event log: resumes any subscription, at most 7 days later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogCursor(pub String);

/// Opaque position in the workspace's event log: resumes any subscription, at most 7 days later.
#[Scalar]
impl ScalarType for LogCursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.len() <= 200 => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// Web address, http or https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl(pub url::Url);

/// Web address, http or https.
#[Scalar(name = "URL")]
impl ScalarType for WebUrl {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        let url = url::Url::parse(&text).map_err(|_| InputValueError::custom("not a web address"))?;
        if matches!(url.scheme(), "http" | "https") { Ok(Self(url)) } else { Err(InputValueError::custom("not an http or https address")) }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An Adaptive Card (schema 1.5) as a JSON object.
#[derive(Debug, Clone, PartialEq)]
pub struct CardJson(pub serde_json::Value);

/// An Adaptive Card (schema 1.5) as a JSON object.
#[Scalar(name = "AdaptiveCardJSON")]
impl ScalarType for CardJson {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Object(_) => Ok(Self(value.into_json().map_err(|_| InputValueError::custom("not a JSON object"))?)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or(Value::Null)
    }
}

/// Reads a typed id.
///
/// # Errors
/// `Invalid` at `field` for an id of another type.
pub fn decode<I: std::str::FromStr<Err = InvalidId>>(id: &ID, field: &str) -> Result<I> {
    id.parse().map_err(|error: InvalidId| Error::invalid(field, error.to_string()))
}

/// Reads a list of typed ids.
///
/// # Errors
/// As [`decode`], with the position in the path.
pub fn decode_all<I: std::str::FromStr<Err = InvalidId>>(ids: &[ID], field: &str) -> Result<Vec<I>> {
    ids.iter().enumerate().map(|(position, id)| decode(id, &format!("{field}.{position}"))).collect()
}

/// Reads an id that may be absent.
///
/// # Errors
/// As [`decode`].
pub fn decode_opt<I: std::str::FromStr<Err = InvalidId>>(id: Option<&ID>, field: &str) -> Result<Option<I>> {
    id.map(|id| decode(id, field)).transpose()
}

/// Prints a typed id.
pub fn node_id(id: impl std::fmt::Display) -> ID {
    ID(id.to_string())
}
