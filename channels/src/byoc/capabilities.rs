//! What the integrator declares: the JSON of the `capabilities` setting as [`Capabilities`].
//!
//! ```json
//! {"class": "messaging", "maxText": 4000, "rich": {"QUICK_REPLIES": {"max": 10, "maxTitle": 20}, "RICH_LINK": {}},
//!  "attachments": {"types": ["image/png", "image/jpeg"], "maxMb": 40, "maxCount": 5}, "proactive": true, "windowHours": 24,
//!  "typing": true, "seen": true, "edit": true, "delete": true, "like": false, "replyTo": true}
//! ```
//! What is not declared goes out as fallback text or is not offered. The compatibility modes can carry less, whatever is
//! declared; what they cannot carry is taken out here, so that composer, router and degrader see it.

use std::borrow::Cow;

use serde_json::Value;
use tributary_domain::{
    outbound::OpenChannel,
    spec::{Audience, Capabilities, EditRule, Extension, MediaClass, MediaLimit, ReplyWindow, RichKind, RichLimits, Support, TextLimit},
};

use super::{Mode, spec::SPEC};
use crate::{
    error::FieldError,
    shared::fields::{Errors, Field},
};

/// Bytes of a declared megabyte; the smaller reading, so that nothing is sent that does not fit.
const MEGABYTE: u64 = 1_000_000;

/// Limits for rich content when a kind is declared without any; those of our own chat (`digital-chat` sheet, 2026-11).
const DEFAULTS: RichLimits = RichLimits {
    quick_replies: 13,
    quick_reply_title: 40,
    list_sections: 10,
    list_items: 20,
    list_item_title: 80,
    list_item_description: 200,
    time_slots: 30,
    form_fields: 30,
    card_bytes: 65_536,
};

/// The channel's own capabilities; an unreadable declaration declares nothing (the probe says what is wrong with it).
pub(super) fn of(channel: &OpenChannel) -> Cow<'static, Capabilities> {
    match declared(channel) {
        Ok(Some(capabilities)) => Cow::Owned(capabilities),
        Ok(None) | Err(_) => Cow::Borrowed(&SPEC.capabilities),
    }
}

/// The declaration; `None` if there is none.
pub(super) fn declared(channel: &OpenChannel) -> Result<Option<Capabilities>, Vec<FieldError>> {
    let unreadable = |reason: &str| vec![FieldError { field: "capabilities".into(), reason: reason.into() }];
    let value = match channel.settings.get("capabilities") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| unreadable("not valid JSON"))?,
        Some(value) => value.clone(),
    };
    if !value.is_object() {
        return Err(unreadable("must be an object"));
    }
    let errors = Errors::default();
    let capabilities = read(&Field::root(&value, "capabilities", &errors), Mode::of(channel));
    errors.into_result(Some(capabilities))
}

fn read(root: &Field<'_>, mode: Mode) -> Capabilities {
    let base = &SPEC.capabilities;
    if let Some(class) = root.at("class").text()
        && !matches!(class.as_str(), "messaging" | "social")
    {
        root.at("class").wrong("must be messaging or social");
    }
    let is_standard = mode == Mode::Standard;
    let (extensions, rich) = rich(&root.at("rich"), mode);
    let attachments = root.at("attachments");
    let media = media(&attachments);
    let max_attachments = attachments.at("maxCount").whole(100).unwrap_or(1);
    Capabilities {
        machine: base.machine,
        agent: base.agent,
        extensions: extensions.into(),
        text: TextLimit { max: root.at("maxText").whole(100_000).unwrap_or(base.text.max), unit: base.text.unit },
        rich,
        max_attachments: if media.is_empty() { 0 } else { max_attachments },
        media: media.into(),
        quotes: root.at("replyTo").flag() && mode != Mode::CompatOld,
        reactions: root.at("like").flag() && is_standard,
        edit: (root.at("edit").flag() && is_standard).then_some(EditRule { max_age_s: None }),
        delete: root.at("delete").flag() && is_standard,
        typing: root.at("typing").flag() && is_standard,
        read_marks: root.at("seen").flag() && is_standard,
        delivered_receipts: base.delivered_receipts,
        read_receipts: base.read_receipts,
        may_start: root.at("proactive").flag(),
        reply_window: root.at("windowHours").whole(24 * 365).filter(|hours| *hours > 0).map(|hours| ReplyWindow {
            window_s: hours * 3600,
            human_window_s: None,
            templates_after: false,
        }),
    }
}

