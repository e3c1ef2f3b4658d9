//! The capabilities an integrator declares for a channel of their own: [`DeclaredCapabilities`], the JSON of the channel
//! setting `capabilities`.

use std::borrow::Cow;

use serde::Deserialize;

use super::{
    Audience, Capabilities, EditRule, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, ReplyWindow, RichKind, RichLimits, Support,
    TextLimit,
};
use crate::content::{Violation, ViolationCode};

/// Longest JSON document taken, bytes.
const MAX_BYTES: usize = 64 * 1024;

/// What an integrator says about their channel. Everything may be left out; what is not declared goes out as text.
///
/// ```json
/// {
///   "class": "messaging",
///   "maxText": 4000,
///   "textUnit": "CHARACTERS",
///   "markup": "MARKDOWN",
///   "rich": {
///     "formatted": true,
///     "richLink": true,
///     "quickReplies": { "max": 10, "maxTitle": 20 },
///     "listPicker": { "maxSections": 10, "maxItems": 100, "maxTitle": 24, "maxDescription": 72 },
///     "timePicker": { "maxSlots": 10 },
///     "form": { "maxFields": 20 },
///     "adaptiveCard": { "maxBytes": 28000 },
///     "location": true, "template": false, "paymentRequest": false, "appointmentRequest": false
///   },
///   "attachments": { "types": ["image/*", "application/pdf"], "maxMegabytes": 25, "maxCount": 10, "maxCaption": 1000 },
///   "proactive": false, "windowHours": 24, "typing": true, "seen": true,
///   "deliveredReceipts": true, "readReceipts": true, "edit": { "maxAgeMinutes": 15 }, "delete": true,
///   "hide": false, "like": false, "replyTo": true, "threading": true
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeclaredCapabilities {
    /// Private messages (default) or public posts.
    pub class: DeclaredClass,
    /// Longest text; 4000 unless said.
    pub max_text: u32,
    /// In what it is counted; characters unless said.
    pub text_unit: LengthUnit,
    /// Markup taken when `rich.formatted` is true; Markdown unless said.
    pub markup: MarkupSet,
    /// Rich content taken natively; none unless said.
    pub rich: DeclaredRich,
    /// Files; none unless said.
    pub attachments: Option<DeclaredAttachments>,
    /// We may write first.
    pub proactive: bool,
    /// Hours after the contact's last message in which we may answer; always unless said.
    pub window_hours: Option<u32>,
    /// "Is typing" can be shown.
    pub typing: bool,
    /// The contact sees that we have read.
    pub seen: bool,
    /// `message.status` with `delivered` will come.
    pub delivered_receipts: bool,
    /// `message.status` with `seen` will come.
    pub read_receipts: bool,
    /// Sent messages can be edited.
    pub edit: Option<DeclaredEdit>,
    /// Sent messages can be deleted.
    pub delete: bool,
    /// Contributions of others can be hidden.
    pub hide: bool,
    /// Reactions can be sent.
    pub like: bool,
    /// Answers can quote a message.
    pub reply_to: bool,
    /// The platform has conversations of its own; threads are always kept apart by their id, so this only informs.
    pub threading: bool,
}

/// Whether strangers can read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeclaredClass {
    /// Private messages.
    Messaging,
    /// Public posts.
    Social,
}

/// Rich content taken natively.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeclaredRich {
    /// HTML or Markdown, as `markup` says.
    pub formatted: bool,
    /// Link cards.
    pub rich_link: bool,
    /// One-tap answers.
    pub quick_replies: Option<DeclaredReplies>,
    /// Lists.
    pub list_picker: Option<DeclaredList>,
    /// Time slots.
    pub time_picker: Option<DeclaredSlots>,
    /// Forms.
    pub form: Option<DeclaredForm>,
    /// Adaptive Cards.
    pub adaptive_card: Option<DeclaredCard>,
    /// Points on the map.
    pub location: bool,
    /// Approved templates.
    pub template: bool,
    /// Requests to pay.
    pub payment_request: bool,
    /// Requests for an appointment.
    pub appointment_request: bool,
}

/// Limits of quick replies.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeclaredReplies {
    /// Most replies.
    pub max: u32,
    /// Longest title, characters.
    pub max_title: u32,
}

/// Limits of a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeclaredList {
    /// Most sections.
    pub max_sections: u32,
    /// Most items over all sections.
    pub max_items: u32,
    /// Longest title, characters.
    pub max_title: u32,
    /// Longest description, characters; 0 for none.
    pub max_description: u32,
}

/// Limits of a time picker.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeclaredSlots {
    /// Most slots.
    pub max_slots: u32,
}

/// Limits of a form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeclaredForm {
    /// Most fields.
    pub max_fields: u32,
}

/// Limits of an Adaptive Card.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeclaredCard {
    /// Largest card as JSON, bytes.
    pub max_bytes: u32,
}

