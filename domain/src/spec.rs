//! What a channel can do, as data: [`ChannelKind`], [`ChannelSpec`], [`Capabilities`], [`Support`].
//!
//! The values live with the adapters (one static spec per kind); the server's checks, the previews, the tests and the
//! composer all read them. No limit of a platform is written anywhere else.

use std::borrow::Cow;

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};
use serde::{Deserialize, Serialize};

/// A platform and its class of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChannelKind {
    /// Facebook page: posts and comments, public.
    Facebook,
    /// Facebook Messenger: private messages of a page.
    FacebookMessenger,
    /// X: public posts.
    X,
    /// X: private messages.
    XDirectMessages,
    /// Instagram: public comments.
    Instagram,
    /// Instagram: private messages.
    InstagramDirect,
    /// LinkedIn company page.
    #[sea_orm(string_value = "LINKEDIN")]
    #[serde(rename = "LINKEDIN")]
    LinkedIn,
    /// YouTube comments.
    #[sea_orm(string_value = "YOUTUBE")]
    #[serde(rename = "YOUTUBE")]
    YouTube,
    /// Google Play reviews.
    GooglePlay,
    /// Google business-profile reviews.
    GooglePlaces,
    /// Apple App Store reviews.
    AppleAppReviews,
    /// LINE official account.
    Line,
    /// Telegram bot.
    Telegram,
    /// WhatsApp business number.
    #[sea_orm(string_value = "WHATSAPP")]
    #[serde(rename = "WHATSAPP")]
    WhatsApp,
    /// Apple Messages for Business.
    AppleMessages,
    /// Viber bot.
    Viber,
    /// Microsoft Teams.
    MicrosoftTeams,
    /// Slack workspace.
    Slack,
    /// An integrator's own channel.
    Byoc,
    /// Our own web chat.
    DigitalChat,
    /// A mailbox over IMAP and SMTP.
    Email,
    /// SMS through a carrier.
    Sms,
    /// Google Business Messages, switched off by Google in 2024.
    GoogleBusinessMessages,
}

/// Class of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChannelClass {
    /// Public posts, comments and reviews.
    Social,
    /// Private messages.
    Messaging,
    /// Teams and Slack.
    Collaboration,
    /// Our own web chat.
    Chat,
    /// E-mail.
    Email,
    /// SMS.
    Sms,
    /// Bring your own channel.
    Byoc,
}

/// The kinds of rich content that a channel may or may not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RichKind {
    /// Adaptive Card.
    AdaptiveCard,
    /// HTML or Markdown.
    Formatted,
    /// Link card.
    RichLink,
    /// Question with one-tap answers.
    QuickReplies,
    /// List to choose from.
    ListPicker,
    /// Time slots to choose from.
    TimePicker,
    /// Form to fill in.
    Form,
    /// Files.
    Attachment,
    /// Point on the map.
    Location,
    /// Approved template.
    Template,
    /// Request to pay.
    PaymentRequest,
    /// Request for an appointment.
    AppointmentRequest,
}

/// How well a channel takes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Support {
    /// Not possible or not offered.
    Refused,
    /// Goes through, but something is lost; the composer warns.
    Lossy,
    /// Goes out in another form with the same meaning.
    Converted,
    /// As it is.
    Native,
}

/// One cell of the product's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cell {
    /// ✓: taken natively.
    Yes,
    /// F: delivered as fallback text.
    Fallback,
    /// –: not in the product's floor.
    No,
}

/// One row of one of the product's two tables, in the order of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedRow {
    /// Adaptive Card.
    pub adaptive_card: Cell,
    /// HTML or Markdown.
    pub formatted: Cell,
    /// Rich link.
    pub rich_link: Cell,
    /// Quick replies.
    pub quick_replies: Cell,
    /// List picker.
    pub list_picker: Cell,
    /// Time picker.
    pub time_picker: Cell,
    /// Form.
    pub form: Cell,
}

/// Who writes: the two tables are two separate facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Audience {
    /// API clients, bots, scripts.
    Machine,
    /// People in the composer.
    Agent,
}

/// Where we or the platform can do more than the product's floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// For whom.
    pub audience: Audience,
    /// What.
    pub kind: RichKind,
    /// How well.
    pub support: Support,
}

/// In what a length is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LengthUnit {
    /// Unicode scalar values.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
    /// UTF-16 code units.
    Utf16Units,
}

/// Limit of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextLimit {
    /// Longest text.
    pub max: u32,
    /// Counted in.
    pub unit: LengthUnit,
}

/// Limits of rich content; 0 means that the part does not exist there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RichLimits {
    /// Most quick replies.
    pub quick_replies: u32,
    /// Longest title of a quick reply, characters.
    pub quick_reply_title: u32,
    /// Most sections of a list.
    pub list_sections: u32,
    /// Most items of a list, over all sections.
    pub list_items: u32,
    /// Longest title of an item, characters.
    pub list_item_title: u32,
    /// Longest description of an item, characters.
    pub list_item_description: u32,
    /// Most slots of a time picker.
    pub time_slots: u32,
    /// Most fields of a form.
    pub form_fields: u32,
    /// Largest Adaptive Card as JSON, bytes.
    pub card_bytes: u32,
}

