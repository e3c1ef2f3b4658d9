//! Rich content: everything the body of a message can be, as typed values.
//!
//! One variant of [`RichContent`] per kind of content and per kind of answer. The values are plain data, stored as
//! JSON in `message.content` and served as a GraphQL union. What a channel can take is not known here (see
//! [`crate::spec`]); [`check`] compares the two. Every value can say itself as readable text ([`RichContent::fallback`]).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::ids::{AttachmentId, MessageId};

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

/// Plain text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The text, as written.
    pub text: String,
}

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

/// Body of a message that is its attachments.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AttachmentContent {
    /// Text that belongs to the files.
    pub caption: Option<String>,
}

/// A point on the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees north, −90 to 90.
    pub latitude: f64,
    /// Degrees east, −180 to 180.
    pub longitude: f64,
    /// Name of the place.
    pub name: Option<String>,
    /// Postal address of the place.
    pub address: Option<String>,
}

/// An image inside rich content: one of our attachments or an https address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Image {
    /// One of our attachments.
    Attachment(AttachmentId),
    /// An address outside.
    Url(Url),
}

/// A link shown as a card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RichLink {
    /// Where it leads; http or https.
    pub url: Url,
    /// Title of the card.
    pub title: String,
    /// One or two sentences.
    pub description: Option<String>,
    /// Image of the card.
    pub image: Option<Image>,
}

/// A question with one-tap answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuickReplies {
    /// The question.
    pub text: String,
    /// The answers, in order.
    pub replies: Vec<QuickReply>,
}

/// One one-tap answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuickReply {
    /// Unique within the message; comes back in the [`Selection`].
    pub id: String,
    /// What the button says.
    pub title: String,
}

/// A list to choose from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListPicker {
    /// Heading.
    pub title: String,
    /// Explanation under the heading.
    pub text: Option<String>,
    /// Whether several items may be chosen.
    pub multiple: bool,
    /// The items, grouped.
    pub sections: Vec<ListSection>,
}

/// One group of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListSection {
    /// Heading of the group.
    pub title: Option<String>,
    /// Its items, in order.
    pub items: Vec<ListItem>,
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListItem {
    /// Unique within the message; comes back in the [`Selection`].
    pub id: String,
    /// Name of the item.
    pub title: String,
    /// One line about it.
    pub description: Option<String>,
    /// Picture of it.
    pub image: Option<Image>,
}

/// Slots to choose one from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimePicker {
    /// Heading.
    pub title: String,
    /// Explanation.
    pub text: Option<String>,
    /// IANA time zone in which the slots are shown, such as `Europe/Berlin`.
    pub time_zone: String,
    /// The slots, in order.
    pub slots: Vec<TimeSlot>,
}

/// One slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeSlot {
    /// Unique within the message; comes back in the [`TimeChosen`].
    pub id: String,
    /// Start of the slot.
    pub start: DateTime<Utc>,
    /// Length in minutes.
    pub duration_min: u32,
}

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
    /// Unique within the form; comes back in the [`FormAnswers`].
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

/// An Adaptive Card (schema 1.5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptiveCard {
    /// The card, an object with `type: "AdaptiveCard"`; checked, otherwise passed on as it is.
    pub card: serde_json::Value,
}

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

/// A request to pay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentRequest {
    /// What is paid for.
    pub description: String,
    /// Amount in the currency's minor unit (cents).
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Where to pay.
    pub url: Url,
    /// The merchant's own reference.
    pub reference: Option<String>,
}

/// A request to agree on an appointment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppointmentRequest {
    /// What it is about.
    pub title: String,
    /// Explanation.
    pub text: Option<String>,
    /// Where it takes place.
    pub location: Option<String>,
    /// IANA time zone in which the slots are shown.
    pub time_zone: String,
    /// The slots offered.
    pub slots: Vec<TimeSlot>,
    /// Where it can be booked online.
    pub url: Option<Url>,
}

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
