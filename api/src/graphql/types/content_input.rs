//! Rich content as it is written: exactly one kind per message.

use async_graphql::{ID, InputObject, OneofObject};
use chrono::{DateTime, Utc};
use tributary_domain::{Result, content};

use super::content::{FormFieldType, Markup};
use crate::graphql::scalars::{CardJson, Long, WebUrl, decode};

/// What to send: exactly one kind.
#[derive(OneofObject)]
pub enum RichContentInput {
    /// Plain text.
    Text(TextInput),
    /// HTML or Markdown.
    Formatted(FormattedInput),
    /// The message is its attachments.
    Attachment(AttachmentInput),
    /// A point on the map.
    Location(LocationInput),
    /// A link shown as a card.
    RichLink(RichLinkInput),
    /// A question with one-tap answers.
    QuickReplies(QuickRepliesInput),
    /// A list to choose from.
    ListPicker(ListPickerInput),
    /// Time slots to choose from.
    TimePicker(TimePickerInput),
    /// Fields to fill in.
    Form(FormInput),
    /// An Adaptive Card.
    AdaptiveCard(AdaptiveCardInput),
    /// An approved template.
    Template(TemplateInput),
    /// A request to pay.
    PaymentRequest(PaymentRequestInput),
    /// A request to agree on an appointment.
    AppointmentRequest(AppointmentRequestInput),
}

/// An image: one of our attachments or an address.
#[derive(OneofObject)]
pub enum ImageInput {
    /// One of our attachments.
    AttachmentId(ID),
    /// An address outside.
    Url(WebUrl),
}

/// Plain text.
#[derive(InputObject)]
pub struct TextInput {
    /// The text.
    text: String,
}

/// Text with markup.
#[derive(InputObject)]
pub struct FormattedInput {
    /// Language of `source`.
    markup: Markup,
    /// The text with its markup; HTML is sanitised.
    source: String,
}

/// A message that is its attachments; name the files beside the content.
#[derive(InputObject)]
pub struct AttachmentInput {
    /// Text that belongs to the files.
    caption: Option<String>,
}

/// A point on the map.
#[derive(InputObject)]
pub struct LocationInput {
    /// Degrees north, −90 to 90.
    latitude: f64,
    /// Degrees east, −180 to 180.
    longitude: f64,
    /// Name of the place.
    name: Option<String>,
    /// Postal address of the place.
    address: Option<String>,
}

/// A link shown as a card.
#[derive(InputObject)]
pub struct RichLinkInput {
    /// Where it leads.
    url: WebUrl,
    /// Title of the card.
    title: String,
    /// One or two sentences.
    description: Option<String>,
    /// Image of the card.
    image: Option<ImageInput>,
}

/// A question with one-tap answers.
#[derive(InputObject)]
pub struct QuickRepliesInput {
    /// The question.
    text: String,
    /// The answers, in order.
    replies: Vec<QuickReplyInput>,
}

/// One one-tap answer.
#[derive(InputObject)]
pub struct QuickReplyInput {
    /// Unique within the message; comes back in the selection.
    id: String,
    /// What the button says.
    title: String,
}

/// A list to choose from.
#[derive(InputObject)]
pub struct ListPickerInput {
    /// Heading.
    title: String,
    /// Explanation under the heading.
    text: Option<String>,
    /// Whether several items may be chosen.
    #[graphql(default)]
    multiple: bool,
    /// The items, grouped.
    sections: Vec<ListSectionInput>,
}

/// One group of a list.
#[derive(InputObject)]
pub struct ListSectionInput {
    /// Heading of the group.
    title: Option<String>,
    /// Its items, in order.
    items: Vec<ListItemInput>,
}

/// One item of a list.
#[derive(InputObject)]
pub struct ListItemInput {
    /// Unique within the message; comes back in the selection.
    id: String,
    /// Name of the item.
    title: String,
    /// One line about it.
    description: Option<String>,
    /// Picture of it.
    image: Option<ImageInput>,
}

/// Time slots to choose from.
#[derive(InputObject)]
pub struct TimePickerInput {
    /// Heading.
    title: String,
    /// Explanation.
    text: Option<String>,
    /// IANA time zone in which the slots are shown, such as `Europe/Berlin`.
    time_zone: String,
    /// The slots, in order.
    slots: Vec<TimeSlotInput>,
}

/// One slot.
#[derive(InputObject)]
pub struct TimeSlotInput {
    /// Unique within the message; comes back in the answer.
    id: String,
    /// Start of the slot.
    start: DateTime<Utc>,
    /// Length in minutes.
    duration_min: u32,
}

/// Fields to fill in.
#[derive(InputObject)]
pub struct FormInput {
    /// Heading.
    title: String,
    /// Explanation.
    text: Option<String>,
    /// The fields, in order.
    fields: Vec<FormFieldInput>,
    /// What the send button says.
    submit_label: Option<String>,
}

/// One field of a form.
#[derive(InputObject)]
pub struct FormFieldInput {
    /// Unique within the form; comes back in the answers.
    id: String,
    /// What the field is called.
    label: String,
    /// What it takes.
    r#type: FormFieldType,
    /// Whether it must be filled.
    #[graphql(default)]
    required: bool,
    /// Help under the field.
    hint: Option<String>,
    /// The options of a choice.
    #[graphql(default)]
    options: Vec<FormOptionInput>,
}

/// One option of a choice.
#[derive(InputObject)]
pub struct FormOptionInput {
    /// Unique within the field.
    id: String,
    /// What the option says.
    title: String,
}

