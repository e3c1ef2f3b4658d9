//! Reads JSON of strangers field by field and remembers everything that is wrong, each with its path.
//!
//! A [`Field`] never fails at once: a wrong or missing value becomes an entry of [`Errors`] and a harmless stand-in, so
//! that one answer can name all mistakes. Whoever reads must ask [`Errors::into_result`] before using what was read.

use std::cell::RefCell;

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::Value;
use url::Url;

use crate::error::{FieldError, ParseError};

/// Longest id that a platform may give, characters (BYOC contract: `maxLength` 255).
pub const MAX_ID_CHARS: usize = 255;

/// Most mistakes that are listed.
const MAX_ERRORS: usize = 20;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub struct Errors(RefCell<Vec<FieldError>>);

impl Errors {
    /// Adds a mistake.
    pub fn push(&self, field: impl Into<String>, reason: impl Into<String>) {
        let mut errors = self.0.borrow_mut();
        if errors.len() < MAX_ERRORS {
            errors.push(FieldError { field: field.into(), reason: reason.into() });
        }
    }

    /// What was read, if nothing was wrong.
    ///
    /// # Errors
    /// The mistakes.
    pub fn into_result<T>(self, read: T) -> Result<T, Vec<FieldError>> {
        let errors = self.0.into_inner();
        if errors.is_empty() { Ok(read) } else { Err(errors) }
    }
}

/// Whether a text can be a platform's id: 1 to [`MAX_ID_CHARS`] characters, none of them a control or replacement character.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&text.chars().count()) && !text.chars().any(|c| c.is_control() || c == '\u{fffd}')
}

/// Mistakes as one sentence for the dead letters.
#[must_use]
pub fn parse_error(errors: &[FieldError]) -> ParseError {
    let texts: Vec<_> = errors.iter().map(|error| format!("{}: {}", error.field, error.reason)).collect();
    ParseError::new(texts.join("; "))
}

/// A value that may be there, and its path.
#[derive(Clone)]
pub struct Field<'a> {
    value: Option<&'a Value>,
    path: String,
    errors: &'a Errors,
}

impl<'a> Field<'a> {
    /// The outermost value; `path` is empty or where it stands in a larger document.
    #[must_use]
    pub fn root(value: &'a Value, path: impl Into<String>, errors: &'a Errors) -> Self {
        Self { value: Some(value), path: path.into(), errors }
    }

    /// A member of an object; `null` counts as absent.
    #[must_use]
    pub fn at(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let value = self.value.and_then(|value| value.get(key)).filter(|value| !value.is_null());
        Self { value, path, errors: self.errors }
    }

