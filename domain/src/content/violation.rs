//! What is wrong with a draft: [`Violation`], and the collector that the checks of all kinds write to.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use url::Url;

/// Kind of a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ViolationCode {
    /// Nothing there where something must be.
    Empty,
    /// Longer than `limit`.
    TooLong,
    /// More than `limit`.
    TooMany,
    /// An id that another part of the same message has.
    Duplicate,
    /// Outside the possible values.
    OutOfRange,
    /// The channel, or this audience on it, does not have that.
    NotSupported,
    /// Not of the right form.
    Invalid,
}

/// One thing that is wrong with a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Path of the field as in the API's input, such as `quickReplies.replies.2.title`.
    pub field: String,
    /// What is wrong.
    pub code: ViolationCode,
    /// The limit that was passed, in the unit of the field.
    pub limit: Option<u64>,
    /// One English sentence for developers and for the log.
    pub message: String,
}

impl Violation {
    /// A violation with the usual sentence of its code.
    #[must_use]
    pub fn at(field: &str, code: ViolationCode, limit: Option<u64>) -> Self {
        let what = match code {
            ViolationCode::Empty => "must not be empty",
            ViolationCode::TooLong => "is too long",
            ViolationCode::TooMany => "has too many entries",
            ViolationCode::Duplicate => "is used twice",
            ViolationCode::OutOfRange => "is out of range",
            ViolationCode::NotSupported => "is not supported by this channel",
            ViolationCode::Invalid => "is not valid",
        };
        let message = limit.map_or_else(|| format!("{field} {what}"), |limit| format!("{field} {what} (limit {limit})"));
        Self { field: field.to_owned(), code, limit, message }
    }
}

/// Longest name, title or label, characters.
const MAX_TITLE: usize = 1000;
/// Longest description, characters.
const MAX_DESCRIPTION: usize = 5000;
/// Longest text, characters.
pub(super) const MAX_TEXT: usize = 100_000;
/// Longest id, characters.
const MAX_ID: usize = 200;
/// Longest address, characters.
const MAX_URL: usize = 8000;
/// Most options, items, slots or fields.
pub(super) const MAX_OPTIONS: usize = 100;

/// Most items of a list over all its sections.
pub(super) const MAX_LIST_ITEMS: usize = 200;

/// Collects violations under a path.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<Violation>,
}

impl Findings {
    /// The verdict.
    pub(super) fn verdict(self) -> Result<(), Vec<Violation>> {
        if self.found.is_empty() { Ok(()) } else { Err(self.found) }
    }

    /// Notes a violation.
    pub(super) fn add(&mut self, field: &str, code: ViolationCode, limit: Option<u64>) {
        self.found.push(Violation::at(field, code, limit));
    }

    /// Notes a violation unless `holds`.
    pub(super) fn require(&mut self, holds: bool, field: &str, code: ViolationCode) {
        if !holds {
            self.add(field, code, None);
        }
    }

    /// A name that must be there.
    pub(super) fn title(&mut self, field: &str, value: &str) {
        self.filled(field, value, MAX_TITLE);
    }

    /// A long text that must be there.
    pub(super) fn text(&mut self, field: &str, value: &str) {
        self.filled(field, value, MAX_TEXT);
    }

    /// A name that may be absent, but not be there and be empty.
    pub(super) fn optional_title(&mut self, field: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.title(field, value);
        }
    }

    /// A description that may be absent.
    pub(super) fn optional_description(&mut self, field: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.filled(field, value, MAX_DESCRIPTION);
        }
    }

    fn filled(&mut self, field: &str, value: &str, max: usize) {
        if value.trim().is_empty() {
            self.add(field, ViolationCode::Empty, None);
        } else if value.chars().count() > max {
            self.add(field, ViolationCode::TooLong, Some(max as u64));
        }
    }

    /// Between one and [`MAX_OPTIONS`] entries.
    pub(super) fn options(&mut self, field: &str, count: usize) {
        if count == 0 {
            self.add(field, ViolationCode::Empty, None);
        } else if count > MAX_OPTIONS {
            self.add(field, ViolationCode::TooMany, Some(MAX_OPTIONS as u64));
        }
    }

    /// Ids that are there, short enough and different from each other; each comes with the path of its entry.
    pub(super) fn ids<'a>(&mut self, ids: impl Iterator<Item = (String, &'a str)>) {
        let mut seen = HashSet::new();
        for (path, id) in ids {
            let field = format!("{path}.id");
            self.filled(&field, id, MAX_ID);
            if !seen.insert(id) {
                self.add(&field, ViolationCode::Duplicate, None);
            }
        }
    }

    /// A web address: http or https, with a host.
    pub(super) fn web_url(&mut self, field: &str, url: &Url) {
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            self.add(field, ViolationCode::Invalid, None);
        }
        if url.as_str().chars().count() > MAX_URL {
            self.add(field, ViolationCode::TooLong, Some(MAX_URL as u64));
        }
    }
}