/// Files taken.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeclaredAttachments {
    /// MIME types; `image/*` for a group, `*` for any.
    pub types: Vec<String>,
    /// Largest file, millions of bytes.
    pub max_megabytes: u32,
    /// Most files in one message.
    pub max_count: u32,
    /// Longest caption, characters; 0 when captions go as a message of their own.
    pub max_caption: u32,
}

/// Editing of sent messages.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeclaredEdit {
    /// Minutes after sending in which it is possible; always unless said.
    pub max_age_minutes: Option<u32>,
}

impl Default for DeclaredCapabilities {
    fn default() -> Self {
        Self {
            class: DeclaredClass::Messaging,
            max_text: 4000,
            text_unit: LengthUnit::Characters,
            markup: MarkupSet::Markdown,
            rich: DeclaredRich::default(),
            attachments: None,
            proactive: false,
            window_hours: None,
            typing: false,
            seen: false,
            delivered_receipts: false,
            read_receipts: false,
            edit: None,
            delete: false,
            hide: false,
            like: false,
            reply_to: false,
            threading: false,
        }
    }
}

impl Default for DeclaredReplies {
    fn default() -> Self {
        Self { max: 10, max_title: 40 }
    }
}

impl Default for DeclaredList {
    fn default() -> Self {
        Self { max_sections: 10, max_items: 100, max_title: 80, max_description: 200 }
    }
}

impl Default for DeclaredSlots {
    fn default() -> Self {
        Self { max_slots: 20 }
    }
}

impl Default for DeclaredForm {
    fn default() -> Self {
        Self { max_fields: 30 }
    }
}

impl Default for DeclaredCard {
    fn default() -> Self {
        Self { max_bytes: 28_000 }
    }
}

impl Default for DeclaredAttachments {
    fn default() -> Self {
        Self { types: vec!["*".to_owned()], max_megabytes: 25, max_count: 10, max_caption: 0 }
    }
}

impl DeclaredCapabilities {
    /// Reads and checks a declaration; an absent or empty object is a text-only channel.
    ///
    /// # Errors
    /// Every field that is unknown, of the wrong type or out of range.
    pub fn parse(json: &serde_json::Value) -> Result<Self, Vec<Violation>> {
        if json.is_null() {
            return Ok(Self::default());
        }
        // A list would pass as the values of the fields in order.
        if !json.is_object() {
            return Err(vec![Violation::at("capabilities", ViolationCode::Invalid, None)]);
        }
        if json.to_string().len() > MAX_BYTES {
            return Err(vec![Violation::at("capabilities", ViolationCode::TooLong, Some(MAX_BYTES as u64))]);
        }
        let declared: Self = serde_json::from_value(json.clone()).map_err(|error| {
            vec![Violation { message: error.to_string(), ..Violation::at("capabilities", ViolationCode::Invalid, None) }]
        })?;
        let found = declared.violations();
        if found.is_empty() { Ok(declared) } else { Err(found) }
    }

    fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut range = |field: &str, value: u32, min: u32, max: u32| {
            if !(min..=max).contains(&value) {
                found.push(Violation::at(&format!("capabilities.{field}"), ViolationCode::OutOfRange, Some(u64::from(max))));
            }
        };
        range("maxText", self.max_text, 1, 100_000);
        if let Some(hours) = self.window_hours {
            range("windowHours", hours, 1, 24 * 366);
        }
        if let Some(minutes) = self.edit.as_ref().and_then(|edit| edit.max_age_minutes) {
            range("edit.maxAgeMinutes", minutes, 1, 60 * 24 * 366);
        }
        if let Some(replies) = &self.rich.quick_replies {
            range("rich.quickReplies.max", replies.max, 1, 100);
            range("rich.quickReplies.maxTitle", replies.max_title, 1, 1000);
        }
        if let Some(list) = &self.rich.list_picker {
            range("rich.listPicker.maxSections", list.max_sections, 1, 100);
            range("rich.listPicker.maxItems", list.max_items, 1, 200);
            range("rich.listPicker.maxTitle", list.max_title, 1, 1000);
            range("rich.listPicker.maxDescription", list.max_description, 0, 5000);
        }
        if let Some(slots) = &self.rich.time_picker {
            range("rich.timePicker.maxSlots", slots.max_slots, 1, 100);
        }
        if let Some(form) = &self.rich.form {
            range("rich.form.maxFields", form.max_fields, 1, 100);
        }
        if let Some(card) = &self.rich.adaptive_card {
            range("rich.adaptiveCard.maxBytes", card.max_bytes, 100, 65_536);
        }
        if let Some(files) = &self.attachments {
            range("attachments.maxMegabytes", files.max_megabytes, 1, 2000);
            range("attachments.maxCount", files.max_count, 1, 100);
            range("attachments.maxCaption", files.max_caption, 0, 100_000);
            range("attachments.types", u32::try_from(files.types.len()).unwrap_or(u32::MAX), 1, 100);
            for (index, mime) in files.types.iter().enumerate() {
                let has_two_halves = mime.split_once('/').is_some_and(|(group, kind)| !group.is_empty() && !kind.is_empty());
                if mime != "*" && !has_two_halves {
                    found.push(Violation::at(&format!("capabilities.attachments.types.{index}"), ViolationCode::Invalid, None));
                }
            }
        }
        if self.rich.formatted && self.markup == MarkupSet::Plain {
            found.push(Violation::at("capabilities.markup", ViolationCode::Invalid, None));
        }
        found
    }

    fn native_kinds(&self) -> Vec<RichKind> {
        let rich = &self.rich;
        [
            (RichKind::Formatted, rich.formatted),
            (RichKind::RichLink, rich.rich_link),
            (RichKind::QuickReplies, rich.quick_replies.is_some()),
            (RichKind::ListPicker, rich.list_picker.is_some()),
            (RichKind::TimePicker, rich.time_picker.is_some()),
            (RichKind::Form, rich.form.is_some()),
            (RichKind::AdaptiveCard, rich.adaptive_card.is_some()),
            (RichKind::Location, rich.location),
            (RichKind::Template, rich.template),
            (RichKind::PaymentRequest, rich.payment_request),
            (RichKind::AppointmentRequest, rich.appointment_request),
        ]
        .into_iter()
        .filter_map(|(kind, is_declared)| is_declared.then_some(kind))
        .collect()
    }

    fn limits(&self) -> RichLimits {
        let mut limits = RichLimits::NONE;
        if let Some(replies) = &self.rich.quick_replies {
            limits.quick_replies = replies.max;
            limits.quick_reply_title = replies.max_title;
        }
        if let Some(list) = &self.rich.list_picker {
            limits.list_sections = list.max_sections;
            limits.list_items = list.max_items;
            limits.list_item_title = list.max_title;
            limits.list_item_description = list.max_description;
        }
        limits.time_slots = match &self.rich.time_picker {
            Some(slots) => slots.max_slots,
            None if self.rich.appointment_request => DeclaredSlots::default().max_slots,
            None => 0,
        };
        limits.form_fields = self.rich.form.as_ref().map_or(0, |form| form.max_fields);
        limits.card_bytes = self.rich.adaptive_card.as_ref().map_or(0, |card| card.max_bytes);
        limits
    }

    fn media(&self) -> Vec<MediaLimit> {
        let Some(files) = &self.attachments else { return Vec::new() };
        let types_of = |class: MediaClass| -> Vec<Cow<'static, str>> {
            files
                .types
                .iter()
                .filter(|mime| *mime == "*" || MediaClass::of(mime) == class)
                .map(|mime| Cow::Owned(mime.to_ascii_lowercase()))
                .collect()
        };
        [MediaClass::Image, MediaClass::Audio, MediaClass::Video, MediaClass::File]
            .into_iter()
            .map(|class| (class, types_of(class)))
            .filter(|(_, types)| !types.is_empty())
            .map(|(class, types)| MediaLimit {
                class,
                mime_types: Cow::Owned(types),
                max_bytes: u64::from(files.max_megabytes) * 1_000_000,
                max_caption: files.max_caption,
            })
            .collect()
    }
}

impl From<&DeclaredCapabilities> for Capabilities {
    fn from(declared: &DeclaredCapabilities) -> Self {
        let extensions = declared
            .native_kinds()
            .into_iter()
            .flat_map(|kind| [Audience::Machine, Audience::Agent].map(|audience| Extension { audience, kind, support: Support::Native }))
            .collect::<Vec<_>>();
        Self {
            machine: None,
            agent: None,
            extensions: Cow::Owned(extensions),
            markup: if declared.rich.formatted { declared.markup } else { MarkupSet::Plain },
            text: TextLimit { max: declared.max_text, unit: declared.text_unit },
            rich: declared.limits(),
            media: Cow::Owned(declared.media()),
            max_attachments: declared.attachments.as_ref().map_or(0, |files| files.max_count),
            quotes: declared.reply_to,
            reactions: declared.like,
            edit: declared.edit.as_ref().map(|edit| EditRule { max_age_s: edit.max_age_minutes.map(|minutes| minutes.saturating_mul(60)) }),
            delete: declared.delete,
            hide: declared.hide,
            typing: declared.typing,
            read_marks: declared.seen,
            delivered_receipts: declared.delivered_receipts,
            read_receipts: declared.read_receipts,
            may_start: declared.proactive,
            automatic_per_hour: None,
            reply_window: declared.window_hours.map(|hours| ReplyWindow {
                window_s: hours.saturating_mul(3600),
                human_window_s: None,
                templates_after: declared.rich.template,
            }),
        }
    }
}

impl Capabilities {
    /// The capabilities an integrator declared as JSON (see [`DeclaredCapabilities`]).
    ///
    /// # Errors
    /// Every field that is unknown, of the wrong type or out of range.
    pub fn declared(json: &serde_json::Value) -> Result<Self, Vec<Violation>> {
        DeclaredCapabilities::parse(json).map(|declared| Self::from(&declared))
    }
}