    /// The value as it is.
    #[must_use]
    pub fn raw(&self) -> Option<&'a Value> {
        self.value
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.value.is_some()
    }

    /// Remembers that something is wrong here.
    pub fn wrong(&self, reason: impl Into<String>) {
        self.errors.push(self.path.clone(), reason);
    }

    /// Remembers a mistake if there is no value or no object.
    pub fn require_object(&self) {
        match self.value {
            None => self.wrong("is required"),
            Some(Value::Object(_)) => {}
            Some(_) => self.wrong("must be an object"),
        }
    }

    /// A text; the null character, which databases refuse, is replaced.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self.value? {
            Value::String(text) => Some(text.replace('\0', "\u{fffd}")),
            _ => {
                self.wrong("must be a text");
                None
            }
        }
    }

    /// A text that is not blank.
    #[must_use]
    pub fn filled(&self) -> Option<String> {
        self.text().filter(|text| !text.trim().is_empty())
    }

    /// A text that must be there and not be blank.
    #[must_use]
    pub fn required_text(&self) -> String {
        let text = self.text();
        if text.as_ref().is_none_or(|text| text.trim().is_empty()) && !matches!(self.value, Some(value) if !value.is_string()) {
            self.wrong("is required");
        }
        text.unwrap_or_default()
    }

    /// An id, if there is one: 1 to [`MAX_ID_CHARS`] characters without control characters.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        let id = self.text()?;
        if !is_id(&id) {
            self.wrong(format!("must have 1 to {MAX_ID_CHARS} characters and no control characters"));
            return None;
        }
        Some(id)
    }

    /// An id that must be there.
    #[must_use]
    pub fn required_id(&self) -> String {
        if self.value.is_none() {
            self.wrong("is required");
        }
        self.id().unwrap_or_default()
    }

    /// A time as RFC 3339 writes it, cut to microseconds.
    #[must_use]
    pub fn time(&self) -> Option<DateTime<Utc>> {
        let text = self.text()?;
        let time = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.to_utc().trunc_subsecs(6));
        if time.is_none() {
            self.wrong("must be a time such as 2026-01-01T08:00:00Z");
        }
        time
    }

    /// A web address.
    #[must_use]
    pub fn url(&self) -> Option<Url> {
        let url = Url::parse(&self.text()?).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        if url.is_none() {
            self.wrong("must be a web address");
        }
        url
    }

    /// Yes or no; absent is no.
    #[must_use]
    pub fn flag(&self) -> bool {
        match self.value {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.wrong("must be true or false");
                false
            }
        }
    }

    /// A number inside the range.
    #[must_use]
    pub fn number(&self, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
        let number = self.value?.as_f64().filter(|number| range.contains(number));
        if number.is_none() {
            self.wrong(format!("must be a number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// A whole number from 0 to `max`.
    #[must_use]
    pub fn whole(&self, max: u32) -> Option<u32> {
        let number = self.value?.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number <= max);
        if number.is_none() {
            self.wrong(format!("must be a whole number from 0 to {max}"));
        }
        number
    }

    /// The entries of a list of at most `max`; absent is empty.
    #[must_use]
    pub fn items(&self, max: usize) -> Vec<Self> {
        match self.value {
            None => Vec::new(),
            Some(Value::Array(items)) if items.len() <= max => items
                .iter()
                .enumerate()
                .map(|(n, item)| Self { value: Some(item), path: format!("{}[{n}]", self.path), errors: self.errors })
                .collect(),
            Some(Value::Array(_)) => {
                self.wrong(format!("must have at most {max} entries"));
                Vec::new()
            }
            Some(_) => {
                self.wrong("must be a list");
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Errors, Field, parse_error};

    #[test]
    fn every_mistake_is_named_with_its_path() {
        let value = json!({"a": {"n": 7, "t": "  ", "u": "ftp://x/", "l": [{"id": ""}, {"id": "ok"}]}, "time": "yesterday", "f": "x"});
        let errors = Errors::default();
        let root = Field::root(&value, "data", &errors);
        assert_eq!(root.at("a").at("n").text(), None);
        assert_eq!(root.at("a").at("t").required_text(), "  ");
        assert_eq!(root.at("a").at("u").url(), None);
        let ids: Vec<_> = root.at("a").at("l").items(5).iter().map(|item| item.at("id").required_id()).collect();
        assert_eq!(ids, ["", "ok"]);
        assert_eq!(root.at("time").time(), None);
        assert!(!root.at("f").flag());
        assert_eq!(root.at("missing").required_id(), "");
        root.at("f").require_object();
        let found = errors.into_result(()).expect_err("mistakes");
        let fields: Vec<_> = found.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["data.a.n", "data.a.t", "data.a.u", "data.a.l[0].id", "data.time", "data.f", "data.missing", "data.f"]);
        assert!(parse_error(&found).reason.starts_with("data.a.n: must be a text; "));
    }

    #[test]
    fn null_is_absent_and_the_null_character_is_replaced() {
        let value = json!({"a": null, "b": "x\u{0}y"});
        let errors = Errors::default();
        let root = Field::root(&value, "", &errors);
        assert!(!root.at("a").is_present());
        assert_eq!(root.at("b").text().as_deref(), Some("x\u{fffd}y"));
        assert_eq!(root.at("b").id(), None);
        assert_eq!(errors.into_result(()).expect_err("the id").len(), 1);
    }
}
