//! Plain text: [`Text`].

use serde::{Deserialize, Serialize};

use super::violation::Findings;

/// Plain text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The text, as written.
    pub text: String,
}

impl Text {
    /// A body of plain text.
    pub fn content(text: impl Into<String>) -> super::RichContent {
        super::RichContent::Text(Self { text: text.into() })
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.text("text.text", &self.text);
    }
}
