//! Readable text of every kind of content: [`RichContent::fallback`]. The text of each kind is in the file of the kind;
//! here is what they share.

use super::{Language, RichContent};
use crate::store::storable;

impl RichContent {
    /// The whole body as readable English text, as both databases can keep it.
    #[must_use]
    pub fn fallback(&self) -> String {
        storable(&self.fallback_in(Language::En)).into_owned()
    }

    /// The whole body as readable text; fixed phrases in `language`, the author's words untouched.
    ///
    /// Choices are numbered, so that [`super::match_answer`] understands an answer by number.
    #[must_use]
    pub fn fallback_in(&self, language: Language) -> String {
        let mut page = Page::new(language);
        match self {
            Self::Text(content) => return content.text.clone(),
            Self::Formatted(content) => return content.to_text(),
            Self::Attachment(content) => content.tell(&mut page),
            Self::Location(content) => content.tell(&mut page),
            Self::RichLink(content) => content.tell(&mut page),
            Self::QuickReplies(content) => content.tell(&mut page),
            Self::ListPicker(content) => content.tell(&mut page),
            Self::TimePicker(content) => content.tell(&mut page),
            Self::Form(content) => content.tell(&mut page),
            Self::AdaptiveCard(content) => content.tell(&mut page),
            Self::Template(content) => return content.text.clone(),
            Self::PaymentRequest(content) => content.tell(&mut page),
            Self::AppointmentRequest(content) => content.tell(&mut page),
            Self::Selection(content) => content.tell(&mut page),
            Self::TimeChosen(content) => content.tell(&mut page),
            Self::FormAnswers(content) => content.tell(&mut page),
            Self::Unsupported(content) => content.tell(&mut page),
        }
        page.finish()
    }
}

/// Text being written, line by line.
#[derive(Debug)]
pub(super) struct Page {
    /// Language of fixed phrases.
    pub(super) language: Language,
    text: String,
}

impl Page {
    /// An empty page.
    pub(super) const fn new(language: Language) -> Self {
        Self { language, text: String::new() }
    }

    /// A line; an empty one is left out (see [`Self::gap`]).
    pub(super) fn line(&mut self, line: &str) {
        let line = line.trim_end();
        if !line.trim().is_empty() {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// A line that may be absent.
    pub(super) fn optional(&mut self, line: Option<&str>) {
        if let Some(line) = line {
            self.line(line);
        }
    }

    /// An empty line between two parts; never two, never at the beginning.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// The numbered line of a choice; `number` counts from 1.
    pub(super) fn choice(&mut self, number: usize, title: &str, description: Option<&str>) {
        let title = one_line(title);
        match description.map(one_line).filter(|text| !text.is_empty()) {
            Some(description) => self.line(&format!("{number}. {title} – {description}")),
            None => self.line(&format!("{number}. {title}")),
        }
    }

    /// The sentence under numbered choices.
    pub(super) fn invite(&mut self, multiple: bool) {
        self.gap();
        self.line(if multiple {
            self.language.say(
                "Please reply with the numbers of your choice, for example: 1, 3",
                "Bitte antworten Sie mit den Nummern Ihrer Auswahl, zum Beispiel: 1, 3",
            )
        } else {
            self.language.say("Please reply with the number of your choice.", "Bitte antworten Sie mit der Nummer Ihrer Auswahl.")
        });
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// `text` with every run of white space as one space, so that it stays in its line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
