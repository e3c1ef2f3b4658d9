//! HTML and Markdown: [`Formatted`].

use serde::{Deserialize, Serialize};

use super::{
    MAX_HTML_BYTES, ViolationCode, html_to_markdown, html_to_text, markdown_to_html, markdown_to_text, sanitise_html,
    violation::{Findings, MAX_TEXT},
};

/// Markup language of a [`Formatted`] text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Markup {
    /// HTML, sanitised before it is stored.
    Html,
    /// CommonMark.
    Markdown,
}

/// Text with markup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Formatted {
    /// Language of `source`.
    pub markup: Markup,
    /// The text with its markup.
    pub source: String,
}

impl Formatted {
    /// The text without its markup; links keep their address.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self.markup {
            Markup::Html => html_to_text(&self.source),
            Markup::Markdown => markdown_to_text(&self.source),
        }
    }

    /// The text as sanitised HTML.
    #[must_use]
    pub fn to_html(&self) -> String {
        match self.markup {
            Markup::Html => sanitise_html(&self.source).html,
            Markup::Markdown => markdown_to_html(&self.source),
        }
    }

    /// The text as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        match self.markup {
            Markup::Html => html_to_markdown(&self.source),
            Markup::Markdown => self.source.clone(),
        }
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        let field = "formatted.source";
        // HTML of mail programs is mostly markup, so it is measured in bytes and may be longer.
        let (length, limit) = match self.markup {
            Markup::Html => (self.source.len(), MAX_HTML_BYTES),
            Markup::Markdown => (self.source.chars().count(), MAX_TEXT),
        };
        if length > limit {
            found.add(field, ViolationCode::TooLong, Some(limit as u64));
        } else if self.source.trim().is_empty() || self.to_text().is_empty() && !self.to_html().contains("<img") {
            found.add(field, ViolationCode::Empty, None);
        }
    }
}
