//! Rich content as it is read: one object per kind, joined in the union `RichContent`.

mod answers;

use async_graphql::{Context, Enum, Object, SimpleObject, Union};
use chrono::{DateTime, Utc};
use tributary_domain::content;

pub use self::answers::{FormAnswer, FormAnswersContent, SelectedItem, SelectionContent, TimeChosenContent};
use crate::graphql::{
    error::OrFieldError,
    node,
    scalars::{CardJson, Long, WebUrl},
};

/// The body of a message.
#[derive(Union)]
pub enum RichContent {
    /// Plain text.
    Text(TextContent),
    /// HTML or Markdown.
    Formatted(FormattedContent),
    /// The message is its attachments.
    Attachment(AttachmentContent),
    /// A point on the map.
    Location(LocationContent),
    /// A link with title, description and image.
    RichLink(RichLinkContent),
    /// A question with one-tap answers.
    QuickReplies(QuickRepliesContent),
    /// A list to choose from.
    ListPicker(ListPickerContent),
    /// Time slots to choose from.
    TimePicker(TimePickerContent),
    /// Fields to fill in.
    Form(FormContent),
    /// An Adaptive Card.
    AdaptiveCard(AdaptiveCardContent),
    /// An approved template.
    Template(TemplateContent),
    /// A request to pay.
    PaymentRequest(PaymentRequestContent),
    /// A request to agree on an appointment.
    AppointmentRequest(AppointmentRequestContent),
    /// Answer: what was chosen.
    Selection(SelectionContent),
    /// Answer: the slot chosen.
    TimeChosen(TimeChosenContent),
    /// Answer: a filled-in form or card.
    FormAnswers(FormAnswersContent),
    /// Something that the platform sent and we do not know.
    Unsupported(UnsupportedContent),
}

/// Plain text.
#[derive(SimpleObject)]
pub struct TextContent {
    /// The text, as written.
    text: String,
}

/// Markup language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "content::Markup")]
pub enum Markup {
    /// HTML, sanitised by the server.
    Html,
    /// CommonMark.
    Markdown,
}

/// Text with markup.
#[derive(SimpleObject)]
pub struct FormattedContent {
    /// Language of `source`.
    markup: Markup,
    /// The text with its markup; sanitised when it is HTML.
    source: String,
}

/// Body of a message that is its attachments.
#[derive(SimpleObject)]
pub struct AttachmentContent {
    /// Text that belongs to the files.
    caption: Option<String>,
}

/// A point on the map.
#[derive(SimpleObject)]
pub struct LocationContent {
    /// Degrees north, −90 to 90.
    latitude: f64,
    /// Degrees east, −180 to 180.
    longitude: f64,
    /// Name of the place.
    name: Option<String>,
    /// Postal address of the place.
    address: Option<String>,
}

/// An image inside rich content.
#[derive(async_graphql::Description)]
pub struct Image(content::Image);

#[Object(use_type_description)]
impl Image {
    /// Where the image is; an address of ours is signed and valid for 15 minutes. Null when it is a file that is not there
    /// or that the viewer may not see.
    async fn url(&self, cx: &Context<'_>) -> async_graphql::Result<Option<WebUrl>> {
        match &self.0 {
            content::Image::Url(url) => Ok(Some(WebUrl(url.clone()))),
            content::Image::Attachment(id) => match node::file(cx, *id).await? {
                Some(file) => file.signed(cx).or_field_error(),
                None => Ok(None),
            },
        }
    }
}

/// A link shown as a card.
#[derive(SimpleObject)]
pub struct RichLinkContent {
    /// Where it leads.
    url: WebUrl,
    /// Title of the card.
    title: String,
    /// One or two sentences.
    description: Option<String>,
    /// Image of the card.
    image: Option<Image>,
}

/// A question with one-tap answers.
#[derive(SimpleObject)]
pub struct QuickRepliesContent {
    /// The question.
    text: String,
    /// The answers, in order.
    replies: Vec<QuickReply>,
}

/// One one-tap answer.
#[derive(SimpleObject)]
pub struct QuickReply {
    /// Unique within the message; comes back in the selection.
    id: String,
    /// What the button says.
    title: String,
}