/// Group of file types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MediaClass {
    /// Pictures.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// Anything else.
    File,
}

/// What files of a class a channel takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaLimit {
    /// Which class.
    pub class: MediaClass,
    /// MIME types taken; `*` for any.
    pub mime_types: Cow<'static, [Cow<'static, str>]>,
    /// Largest file, bytes.
    pub max_bytes: u64,
    /// Longest caption, characters; 0 when it takes none.
    pub max_caption: u32,
}

/// Until when we may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyWindow {
    /// Seconds after the contact's last message in which anything may be sent.
    pub window_s: u32,
    /// Longer window, seconds, for messages written by a person.
    pub human_window_s: Option<u32>,
    /// Whether approved templates may be sent after that.
    pub templates_after: bool,
}

/// Editing of sent messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditRule {
    /// Seconds after sending in which it is possible; `None`: always.
    pub max_age_s: Option<u32>,
}

/// How a platform guards against sending twice (section "Outbound" of the architecture).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SendClass {
    /// It takes an idempotency key: resend with the same key.
    A,
    /// It echoes our reference: wait for the echo, then as C.
    B,
    /// Nothing: a doubtful send is *unconfirmed* until a person decides.
    C,
}

/// Everything a channel can do. Static per kind, except where an integrator declares it (BYOC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The product's table for machines; `None`: no row, everything is fallback text.
    pub machine: Option<SeedRow>,
    /// The product's table for agents; `None`: no row, agents are offered text.
    pub agent: Option<SeedRow>,
    /// Where more is possible.
    pub extensions: Cow<'static, [Extension]>,
    /// Limit of a text message.
    pub text: TextLimit,
    /// Limits of rich content.
    pub rich: RichLimits,
    /// Files, by class; a class that is missing is refused.
    pub media: Cow<'static, [MediaLimit]>,
    /// Most files in one message.
    pub max_attachments: u32,
    /// Answers can quote a message.
    pub quotes: bool,
    /// Reactions can be sent.
    pub reactions: bool,
    /// Sent messages can be edited.
    pub edit: Option<EditRule>,
    /// Sent messages can be deleted.
    pub delete: bool,
    /// The contact sees that we are typing.
    pub typing: bool,
    /// The contact sees that we have read.
    pub read_marks: bool,
    /// We hear that a message was delivered.
    pub delivered_receipts: bool,
    /// We hear that a message was read.
    pub read_receipts: bool,
    /// We may write first.
    pub may_start: bool,
    /// Reply window; `None`: always open.
    pub reply_window: Option<ReplyWindow>,
}

/// How a setting is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SettingType {
    /// One line of text.
    Text,
    /// A web address.
    Url,
    /// A host name.
    Host,
    /// A whole number.
    Number,
    /// Yes or no.
    Boolean,
    /// Several lines, one entry each.
    Lines,
    /// A JSON document.
    Json,
    /// One of the listed values.
    Choice(&'static [&'static str]),
}

/// One field of a channel's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SettingField {
    /// Name in the stored settings.
    pub key: &'static str,
    /// English label.
    pub label_en: &'static str,
    /// German label.
    pub label_de: &'static str,
    /// English: where to find it.
    pub help_en: &'static str,
    /// German: where to find it.
    pub help_de: &'static str,
    /// How it is entered.
    pub setting_type: SettingType,
    /// Sealed, and never shown again.
    pub is_secret: bool,
    /// Must be given.
    pub is_required: bool,
    /// Value when nothing is given; empty for none.
    pub default: &'static str,
}

/// Everything about a kind of channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelSpec {
    /// Which kind.
    pub kind: ChannelKind,
    /// Its class.
    pub class: ChannelClass,
    /// Further class it belongs to (Teams and Slack are messaging too).
    pub second_class: Option<ChannelClass>,
    /// Name people know.
    pub display_name: &'static str,
    /// Page of the platform's documentation.
    pub documentation_url: &'static str,
    /// Version of the platform's interface.
    pub api_version: &'static str,
    /// Day on which the facts were checked, ISO 8601.
    pub checked_on: &'static str,
    /// Settings an administrator enters.
    pub settings: &'static [SettingField],
    /// What it can do.
    pub capabilities: Capabilities,
    /// Guard against sending twice.
    pub send_class: SendClass,
    /// Most calls per second and account.
    pub per_second: u32,
    /// Whether everyone can read what is written there.
    pub is_public: bool,
}

impl ChannelSpec {
    /// Whether a channel of this kind needs a default skill and a default script.
    #[must_use]
    pub fn needs_routing_defaults(&self) -> bool {
        let is_messaging = |class| {
            matches!(
                class,
                ChannelClass::Messaging | ChannelClass::Collaboration | ChannelClass::Chat | ChannelClass::Sms | ChannelClass::Byoc
            )
        };
        is_messaging(self.class) || self.second_class.is_some_and(is_messaging)
    }
}
