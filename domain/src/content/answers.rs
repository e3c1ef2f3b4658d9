//! What contacts answer: [`Selection`], [`TimeChosen`], [`FormAnswers`]; and [`Unsupported`], what we do not know.

use serde::{Deserialize, Serialize};

use super::{
    TimeSlot, ViolationCode,
    fallback::{Page, one_line},
    violation::{Findings, MAX_OPTIONS, MAX_TEXT},
};
use crate::ids::MessageId;

/// Answer to quick replies or a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// The message that asked, when known.
    pub question: Option<MessageId>,
    /// What was chosen.
    pub items: Vec<SelectedItem>,
}

/// One chosen item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelectedItem {
    /// Id of the reply or list item.
    pub id: String,
    /// What it said.
    pub title: String,
}

/// Answer to a time picker or an appointment request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeChosen {
    /// The message that asked, when known.
    pub question: Option<MessageId>,
    /// The slot that was chosen.
    pub slot: TimeSlot,
}

/// Answer to a form or card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormAnswers {
    /// The message that asked, when known.
    pub question: Option<MessageId>,
    /// One entry per filled field.
    pub answers: Vec<FormAnswer>,
}

/// One filled field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormAnswer {
    /// Id of the field.
    pub field_id: String,
    /// What the field was called.
    pub label: String,
    /// What was entered or chosen, readable; several for a multiple choice.
    pub values: Vec<String>,
}

/// Something we do not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unsupported {
    /// The platform's own name for it.
    pub platform_type: String,
    /// Readable text that came with it.
    pub text: Option<String>,
}

impl Selection {
    pub(super) fn tell(&self, page: &mut Page) {
        page.line(&self.items.iter().map(|item| one_line(&item.title)).collect::<Vec<_>>().join(", "));
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.options("selection.items", self.items.len());
        found.ids(self.items.iter().enumerate().map(|(index, item)| (format!("selection.items.{index}"), item.id.as_str())));
        for (index, item) in self.items.iter().enumerate() {
            found.title(&format!("selection.items.{index}.title"), &item.title);
        }
    }
}

impl TimeChosen {
    pub(super) fn tell(&self, page: &mut Page) {
        page.line(&self.slot.label(chrono_tz::UTC, page.language));
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        self.slot.validate("timeChosen.slot", found);
    }
}

impl FormAnswers {
    pub(super) fn tell(&self, page: &mut Page) {
        for answer in &self.answers {
            page.line(&format!("{}: {}", one_line(&answer.label), answer.values.join(", ")));
        }
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.options("formAnswers.answers", self.answers.len());
        for (index, answer) in self.answers.iter().enumerate() {
            let path = format!("formAnswers.answers.{index}");
            found.title(&format!("{path}.fieldId"), &answer.field_id);
            found.title(&format!("{path}.label"), &answer.label);
            if answer.values.len() > MAX_OPTIONS {
                found.add(&format!("{path}.values"), ViolationCode::TooMany, Some(MAX_OPTIONS as u64));
            }
            let length = answer.values.iter().map(|value| value.chars().count()).sum::<usize>();
            if length > MAX_TEXT {
                found.add(&format!("{path}.values"), ViolationCode::TooLong, Some(MAX_TEXT as u64));
            }
        }
    }
}

impl Unsupported {
    pub(super) fn tell(&self, page: &mut Page) {
        match self.text.as_deref().filter(|text| !text.trim().is_empty()) {
            Some(text) => page.line(text),
            None => page.line(&format!(
                "{} ({})",
                page.language.say("Content that cannot be shown", "Inhalt, der nicht angezeigt werden kann"),
                one_line(&self.platform_type)
            )),
        }
    }
}