/// A list to choose from.
#[derive(SimpleObject)]
pub struct ListPickerContent {
    /// Heading.
    title: String,
    /// Explanation under the heading.
    text: Option<String>,
    /// Whether several items may be chosen.
    multiple: bool,
    /// The items, grouped.
    sections: Vec<ListSection>,
}

/// One group of a list.
#[derive(SimpleObject)]
pub struct ListSection {
    /// Heading of the group.
    title: Option<String>,
    /// Its items, in order.
    items: Vec<ListItem>,
}

/// One item of a list.
#[derive(SimpleObject)]
pub struct ListItem {
    /// Unique within the message; comes back in the selection.
    id: String,
    /// Name of the item.
    title: String,
    /// One line about it.
    description: Option<String>,
    /// Picture of it.
    image: Option<Image>,
}

/// Time slots to choose from.
#[derive(SimpleObject)]
pub struct TimePickerContent {
    /// Heading.
    title: String,
    /// Explanation.
    text: Option<String>,
    /// IANA time zone in which the slots are shown.
    time_zone: String,
    /// The slots, in order.
    slots: Vec<TimeSlot>,
}

/// One slot.
#[derive(SimpleObject)]
pub struct TimeSlot {
    /// Unique within the message; comes back in the answer.
    id: String,
    /// Start of the slot.
    start: DateTime<Utc>,
    /// Length in minutes.
    duration_min: u32,
}

/// Fields to fill in.
#[derive(SimpleObject)]
pub struct FormContent {
    /// Heading.
    title: String,
    /// Explanation.
    text: Option<String>,
    /// The fields, in order.
    fields: Vec<FormField>,
    /// What the send button says; the client's own word if absent.
    submit_label: Option<String>,
}

/// Type of a form field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "content::FormFieldType")]
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
#[derive(SimpleObject)]
pub struct FormField {
    /// Unique within the form; comes back in the answers.
    id: String,
    /// What the field is called.
    label: String,
    /// What it takes.
    r#type: FormFieldType,
    /// Whether it must be filled.
    required: bool,
    /// Help under the field.
    hint: Option<String>,
    /// The options of a choice; empty for other types.
    options: Vec<FormOption>,
}

/// One option of a choice.
#[derive(SimpleObject)]
pub struct FormOption {
    /// Unique within the field.
    id: String,
    /// What the option says.
    title: String,
}

/// An Adaptive Card.
#[derive(SimpleObject)]
pub struct AdaptiveCardContent {
    /// The card.
    card: CardJson,
}

/// An approved template.
#[derive(SimpleObject)]
pub struct TemplateContent {
    /// The platform's name of it.
    name: String,
    /// Language tag as the platform writes it.
    language: String,
    /// Values of its placeholders.
    parameters: Vec<TemplateParameter>,
    /// The filled-in text.
    text: String,
}

/// One value for a template.
#[derive(SimpleObject)]
pub struct TemplateParameter {
    /// Name or number of the placeholder.
    name: String,
    /// What stands there.
    value: String,
}

/// A request to pay.
#[derive(SimpleObject)]
pub struct PaymentRequestContent {
    /// What is paid for.
    description: String,
    /// Amount in the currency's minor unit (cents).
    amount_minor: Long,
    /// ISO 4217 code.
    currency: String,
    /// Where to pay.
    url: WebUrl,
    /// The merchant's own reference.
    reference: Option<String>,
}

/// A request to agree on an appointment.
#[derive(SimpleObject)]
pub struct AppointmentRequestContent {
    /// What it is about.
    title: String,
    /// Explanation.
    text: Option<String>,
    /// Where it takes place.
    location: Option<String>,
    /// IANA time zone in which the slots are shown.
    time_zone: String,
    /// The slots offered.
    slots: Vec<TimeSlot>,
    /// Where it can be booked online.
    url: Option<WebUrl>,
}

/// Something that the platform sent and we do not know.
#[derive(SimpleObject)]
pub struct UnsupportedContent {
    /// The platform's own name for it.
    platform_type: String,
    /// Readable text that came with it.
    text: Option<String>,
}

