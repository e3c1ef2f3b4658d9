//! Limits and abilities of a channel: [`Capabilities`] and its parts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Extension, SeedRow};
use crate::content::Markup;

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

impl LengthUnit {
    /// Length of `text` in this unit.
    #[must_use]
    pub fn count(self, text: &str) -> u64 {
        let count = match self {
            Self::Characters => text.chars().count(),
            Self::Bytes => text.len(),
            Self::Utf16Units => text.encode_utf16().count(),
        };
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

/// Limit of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextLimit {
    /// Longest text.
    pub max: u32,
    /// Counted in.
    pub unit: LengthUnit,
}

impl TextLimit {
    /// A limit counted in Unicode scalar values.
    #[must_use]
    pub const fn characters(max: u32) -> Self {
        Self { max, unit: LengthUnit::Characters }
    }

    /// Whether `text` is longer than the limit.
    #[must_use]
    pub fn is_exceeded_by(self, text: &str) -> bool {
        self.unit.count(text) > u64::from(self.max)
    }
}

/// Markup languages in which a channel (or its adapter) takes formatted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MarkupSet {
    /// None: formatted text goes out as plain text.
    Plain,
    /// CommonMark, which the adapter turns into the platform's own marks.
    Markdown,
    /// Sanitised HTML.
    Html,
    /// Both, as they are.
    Both,
}

impl MarkupSet {
    /// Whether text in `markup` is taken as it is.
    #[must_use]
    pub const fn takes(self, markup: Markup) -> bool {
        match markup {
            Markup::Html => matches!(self, Self::Html | Self::Both),
            Markup::Markdown => matches!(self, Self::Markdown | Self::Both),
        }
    }
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

impl RichLimits {
    /// No rich content at all.
    pub const NONE: Self = Self {
        quick_replies: 0,
        quick_reply_title: 0,
        list_sections: 0,
        list_items: 0,
        list_item_title: 0,
        list_item_description: 0,
        time_slots: 0,
        form_fields: 0,
        card_bytes: 0,
    };
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

impl MediaClass {
    /// Class of a MIME type, by its first half.
    #[must_use]
    pub fn of(mime: &str) -> Self {
        match mime.split('/').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "image" => Self::Image,
            "audio" => Self::Audio,
            "video" => Self::Video,
            _ => Self::File,
        }
    }
}

/// What files of a class a channel takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaLimit {
    /// Which class.
    pub class: MediaClass,
    /// MIME types taken; `*` for any, `image/*` for a whole group.
    pub mime_types: Cow<'static, [Cow<'static, str>]>,
    /// Largest file, bytes.
    pub max_bytes: u64,
    /// Longest caption, characters; 0 when it takes none.
    pub max_caption: u32,
}

impl MediaLimit {
    /// A limit written in a static spec.
    #[must_use]
    pub const fn new(class: MediaClass, mime_types: &'static [Cow<'static, str>], max_bytes: u64, max_caption: u32) -> Self {
        Self { class, mime_types: Cow::Borrowed(mime_types), max_bytes, max_caption }
    }

    /// Whether a MIME type is taken; parameters after `;` do not count.
    #[must_use]
    pub fn takes(&self, mime: &str) -> bool {
        let mime = mime.split(';').next().unwrap_or_default().trim();
        self.mime_types.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => mime.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
            None => pattern.eq_ignore_ascii_case(mime),
        })
    }
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
    /// Markup languages taken.
    pub markup: MarkupSet,
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
    /// What others wrote can be hidden (public channels).
    pub hide: bool,
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
    /// Most messages of scripts and bots to one person in an hour, where the other side may be a machine that answers each
    /// of them; `None` where it is not.
    pub automatic_per_hour: Option<u32>,
}

impl Capabilities {
    /// The limit that lets a file of this type pass: that of its own class, else that of [`MediaClass::File`].
    #[must_use]
    pub fn media_for(&self, mime: &str) -> Option<&MediaLimit> {
        let own = MediaClass::of(mime);
        let of_class = |class| self.media.iter().find(move |limit| limit.class == class && limit.takes(mime));
        of_class(own).or_else(|| of_class(MediaClass::File))
    }
}
