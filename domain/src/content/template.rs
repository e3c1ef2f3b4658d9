//! A template that a platform approved: [`Template`].

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{
    ViolationCode,
    violation::{Findings, MAX_OPTIONS},
};

/// A template approved by the platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// The platform's name of it.
    pub name: String,
    /// Language tag as the platform writes it.
    pub language: String,
    /// Values for its placeholders, by name or by number.
    pub parameters: Vec<TemplateParameter>,
    /// The filled-in text, for display and fallback.
    pub text: String,
}

/// One value for a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateParameter {
    /// Name or number of the placeholder.
    pub name: String,
    /// What to put there.
    pub value: String,
}

impl Template {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.title("template.name", &self.name);
        let is_tag = |tag: &str| tag.len() <= 35 && tag.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        found.require(!self.language.is_empty() && is_tag(&self.language), "template.language", ViolationCode::Invalid);
        found.text("template.text", &self.text);
        if self.parameters.len() > MAX_OPTIONS {
            found.add("template.parameters", ViolationCode::TooMany, Some(MAX_OPTIONS as u64));
        }
        let mut names = HashSet::new();
        for (index, parameter) in self.parameters.iter().enumerate() {
            let path = format!("template.parameters.{index}");
            found.title(&format!("{path}.name"), &parameter.name);
            found.optional_description(&format!("{path}.value"), Some(&parameter.value));
            found.require(names.insert(&parameter.name), &format!("{path}.name"), ViolationCode::Duplicate);
        }
    }
}