impl From<content::TimeSlot> for TimeSlot {
    fn from(slot: content::TimeSlot) -> Self {
        Self { id: slot.id, start: slot.start, duration_min: slot.duration_min }
    }
}

impl From<content::ListSection> for ListSection {
    fn from(section: content::ListSection) -> Self {
        let item = |item: content::ListItem| ListItem {
            id: item.id,
            title: item.title,
            description: item.description,
            image: item.image.map(Image),
        };
        Self { title: section.title, items: section.items.into_iter().map(item).collect() }
    }
}

impl From<content::FormField> for FormField {
    fn from(field: content::FormField) -> Self {
        Self {
            id: field.id,
            label: field.label,
            r#type: field.field_type.into(),
            required: field.required,
            hint: field.hint,
            options: field.options.into_iter().map(|option| FormOption { id: option.id, title: option.title }).collect(),
        }
    }
}

fn slots(slots: Vec<content::TimeSlot>) -> Vec<TimeSlot> {
    slots.into_iter().map(TimeSlot::from).collect()
}

impl From<content::RichContent> for RichContent {
    fn from(body: content::RichContent) -> Self {
        use content::RichContent as Body;
        match body {
            Body::Text(it) => Self::Text(TextContent { text: it.text }),
            Body::Formatted(it) => Self::Formatted(FormattedContent { markup: it.markup.into(), source: it.source }),
            Body::Attachment(it) => Self::Attachment(AttachmentContent { caption: it.caption }),
            Body::Location(it) => {
                Self::Location(LocationContent { latitude: it.latitude, longitude: it.longitude, name: it.name, address: it.address })
            }
            Body::RichLink(it) => Self::RichLink(RichLinkContent {
                url: WebUrl(it.url),
                title: it.title,
                description: it.description,
                image: it.image.map(Image),
            }),
            Body::QuickReplies(it) => Self::QuickReplies(QuickRepliesContent {
                text: it.text,
                replies: it.replies.into_iter().map(|reply| QuickReply { id: reply.id, title: reply.title }).collect(),
            }),
            Body::ListPicker(it) => Self::ListPicker(ListPickerContent {
                title: it.title,
                text: it.text,
                multiple: it.multiple,
                sections: it.sections.into_iter().map(ListSection::from).collect(),
            }),
            Body::TimePicker(it) => {
                Self::TimePicker(TimePickerContent { title: it.title, text: it.text, time_zone: it.time_zone, slots: slots(it.slots) })
            }
            Body::Form(it) => Self::Form(FormContent {
                title: it.title,
                text: it.text,
                fields: it.fields.into_iter().map(FormField::from).collect(),
                submit_label: it.submit_label,
            }),
            Body::AdaptiveCard(it) => Self::AdaptiveCard(AdaptiveCardContent { card: CardJson(it.card) }),
            Body::Template(it) => Self::Template(TemplateContent {
                name: it.name,
                language: it.language,
                parameters: it.parameters.into_iter().map(|one| TemplateParameter { name: one.name, value: one.value }).collect(),
                text: it.text,
            }),
            Body::PaymentRequest(it) => Self::PaymentRequest(PaymentRequestContent {
                description: it.description,
                amount_minor: Long(it.amount_minor),
                currency: it.currency,
                url: WebUrl(it.url),
                reference: it.reference,
            }),
            Body::AppointmentRequest(it) => Self::AppointmentRequest(AppointmentRequestContent {
                title: it.title,
                text: it.text,
                location: it.location,
                time_zone: it.time_zone,
                slots: slots(it.slots),
                url: it.url.map(WebUrl),
            }),
            Body::Selection(it) => Self::Selection(SelectionContent(it)),
            Body::TimeChosen(it) => Self::TimeChosen(TimeChosenContent(it)),
            Body::FormAnswers(it) => Self::FormAnswers(FormAnswersContent(it)),
            Body::Unsupported(it) => Self::Unsupported(UnsupportedContent { platform_type: it.platform_type, text: it.text }),
        }
    }
}
