//! Fields to fill in: [`Form`].

use serde::{Deserialize, Serialize};

use super::{
    ViolationCode,
    fallback::{Page, one_line},
    violation::Findings,
};

/// Fields to fill in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// Heading.
    pub title: String,
    /// Explanation.
    pub text: Option<String>,
    /// The fields, in order.
    pub fields: Vec<FormField>,
    /// What the send button says; the client's own word if absent.
    pub submit_label: Option<String>,
}

/// Type of a form field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FormFieldType {
    /// One line.
    Text,
    /// Several lines.
    Multiline,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A number.
    Number,
    /// A calendar date.
    Date,
    /// One of the options.
    Choice,
    /// Any of the options.
    MultipleChoice,
    /// Yes or no.
    Checkbox,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormField {
    /// Unique within the form; comes back in the [`super::FormAnswers`].
    pub id: String,
    /// What the field is called.
    pub label: String,
    /// What it takes.
    pub field_type: FormFieldType,
    /// Whether it must be filled.
    pub required: bool,
    /// Help under the field.
    pub hint: Option<String>,
    /// The options of a choice; empty for other types.
    #[serde(default)]
    pub options: Vec<FormOption>,
}

/// One option of a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormOption {
    /// Unique within the field.
    pub id: String,
    /// What the option says.
    pub title: String,
}

impl Form {
    pub(super) fn tell(&self, page: &mut Page) {
        page.line(&self.title);
        page.optional(self.text.as_deref());
        page.gap();
        page.line(page.language.say("Please answer with these details:", "Bitte antworten Sie mit diesen Angaben:"));
        for field in &self.fields {
            field.tell(page);
        }
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.title("form.title", &self.title);
        found.optional_description("form.text", self.text.as_deref());
        found.optional_title("form.submitLabel", self.submit_label.as_deref());
        found.options("form.fields", self.fields.len());
        found.ids(self.fields.iter().enumerate().map(|(index, field)| (format!("form.fields.{index}"), field.id.as_str())));
        for (index, field) in self.fields.iter().enumerate() {
            field.validate(&format!("form.fields.{index}"), found);
        }
    }
}

impl FormFieldType {
    /// Whether the field has options to choose from.
    #[must_use]
    pub const fn has_options(self) -> bool {
        matches!(self, Self::Choice | Self::MultipleChoice)
    }
}

impl FormField {
    fn tell(&self, page: &mut Page) {
        let mut line = format!("• {}", one_line(&self.label));
        if self.required {
            line.push_str(page.language.say(" (required)", " (Pflichtfeld)"));
        }
        let options = match self.field_type {
            FormFieldType::Checkbox => page.language.say("yes / no", "ja / nein").to_owned(),
            FormFieldType::Date => page.language.say("date", "Datum").to_owned(),
            _ => self.options.iter().map(|option| one_line(&option.title)).collect::<Vec<_>>().join(" / "),
        };
        if !options.is_empty() {
            line.push_str(": ");
            line.push_str(&options);
        }
        if let Some(hint) = &self.hint {
            line.push_str(&format!(" – {}", one_line(hint)));
        }
        page.line(&line);
    }

    fn validate(&self, path: &str, found: &mut Findings) {
        found.title(&format!("{path}.label"), &self.label);
        found.optional_description(&format!("{path}.hint"), self.hint.as_deref());
        let field = format!("{path}.options");
        if self.field_type.has_options() {
            found.options(&field, self.options.len());
            found.ids(self.options.iter().enumerate().map(|(index, option)| (format!("{field}.{index}"), option.id.as_str())));
            for (index, option) in self.options.iter().enumerate() {
                found.title(&format!("{field}.{index}.title"), &option.title);
            }
        } else {
            found.require(self.options.is_empty(), &field, ViolationCode::Invalid);
        }
    }
}
