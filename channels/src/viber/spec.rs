//! Facts of Viber bots.

use std::borrow::Cow;

use tributary_domain::spec::{
    Capabilities, ChannelClass, ChannelKind, ChannelSpec, Extension, LengthUnit, MarkupSet, MediaClass, MediaLimit, RichKind, RichLimits,
    SendClass, SettingField, SettingType, Support, TextLimit, words,
};

use crate::shared::settings::base_url;

/// What an administrator enters.
const SETTINGS: &[SettingField] = &[
    SettingField::new(
        "auth_token",
        SettingType::Text,
        words("Authentication token", "Authentifizierungstoken"),
        words("From the Viber admin panel; also signs webhooks.", "Aus dem Viber-Admin-Panel; signiert auch Webhooks."),
    )
    .required()
    .secret(),
    SettingField::new(
        "sender_name",
        SettingType::Text,
        words("Sender name", "Absendername"),
        words("At most 28 characters.", "Höchstens 28 Zeichen."),
    )
    .required(),
    SettingField::new(
        "sender_avatar",
        SettingType::Url,
        words("Sender picture", "Absenderbild"),
        words("https, at most 100 KB.", "https, höchstens 100 KB."),
    ),
    base_url("https://chatapi.viber.com"),
];

/// Keyboards, rich media with links, and locations are the platform's own (REST Bot API).
const EXTENSIONS: &[Extension] = &[
    Extension::machine(RichKind::RichLink, Support::Native),
    Extension::agent(RichKind::RichLink, Support::Native),
    Extension::machine(RichKind::QuickReplies, Support::Native),
    Extension::agent(RichKind::QuickReplies, Support::Native),
    Extension::machine(RichKind::ListPicker, Support::Native),
    Extension::agent(RichKind::ListPicker, Support::Native),
    Extension::machine(RichKind::TimePicker, Support::Native),
    Extension::agent(RichKind::TimePicker, Support::Native),
    Extension::machine(RichKind::Location, Support::Native),
    Extension::agent(RichKind::Location, Support::Native),
];

/// Six groups of seven rows of buttons with 250 characters; a button has no description.
const RICH: RichLimits = RichLimits {
    quick_replies: 42,
    quick_reply_title: 250,
    list_sections: 10,
    list_items: 42,
    list_item_title: 250,
    time_slots: 42,
    ..RichLimits::NONE
};

/// Pictures 1 MB with 512 characters, video 26 MB and 180 s, files 50 MB.
const MEDIA: &[MediaLimit] = &[
    MediaLimit::new(MediaClass::Image, &[Cow::Borrowed("image/jpeg"), Cow::Borrowed("image/png")], 1_000_000, 512),
    MediaLimit::new(MediaClass::Video, &[Cow::Borrowed("video/mp4")], 26_000_000, 0),
    MediaLimit::new(MediaClass::File, &[Cow::Borrowed("*")], 50_000_000, 0),
];

/// Everything about it.
pub static SPEC: ChannelSpec = ChannelSpec {
    kind: ChannelKind::Viber,
    class: ChannelClass::Messaging,
    second_class: None,
    display_name: "Viber",
    documentation_url: Some("https://developers.viber.com/docs/api/rest-bot-api/"),
    api_version: "2024-02",
    checked_on: "2026-11-22",
    settings: SETTINGS,
    capabilities: Capabilities {
        machine: None,
        agent: None,
        extensions: Cow::Borrowed(EXTENSIONS),
        markup: MarkupSet::Plain,
        text: TextLimit { max: 7_000, unit: LengthUnit::Characters },
        rich: RICH,
        media: Cow::Borrowed(MEDIA),
        max_attachments: 10,
        quotes: false,
        reactions: false,
        edit: None,
        delete: false,
        hide: false,
        typing: false,
        read_marks: false,
        delivered_receipts: true,
        read_receipts: true,
        may_start: false,
        automatic_per_hour: None,
        reply_window: None,
    },
    // No idempotency key; receipts do not carry our reference.
    send_class: SendClass::C,
    per_second: 50,
    is_public: false,
};