/// An Adaptive Card.
#[derive(InputObject)]
pub struct AdaptiveCardInput {
    /// The card: an object of type AdaptiveCard with a version up to 1.5.
    card: CardJson,
}

/// An approved template.
#[derive(InputObject)]
pub struct TemplateInput {
    /// The platform's name of it.
    name: String,
    /// Language tag as the platform writes it.
    language: String,
    /// Values of its placeholders.
    #[graphql(default)]
    parameters: Vec<TemplateParameterInput>,
    /// The filled-in text, for display and fallback.
    text: String,
}

/// One value for a template.
#[derive(InputObject)]
pub struct TemplateParameterInput {
    /// Name or number of the placeholder.
    name: String,
    /// What to put there.
    value: String,
}

/// A request to pay.
#[derive(InputObject)]
pub struct PaymentRequestInput {
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
#[derive(InputObject)]
pub struct AppointmentRequestInput {
    /// What it is about.
    title: String,
    /// Explanation.
    text: Option<String>,
    /// Where it takes place.
    location: Option<String>,
    /// IANA time zone in which the slots are shown.
    time_zone: String,
    /// The slots offered.
    slots: Vec<TimeSlotInput>,
    /// Where it can be booked online.
    url: Option<WebUrl>,
}

impl RichContentInput {
    /// The body that is meant; not yet checked.
    ///
    /// # Errors
    /// `Invalid` for an id of another type.
    pub fn into_content(self) -> Result<content::RichContent> {
        use content::RichContent as Body;
        Ok(match self {
            Self::Text(it) => Body::Text(content::Text { text: it.text }),
            Self::Formatted(it) => Body::Formatted(content::Formatted { markup: it.markup.into(), source: it.source }),
            Self::Attachment(it) => Body::Attachment(content::AttachmentContent { caption: it.caption }),
            Self::Location(it) => {
                Body::Location(content::Location { latitude: it.latitude, longitude: it.longitude, name: it.name, address: it.address })
            }
            Self::RichLink(it) => Body::RichLink(content::RichLink {
                url: it.url.0,
                title: it.title,
                description: it.description,
                image: image(it.image, "content.richLink.image")?,
            }),
            Self::QuickReplies(it) => Body::QuickReplies(content::QuickReplies {
                text: it.text,
                replies: it.replies.into_iter().map(|reply| content::QuickReply { id: reply.id, title: reply.title }).collect(),
            }),
            Self::ListPicker(it) => Body::ListPicker(content::ListPicker {
                title: it.title,
                text: it.text,
                multiple: it.multiple,
                sections: it.sections.into_iter().enumerate().map(section).collect::<Result<_>>()?,
            }),
            Self::TimePicker(it) => {
                Body::TimePicker(content::TimePicker { title: it.title, text: it.text, time_zone: it.time_zone, slots: slots(it.slots) })
            }
            Self::Form(it) => Body::Form(content::Form {
                title: it.title,
                text: it.text,
                fields: it.fields.into_iter().map(field).collect(),
                submit_label: it.submit_label,
            }),
            Self::AdaptiveCard(it) => Body::AdaptiveCard(content::AdaptiveCard { card: it.card.0 }),
            Self::Template(it) => Body::Template(content::Template {
                name: it.name,
                language: it.language,
                parameters: it.parameters.into_iter().map(|one| content::TemplateParameter { name: one.name, value: one.value }).collect(),
                text: it.text,
            }),
            Self::PaymentRequest(it) => Body::PaymentRequest(content::PaymentRequest {
                description: it.description,
                amount_minor: it.amount_minor.0,
                currency: it.currency,
                url: it.url.0,
                reference: it.reference,
            }),
            Self::AppointmentRequest(it) => Body::AppointmentRequest(content::AppointmentRequest {
                title: it.title,
                text: it.text,
                location: it.location,
                time_zone: it.time_zone,
                slots: slots(it.slots),
                url: it.url.map(|url| url.0),
            }),
        })
    }
}

fn image(input: Option<ImageInput>, path: &str) -> Result<Option<content::Image>> {
    Ok(match input {
        None => None,
        Some(ImageInput::Url(url)) => Some(content::Image::Url(url.0)),
        Some(ImageInput::AttachmentId(id)) => Some(content::Image::Attachment(decode(&id, &format!("{path}.attachmentId"))?)),
    })
}

fn section((at, input): (usize, ListSectionInput)) -> Result<content::ListSection> {
    let item = |(number, item): (usize, ListItemInput)| {
        Ok(content::ListItem {
            id: item.id,
            title: item.title,
            description: item.description,
            image: image(item.image, &format!("content.listPicker.sections.{at}.items.{number}.image"))?,
        })
    };
    Ok(content::ListSection { title: input.title, items: input.items.into_iter().enumerate().map(item).collect::<Result<_>>()? })
}

fn slots(slots: Vec<TimeSlotInput>) -> Vec<content::TimeSlot> {
    slots.into_iter().map(|slot| content::TimeSlot { id: slot.id, start: slot.start, duration_min: slot.duration_min }).collect()
}

fn field(input: FormFieldInput) -> content::FormField {
    content::FormField {
        id: input.id,
        label: input.label,
        field_type: input.r#type.into(),
        required: input.required,
        hint: input.hint,
        options: input.options.into_iter().map(|option| content::FormOption { id: option.id, title: option.title }).collect(),
    }
}
