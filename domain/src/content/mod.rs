//! Rich content: everything the body of a message can be, as typed values.
//!
//! One variant of [`RichContent`] per kind of content and per kind of answer. The values are plain data, stored as
//! JSON in `message.content` and served as a GraphQL union. What a channel can take is not known here (see
//! [`crate::spec`]); [`check`] compares the two. Every value can say itself as readable text ([`RichContent::fallback`]).

mod adaptive_card;
mod answer;
mod answers;
mod appointment_request;
mod attachment;
mod check;
mod degrade;
mod fallback;
mod filled;
mod form;
mod formatted;
mod language;
mod limits;
mod list_picker;
mod location;
mod markup;
mod payment_request;
mod quick_replies;
mod quoted;
mod rich_link;
mod sanitise;
mod template;
mod text;
mod tidy;
mod time_picker;
mod violation;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use adaptive_card::AdaptiveCard;
pub use answer::match_answer;
pub use answers::{FormAnswer, FormAnswers, SelectedItem, Selection, TimeChosen, Unsupported};
pub use appointment_request::AppointmentRequest;
pub use attachment::AttachmentContent;
pub use check::{AttachmentFacts, check, validate};
pub use degrade::{LossNote, Rendered, degrade};
pub use form::{Form, FormField, FormFieldType, FormOption};
pub use formatted::{Formatted, Markup};
pub use language::Language;
pub use list_picker::{ListItem, ListPicker, ListSection};
pub use location::Location;
pub use markup::{html_to_markdown, html_to_text, markdown_to_html, markdown_to_text};
pub use payment_request::PaymentRequest;
pub use quick_replies::{QuickReplies, QuickReply};
pub use quoted::QUOTE_MARK;
pub use rich_link::{Image, RichLink};
pub use sanitise::{MAX_HTML_BYTES, Sanitised, block_remote_images, remote_images, sanitise_html};
pub use template::{Template, TemplateParameter};
pub use text::Text;
pub use time_picker::{TimePicker, TimeSlot};
pub use violation::{Violation, ViolationCode};

use crate::spec::RichKind;

/// The body of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RichContent {
    /// Plain text.
    Text(Text),
    /// HTML or Markdown.
    Formatted(Formatted),
    /// The message is its attachments, with an optional caption. The files hang on the message, as with every kind.
    Attachment(AttachmentContent),
    /// A point on the map.
    Location(Location),
    /// A link with title, description and image.
    RichLink(RichLink),
    /// A question with one-tap answers.
    QuickReplies(QuickReplies),
    /// A list to choose one or several items from.
    ListPicker(ListPicker),
    /// Time slots to choose one from.
    TimePicker(TimePicker),
    /// Fields to fill in.
    Form(Form),
    /// An Adaptive Card.
    AdaptiveCard(AdaptiveCard),
    /// A template that the platform approved beforehand, with its parameters.
    Template(Template),
    /// A request to pay.
    PaymentRequest(PaymentRequest),
    /// A request to agree on an appointment.
    AppointmentRequest(AppointmentRequest),
    /// Answer: what was chosen from quick replies or a list.
    Selection(Selection),
    /// Answer: the slot chosen from a time picker or an appointment request.
    TimeChosen(TimeChosen),
    /// Answer: a filled-in form or card.
    FormAnswers(FormAnswers),
    /// Something the platform sent that we do not know; kept so that nothing is lost.
    Unsupported(Unsupported),
}

impl RichContent {
    /// The answer with the message that it answers; other kinds stay as they are.
    #[must_use]
    pub fn answering(mut self, asked: crate::ids::MessageId) -> Self {
        match &mut self {
            Self::Selection(answer) => answer.question = Some(asked),
            Self::TimeChosen(answer) => answer.question = Some(asked),
            Self::FormAnswers(answer) => answer.question = Some(asked),
            _ => {}
        }
        self
    }

    /// The column of the capability tables this body belongs to; `None` for plain text, answers and unsupported content.
    #[must_use]
    pub const fn kind(&self) -> Option<RichKind> {
        match self {
            Self::Formatted(_) => Some(RichKind::Formatted),
            Self::Attachment(_) => Some(RichKind::Attachment),
            Self::Location(_) => Some(RichKind::Location),
            Self::RichLink(_) => Some(RichKind::RichLink),
            Self::QuickReplies(_) => Some(RichKind::QuickReplies),
            Self::ListPicker(_) => Some(RichKind::ListPicker),
            Self::TimePicker(_) => Some(RichKind::TimePicker),
            Self::Form(_) => Some(RichKind::Form),
            Self::AdaptiveCard(_) => Some(RichKind::AdaptiveCard),
            Self::Template(_) => Some(RichKind::Template),
            Self::PaymentRequest(_) => Some(RichKind::PaymentRequest),
            Self::AppointmentRequest(_) => Some(RichKind::AppointmentRequest),
            Self::Text(_) | Self::Selection(_) | Self::TimeChosen(_) | Self::FormAnswers(_) | Self::Unsupported(_) => None,
        }
    }

    /// The member name of this body in the API's input, where paths of violations begin.
    #[must_use]
    pub const fn input_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Formatted(_) => "formatted",
            Self::Attachment(_) => "attachment",
            Self::Location(_) => "location",
            Self::RichLink(_) => "richLink",
            Self::QuickReplies(_) => "quickReplies",
            Self::ListPicker(_) => "listPicker",
            Self::TimePicker(_) => "timePicker",
            Self::Form(_) => "form",
            Self::AdaptiveCard(_) => "adaptiveCard",
            Self::Template(_) => "template",
            Self::PaymentRequest(_) => "paymentRequest",
            Self::AppointmentRequest(_) => "appointmentRequest",
            Self::Selection(_) => "selection",
            Self::TimeChosen(_) => "timeChosen",
            Self::FormAnswers(_) => "formAnswers",
            Self::Unsupported(_) => "unsupported",
        }
    }

    /// Files of ours that the body shows by itself, each once, with the path of the first place that names it.
    #[must_use]
    pub fn images(&self) -> Vec<(String, crate::ids::AttachmentId)> {
        let mut found = Vec::new();
        let mut look = |path: String, image: &Option<Image>| {
            if let Some(Image::Attachment(id)) = image
                && !found.iter().any(|(_, known)| known == id)
            {
                found.push((path + ".image.attachmentId", *id));
            }
        };
        match self {
            Self::RichLink(link) => look("richLink".to_owned(), &link.image),
            Self::ListPicker(list) => {
                for (at, section) in list.sections.iter().enumerate() {
                    for (number, item) in section.items.iter().enumerate() {
                        look(format!("listPicker.sections.{at}.items.{number}"), &item.image);
                    }
                }
            }
            _ => {}
        }
        found
    }

    /// The same body as it may be stored: HTML is sanitised, everything else is untouched. Every [`Formatted`] HTML body,
    /// from outside or from inside, passes through here before it is written.
    #[must_use]
    pub fn sanitised(self) -> Self {
        match self {
            Self::Formatted(Formatted { markup: Markup::Html, source }) => {
                Self::Formatted(Formatted { markup: Markup::Html, source: sanitise_html(&source).html })
            }
            other => other,
        }
    }
}