fn rich(field: &Field<'_>, mode: Mode) -> (Vec<Extension>, RichLimits) {
    let mut limits = SPEC.capabilities.rich;
    let mut extensions = Vec::new();
    let names: Vec<(String, Field<'_>)> = match field.raw() {
        Some(Value::Object(kinds)) => kinds.keys().map(|name| (name.clone(), field.at(name))).collect(),
        _ => field.items(20).into_iter().filter_map(|item| Some((item.text()?, item))).collect(),
    };
    for (name, field) in names {
        let Ok(kind) = serde_json::from_value::<RichKind>(name.into()) else {
            field.wrong("is no kind of rich content");
            continue;
        };
        let limit = |key: &str, default: u32| field.at(key).whole(1_000_000).unwrap_or(default);
        match kind {
            RichKind::QuickReplies => {
                limits.quick_replies = limit("max", DEFAULTS.quick_replies);
                limits.quick_reply_title = limit("maxTitle", DEFAULTS.quick_reply_title);
            }
            RichKind::ListPicker => {
                limits.list_sections = limit("maxSections", DEFAULTS.list_sections);
                limits.list_items = limit("max", DEFAULTS.list_items);
                limits.list_item_title = limit("maxTitle", DEFAULTS.list_item_title);
                limits.list_item_description = limit("maxDescription", DEFAULTS.list_item_description);
            }
            RichKind::TimePicker | RichKind::AppointmentRequest => limits.time_slots = limit("max", DEFAULTS.time_slots),
            RichKind::Form => limits.form_fields = limit("max", DEFAULTS.form_fields),
            RichKind::AdaptiveCard => limits.card_bytes = limit("maxBytes", DEFAULTS.card_bytes),
            RichKind::Formatted
            | RichKind::RichLink
            | RichKind::Attachment
            | RichKind::Location
            | RichKind::Template
            | RichKind::PaymentRequest => {}
        }
        if can_carry(mode, kind) {
            extensions.extend([Audience::Machine, Audience::Agent].map(|audience| Extension { audience, kind, support: Support::Native }));
        }
    }
    (extensions, limits)
}

/// Whether the bodies of a mode have a place for this kind.
fn can_carry(mode: Mode, kind: RichKind) -> bool {
    match mode {
        Mode::Standard => true,
        Mode::CompatNew => matches!(
            kind,
            RichKind::AdaptiveCard
                | RichKind::RichLink
                | RichKind::QuickReplies
                | RichKind::ListPicker
                | RichKind::TimePicker
                | RichKind::Form
                | RichKind::Attachment
        ),
        Mode::CompatOld => kind == RichKind::Attachment,
    }
}

fn media(field: &Field<'_>) -> Vec<MediaLimit> {
    if !field.is_present() {
        return Vec::new();
    }
    let types: Vec<String> = field.at("types").items(100).iter().filter_map(Field::filled).collect();
    let max_bytes = u64::from(field.at("maxMb").whole(1000).unwrap_or(40)) * MEGABYTE;
    let is_any = types.is_empty() || types.iter().any(|mime| mime == "*" || mime == "*/*");
    let classes = [MediaClass::Image, MediaClass::Audio, MediaClass::Video, MediaClass::File];
    let limits = classes.into_iter().map(|class| {
        let mime_types: Vec<Cow<'static, str>> = if is_any {
            vec![Cow::Borrowed("*")]
        } else {
            types.iter().filter(|mime| class_of(mime) == class).cloned().map(Cow::Owned).collect()
        };
        MediaLimit { class, mime_types: mime_types.into(), max_bytes, max_caption: 1024 }
    });
    limits.filter(|limit| !limit.mime_types.is_empty()).collect()
}

fn class_of(mime: &str) -> MediaClass {
    match mime.split('/').next() {
        Some("image") => MediaClass::Image,
        Some("audio") => MediaClass::Audio,
        Some("video") => MediaClass::Video,
        _ => MediaClass::File,
    }
}
