//! Scalars and typed ids.

use async_graphql::{Description, ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use tributary_domain::{Error, Result, ids::InvalidId};

/// Opaque position in the workspace's event log: resumes any subscription, at most 7 days later.
#[derive(Debug, Clone, PartialEq, Eq, Description)]
pub struct LogCursor(pub String);

#[Scalar(use_type_description)]
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

/// Whole number of up to 53 bits, from −9007199254740991 to 9007199254740991, written as a JSON number: more than `Int`
/// holds, and no more than every client can read without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Description)]
pub struct Long(pub i64);

/// Largest whole number that a double holds together with its neighbours (ECMAScript, `Number.MAX_SAFE_INTEGER`).
const MAX_LONG: i64 = (1 << 53) - 1;

#[Scalar(use_type_description)]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::Number(number) = &value else { return Err(InputValueError::expected_type(value)) };
        let number = number.as_i64().filter(|number| (-MAX_LONG..=MAX_LONG).contains(number));
        number.map(Self).ok_or_else(|| InputValueError::custom("not a whole number of up to 53 bits"))
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.clamp(-MAX_LONG, MAX_LONG))
    }
}

impl From<u64> for Long {
    fn from(number: u64) -> Self {
        Self(i64::try_from(number).unwrap_or(MAX_LONG))
    }
}

/// Web address, http or https.
#[derive(Debug, Clone, PartialEq, Eq, Description)]
pub struct WebUrl(pub url::Url);

#[Scalar(name = "URL", use_type_description)]
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

impl WebUrl {
    /// An address that the program itself holds as text.
    ///
    /// # Errors
    /// `Invalid` when it is none, which the tests of the specs rule out.
    pub fn known(text: &str) -> Result<Self> {
        url::Url::parse(text).map(Self).map_err(|error| Error::invalid("", error.to_string()))
    }
}

/// Language as a BCP 47 tag, such as `de-AT`. Phrases of our own are English and German: for any other language they are
/// English.
#[derive(Debug, Clone, PartialEq, Eq, Description)]
pub struct LanguageTag(pub String);

#[Scalar(name = "Language", use_type_description)]
impl ScalarType for LanguageTag {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl LanguageTag {
    /// The language that arguments have when nothing is said.
    #[must_use]
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The language of our own phrases that stands for it.
    #[must_use]
    pub fn phrases(&self) -> tributary_domain::content::Language {
        tributary_domain::content::Language::from_tag(&self.0)
    }
}

/// An Adaptive Card (schema 1.5) as a JSON object.
#[derive(Debug, Clone, PartialEq, Description)]
pub struct CardJson(pub serde_json::Value);

#[Scalar(name = "AdaptiveCardJSON", use_type_description)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_is_what_every_client_can_read() {
        let read = |text: &str| Long::parse(Value::from_json(serde_json::from_str(text).unwrap()).unwrap());
        for (text, number) in [("0", 0), ("-1", -1), ("4294967296", 1 << 32), ("9007199254740991", MAX_LONG)] {
            assert_eq!(read(text).ok(), Some(Long(number)), "{text}");
            assert_eq!(Long(number).to_value().to_string(), text);
        }
        for text in ["9007199254740992", "-9007199254740992", "1.5", "\"1\"", "true", "null", "[1]"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(Long::from(u64::MAX).to_value(), Value::from(MAX_LONG));
    }
}
